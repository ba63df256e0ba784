"""The rules of IMAP sessions that a model holds answers against, and the answers that break the simple ones.

What mailboxes can be is in `imap_mailboxes`.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netconform.models.imap_mailboxes import Entry, Flags, changed
from pytest_netconform.models.model import Wrong
from pytest_netconform.wire.imap import BAD, NO, OK, Answer

RULES = {
    "form": "responses follow the grammar (RFC 3501 9)",
    "+": "a continuation is for who waits for one (RFC 3501 7.5)",
    "state": "a command out of place is refused (RFC 3501 3)",
    "stranger": "nothing is told of mailboxes to who is not logged in (RFC 3501 3)",
    "nothing": "nothing is told of messages where no mailbox is selected (RFC 3501 3.2, 7.3.1)",
    "unknown": "a command that nobody knows is refused (RFC 3501 7.1.3)",
    "BAD": "BAD is for what is no command, or none in this state (RFC 3501 7.1.3)",
    "served": "what is in order, and can be done, is served (RFC 3501 6)",
    "CAPABILITY": "CAPABILITY is answered by one list (RFC 3501 6.1.1)",
    "LOGOUT": "LOGOUT is answered by BYE, and then OK (RFC 3501 6.1.3)",
    "missing": "a mailbox that is not there is answered NO (RFC 3501 6.3)",
    "there": "a mailbox that is there cannot be made (RFC 3501 6.3.3, 6.3.5)",
    "try": "NO to who puts messages where no mailbox is says TRYCREATE (RFC 3501 6.3.11, 6.4.7)",
    "listed": "LIST tells the mailboxes that there are (RFC 3501 6.3.8)",
    "SELECT": "SELECT and EXAMINE tell FLAGS, EXISTS and RECENT (RFC 3501 6.3.1)",
    "keywords": "FLAGS has the keywords that messages have (RFC 3501 7.2.6)",
    "UNSEEN": "UNSEEN in SELECT is the first message without \\Seen (RFC 3501 6.3.1)",
    "READ-ONLY": "EXAMINE says READ-ONLY (RFC 3501 6.3.2)",
    "STATUS": "STATUS tells what was asked, of its mailbox (RFC 3501 6.3.10)",
    "count": "STATUS counts as the mailbox does (RFC 3501 6.3.10)",
    "EXPUNGE": "EXPUNGE is told of what has gone, or goes by this command (RFC 3501 6.4.3, 7.4.1)",
    "numbers": "no EXPUNGE is told in answer to FETCH, STORE or SEARCH (RFC 3501 7.4.1)",
    "silence": "CLOSE and UNSELECT tell no EXPUNGE (RFC 3501 6.4.2, RFC 3691 2)",
    "goes": "EXPUNGE removes all that is marked (RFC 3501 6.4.3)",
    "FETCH": "FETCH tells what was asked, of each message (RFC 3501 6.4.5)",
    "STORE": "STORE tells the new flags, unless it is silent (RFC 3501 6.4.6)",
    "SEARCH": "SEARCH finds exactly what fits (RFC 3501 6.4.4)",
    "APPENDUID": "APPENDUID and COPYUID name the UIDVALIDITY of the target, and UIDs there (RFC 4315 3)",
    "notice": "what others did is told in answer to some NOOP (RFC 3501 5.2, 6.1.2)",
}

# refusals of what is in order: who says so has no time, or no room   (RFC 5530 3)
PASSING = ("UNAVAILABLE", "INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "CONTACTADMIN", "EXPUNGEISSUED")


def same(content: bytes, octets: bytes) -> bool:
    """Whether these are the octets that were appended; some servers put fields of their own into the header."""
    if content == octets:
        return True
    (before, _, text), (after, _, other) = content.partition(b"\r\n\r\n"), octets.partition(b"\r\n\r\n")
    lines = iter(after.split(b"\r\n"))
    return text == other and len(after) > len(before) and all(line in lines for line in before.split(b"\r\n"))


def same_name(name: bytes) -> bytes:
    return b"INBOX" if name.upper() == b"INBOX" else name


def broken(rule: str) -> Wrong:
    """The breach of a rule of sessions."""
    return Wrong(RULES[rule])


def may_stay(entry: Entry, sign: str, flags: Flags) -> bool:
    """Whether flags may be what they were before: then Dovecot, for one, has nothing to tell."""
    before = [entry.may, entry.message.truth]
    return any(values is None or values & (changed(values, sign, flags) or set()) for values in before)


def not_bad(answer: Answer) -> None:
    if answer.code == BAD:
        raise broken("BAD")


def served(answer: Answer) -> None:
    """OK; or NO by who has no time, or no room."""
    not_bad(answer)
    if answer.code != OK and answer.says not in PASSING:
        raise broken("served")


def missing(answer: Answer) -> None:
    if answer.code != NO:
        raise broken("missing")


def refusable(answer: Answer, exact: bool, asked: Iterable[Entry] = (), *, no: bool = False) -> None:
    """What is said of certain messages is served, unless there are none, or some have gone. no: NO is left open."""
    if not exact or (answer.code == NO and (no or any(not entry.message.there for entry in asked))):
        return
    served(answer)
