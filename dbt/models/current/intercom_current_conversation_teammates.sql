{{ tap_intercom.current_rows('conversation_teammates', parent='conversations') }}
