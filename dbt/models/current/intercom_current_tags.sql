{{ tap_intercom.current_rows('tags') }}
