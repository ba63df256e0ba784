"""Messages from end to end (RFC 5322, 2045 to 2047, 2231, 6532; RFC 5321): what goes in comes out, octet for octet.

`from pytest_netconform.suites.message import *` brings every check into a module of a project's own. A message goes in
by SMTP where an SMTP target of the same system is named (`?pair=`), else by APPEND, and comes out by IMAP or POP3. What
a check has sent is removed again; mailboxes of its own are made where that is enough.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = (
    "bodies",
    "headers",
    "traces",
    "structure",
    "views",
)
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
