{{ tap_intercom.current_rows('company_tags', parent='companies') }}
