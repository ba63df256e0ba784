"""ONC RPC (RFC 5531, RFC 4506, RFC 1833): one set of checks for TCP and UDP, a module per subject.

What a check calls is `?program=` and `?version=` (the port mapper, where nothing is said); procedures that give back
their argument are named by `?echo=`. Nothing is registered or removed.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = ("messages", "credentials", "arguments", "records", "datagrams", "values", "portmapper")
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
