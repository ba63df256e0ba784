"""The model of POP3: a right dialogue passes, each wrong answer breaks its rule, and what is stored comes back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import survey
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.models.pop3 import RULES, Pop3Model
from pytest_netconform.models.pop3_maildrop import RULES as MAILDROP
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from pytest_netconform.target import Target
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.walks.pop3 import COMES_BACK
from pytest_netconform.walks.walk import follow
from pytest_netconform.wire.pop3 import Reply, ReplyFramer

WORDS = {"DELE": "mark"}
OFFER = {"SASL": ("PLAIN",), "UIDL": (), "TOP": (), "STLS": ()}
LOGIN = ("AUTH PLAIN x", "+OK")
TWO_SIZES = ("LIST", "+OK\r\n1 10\r\n2 20\r\n.")
TWO_IDS = ("UIDL", "+OK\r\n1 a\r\n2 b\r\n.")
LETTER = "RETR 1", "+OK\r\nSubject: a\r\n\r\n..b\r\nc\r\n."
Talk = Sequence[tuple[str, str]]


def heard(talk: Talk) -> Pop3Model:
    """A model that was told these commands, each with its answer; `BREAK` and `AGAIN` break off, and come again."""
    model = Pop3Model(account=True, expendable=True, disposable=True)
    model.met(b"<1@x>", OFFER, secure=False)
    for said, answer in talk:
        if said == "BREAK":
            model.broken()
        elif said == "AGAIN":
            model.begin()
            model.met(None, OFFER, secure=False)
        else:
            word, _, line = said.rpartition(":")
            word = word or WORDS.get(line.split()[0], line.split()[0])
            assert model.possible(word), said
            model.hear(Step(word), line.encode() + b"\r\n", framed(line, answer))
    return model


def framed(line: str, answer: str) -> Reply:
    """The answer's value."""
    framer = ReplyFramer()
    framer.asked(line.encode() + b"\r\n")
    framer.feed(answer.encode() + b"\r\n")
    reply = framer.next()
    assert reply is not None and not framer.rest(), answer
    return reply


RIGHT: dict[str, Talk] = {
    "a session": [
        *[("early:STAT", "-ERR"), ("PASS x", "-ERR"), ("USER a", "+OK"), ("PASS x", "+OK"), ("STAT", "+OK 2 30")],
        *[TWO_SIZES, TWO_IDS, ("LIST 2", "+OK 2 20"), ("UIDL 3", "-ERR"), ("relogin:USER x", "-ERR")],
        *[("DELE 2", "+OK"), ("DELE 2", "-ERR"), ("STAT", "+OK 1 10"), ("LIST", "+OK\r\n1 10\r\n.")],
        *[("relogin:STLS", "-ERR"), ("RSET", "+OK"), ("RETR 2", "-ERR [UTF8]"), ("NOOP", "+OK")],
        *[("CAPA", "+OK\r\nUIDL\r\nTOP\r\n."), ("QUIT", "+OK")],
    ],
    "the next session": [
        *[LOGIN, TWO_IDS, ("DELE 1", "+OK"), ("QUIT", "+OK"), ("AGAIN", "")],
        *[LOGIN, ("UIDL", "+OK\r\n1 b\r\n."), ("STAT", "+OK 1 20"), ("LIST 1", "+OK 1 20"), ("QUIT", "+OK")],
    ],
    "broken off": [
        LOGIN,
        TWO_IDS,
        ("DELE 1", "+OK"),
        ("BREAK", ""),
        ("AGAIN", ""),
        LOGIN,
        TWO_IDS,
        ("STAT", "+OK 2 30"),
    ],
    "mail arrives between sessions": [LOGIN, ("STAT", "+OK 1 9"), ("QUIT", "+OK"), ("AGAIN", ""), LOGIN, TWO_SIZES],
    "what was read expires": [
        *[
            LOGIN,
            ("CAPA", "+OK\r\nEXPIRE 0 USER\r\nUIDL\r\nTOP\r\n."),
            TWO_IDS,
            ("RETR 1", "+OK\r\n\r\n."),
            ("QUIT", "+OK"),
        ],
        *[("AGAIN", ""), LOGIN, ("UIDL", "+OK\r\n1 b\r\n.")],
    ],
    "some were not removed": [
        *[LOGIN, TWO_IDS, ("DELE 1", "+OK"), ("QUIT", "-ERR some are left"), ("AGAIN", "")],
        *[LOGIN, TWO_IDS],
    ],
    "ids are hashes": [
        *[LOGIN, ("UIDL", "+OK\r\n1 a\r\n2 a\r\n."), ("DELE 1", "+OK"), ("QUIT", "+OK"), ("AGAIN", "")],
        *[LOGIN, ("UIDL", "+OK\r\n1 a\r\n.")],
    ],
    "a refused login": [("USER a", "+OK"), ("PASS x", "-ERR [IN-USE]"), ("PASS x", "+OK"), ("STAT", "+OK 0 0")],
    "an exchange": [
        ("begin:AUTH PLAIN", "+ "),
        ("cancel:*", "-ERR"),
        ("begin:AUTH PLAIN", "+ "),
        ("response:x", "+OK"),
    ],
    "a line end that is the dot's": [LOGIN, ("LIST 1", "+OK 1 19"), LETTER],
    "a part of a message": [LOGIN, LETTER, ("TOP 1 1", "+OK\r\nSubject: a\r\n\r\n..b\r\n."), LETTER],
    "an empty maildrop": [LOGIN, ("LIST", "+OK\r\n."), ("STAT", "+OK 0 0"), ("LIST 1", "-ERR"), ("UIDL", "+OK\r\n.")],
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name: str) -> None:
    """Whatever the standard leaves open is followed."""
    heard(RIGHT[name])


WRONG: list[tuple[str, Talk]] = [
    (RULES["status"], [("AUTH PLAIN x", "+ ")]),
    (RULES["PASS"], [("PASS x", "+OK")]),
    (RULES["wrong"], [("USER a", "+OK"), ("wrong:PASS x", "+OK")]),
    (RULES["cancel"], [("begin:AUTH PLAIN", "+ "), ("cancel:*", "+OK")]),
    (RULES["response"], [("begin:AUTH PLAIN", "+OK")]),
    (RULES["early"], [("early:NOOP", "+OK")]),
    (RULES["late"], [LOGIN, ("relogin:USER a", "+OK")]),
    (RULES["late"], [LOGIN, ("STLS", "+OK")]),
    (RULES["unknown"], [("unknown:XYZZY", "+OK")]),
    (RULES["malformed"], [LOGIN, ("malformed:RETR 1x", "+OK\r\nx\r\n.")]),
    (RULES["CAPA"], [LOGIN, ("CAPA", "-ERR")]),
    (RULES["tags"], [LOGIN, ("CAPA", "+OK\r\nUIDL\r\n.")]),
    (RULES["STAT"], [LOGIN, ("STAT", "+OK 2")]),
    (RULES["LIST"], [LOGIN, ("LIST", "+OK\r\n0 10\r\n.")]),
    (RULES["UIDL"], [LOGIN, ("UIDL 1", "+OK 1 a b")]),
    (RULES["served"], [LOGIN, ("NOOP", "-ERR")]),
    (RULES["lines"], [LOGIN, ("RETR 1", "+OK\r\nSubject: a\n\r\n.")]),
    (RULES["QUIT"], [LOGIN, ("QUIT", "-ERR")]),
    (MAILDROP["count"], [LOGIN, ("STAT", "+OK 1 10"), TWO_SIZES]),
    (MAILDROP["count"], [LOGIN, TWO_SIZES, ("DELE 1", "+OK"), ("STAT", "+OK 2 30")]),
    (MAILDROP["sum"], [LOGIN, TWO_SIZES, ("STAT", "+OK 2 31")]),
    (MAILDROP["numbers"], [LOGIN, ("DELE 1", "+OK"), ("LIST", "+OK\r\n1 10\r\n.")]),
    (MAILDROP["one"], [LOGIN, ("STAT", "+OK 2 30"), ("LIST 2", "-ERR")]),
    (MAILDROP["one"], [LOGIN, ("LIST 2", "+OK 1 10")]),
    (MAILDROP["none"], [LOGIN, ("DELE 1", "+OK"), LETTER]),
    (MAILDROP["none"], [LOGIN, ("UIDL 999999999", "+OK 999999999 a")]),
    (MAILDROP["size"], [LOGIN, ("LIST 1", "+OK 1 10"), LETTER]),
    (MAILDROP["unique"], [LOGIN, TWO_IDS, ("UIDL 1", "+OK 1 b")]),
    (MAILDROP["content"], [LOGIN, LETTER, ("RETR 1", "+OK\r\nSubject: a\r\n\r\nx\r\nyz\r\n.")]),
    (MAILDROP["content"], [LOGIN, LETTER, ("RETR 1", "-ERR")]),
    (MAILDROP["top"], [LOGIN, LETTER, ("TOP 1 1", "+OK\r\nSubject: a\r\n\r\n.")]),
    (MAILDROP["kept"], [LOGIN, ("STAT", "+OK 2 9"), ("DELE 1", "+OK"), ("BREAK", ""), LOGIN, ("STAT", "+OK 1 5")]),
    (MAILDROP["kept"], [LOGIN, TWO_IDS, ("QUIT", "+OK"), ("AGAIN", ""), LOGIN, ("UIDL", "+OK\r\n1 a\r\n2 c\r\n.")]),
    (MAILDROP["gone"], [LOGIN, TWO_IDS, ("DELE 1", "+OK"), ("QUIT", "+OK"), ("AGAIN", ""), LOGIN, TWO_IDS]),
]


@pytest.mark.parametrize(("rule", "talk"), WRONG, ids=[f"{n}" for n in range(len(WRONG))])
def test_what_is_wrong_breaks_its_rule(rule: str, talk: Talk) -> None:
    """The last answer is the wrong one, and nothing before it."""
    heard(talk[:-1])
    with pytest.raises(Wrong) as caught:
        heard(talk)
    assert caught.value.rule == rule


# -- walks


def target(name: str = "") -> Target:
    """The reference, or a mutant of it, in memory."""
    mutant = {mutant.name: mutant for mutant in mutants_of("pop3")}.get(name)
    made = memory_target("pop3", mutant.options if mutant else {}, mutant.session if mutant else None)
    survey(made, column_of(PROTOCOLS["pop3"]))
    return made


def walked(made: Target, *lines: str) -> str:
    """Say these lines on a walk: the rule that was broken, if any."""
    visit = Visit(made)
    walk = column_of(PROTOCOLS["pop3"]).rungs["walk"](visit)
    steps = [_step(line) for line in ("AUTH PLAIN %{plain}", *lines)]
    try:
        follow(walk, steps)
        return ""
    except NonConformity:
        return str(walk.rule)
    finally:
        visit.close()


def _step(line: str) -> Step:
    if line in ("close", "reset"):
        return Step("break", line.encode())
    if line.startswith("Subject"):
        return Step("post", line.encode())
    word = line.split()[0]
    return Step(WORDS.get(word, word), line.encode() + b"\r\n")


NEXT = ("AUTH PLAIN %{plain}", "UIDL")


@pytest.mark.parametrize("over", ["QUIT", "close", "reset"])
def test_the_maildrop_is_put_back(over: str) -> None:
    """What a walk removes, and what it posts, is no affair of the next one's."""
    made = target()
    assert made.stored is not None
    before = made.stored()
    assert not walked(made, "Subject: x\r\n\r\n.\r\n", "DELE 1", "DELE 3", over, *NEXT, "RETR 8", "QUIT")
    assert made.stored() == before


def test_what_is_stored_comes_back() -> None:
    """A letter that was posted between two sessions, and one that lay there."""
    lines = ("Subject: x\r\n\r\n.dots\r\n", "QUIT", *NEXT, "RETR 10", "RETR 2")
    assert not walked(target(), *lines)
    assert walked(target("no_byte_stuffing"), *lines) == COMES_BACK


@pytest.mark.parametrize(
    ("name", "lines", "rule"),
    [
        ("dele_on_disconnect", ["STAT", "DELE 1", "close", "AUTH PLAIN %{plain}", "STAT"], MAILDROP["kept"]),
        ("quit_deletes_nothing", ["UIDL", "DELE 9", "QUIT", *NEXT], MAILDROP["gone"]),
        ("quit_deletes_wrong_message", ["UIDL", "DELE 5", "QUIT", *NEXT], MAILDROP["gone"]),
        ("new_mail_changes_numbers", ["STAT", "Subject: x\r\n\r\n", "STAT"], MAILDROP["count"]),
        ("apop_constant_timestamp", ["close", "AUTH PLAIN %{plain}"], RULES["stamp"]),
    ],
)
def test_what_one_session_leaves_to_the_next(name: str, lines: list[str], rule: str) -> None:
    """Faults that show in the session behind, and in it only."""
    assert walked(target(name), *lines) == rule
    assert not walked(target(), *lines)


def test_nothing_is_marked_that_cannot_be_put_back() -> None:
    """Where nobody can deliver letters past the protocol, no message is marked, on walks and in hostile lines."""
    made = target()
    made.deliver = None
    visit = Visit(made)
    walk = column_of(PROTOCOLS["pop3"]).rungs["walk"](visit)
    walk.take(_step("AUTH PLAIN %{plain}"))
    assert walk.possible("RETR") and not walk.possible("mark") and walk.known["dele"] == b"NOOP"
    visit.close()
