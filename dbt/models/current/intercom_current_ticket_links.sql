{{ tap_intercom.current_rows('ticket_links', parent='tickets') }}
