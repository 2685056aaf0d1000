"""Values and columns: what Intercom sends, brought to what a stream's schema declares."""
