{{ tap_intercom.current_rows('collections') }}
