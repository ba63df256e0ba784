"""The suites: what the standards ask, one check per function. Things arrive as arguments; nothing here dials."""
