"""Messages (RFC 1939 3, 5, 7, 11; RFC 6856 2.1): what lies in the maildrop comes out, octet for octet, in lines.

What a message should be is read back from the store (`?readback=`); the lines of a stored message may end in LF, on the
wire they end in CR LF.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pytest_netconform.dialogues.pop3 import LOOKED_AT, Mail, Pop3, header_of
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, needs, requirement, serial
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.pop3 import ERR, OK, in_lines, top

DOTTED = re.compile(rb"^\.", re.MULTILINE)
DOT_BEHIND_LF = re.compile(rb"(?<!\r)\n\.(?:\r?\n|\Z)")
LONG_LINE = 998  # octets (RFC 5322 2.1.1)
HEADER = b"From: check@client.example.org\r\nSubject: to be removed\r\n\r\n"
WHOLE = "the message as it is stored, in lines"


def _chosen(
    pop3: Pop3, what: str, choose: Callable[[bytes], object], seed: bytes
) -> Iterator[tuple[Pop3, Mail, bytes]]:
    """The retrieved messages whose stored octets are such, with these and the session.

    Where there is none, `seed` is delivered and removed again, if the target lets us; Inconclusive otherwise.
    """
    originals = pop3.originals()
    seen = False
    for mail in pop3.mails():
        stored = originals.get(header_of(mail.reply.content).removesuffix(b"\r\n"))
        if stored is not None and choose(stored):
            seen = True
            yield pop3, mail, stored
    if not seen:
        if pop3.target.deliver is None or "write" not in pop3.target.allowed:
            raise Inconclusive(f"prerequisite not met: a stored message {what}, among the first {LOOKED_AT}")
        yield from _delivered(pop3, HEADER + seed)


def _delivered(pop3: Pop3, stored: bytes) -> Iterator[tuple[Pop3, Mail, bytes]]:
    """A message of our own, delivered past the protocol, in another session; removed when it was looked at."""
    count = len(pop3.listings())
    pop3.leave()
    pop3.deliver(stored)
    other = pop3.another()
    listings = other.listings()
    if len(listings) <= count:
        raise Inconclusive("a delivered message is not there at the next login")
    yield other, Mail(listings[-1], "", other.retrieve(listings[-1].number)), stored
    other.given(f"DELE {listings[-1].number}", "QUIT")


def _whole(pop3: Pop3, mail: Mail, stored: bytes) -> None:
    """The message is what is stored, and the session is in step behind it."""
    content = mail.reply.content
    pop3.require(content == in_lines(stored), WHOLE, _difference(content, in_lines(stored)))
    pop3.exchange("NOOP", OK)


def _difference(got: bytes, wanted: bytes) -> bytes:
    """What stands where two texts part."""
    place = next((i for i, (a, b) in enumerate(zip(got, wanted, strict=False)) if a != b), min(len(got), len(wanted)))
    return got[max(0, place - 20) : place + 40]


@requirement("POP3-1939-5-e", MUST, "RFC 1939 5, 11", "A message has the size that LIST says, line ends as CR LF.")
@needs("?account")
@serial
def test_size_is_exact(pop3: Pop3) -> None:
    """Octets of RETR without the dots added for the wire, counted, are those of LIST."""
    # Field note: Dovecot's pop3_fast_size_lookups, Gmail and Exchange are known to say other sizes.
    seen = False
    for mail in pop3.mails():
        seen = True
        size = len(mail.reply.content)
        pop3.require(size == mail.listing.size, "as many octets as LIST says", f"{size}, not {mail.listing.size}")
    if not seen:
        raise Inconclusive("prerequisite not met: a message that can be retrieved")


@requirement("POP3-1939-5-f", MUST, "RFC 1939 3, 5", "A line that begins with a dot is sent with one more.")
@needs("?account", "?readback")
@serial
def test_dots_are_doubled(pop3: Pop3) -> None:
    """A message with such lines comes out as it is stored, and does not end at its first dot."""
    for session, mail, stored in _chosen(pop3, "with a line that begins with a dot", DOTTED.search, b".\r\n..x\r\n"):
        _whole(session, mail, stored)


def _ends_oddly(stored: bytes) -> bool:
    lines = in_lines(stored)
    return not stored.endswith(b"\n") or lines.endswith((b"\r\n.\r\n", b"\r\n\r\n"))


@requirement("POP3-1939-5-g", MUST, "RFC 1939 3", "The dot at the end stands alone on its line, and no line is added.")
@needs("?account", "?readback")
@serial
def test_ends_of_messages(pop3: Pop3) -> None:
    """A message without a last line end, with a dot or nothing as its last line, comes out with one line end."""
    what = "that ends in a dot, or without a line end or a body"
    for session, mail, stored in _chosen(pop3, what, _ends_oddly, b"Above a dot.\r\n."):
        _whole(session, mail, stored)


@requirement("POP3-1939-5-h", SECURITY, "RFC 1939 3, 11", "Dots are doubled on the lines that are sent, not stored.")
@needs("?account", "?readback")
@serial
def test_dots_behind_bare_lf(pop3: Pop3) -> None:
    """A stored dot between two LFs does not become the end of the message when the LFs become CR LF."""
    what = "with a dot behind a bare LF"
    for session, mail, stored in _chosen(pop3, what, DOT_BEHIND_LF.search, b"a\n.\nb\r\n"):
        enough = len(mail.reply.content) >= len(stored)
        session.require(enough, "the whole message, beyond its dot on a line", mail.reply.raw[-80:])
        session.exchange("NOOP", OK)


@requirement("POP3-1939-11-a", MUST, "RFC 1939 11", "Every line of a message ends in CR LF.")
@needs("?account")
@serial
def test_lines_of_messages(pop3: Pop3) -> None:
    """No bare LF is among the octets of a message."""
    seen = False
    for mail in pop3.mails():
        seen = True
        found = re.search(rb"[^\n]{0,40}(?<!\r)\n[^\n]{0,40}", mail.reply.body or b"")
        pop3.require(found is None, "CR LF at the end of every line", found[0] if found else b"")
    if not seen:
        raise Inconclusive("prerequisite not met: a message that can be retrieved")


ODD: dict[str, Callable[[bytes], object]] = {
    "NUL": lambda stored: b"\0" in stored,
    "8-bit octets": lambda stored: not stored.isascii(),
    "a long line": lambda stored: max(map(len, stored.split(b"\n"))) > LONG_LINE,
    "a bare CR": lambda stored: re.search(rb"\r(?!\n)", stored),
}


def _is_odd(stored: bytes) -> bool:
    return any(odd(stored) for odd in ODD.values())


@requirement("POP3-1939-11-b", INTEROP, "RFC 1939 11", "What becomes of octets that few messages have.")
@needs("?account", "?readback")
@serial
def test_odd_octets(pop3: Pop3) -> None:
    """Recorded for NUL, 8-bit octets, long lines and bare CR, as far as stored messages have them."""
    found: dict[str, bool] = {}
    seed = b"\0NUL\r\n\xe4\r\n" + b"x" * 70_000 + b"\r\na\rb\r\n"
    for _, mail, stored in _chosen(pop3, "with odd octets", _is_odd, seed):
        for name in (name for name, odd in ODD.items() if odd(stored)):
            found[name] = found.get(name, True) and mail.reply.content == in_lines(stored)
    for name, same in found.items():
        pop3.observe(f"{name}: {'as stored' if same else 'changed'}")


@requirement(
    "POP3-1939-7-a", MUST, "RFC 1939 7", "TOP gives the header, the blank line, and so many lines of the body."
)
@needs("TOP", "?account")
@serial
def test_top(pop3: Pop3) -> None:
    """No line, two lines, and more than there are, of messages whose bodies have three lines at least."""
    seen = False
    for mail in pop3.mails():
        whole, number = mail.reply.content, mail.listing.number
        if top(whole, 2) == whole or b"\r\n\r\n" not in whole:
            continue
        seen = True
        for count in (0, 2, 99999):
            reply = pop3.exchange(f"TOP {number} {count}", OK)
            wanted = top(whole, count)
            expected = f"the header, the blank line and {count} lines of the body"
            pop3.require(reply.content == wanted, expected, _difference(reply.content, wanted))
    if not seen:
        raise Inconclusive("prerequisite not met: a message with three lines in its body")


@requirement("POP3-6856-2.1-c", MUST, "RFC 6856 2.1", "Without UTF8, no header is given out in UTF-8.")
@needs("UTF8", "?account", "?readback")
@serial
def test_no_utf8_header_unasked(pop3: Pop3) -> None:
    """A message with UTF-8 in its header is refused, or given out with a header in ASCII."""
    if all(header.isascii() for header in pop3.originals()):
        raise Inconclusive("prerequisite not met: a stored message with UTF-8 in its header")
    for listing in pop3.filled()[:LOOKED_AT]:
        for command in (f"RETR {listing.number}", *([f"TOP {listing.number} 0"] if "TOP" in pop3.offer else [])):
            reply = pop3.exchange(command, OK, ERR)
            if reply.code == ERR and reply.response_code != "UTF8":
                pop3.note("refused without [UTF8], which RFC 6856 2.1 suggests")
            header = header_of(reply.content)
            pop3.require(header.isascii(), "a header in ASCII, or -ERR", header[:120])


NOT_CHECKED: list[tuple[str, str]] = []
