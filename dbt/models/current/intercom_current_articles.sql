{{ tap_intercom.current_rows('articles') }}
