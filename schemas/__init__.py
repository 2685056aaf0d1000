"""One JSON Schema per stream: the only place where columns are written down."""
