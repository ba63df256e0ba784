"""Mutants of the HTTP server, one module per chapter."""
