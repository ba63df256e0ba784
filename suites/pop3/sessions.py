"""From session to session (RFC 1939 4, 5, 6, 7): what QUIT removes, what nothing else does, and who shares a maildrop.

What deletes takes the last message, one that the check itself delivered where it can (`?deliver=`).
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import INTEROP, MUST, needs, requirement, serial, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.pop3 import ERR, OK

EXPENDABLE = b"From: check@client.example.org\r\nSubject: %s\r\n\r\nMay be deleted.\r\n"


def _bring(pop3: Pop3, *names: bytes) -> None:
    """Deliver messages of our own, if the target lets us."""
    if pop3.target.deliver is not None:
        for name in names:
            pop3.deliver(EXPENDABLE % name)


def _tidy(pop3: Pop3, count: int) -> None:
    """Remove the last message, which is ours if there are `count`, and end."""
    if pop3.target.deliver is not None and count:
        pop3.given(f"DELE {count}")
    pop3.given("QUIT")


@requirement("POP3-GEN-CON-c", MUST, "RFC 1939 5, 6", "QUIT is answered +OK, and the server closes the connection.")
def test_quit_before_login(pop3_greeted: Pop3) -> None:
    """A stranger's QUIT ends the connection, while one that did not say it stays open."""
    other = pop3_greeted.sibling()
    pop3_greeted.exchange("QUIT", OK)
    pop3_greeted.closes("after QUIT")
    other.alive()
    other.given("QUIT")


@requirement("POP3-GEN-CON-c", MUST, "RFC 1939 5, 6", "QUIT is answered +OK, and the server closes the connection.")
@needs("?account")
@serial
def test_quit_in_session(pop3: Pop3) -> None:
    """The same behind a login."""
    other = pop3.visitor()
    pop3.exchange("QUIT", OK)
    pop3.closes("after QUIT")
    other.alive()
    other.given("QUIT")


@requirement("POP3-GEN-CON-a", MUST, "RFC 1939 6", "A connection that ends without QUIT removes nothing.")
@needs("?account")
@writes
@serial
@pytest.mark.parametrize("how", ["close", "reset"])
def test_no_quit_no_update(pop3_private: Pop3, how: str) -> None:
    """A message marked by a session that just ended is there for the next."""
    _bring(pop3_private, b"kept")
    pop3_private.log_in()
    count = len(pop3_private.filled())
    pop3_private.exchange(f"DELE {count}", OK)
    if how == "close":
        pop3_private.wire.close()
    else:
        pop3_private.wire.reset()
    other = pop3_private.another()
    after, _ = other.stat()
    other.require(after == count, f"all {count} messages", str(after))
    _tidy(other, count)


@requirement("POP3-GEN-CON-b", MUST, "RFC 1939 6", "QUIT removes the messages that were marked, and no others.")
@needs("?account")
@writes
@serial
def test_quit_removes_what_was_marked(pop3_private: Pop3) -> None:
    """The last message, marked, is gone at the next login; the others are there under their ids."""
    _bring(pop3_private, b"kept", b"gone")
    pop3_private.log_in()
    kept = pop3_private.filled(2)[:-1]
    uniques = _names(pop3_private)
    last = len(kept) + 1
    pop3_private.exchange(f"DELE {last}", OK)
    pop3_private.exchange("QUIT", OK)
    pop3_private.wire.close()
    other = pop3_private.another()
    listings = other.listings()
    other.require(listings == kept, f"the other {len(kept)} messages, and no more", f"{len(listings)} messages")
    uniques.pop(last, None)
    other.require(_names(other) == uniques, "the other messages under their ids", "other ids")
    _tidy(other, len(kept))


def _names(pop3: Pop3) -> dict[int, str]:
    return pop3.uniques() if "UIDL" in pop3.offer else {}


@requirement("POP3-1939-5-j", MUST, "RFC 1939 6", "In no case is a message removed that was not marked.")
@needs("?account")
@writes
@serial
def test_unmarked_messages_stay(pop3_private: Pop3) -> None:
    """DELE 1, RSET, DELE of the last, QUIT: the last is gone, and message 1 is not."""
    _bring(pop3_private, b"kept", b"gone")
    pop3_private.log_in()
    kept = pop3_private.filled(2)[:-1]
    pop3_private.given(f"DELE {kept[0].number}", "RSET", f"DELE {len(kept) + 1}")
    pop3_private.exchange("QUIT", OK)
    pop3_private.wire.close()
    other = pop3_private.another()
    listings = other.listings()
    other.require(listings == kept, f"the other {len(kept)} messages, and no more", f"{len(listings)} messages")
    _tidy(other, len(kept))


# -- two sessions at once


@requirement("POP3-GEN-CON-f", INTEROP, "RFC 1939 4", "Whether a maildrop is open to one session only.")
@needs("?account")
@serial
def test_second_session(pop3: Pop3) -> None:
    """Recorded: what a second login is answered while the first session stands."""
    # Field note: Dovecot without pop3_lock_session lets both in.
    user, password = pop3.account
    other = pop3.visitor()
    reply = other.name_and_password(user, password)
    code = f" [{reply.response_code}]" if reply.response_code else ""
    pop3.observe(f"{reply.code}{code} to a second login")


@requirement("POP3-GEN-CON-f", INTEROP, "RFC 1939 4", "Whether a maildrop is open to one session only.")
@needs("?account")
@writes
@serial
def test_numbers_hold_beside_another_session(pop3_private: Pop3) -> None:
    """Recorded: what the second of two sessions gets for the numbers of messages that the first removes."""
    _shared(pop3_private.another(), pop3_private.visitor())
    _bring(pop3_private, b"first", b"second")
    pop3_private.log_in()
    other = pop3_private.another()
    before = other.filled(2)
    gone, last = before[-2], before[-1]
    content = other.retrieve(last.number).content
    pop3_private.given(f"DELE {gone.number}", "QUIT")
    removed = other.exchange(f"RETR {gone.number}", OK, ERR)
    after = other.exchange(f"RETR {last.number}", OK, ERR)
    shifted = (removed.code == OK and removed.content == content) or (after.code == OK and after.content != content)
    other.require(not shifted, "no other message under a number", "the numbers have shifted")
    other.observe(f"{removed.code} for a message that the other session removed")
    other.given("QUIT")
    left = pop3_private.another()
    _tidy(left, left.stat()[0])


def _shared(one: Pop3, other: Pop3) -> None:
    """The check needs a maildrop that two sessions may have open."""
    if other.name_and_password(*one.account).code != OK:
        one.not_applicable("the maildrop is open to one session only")
    one.leave()
    other.leave()


@requirement("POP3-GEN-CON-g", MUST, "RFC 1939 4, 5", "What arrives during a session does not change its numbers.")
@needs("?account", "?deliver")
@writes
@serial
def test_new_mail_waits(pop3: Pop3) -> None:
    """A message delivered during a session is counted at the next login, and not before."""
    before, listings = pop3.stat(), pop3.listings()
    pop3.deliver(EXPENDABLE % b"new")
    pop3.exchange("NOOP", OK)
    after = pop3.stat()
    pop3.require(after == before, "the totals of before a delivery", f"{after[0]} {after[1]}")
    pop3.require(pop3.listings() == listings, "the list of before a delivery", "another one")
    pop3.leave()
    other = pop3.another()
    if other.stat()[0] <= before[0]:
        raise Inconclusive("the delivered message is not there at the next login either")
    other.given(f"DELE {other.stat()[0]}", "QUIT")


# -- unique ids


@requirement("POP3-1939-7-c", MUST, "RFC 1939 7", "A message keeps its unique id from session to session.")
@needs("UIDL", "?account")
@serial
def test_unique_ids_persist(pop3: Pop3) -> None:
    """After a session that ended without QUIT the ids are those of before."""
    pop3.filled()
    before = pop3.uniques()
    pop3.wire.close()
    after = pop3.another().uniques()
    pop3.require(after == before, "the ids of the session before", ", ".join(list(after.values())[:5]))


@requirement("POP3-1939-7-c", MUST, "RFC 1939 7", "A message keeps its unique id from session to session.")
@needs("UIDL", "?account", "?deliver")
@writes
@serial
def test_unique_ids_are_not_reused(pop3_private: Pop3) -> None:
    """Where a message before it is removed, the last one keeps its id; a new one gets an id that none had."""
    _bring(pop3_private, b"first", b"second")
    pop3_private.log_in()
    before = pop3_private.uniques()
    last = max(before)
    pop3_private.given(f"DELE {last - 1}", "QUIT")
    pop3_private.wire.close()
    pop3_private.deliver(EXPENDABLE % b"third")
    other = pop3_private.another()
    after = other.uniques()
    other.require(after.get(last - 1) == before[last], f"{before[last]} for the last message", after.get(last - 1, ""))
    fresh = after.get(last, "")
    other.require(fresh and fresh not in before.values(), "an id that no message had, for a new one", fresh)
    other.given(f"DELE {last}", f"DELE {last - 1}", "QUIT")


NOT_CHECKED: list[tuple[str, str]] = []
