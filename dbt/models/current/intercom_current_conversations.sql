{{ tap_intercom.current_rows('conversations') }}
{{ tap_intercom.without_deleted('deleted_conversations') }}
