{{ tap_intercom.current_rows('contact_tags', parent='contacts') }}
