{{ tap_intercom.current_rows('company_segments', parent='companies') }}
