"""The model of FTP: a right dialogue passes, every rule is broken by some answer, and what was stored comes back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import survey
from pytest_netconform.models.ftp import DOUBT, IN, NEW, FtpModel
from pytest_netconform.models.ftp_rules import RULES, parsed
from pytest_netconform.models.ftp_tree import DIRECTORY, MISSING, UNSURE, Kind, Tree, kept, overwritten, sent, unblocked
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.ftp import FtpSession
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.walks.ftp import FtpWalk, split
from pytest_netconform.wire.ftp import Reply, ReplyFramer

#: what is said and answered; of a transfer also the data, and the last answer. `odd: x`: said as a step of that word
Exchange = tuple[str, ...]
LOGIN: tuple[Exchange, ...] = (("USER alice", "331 and"), ("PASS x", "230 in"))
INSIDE: tuple[Exchange, ...] = (*LOGIN, ("CWD /nc", "250 ok"), ("TYPE I", "200 ok"))
PASSIVE: Exchange = ("PASV", "227 (127,0,0,1,200,1)")
STORED: tuple[Exchange, ...] = (*INSIDE, PASSIVE, ("STOR a", "150 go", "abc", "226 ok"))
MADE: tuple[Exchange, ...] = (*INSIDE, ("MKD d", '257 "/nc/d"'), PASSIVE, ("STOR d/a", "150 go", "abc", "226 ok"))

#: rule → a dialogue whose last answer breaks it
BREACHES: dict[str, Sequence[Exchange]] = {
    "USER": [("USER alice", "530 no")],
    "PASS": [LOGIN[0], ("PASS x", "530 no")],
    "PASS early": [("PASS x", "230 in")],
    "guarded": [("PWD", '257 "/"')],
    "in": [*INSIDE, ("PWD", "530 log in")],
    "REIN": [*LOGIN, ("REIN", "350 and")],
    "QUIT": [("QUIT", "500 no")],
    "AUTH": [("AUTH XBOGUS", "234 go")],
    "answer": [*INSIDE, ("MKD a", "350 and")],
    "NOOP": [*INSIDE, ("NOOP", "500 no")],
    "STAT": [*INSIDE, ("STAT a", "425 no")],
    "unknown": [*INSIDE, ("unknown: XYZZY", "200 ok")],
    "odd": [*INSIDE, ("odd: PWDD", "150 go")],
    "PWD": [*INSIDE, ("PWD", '257 "/"')],
    "CWD": [*MADE, ("CWD d", "550 no")],
    "CWD missing": [*INSIDE, ("CWD d", "250 ok")],
    "CDUP": [*MADE, ("CWD d", "250 ok"), ("CDUP", "550 no")],
    "MKD": [*INSIDE, ("MKD d", '257 "d"')],
    "MKD there": [*MADE, ("MKD d", '257 "/nc/d"')],
    "RMD missing": [*INSIDE, ("RMD d", "250 ok")],
    "RMD full": [*MADE, ("RMD d", "250 ok")],
    "DELE missing": [*INSIDE, ("DELE a", "250 ok")],
    "DELE full": [*MADE, ("DELE d", "250 ok")],
    "RNFR": [*STORED, ("RNFR a", "250 ok")],
    "RNTO early": [*STORED, ("RNFR a", "350 and"), ("RNTO b", "250 ok"), ("RNTO c", "250 ok")],
    "RNTO": [*STORED, ("RNFR a", "350 and"), ("RNTO b", "503 no")],
    "RNTO missing": [*INSIDE, ("RNFR a", "350 and"), ("RNTO b", "250 ok")],
    "SIZE": [*STORED, ("SIZE a", "213 4")],
    "missing": [*STORED, ("DELE a", "250 ok"), ("SIZE a", "213 3")],
    "MDTM": [*STORED, ("MDTM a", "213 today")],
    "TYPE Z": [*INSIDE, ("TYPE Z", "200 ok")],
    "REST": [*INSIDE, ("REST 1", "200 ok")],
    "PASV": [*INSIDE, ("PASV", "227 (0,0,0,0,200,1)")],
    "EPSV": [*INSIDE, ("EPSV", "229 (|1|127.0.0.1|5000|)")],
    "EPSV 9": [*INSIDE, ("EPSV 9", "229 (|||5000|)")],
    "EPSV ALL": [*INSIDE, ("EPSV ALL", "200 ok"), PASSIVE],
    "ABOR": [*INSIDE, ("ABOR", "350 and")],
    "first": [*STORED, PASSIVE, ("RETR a", "226 ok")],
    "last": [*STORED, PASSIVE, ("RETR a", "150 go", "abc", "350 and")],
    "no data": [*INSIDE, ("RETR a", "150 go", "", "226 ok")],
    "RETR": [*STORED, PASSIVE, ("RETR a", "550 no")],
    "RETR octets": [*STORED, PASSIVE, ("RETR a", "150 go", "ab", "226 ok")],
    "RETR missing": [*INSIDE, PASSIVE, ("RETR a", "150 go", "", "226 ok")],
    "blocks": [*STORED, ("MODE B", "200 ok"), PASSIVE, ("RETR a", "150 go", "abc", "226 ok")],
    "STOR nowhere": [*INSIDE, PASSIVE, ("STOR d/a", "150 go", "x", "226 ok")],
    "STOU": [*INSIDE, PASSIVE, ("STOU", "150 go", "x", "226 ok")],
    "STOU again": [*STORED, PASSIVE, ("STOU", "150 FILE: a", "x", "226 ok")],
    "NLST": [*STORED, PASSIVE, ("NLST", "150 go", "b\r\n", "226 ok")],
}
#: and those that the end of a transfer breaks which does not come to its end
CUT = {"ABOR moving", "whole", "too soon", "broken"}

#: dialogues of real servers that break nothing
FREE: dict[str, Sequence[Exchange]] = {
    "no password": [("USER alice", "230 in"), ("CWD /nc", "250 ok"), ("PWD", '257 "/nc"')],
    "RNFR of nothing": [*INSIDE, ("RNFR a", "350 and"), ("RNTO b", "550 no"), ("RNTO b", "503 no")],
    "NOOP in a rename": [*STORED, ("RNFR a", "350 and"), ("NOOP", "200 ok"), ("RNTO b", "250 ok"), ("SIZE b", "213 3")],
    "no room": [*STORED, PASSIVE, ("STOR a", "150 go", "x", "452 full"), PASSIVE, ("RETR a", "550 no")],
    "nothing new": [
        *STORED,
        ("USER alice", "530 no"),
        ("PASS x", "230 in"),
        ("CWD /nc", "250 ok"),
        ("SIZE a", "213 3"),
    ],
    "text as it is": [*STORED, ("TYPE A", "200 ok"), PASSIVE, ("RETR a", "150 go", "abc", "226 ok")],
    "a marker": [*STORED, PASSIVE, ("REST 1", "350 and"), ("RETR a", "150 go", "bc", "226 ok")],
    "a marker forgotten": [
        *STORED,
        ("REST 1", "350 and"),
        ("PWD", '257 "/nc"'),
        PASSIVE,
        ("RETR a", "150 go", "abc", "226 ok"),
    ],
    "somebody else's root": [*LOGIN, ("CWD /nc", "250 ok"), ("PWD", '257 "/home/alice/nc"')],
    "gone from under us": [
        *MADE,
        ("CWD d", "250 ok"),
        ("DELE a", "250 ok"),
        ("RMD /nc/d", "250 ok"),
        ("PWD", "550 no"),
    ],
    "nothing to see": [*INSIDE, PASSIVE, ("NLST", "550 nothing")],
}


def reply(text: str) -> Reply:
    """An answer of one line."""
    framer = ReplyFramer()
    framer.feed(text.encode() + b"\r\n")
    answer = framer.next()
    assert answer is not None
    return answer


def held(dialogue: Sequence[Exchange], model: FtpModel | None = None) -> FtpModel:
    """The model behind a dialogue."""
    model = model or FtpModel(folder=b"/nc")
    for text, answer, *rest in dialogue:
        word, _, said = ("near: " + text if ": " not in text else text).partition(": ")
        line = said.encode() + b"\r\n"
        model.hear(Step(word, line), line, reply(answer))
        if rest:
            data, nowhere = rest[0].encode(), model.prepared != "ready"
            upload = parsed(line)[0] in ("STOR", "APPE", "STOU")
            came = None if nowhere else b"" if upload else data
            model.moved(line, data if upload else b"", came, True, reply(rest[1]))
    return model


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_broken(rule: str) -> None:
    """All answers but the last are right, and the last one is what the rule is about."""
    if rule in CUT:
        return
    held(BREACHES[rule][:-1])
    with pytest.raises(Wrong) as caught:
        held(BREACHES[rule])
    assert caught.value.rule == RULES[rule]


@pytest.mark.parametrize("which", FREE)
def test_what_is_free_is_followed(which: str) -> None:
    """No rule forbids it."""
    held(FREE[which])


def test_transfers_that_are_cut() -> None:
    """Two answers to a transfer and its ABOR; no end of what was not read; no success of what broke."""
    retr = b"RETR a\r\n"
    for rule, breach in {
        "ABOR moving": lambda model: model.aborted(retr, [reply("226 ok"), reply("426 no")]),
        "too soon": lambda model: model.early(retr, reply("226 ok")),
        "broken": lambda model: model.broke(retr, reply("226 ok"), waited=True),
        "whole": lambda model: model.moved(retr, b"", b"abc", False, reply("226 ok")),
    }.items():
        with pytest.raises(Wrong) as caught:
            breach(held([*STORED, PASSIVE]))
        assert caught.value.rule == RULES[rule]
    held(STORED).aborted(retr, [reply("426 no"), reply("226 ok")])
    held(STORED).broke(retr, reply("226 ok"), waited=False)


def test_who_is_in() -> None:
    """USER puts a login in doubt, REIN ends it, and our own directory shows who we are."""
    assert held(LOGIN).state == IN
    assert held([*LOGIN, ("USER alice", "331 and"), ("PASS x", "230 in")]).state == DOUBT
    assert held([*LOGIN, ("USER alice", "331 and"), ("CWD /nc", "250 ok")]).state == IN
    assert held([*LOGIN, ("REIN", "220 anew")]).state == NEW
    assert held([("guess: USER nobody", "331 and"), ("guess: PASS x", "530 no")]).guesses == 1
    assert not held(LOGIN).possible("near") and held(INSIDE).possible("near")


def test_what_is_there() -> None:
    """Directories, files, what was moved, and what is in doubt."""
    tree = Tree()
    tree.put((b"d",), DIRECTORY)
    tree.put((b"d", b"a"), DIRECTORY)
    tree.move((b"d",), (b"e",))
    assert (tree.look((b"d",)), tree.look((b"e", b"a")), tree.inside((b"e",))) == (MISSING, DIRECTORY, [b"a"])
    tree.doubt((b"e",))
    assert tree.look((b"e", b"a")) == tree.look(None) == UNSURE
    tree.found((b"e",))
    assert (tree.look((b"e", b"a")), tree.inside((b"e",))) == (UNSURE, [])
    tree.drop((b"e", b"a"))
    assert tree.look((b"e", b"a")).kind is Kind.MISSING


def test_contents_and_types() -> None:
    """In type I octets are octets; in type A line ends may change, or may not."""
    assert kept(b"a\r\n", "I") == {b"a\r\n"}
    assert kept(b"a\r\n", "A") == {b"a\r\n", b"a\n"}
    assert kept(b"a\n", "A") is None and kept(b"a", "A") == {b"a"}
    assert sent(frozenset({b"a\n"}), "A", frozenset({0})) == {b"a\n", b"a\r\n"}
    assert sent(frozenset({b"abc"}), "I", frozenset({0, 1})) == {b"abc", b"bc"}
    assert overwritten(frozenset({b"abcd"}), b"X", 1) == {b"aX", b"aXcd"}
    assert overwritten(frozenset({b"a"}), b"X", 2) is None
    assert unblocked(b"\x00\x00\x01a\x40\x00\x01b") == b"ab" and unblocked(b"\x00\x00\x01a") is None


def test_steps_are_lines_and_contents() -> None:
    """What stands behind an upload is what is sent, whatever is in it."""
    assert split(b"EPSV\r\nSTOR a\r\nQUIT\r\n") == ([b"EPSV\r\n", b"STOR a\r\n"], b"QUIT\r\n")
    assert split(b"RNFR a\r\nRNTO b\r\n") == ([b"RNFR a\r\n", b"RNTO b\r\n"], b"")


class _Forgets(FtpSession):
    """Keeps nothing of a file but its name."""

    def incoming(self, octets: bytes) -> bytes:
        return b""


def _walk(session: type[FtpSession] | None = None) -> FtpWalk:
    target = memory_target("ftp", session=session)
    column = column_of(PROTOCOLS["ftp"])
    survey(target, column)
    walk = column.rungs["walk"](Visit(target))
    assert isinstance(walk, FtpWalk)
    return walk


def _stores_and_fetches(walk: FtpWalk) -> None:
    walk.take(Step("login", b"USER %{user}\r\nPASS %{password}\r\nCWD %{folder}\r\nTYPE I\r\n"))
    walk.take(Step("near", b"EPSV\r\nSTOR a\r\nabc"))
    walk.take(Step("near", b"PASV\r\nRETR a\r\n"))
    walk.finish()


def test_what_was_stored_comes_back() -> None:
    """A walk stores a file and fetches it; the directory is gone when its visit is over."""
    walk = _walk()
    _stores_and_fetches(walk)
    assert walk.answers[-2:] == ["2", "closed"]
    walk.visit.close()
    assert not walk.visit.notes
    with pytest.raises(NonConformity) as caught:
        _stores_and_fetches(_walk(_Forgets))
    assert "octet for octet" in str(caught.value)
