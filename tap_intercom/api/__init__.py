"""One request to Intercom's API, and its response."""
