"""Mutants of JSON-RPC, a module per chapter: those of texts are tried over HTTP and over streams."""
