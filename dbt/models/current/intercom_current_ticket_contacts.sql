{{ tap_intercom.current_rows('ticket_contacts', parent='tickets') }}
