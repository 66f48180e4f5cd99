"""Rules on a response, or on a completion whichever way it came."""
