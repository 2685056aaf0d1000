{{ tap_intercom.current_rows('teams') }}
