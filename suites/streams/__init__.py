"""Streams: what holds for any server behind a stream, whatever it speaks, one module per chapter.

`from pytest_netconform.suites.streams import *` brings every check into a module of a project's own. Each check asks
for what it takes from a dialect (`dialect/rules.py`: WORDS), and is not applicable to the others.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = (
    "addresses",
    "architecture",
    "blocks",
    "bulk",
    "compression",
    "connections",
    "crowd",
    "delimiters",
    "lengths",
    "octets",
    "segments",
    "text",
)
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
