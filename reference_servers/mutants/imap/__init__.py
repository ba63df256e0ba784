"""IMAP servers that are wrong on purpose, one module per chapter of the suite."""
