"""FTP servers that are wrong on purpose, a module per chapter of the suite."""
