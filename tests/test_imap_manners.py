"""What a run of the IMAP suite does to a real account, and what servers that mean no good can do to a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from pytest_netconform.fixtures.imap import ACCOUNT
from pytest_netconform.fixtures.network import EVERYTHING, column_of, memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.imap import Done, ImapConfig, ImapSession, Refusal, Scanner
from pytest_netconform.reference_servers.mailboxes import Mailboxes
from pytest_netconform.suites import imap
from pytest_netconform.verdict import Verdict
from tests.gates import cases

COLUMN = column_of(PROTOCOLS["imap"])
CHANGING = {"CREATE", "DELETE", "RENAME", "APPEND", "STORE", "EXPUNGE", "COPY", "MOVE", "CLOSE", "SUBSCRIBE"}
CONFIG = ImapConfig(tls=True, passwords={ACCOUNT[0]: ACCOUNT[1], "carol": ACCOUNT[1]})
WORSE = (Verdict.FAIL, Verdict.DEVIATION, Verdict.ERROR)


class Witness(ImapSession):
    """Writes down whose password was wrong, and what changed mailboxes."""

    wrong: list[str] = []
    said: list[str] = []

    def login_refusal(self, name: str) -> Refusal:
        self.wrong.append(name)
        return super().login_refusal(name)

    def gate(self) -> None:
        super().gate()
        self.said.append(self.verb)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing was said yet."""
    Witness.wrong.clear()
    Witness.said.clear()
    yield


def run(
    session: type[ImapSession],
    allowed: frozenset[str] = EVERYTHING,
    chapters: tuple[str, ...] = imap.CHAPTERS,
    config: ImapConfig = CONFIG,
    mailboxes: Mailboxes | None = None,
    **options: str,
) -> tuple[Mailboxes, list[Outcome]]:
    """Every check of these chapters, one after the other, against one server."""
    mailboxes = mailboxes or Mailboxes()
    given = {"username": ACCOUNT[0], "password": ACCOUNT[1], "second": "carol", **options}
    target = memory_target("imap", given, make_session=lambda: session(config, mailboxes), allowed=allowed)
    survey(target, COLUMN)
    outcomes = [
        judge(case.function, {name: COLUMN.rungs[name] for name in case.rungs}, case.values, target, COLUMN)
        for case in cases("imap")
        if case.function.__module__.endswith(chapters)
    ]
    return mailboxes, outcomes


def names(mailboxes: Mailboxes) -> list[str]:
    """The names of the account's mailboxes."""
    return sorted(mailboxes.account(ACCOUNT[0]).mailboxes)


def test_a_refused_account_is_not_tried_again() -> None:
    """Where the given password is wrong, it is said once, and every check that needs it says why it is inconclusive."""
    _, outcomes = run(Witness, password="guess")
    assert Witness.wrong.count(ACCOUNT[0]) == 1
    assert not [o for o in outcomes if o.verdict in WORSE]
    said = [o.reason for o in outcomes if "is the password right?" in o.reason]
    assert len(said) > 15
    assert all("\n" not in line and len(line) < 150 for line in said)


def test_reading_is_all_that_is_done_unasked() -> None:
    """Without --netconform-allow=write no mailbox is made, and nothing in one is changed."""
    mailboxes, outcomes = run(Witness, frozenset())
    assert not CHANGING & set(Witness.said)
    assert names(mailboxes) == names(Mailboxes())
    assert not [o for o in outcomes if o.verdict in WORSE]


def test_the_account_is_left_as_it_was() -> None:
    """Mailboxes that a run makes are removed by it."""
    mailboxes, _ = run(Witness)
    assert "CREATE" in Witness.said
    assert names(mailboxes) == names(Mailboxes())


# -- an account that is full

CROWD = 100_000
LETTER = b"From: Anna <anna@client.example.org>\r\nSubject: one of many\r\n\r\nHello\r\n"
HEARD_OCTETS, HEARD_AT_ONCE = 1 << 22, 1 << 20  # of what a server may be made to say, in all and to one session
# where INBOX is looked into, and what a run does with mailboxes of its own beside it
FULL_CHAPTERS = ("append", "connections", "extensions", "idle", "replies", "selecting", "states", "status")


class Counting(ImapSession):
    """Writes down how much each session said."""

    said: list[int] = []

    def __init__(self, config: ImapConfig, mailboxes: Mailboxes) -> None:
        super().__init__(config, mailboxes)
        self.number = len(self.said)
        self.said.append(0)

    def send(self, data: bytes) -> None:
        self.said[self.number] += len(data)
        super().send(data)


def test_a_full_inbox() -> None:
    """Among a hundred thousand messages the same is found, they stay, and nobody asks for all of them."""
    mailboxes = Mailboxes()
    for _ in range(CROWD):
        mailboxes.store.add(ACCOUNT[0], "", [ACCOUNT[0]], LETTER)
    Counting.said.clear()
    _, outcomes = run(Counting, chapters=FULL_CHAPTERS, mailboxes=mailboxes)
    assert not [o for o in outcomes if o.verdict in WORSE]
    inbox = mailboxes.account(ACCOUNT[0]).mailboxes["INBOX"]
    assert inbox is not None
    assert [message.flags for message in inbox.messages.values()] == [frozenset()] * CROWD
    assert max(Counting.said) < HEARD_AT_ONCE
    assert sum(Counting.said) < HEARD_OCTETS


# -- clocks


@pytest.mark.parametrize("year", [1, 1969, 2038, 9999])
def test_clocks_far_off(year: int) -> None:
    """What day it is at the server's decides nothing."""
    config = replace(CONFIG, date=lambda _: datetime(year, 1, 1, tzinfo=timezone.utc))
    _, outcomes = run(Witness, chapters=("append", "fetch", "search", "status", "selecting"), config=config)
    assert not [o for o in outcomes if o.verdict in WORSE]


# -- servers that mean no good: whatever they say to somebody who has logged in is data


class Huge(ImapSession):
    """Announces four gigabytes."""

    def answer_list(self, arguments: Scanner) -> Done | None:
        self.untagged(b'LIST () "/" {4294967296}\r\nx')
        return Done("Done")


class Endless(ImapSession):
    """Tells of arrivals for ever."""

    def answer_noop(self, arguments: Scanner) -> Done:
        if self.view is not None:
            self.send(b"* 1 EXISTS\r\n" * 200_000)
        return super().answer_noop(arguments)


class NoLineEnd(ImapSession):
    """Says one word without end."""

    def answer_status(self, arguments: Scanner) -> Done | None:
        self.send(b"* STATUS " + b"x" * (1 << 23))
        return Done("Done")


class Leaving(ImapSession):
    """Has to go in the middle of a command."""

    def answer_namespace(self, arguments: Scanner) -> Done | None:
        self.send(b"* NAMESPACE ")
        self.bye("No time")
        return None


class LeavingAtCreate(ImapSession):
    """Says BYE in place of an answer."""

    def answer_create(self, arguments: Scanner) -> Done | None:
        self.bye("No time")
        return None


class Nonsense(ImapSession):
    """Answers with whatever comes to its mind."""

    def answer_fetch(self, arguments: Scanner) -> Done:
        self.send(b"* 1 FETCH (((((\r\n\x00\xff\r\n* FETCH\r\n* 1 FETCH (BODY[ {3}\r\n)))\r\n(\r\n")
        self.send(b"* 99999999999999999999 EXISTS\r\n* \x1b[2J\r\n")
        return Done("Done")


class Deep(ImapSession):
    """Has a message inside a message inside a message."""

    def answer_fetch(self, arguments: Scanner) -> Done:
        text = b'"TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1'
        self.untagged(b"1 FETCH (UID 1 BODYSTRUCTURE " + b"(" * 3_000 + text + b') "MIXED"' * 2_999 + b"))")
        return Done("Done")


class Late(ImapSession):
    """Tells what was asked behind its answer, with somebody else's tag."""

    def answer_capability(self, arguments: Scanner) -> Done:
        done = super().answer_capability(arguments)
        if self.user:
            self.send(b"nc999 OK and more\r\n")
        return done


class Foreign(ImapSession):
    """Says everything in words of its own, in UTF-8, and sometimes in what is none."""

    def send_tagged(self, status: bytes, text: str, code: str = "") -> None:
        self.send(self.tag + b" " + status + " Größe \u202e\U0001f600".encode() + b" \xff\xc0\xaf" + self.reply_end)


BAD_COMPANY = [Huge, Endless, NoLineEnd, Leaving, LeavingAtCreate, Nonsense, Deep, Late, Foreign]


@pytest.mark.parametrize("session", BAD_COMPANY, ids=lambda session: session.__name__)
def test_bad_company_is_judged(session: type[ImapSession]) -> None:
    """Whatever it says, each check ends with a verdict about the server, and none with an error of ours."""
    _, outcomes = run(session, chapters=("replies", "states"))
    assert not [o for o in outcomes if o.verdict is Verdict.ERROR]
    assert [o for o in outcomes if o.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)]
