"""Servers behind a stream that are wrong in one way each, a module per chapter of the generic suites."""
