"""Web applications behind HTTP: cookies (RFC 6265), forms, and what is done to pages.

`from pytest_netconform.suites.www import *` brings every check into a module of a project's own.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = ("cookies", "sessions", "forms", "forgery", "pages", "browsers")
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
