{{ tap_intercom.current_rows('contact_social_profiles', parent='contacts') }}
