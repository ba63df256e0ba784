"""XML-RPC (the specification of 1999, updated 2003; XML 1.0): one set of checks, by subject.

What a check calls is found by introspection or under its usual name (add, echo), or named on the target.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = ("transport", "faults", "scalars", "texts", "structures", "methods", "hostile")
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
