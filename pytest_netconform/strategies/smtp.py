"""What SMTP clients say, and nearly say: commands in any order, messages with dots, and lines that are none."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from pytest_netconform.models.model import Step
from pytest_netconform.strategies.octets import ended, hostile, noise, spoilt, steps
from pytest_netconform.wire.smtp import stuffed

_ATOM = st.text("abcdefghijklmnopqrstuvwxyz0123456789-+_=", min_size=1, max_size=12).map(str.encode)
_QUOTED = st.sampled_from((b'"a b"', b'"a\\"b"', b'"a@b"', b'"..a"'))
_DOMAIN = st.sampled_from((b"client.example.org", b"[127.0.0.1]", b"[IPv6:::1]", b"x.example", b"a-1.b-2.example.net"))
_MAILBOX = st.tuples(st.one_of(_ATOM, _QUOTED), st.just(b"@"), _DOMAIN).map(b"".join)
_PARAMETERS = st.sampled_from((b"", b"", b"", b" SIZE=1000", b" BODY=8BITMIME", b" SIZE=10 BODY=7BIT"))

_EHLO = st.tuples(st.sampled_from((b"EHLO ", b"HELO ", b"ehlo ", b"EhLo ")), _DOMAIN).map(b"".join)
_MAIL = st.tuples(
    st.sampled_from((b"MAIL FROM:<", b"mail from:<")), st.one_of(_MAILBOX, st.just(b"")), st.just(b">")
).map(b"".join)
_RCPT = st.tuples(
    st.sampled_from((b"RCPT TO:<", b"rcpt to:<")), st.one_of(st.just(b"%{recipient}"), _MAILBOX), st.just(b">")
).map(b"".join)
_ASK = st.sampled_from((b"VRFY postmaster", b"EXPN staff", b"HELP", b"HELP MAIL", b"VRFY nobody.at.all"))
_UNKNOWN = st.sampled_from((b"XYZZY", b"MAI", b"QUITE", b"RSETT"))
_STRAY = st.just(b"GET / HTTP/1.1")  # servers may hang up on it (RFC 5321 7.8)
_LINE = st.one_of(
    st.sampled_from((b"", b".", b"..", b".x", b" ", b"\t", b"DATA", b"QUIT", b"%{reject}")),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30).map(str.encode),
    st.integers(900, 998).map(lambda length: b"y" * length),
).filter(lambda line: not line.startswith(b"From "))


def _message(lines: list[bytes]) -> bytes:
    return stuffed(b"Subject: %{marker}\r\n\r\n" + b"".join(line + b"\r\n" for line in lines))


_ENDS = (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n")
_DOTS = [before + b"." + behind for before in _ENDS for behind in _ENDS]
_FALSE_END = st.sampled_from([dot for dot in _DOTS if b"\r\n.\r\n" not in dot]).map(
    lambda dot: b"Subject: %{marker}\r\n\r\none" + dot + b"two\r\n.\r\n"
)
_REFUSED = st.just(_message([b"%{reject}"]))
_MESSAGE = st.lists(_LINE, max_size=6).map(_message)

COMMANDS: st.SearchStrategy[bytes] = st.one_of(
    _EHLO,
    _MAIL,
    _RCPT,
    _ASK,
    _UNKNOWN,
    _STRAY,
    st.sampled_from((b"DATA", b"RSET", b"NOOP", b"QUIT", b"BDAT 3 LAST", b"AUTH PLAIN")),
)

_SELDOM = st.one_of(
    steps("NOOP", ended(st.sampled_from((b"NOOP", b"noop", b"NOOP something")))),
    steps("unknown", ended(_UNKNOWN)),
    steps("odd", ended(st.one_of(spoilt(st.one_of(_MAIL, _RCPT, _EHLO)), noise, _STRAY))),
    steps("STARTTLS", b"STARTTLS\r\n"),
    steps("QUIT", ended(st.sampled_from((b"QUIT", b"quit")))),
)

#: word → its steps; `RCPT ours`: more of them; `seldom`: words of which few should come
RULES: Mapping[str, st.SearchStrategy[Step]] = {
    "EHLO": steps("EHLO", ended(_EHLO)),
    "MAIL": steps("MAIL", ended(st.tuples(_MAIL, _PARAMETERS).map(b"".join)), ahead=True),
    "RCPT": steps("RCPT", ended(_RCPT), ahead=True),
    "RCPT ours": steps("RCPT", b"RCPT TO:<%{recipient}>\r\n", ahead=True),
    "DATA": steps("DATA", ended(st.sampled_from((b"DATA", b"data", b"Data")))),
    "message": steps("message", st.one_of(_MESSAGE, _MESSAGE, _REFUSED, _FALSE_END)),
    "RSET": steps("RSET", ended(st.sampled_from((b"RSET", b"rset"))), ahead=True),
    "AUTH": steps("AUTH", b"AUTH PLAIN %{plain}\r\n"),
    "ask": steps("ask", ended(_ASK)),
    "seldom": _SELDOM,
}

HOSTILE: st.SearchStrategy[Step] = hostile(COMMANDS)
