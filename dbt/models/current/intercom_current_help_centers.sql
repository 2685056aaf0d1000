{{ tap_intercom.current_rows('help_centers') }}
