"""The knowledge: what must hold, one pure function a rule, one file an area, ids by path."""
