"""Mutants: servers that are wrong on purpose, each in one way, so that every check is seen to fail."""
