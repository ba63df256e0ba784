"""FTP: RFC 959 and what came after it, one module per chapter.

`from pytest_netconform.suites.ftp import *` brings every check into a module of a project's own.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = (
    "access",
    "bounce",
    "commands",
    "connections",
    "facts",
    "files",
    "framing",
    "lines",
    "paths",
    "replies",
    "tls",
    "transfers",
)
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
