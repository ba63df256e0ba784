"""IMAP: RFC 3501, RFC 9051 and their extensions, one module per chapter.

`from pytest_netconform.suites.imap import *` brings every check into a module of a project's own. A check that needs
messages works in a mailbox of its own, which it creates and removes (`--netconform-allow=write`); it touches no other.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = (
    "append",
    "compress",
    "condstore",
    "connections",
    "copy",
    "expunge",
    "extensions",
    "fetch",
    "folders",
    "framing",
    "idle",
    "lengths",
    "listing",
    "literals",
    "login",
    "names",
    "numbers",
    "qresync",
    "replies",
    "search",
    "security",
    "selecting",
    "sorting",
    "starttls",
    "states",
    "status",
    "store",
    "structure",
    "words",
)
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
