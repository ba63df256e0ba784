"""Datagrams: what holds for any server behind UDP or a Unix datagram socket, whatever it is for.

Datagrams may be lost, doubled and reordered (RFC 768), so no check takes that for a fault: what is not answered is
asked again, with growing patience, and silence means something only between two answers.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = ("messages", "addresses", "outstanding", "abuse")
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
