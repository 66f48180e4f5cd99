"""Recordings: files of traffic read, one module a form; a reader bounds what it takes, and goes on after damage."""
