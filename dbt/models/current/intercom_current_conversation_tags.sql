{{ tap_intercom.current_rows('conversation_tags', parent='conversations') }}
