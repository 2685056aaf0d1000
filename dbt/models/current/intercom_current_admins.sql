{{ tap_intercom.current_rows('admins') }}
