"""What POP3 clients say, and nearly say: sessions one after another, numbers that are none, and lines likewise.

Lines that are spoilt are those of commands with one line for an answer, so that nobody has to guess where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from hypothesis import strategies as st

from pytest_netconform.models.model import EVERY_OCTET, Step
from pytest_netconform.strategies.octets import ended, hostile, noise, spoilt, steps

NUMBERS = (b"1", b"2", b"1", b"2", b"3", b"4", b"5", b"9")  # maildrops are small
NO_NUMBERS = (b"0", b"999999999", b"4294967297", b"18446744073709551617")  # of messages: some wrap around to 1
CUTS: tuple[tuple[int, ...], ...] = ((), (), (), (1,), (5,), (2, 6), EVERY_OCTET)


def _either(word: str, lines: Sequence[bytes], *, ahead: bool = False) -> st.SearchStrategy[Step]:
    """One of these lines, whole or cut somewhere: a single draw, so that it is quick, and shrinks to the first."""
    waits = (False, True) if ahead else (False,)
    return st.sampled_from([Step(word, line + b"\r\n", cut, wait) for wait, cut, line in product(waits, CUTS, lines)])


def _about(*verbs: bytes) -> tuple[bytes, ...]:
    """Commands about one message."""
    return tuple(verb + b" " + number for verb, number in product(verbs, (*NUMBERS, *NO_NUMBERS)))


_TOPS = tuple(line + b" " + lines for line, lines in product(_about(b"TOP", b"top"), (b"0", b"1", b"2", b"99999")))
_DELE = tuple(verb + b" " + number for verb, number in product((b"DELE", b"dele"), NUMBERS))
_UNKNOWN = (b"XYZZY", b"X:YZZY", b"XYZZY", b"GET / HTTP/1.1", b"LIS", b"QUITE", b"RSETT 1", b"DELETE 1")
_MALFORMED = (b"RETR", b"RETR abc", b"RETR -1", b"RETR 1x", b"DELE", b"DELE x", b"LIST x", b"TOP 1", b"TOP 1 x")
_LATE = (b"USER %{user}", b"PASS %{password}", b"APOP x 0", b"STLS", b"UTF8", b"AUTH PLAIN %{plain}")
_EARLY = (b"STAT", b"LIST", b"LIST 1", b"UIDL", b"RETR 1", b"TOP 1 0", b"DELE 1", b"RSET", b"NOOP", b"noop")
_WRONG = (b"PASS wrong-on-purpose", b"APOP %{user} 0123456789abcdef0123456789abcdef")


def _line(line: bytes) -> bytes:
    """A line that is one: an empty one may be passed over."""
    return line if line[:1].isalpha() else b"X" + line


_ODD = st.one_of(
    spoilt(st.sampled_from((b"USER nobody", b"STAT", b"NOOP"))),
    noise,
    st.sampled_from((b"USER " + b"a" * 40, b"USER " + b"a" * 248)),
).map(_line)
_LETTERS = (
    b"Subject: new\r\n\r\nA line.\r\n",
    b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\n.",
    b"Subject: replies\r\n\r\n+OK\r\n-ERR\r\n\r\n",
    b"Subject: long\r\n\r\n" + b"y" * 900,
    b"Subject: nothing\r\n\r\n",
)

_LEAVING = (Step("QUIT", b"QUIT\r\n"), Step("break", b"close"), Step("QUIT", b"quit\r\n"), Step("break", b"reset"))

_SELDOM = st.one_of(
    _either("CAPA", (b"CAPA", b"capa")),
    _either("begin", (b"AUTH PLAIN",)),
    _either("NOOP", (b"NOOP", b"nOoP"), ahead=True),
    _either("STLS", (b"STLS",)),
    _either("UTF8", (b"UTF8",)),
    _either("APOP", (b"APOP %{user} %{digest}",)),
    _either("wrong", _WRONG),
    _either("early", _EARLY),
    steps("odd", ended(_ODD)),
    st.sampled_from(_LEAVING),
)
#: word → its steps; `seldom`: words of which few should come; `over`: what ends a session. Hypothesis shrinks towards
#: the first in the alphabet that is possible: AUTH before the login, and LIST, which changes nothing, behind it
RULES: Mapping[str, st.SearchStrategy[Step]] = {
    "USER": _either("USER", (b"USER %{user}", b"user %{user}")),
    "malformed": _either("malformed", _MALFORMED),
    "PASS": _either("PASS", (b"PASS %{password}", b"pass %{password}")),
    "AUTH": _either("AUTH", (b"AUTH PLAIN %{plain}", b"auth plain %{plain}")),
    "response": _either("response", (b"%{plain}",)),
    "cancel": _either("cancel", (b"*",)),
    "STAT": _either("STAT", (b"STAT", b"stat"), ahead=True),
    "LIST": _either("LIST", (b"LIST", b"list"), ahead=True),
    "LIST one": _either("LIST", _about(b"LIST"), ahead=True),
    "UIDL": _either("UIDL", (b"UIDL", b"uidl"), ahead=True),
    "UIDL one": _either("UIDL", _about(b"UIDL"), ahead=True),
    "relogin": _either("relogin", _LATE),
    "RETR": _either("RETR", _about(b"RETR", b"retr"), ahead=True),
    "TOP": _either("TOP", _TOPS, ahead=True),
    "mark": _either("mark", _DELE, ahead=True),
    "RSET": _either("RSET", (b"RSET", b"rset"), ahead=True),
    "post": st.sampled_from([Step("post", letter) for letter in _LETTERS]),
    "unknown": _either("unknown", _UNKNOWN),
    "over": st.sampled_from(_LEAVING),
    "seldom": _SELDOM,
}

# a right login, whatever stood on the line before it: a refused one would be made to wait
_LOGIN = st.just(Step("hostile", b"\r\nAUTH PLAIN %{plain}\r\n"))
_COMMANDS = st.sampled_from((b"USER nobody", b"STAT", b"NOOP", b"RSET", b"QUIT", b"%{dele} 1", b"UTF8", *_UNKNOWN))
_BAD = hostile(_COMMANDS)
HOSTILE: st.SearchStrategy[Step] = st.one_of(_BAD, _BAD, _BAD, _LOGIN)
