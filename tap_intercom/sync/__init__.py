"""How records become Singer messages: kinds of streams, and the machinery they share."""
