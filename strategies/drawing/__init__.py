"""From the normal form to values: the same closures draw from hypothesis or from a seeded random number generator."""
