"""Streams that users define in the settings."""
