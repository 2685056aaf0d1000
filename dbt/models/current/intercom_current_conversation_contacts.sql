{{ tap_intercom.current_rows('conversation_contacts', parent='conversations') }}
