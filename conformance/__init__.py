"""chatconform: the conformance kit for `POST /chat/completions`."""
