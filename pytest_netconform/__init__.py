"""pytest-netconform: judge network servers and clients by their standards."""

__version__ = "0.1.0"
