"""SMTP: RFC 5321 and its extensions, one module per chapter, in the order of a dialogue.

`from pytest_netconform.suites.smtp import *` brings every check into a module of a project's own.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = (
    "greeting",
    "replies",
    "framing",
    "order",
    "commands",
    "addresses",
    "data",
    "delivery",
    "pipelining",
    "size",
    "beyond_ascii",
    "chunking",
    "dsn",
    "starttls",
    "auth",
    "submission",
)
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
