"""POP3: RFC 1939 and its extensions, one module per chapter, in the order of a session.

`from pytest_netconform.suites.pop3 import *` brings every check into a module of a project's own. A run gives the
account's name with a wrong password twice, not oftener (`login.test_wrong_logins_look_alike`, `framing.test_nul_…`);
a third time only where `--netconform-allow=disposable` says so. What deletes wants `--netconform-allow=write`.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = (
    "replies",
    "commands",
    "framing",
    "login",
    "sasl",
    "extensions",
    "stls",
    "maildrop",
    "messages",
    "sessions",
)
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
