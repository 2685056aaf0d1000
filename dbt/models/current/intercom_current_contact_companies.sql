{{ tap_intercom.current_rows('contact_companies', parent='contacts') }}
