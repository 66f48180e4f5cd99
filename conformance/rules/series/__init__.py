"""Rules over the several exchanges of one case."""
