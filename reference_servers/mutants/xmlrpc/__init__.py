"""Mutants of XML-RPC, a module per chapter."""
