"""What makes the peer, singer-io's tap-intercom, talk to the sandbox."""
