"""What to answer a client, a file an area: `ns` not streamed, `st` streamed, `f` faults, `rq` what it sends."""
