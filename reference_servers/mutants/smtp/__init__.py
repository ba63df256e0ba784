"""SMTP servers that are wrong in one way each, a module per chapter of the suite."""
