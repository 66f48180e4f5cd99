"""Rules on a streamed answer."""
