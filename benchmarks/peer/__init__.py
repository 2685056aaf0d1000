"""Makes the peer, singer-io's tap-intercom, send its requests to the sandbox."""
