{{ tap_intercom.current_rows('tickets') }}
