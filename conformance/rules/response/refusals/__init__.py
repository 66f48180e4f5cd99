"""Rules on requests that have a fault: each kind of fault is refused, and not answered as if it were not there."""
