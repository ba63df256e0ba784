"""Mutants of datagram servers, a module per chapter."""
