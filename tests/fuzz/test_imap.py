"""The model of IMAP: what may be said when, what it forbids, and what it leaves open."""

from __future__ import annotations

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.fuzz.exploration import hurried
from pytest_netconform.judge import survey
from pytest_netconform.models.imap import STATES, ImapModel
from pytest_netconform.models.imap_mailboxes import NONE, Shelf
from pytest_netconform.models.imap_said import Call, resolved
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.strategies.imap import RULES
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.walks.imap import ImapWalk
from pytest_netconform.walks.walk import follow
from pytest_netconform.wire.imap import Answer
from pytest_netconform.wire.imap_framing import AnswerFramer

OPENED = b"* FLAGS (\\Seen \\Deleted kw)\r\n* 2 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] .\r\n"
LAST = b"a OK [READ-WRITE] .\r\n"
MESSAGES = (b"Subject: a\r\n\r\na\r\n", b"Subject: b\r\n\r\nb\r\n")


def answer(octets: bytes) -> Answer:
    """The value of an answer."""
    framer = AnswerFramer()
    framer.feed(octets)
    found = framer.next()
    assert found is not None
    return found


def model(*pairs: tuple[bytes, bytes]) -> ImapModel:
    """A model of a client that has logged in and heard these answers, with two messages in the mailbox `box`."""
    shelf = Shelf()
    box = shelf.make(b"box")
    for uid, message in enumerate(MESSAGES, 1):
        box.add(message, {NONE}, uid)
    found = ImapModel(shelf, ("IMAP4REV1", "UIDPLUS", "IDLE", "UNSELECT"))
    found.enter()
    for said, heard in pairs:
        found.hear(Step("", said), said, answer(heard))
    return found


SELECT = (b"SELECT box", OPENED + LAST)
MARK = (b"STORE 1 +FLAGS (\\Deleted)", b"* 1 FETCH (FLAGS (\\Deleted))\r\na OK .\r\n")
SILENT = (b"STORE 1 +FLAGS.SILENT (\\Deleted)", b"a OK .\r\n")
EXPUNGE = (b"EXPUNGE", b"* 1 EXPUNGE\r\na OK .\r\n")
EXAMINE = (b"EXAMINE box", OPENED + b"a OK [READ-ONLY] .\r\n")
FETCHED = b"* 1 FETCH (UID 1 FLAGS (\\Recent) RFC822.SIZE 17 BODY[] {17}\r\n" + MESSAGES[0] + b")\r\na OK .\r\n"
APPEND = b"APPEND box {17}\r\n" + MESSAGES[0]

#: what may be said and heard, one dialogue after another
RIGHT: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "fetched": (SELECT, (b"FETCH 1 (UID FLAGS RFC822.SIZE BODY.PEEK[])", FETCHED)),
    "a field added": (
        SELECT,
        (b"FETCH 1 BODY.PEEK[]", b"* 1 FETCH (BODY[] {23}\r\nSubject: a\r\nX: y\r\n\r\na\r\n)\r\na OK .\r\n"),
    ),
    "expunged": (SELECT, MARK, EXPUNGE, (b"NOOP", b"* 1 EXISTS\r\na OK .\r\n"), (b"FETCH 2 FLAGS", b"a BAD .\r\n")),
    "expunged silently": (SELECT, SILENT, (b"CLOSE", b"a OK .\r\n"), (b"NOOP", b"a OK .\r\n")),
    "nothing to tell": (SELECT, (b"STORE 1 -FLAGS (\\Seen)", b"a OK .\r\n")),
    "read only": (EXAMINE, (b"STORE 1 +FLAGS (\\Seen)", b"a NO .\r\n"), (b"EXPUNGE", b"a OK ignored\r\n")),
    "appended": (
        SELECT,
        (APPEND, b"* 3 EXISTS\r\na OK [APPENDUID 7 3] .\r\n"),
        (b"UID FETCH 3 (UID)", b"* 3 FETCH (UID 3)\r\na OK .\r\n"),
    ),
    "copied": (SELECT, (b"COPY 2 box", b"* 3 EXISTS\r\na OK [COPYUID 7 2 3] .\r\n")),
    "numbers beyond": (SELECT, (b"FETCH 1:3 FLAGS", b"* 1 FETCH (FLAGS ())\r\n* 2 FETCH (FLAGS ())\r\na OK .\r\n")),
    "searched": (SELECT, MARK, (b"SEARCH OR DELETED SEEN", b"* SEARCH 1\r\na OK .\r\n")),
    "counted": ((b"STATUS box (MESSAGES UIDNEXT)", b"* STATUS box (MESSAGES 2 UIDNEXT 3)\r\na OK .\r\n"),),
    "made": (
        (b"CREATE other", b"a OK .\r\n"),
        (b"RENAME other third", b"a OK .\r\n"),
        (b'LIST "" *', b'* LIST () "/" box\r\n* LIST () "/" third\r\na OK .\r\n'),
        (b"DELETE third", b"a OK .\r\n"),
    ),
    "refused": ((b"SELECT nosuch", b"a NO .\r\n"), (b"FETCH 1 FLAGS", b"a BAD .\r\n"), (b"XYZZY", b"a BAD .\r\n")),
    "over": ((b"LOGOUT", b"* BYE .\r\na OK .\r\n"),),
}

#: what is forbidden at the end of a dialogue: a part of the rule, the dialogue before, and what is said and heard
WRONG: dict[str, tuple[str, tuple[tuple[bytes, bytes], ...], bytes, bytes]] = {
    "state": ("out of place", (), b"FETCH 1 FLAGS", b"a OK .\r\n"),
    "unknown": ("nobody knows", (), b"XYZZY", b"a OK .\r\n"),
    "nothing": ("no mailbox is selected", (), b"NOOP", b"* 1 EXISTS\r\na OK .\r\n"),
    "BAD": ("BAD is for", (SELECT,), b"STORE 1 FLAGS (\\Seen)", b"a BAD .\r\n"),
    "served": ("is served", (SELECT,), b"FETCH 1 FLAGS", b"a NO .\r\n"),
    "form": ("grammar", (), b"NOOP", b"* OK\r\na OK .\r\n"),
    "CAPABILITY": ("one list", (), b"CAPABILITY", b"a OK .\r\n"),
    "LOGOUT": ("BYE", (), b"LOGOUT", b"a OK .\r\n"),
    "missing": ("answered NO", (), b"SELECT nosuch", b"a OK .\r\n"),
    "there": ("cannot be made", (), b"CREATE box", b"a OK .\r\n"),
    "try": ("TRYCREATE", (), b"APPEND nosuch {1}\r\nx", b"a NO .\r\n"),
    "listed": ("LIST", (), b'LIST "" *', b"a OK .\r\n"),
    "SELECT": ("FLAGS, EXISTS", (), b"SELECT box", b"* 2 EXISTS\r\n" + LAST),
    "UNSEEN": ("UNSEEN", (), b"SELECT box", OPENED + b"* OK [UNSEEN 2] .\r\n" + LAST),
    "READ-ONLY": ("READ-ONLY", (), b"EXAMINE box", OPENED + LAST),
    "uidnext": ("UIDNEXT", (), b"SELECT box", OPENED + b"* OK [UIDNEXT 2] .\r\n" + LAST),
    "exists": ("EXISTS", (), b"SELECT box", OPENED.replace(b"2 EX", b"3 EX") + LAST),
    "fewer": ("EXISTS", (SELECT,), b"NOOP", b"* 1 EXISTS\r\na OK .\r\n"),
    "number": ("message number", (SELECT,), b"NOOP", b"* 3 FETCH (FLAGS ())\r\na OK .\r\n"),
    "uid": ("UIDs ascend", (SELECT,), b"FETCH 1 UID", b"* 1 FETCH (UID 4)\r\na OK .\r\n"),
    "flags": ("as they were last set", (SELECT,), b"FETCH 1 FLAGS", b"* 1 FETCH (FLAGS (\\Seen))\r\na OK .\r\n"),
    "content": ("the octets", (SELECT,), b"FETCH 1 BODY[]", b'* 1 FETCH (BODY[] "x")\r\na OK .\r\n'),
    "size": ("counts the octets", (SELECT,), b"FETCH 1 BODY[]", FETCHED.replace(b"SIZE 17", b"SIZE 18")),
    "FETCH": ("what was asked", (SELECT,), b"FETCH 1:2 FLAGS", b"* 1 FETCH (FLAGS ())\r\na OK .\r\n"),
    "STORE": ("new flags", (SELECT,), b"STORE 1 +FLAGS (\\Seen)", b"a OK .\r\n"),
    "stored": ("as they were last set", (SELECT, SILENT), b"FETCH 1 FLAGS", b"* 1 FETCH (FLAGS ())\r\na OK .\r\n"),
    "EXPUNGE": ("has gone", (SELECT,), *EXPUNGE),
    "numbers": ("no EXPUNGE", (SELECT, MARK), b"FETCH 2 FLAGS", b"* 1 EXPUNGE\r\na OK .\r\n"),
    "silence": ("tell no EXPUNGE", (SELECT, MARK), b"CLOSE", b"* 1 EXPUNGE\r\na OK .\r\n"),
    "goes": ("all that is marked", (SELECT, MARK), b"EXPUNGE", b"a OK .\r\n"),
    "SEARCH": ("exactly what fits", (SELECT, MARK), b"SEARCH DELETED", b"* SEARCH 2\r\na OK .\r\n"),
    "STATUS": ("STATUS tells", (), b"STATUS box (UNSEEN)", b"* STATUS box (MESSAGES 2)\r\na OK .\r\n"),
    "count": ("counts", (), b"STATUS box (MESSAGES)", b"* STATUS box (MESSAGES 3)\r\na OK .\r\n"),
    "uidvalidity": (
        "UIDVALIDITY",
        (SELECT,),
        b"STATUS box (UIDVALIDITY)",
        b"* STATUS box (UIDVALIDITY 6)\r\na OK .\r\n",
    ),
    "APPENDUID": ("APPENDUID", (SELECT,), APPEND, b"a OK [APPENDUID 8 3] .\r\n"),
    "again": ("UIDs ascend", (SELECT,), APPEND, b"a OK [APPENDUID 7 2] .\r\n"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right(name: str) -> None:
    """Nothing is said against what the standard allows."""
    model(*RIGHT[name])


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong(name: str) -> None:
    """Each rule is broken by its wrong answer."""
    rule, before, said, heard = WRONG[name]
    found = model(*before)
    with pytest.raises(Wrong) as caught:
        found.hear(Step("", said), said, answer(heard))
    assert rule in caught.value.rule


def test_a_name_that_was_used_before() -> None:
    """A mailbox that is made anew may have the UIDVALIDITY of the one before, but none of its UIDs."""
    found = model(SELECT, (b"CLOSE", b"a OK .\r\n"), (b"DELETE box", b"a OK .\r\n"), (b"CREATE box", b"a OK .\r\n"))
    said = b"APPEND box {1}\r\nx"
    with pytest.raises(Wrong, match="UIDs ascend"):
        found.hear(Step("", said), said, answer(b"a OK [APPENDUID 7 2] .\r\n"))


def test_two_clients_of_one_mailbox() -> None:
    """What the other one did may be told late; what it was before is no lie until then."""
    ours = model(SELECT)
    other = ImapModel(ours.shelf, ours.offered)
    other.enter()
    for said, heard in (SELECT, MARK, EXPUNGE):
        other.hear(Step("", said), said, answer(heard))
    assert not ours.settled and ours.possible("notice")
    for said, heard in (
        (b"FETCH 1 FLAGS", b"* 1 FETCH (FLAGS ())\r\na OK .\r\n"),
        (b"NOOP", b"* 1 EXPUNGE\r\na OK .\r\n"),
    ):
        ours.hear(Step("", said), said, answer(heard))
    assert ours.settled and not ours.possible("notice")


def test_words_in_their_states() -> None:
    """What wants a mailbox is possible where one is selected; what wants a capability, where it is offered."""
    outside, inside = model(), model(SELECT)
    assert not outside.possible("FETCH") and inside.possible("FETCH")
    assert inside.possible("purge") and not inside.possible("pressing")
    assert all(inside.possible(name) is (inside.state in states) for name, states in STATES.items())


@pytest.mark.parametrize(
    ("text", "numbers", "exact"),
    [("1", {1}, True), ("2:1", {1, 2}, True), ("2:*", {2, 3}, True), ("1,4", {1}, False), ("*:5", {3}, False)],
)
def test_sets(text: str, numbers: set[int], exact: bool) -> None:
    """Ends may come in either order, `*` is the last; numbers beyond it are none."""
    assert resolved(text, 3) == (numbers, exact)


def test_calls() -> None:
    """Words, lists and literals of a command are found again."""
    call = Call.read(b"append inbox (\\Seen kw) {3+}\r\na\r\n")
    assert (call.verb, call.name(0), call.octets) == ("APPEND", b"INBOX", b"a\r\n")
    assert Call.read(b'UID FETCH 1:* (FLAGS "') == Call("")


# -- walks in memory


def walked(steps: list[Step], session: type[ImapSession] | None = None) -> ImapWalk:
    """A walk along these steps, at the reference."""
    column = column_of(PROTOCOLS["imap"])
    target = memory_target("imap", {}, session)
    survey(target, column)
    visit = Visit(hurried(target))
    walk = column.rungs["walk"](visit)
    assert isinstance(walk, ImapWalk)
    try:
        follow(walk, steps)
    finally:
        visit.close()
    assert not visit.notes
    return walk


class Blank(ImapSession):
    """Keeps messages without the blanks at the ends of their lines."""

    def kept_content(self, content: bytes) -> bytes:
        return content.replace(b" \r\n", b"\r\n")


STORED = [Step("APPEND", b"APPEND %{mailbox} {20}\r\nSubject: x\r\n\r\nend \r\n", (3, 30))]
BETWEEN = [
    Step("SELECT", b"SELECT %{mailbox}"),
    Step("NOOP", b"NOOP", ahead=True),
    Step("NOOP", b"NOOP", ahead=True),
    Step("FETCH", b"UID FETCH %{second} (FLAGS)"),
    Step("beside", b"STORE 1 +FLAGS (\\Deleted)\r\nEXPUNGE"),
    Step("notice", b"NOOP"),
    Step("IDLE", b"IDLE\r\nDONE"),
    Step("odd", b"NOOP\0"),
    Step("LOGOUT", b"LOGOUT"),
    Step("stranger", b"SELECT %{mailbox}"),
    Step("LOGIN", b"%{login}"),
]


def test_a_walk_at_the_reference() -> None:
    """Two clients, a literal, IDLE, what is odd, and a second login: every step is taken."""
    steps = STORED + BETWEEN
    assert walked(steps).taken == steps


def test_what_is_stored_comes_back() -> None:
    """A server that changes what it keeps is found at the end of the walk."""
    with pytest.raises(NonConformity, match="the octets that were appended"):
        walked(STORED, Blank)


def test_a_mailbox_that_is_selected_is_not_removed() -> None:
    """What becomes of its reader the standard does not say; the step is passed over."""
    other = b"%{mailbox}-b"
    steps = [Step("CREATE", b"CREATE " + other), Step("SELECT", b"SELECT " + other), Step("DELETE", b"DELETE " + other)]
    assert walked(steps).taken == steps[:2]


def test_every_word_is_known() -> None:
    """The rules of the strategies are words of the model, or gather several of them."""
    found = model()
    gathered = {"a", "folders", "seldom"}
    assert all(found.possible(word) for word in gathered)
    assert {name.partition(" ")[0] for name in RULES} - gathered <= {
        *STATES,
        "purge",
        "pressing",
        "beside",
        "notice",
        "misplaced",
    }
