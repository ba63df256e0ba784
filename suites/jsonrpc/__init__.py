"""JSON-RPC 2.0 (the specification of 2013-01-04; RFC 8259): one set of checks over HTTP and over raw TCP, by subject.

What a check calls is found under its usual name (subtract, sum, echo, ping), or named on the target.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = ("calls", "ids", "errors", "batches", "values", "transport")
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
