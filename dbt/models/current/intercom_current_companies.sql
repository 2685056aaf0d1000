{{ tap_intercom.current_rows('companies') }}
