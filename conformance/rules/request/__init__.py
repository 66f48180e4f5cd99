"""Rules on what a client sends."""
