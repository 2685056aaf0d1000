{{ tap_intercom.current_rows('team_admins') }}
