"""The small services of old: echo, discard, daytime, time, chargen, quote of the day, finger."""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = ("streams", "users", "datagrams")
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
