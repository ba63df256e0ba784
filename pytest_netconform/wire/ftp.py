"""FTP replies on the wire (RFC 959 4.2): framing, and the grammars inside them.

Framing stands apart from grammar: a reply that breaks a rule is still a value, with its deviations listed, and the
stream stays in step. Listings stand in `ftp_listings.py`, commands in `ftp_commands.py`. Pure: no socket and no clock.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_netconform.wire.lines import LINE_LIMIT, LineBuffer, RawLine
from pytest_netconform.wire.telnet import Command, Telnet

CRLF = b"\r\n"
REPLY_LINES = 10_000  # a reply of more lines is cut there: nobody's STAT is longer

# "a reply is defined to contain the 3-digit code, followed by Space <SP>, followed by one line of text, and terminated
#  by the Telnet end-of-line code"; multi-line: "exact code, Hyphen, text" ... "same code, <SP>, optional text"  (4.2)
_REPLY_LINE = re.compile(rb"(?P<code>[0-9]{3})(?P<mark>[ -]?)(?P<text>.*)", re.DOTALL)
# first digit 1 to 5, 6 for protected replies (RFC 2228 4); second digit 0 to 5 (RFC 959 4.2.1)
_REPLY_CODE = re.compile(rb"[1-6][0-5][0-9]")
_NUMBER = re.compile(rb"[0-9]{3}")


class FormProblem(ValueError):
    """The text of a reply, or a line of a listing, is not in the form that its standard gives it."""


@dataclass(frozen=True)
class Reply:
    """One reply, of one line or more.

    code: the first line's number; None when it has none and so cannot be framed. lines: the first and the last line's
    texts behind the code, and what stands between as it is. raw: the octets, Telnet commands taken out. telnet: those
    that had come since the reply before. deviations: what RFC 959 4.2 forbids and was there all the same.
    """

    code: int | None
    lines: tuple[bytes, ...]
    raw: bytes
    deviations: tuple[str, ...] = ()
    telnet: tuple[Command, ...] = ()

    @property
    def temporary(self) -> bool:
        """Whether it is a refusal for want of something, not for what was asked: 4yz, and 552, no room (4.2.1)."""
        return self.code is not None and (400 <= self.code < 500 or self.code == 552)

    @property
    def preliminary(self) -> bool:
        """Whether another reply to the same command follows (1yz)."""
        return self.code is not None and 100 <= self.code < 200

    @property
    def text(self) -> str:
        """The texts of all lines, joined by newlines; what is not ASCII becomes an escape."""
        return b"\n".join(self.lines).decode("ascii", "backslashreplace")


class ReplyFramer:
    """Feed octets, take replies."""

    #: one whole reply, for a reproducer that frames with a regular expression
    pattern = rb"(?:([0-9]{3})-[^\n]*\n(?:(?!\1(?: |\r?\n))[^\n]*\n)*\1(?: [^\n]*|\r?)\n|(?![0-9]{3}-)[^\n]*\n)"
    #: where a reply that cannot be framed is judged
    grammar = "FTP-959-4.2-a"

    def __init__(self) -> None:
        self._telnet = Telnet()
        self._buffer = LineBuffer()
        self._lines: list[RawLine] = []

    def feed(self, data: bytes) -> None:
        """Add octets."""
        self._buffer.feed(self._telnet.feed(data))

    def next(self) -> Reply | None:
        """The next whole reply, or None while it is not complete."""
        while (line := self._buffer.next()) is not None:
            self._lines.append(line)
            if not self._goes_on() or len(self._lines) >= REPLY_LINES:
                lines, self._lines = self._lines, []
                return parse_reply(lines, self._telnet.commands())
        return None

    def rest(self) -> bytes:
        """What arrived and is no whole reply yet."""
        return b"".join(line.raw for line in self._lines) + self._buffer.rest()

    def _goes_on(self) -> bool:
        first, last = self._lines[0].text, self._lines[-1].text
        if first[3:4] != b"-" or not _NUMBER.match(first):
            return False
        return not (last[:3] == first[:3] and last[3:4] in (b" ", b""))


def parse_reply(lines: Sequence[RawLine], telnet: Sequence[Command] = ()) -> Reply:
    """The value of the lines of one reply (at least one line), with every deviation from RFC 959 4.2."""
    first, last = _REPLY_LINE.fullmatch(lines[0].text), _REPLY_LINE.fullmatch(lines[-1].text)
    deviations = [deviation for line in lines for deviation in _line_deviations(line)]
    if first is None:
        deviations.append("no three-digit code")
    else:
        deviations += _code_deviations(first, last if len(lines) > 1 else first)
        deviations += [name for line in lines[1:-1] for name in _inner_deviations(line.text, first["code"])]
    if len(lines) >= REPLY_LINES:
        deviations.append(f"more than {REPLY_LINES - 1} lines")
    texts = [line.text for line in lines]
    if first is not None:
        texts[0] = first["text"]
        if len(lines) > 1 and last is not None:
            texts[-1] = last["text"]
    return Reply(
        int(first["code"]) if first is not None else None,
        tuple(texts),
        b"".join(line.raw for line in lines),
        tuple(dict.fromkeys(deviations)),
        tuple(telnet),
    )


def _line_deviations(line: RawLine) -> list[str]:
    deviations = []
    if line.end == b"\n":
        deviations.append("bare LF")
    if re.search(rb"\r(?!\0)", line.text):
        deviations.append("bare CR")
    if line.dropped:
        deviations.append(f"longer than {LINE_LIMIT} octets")
    return deviations


def _code_deviations(first: re.Match[bytes], last: re.Match[bytes] | None) -> list[str]:
    deviations = []
    if not _REPLY_CODE.fullmatch(first["code"]):
        deviations.append("code out of range")
    for found in {first: None, last: None}:
        if found is not None and not found["mark"]:
            deviations.append("bare code" if not found["text"] else "no space after the code")
    return deviations


def _inner_deviations(text: bytes, code: bytes) -> list[str]:
    """ "If an intermediary line begins with a 3-digit number, the Server must pad the front" (4.2); the reply's own
    code with a hyphen confuses nobody, and is common.
    """
    return ["a number in front of an inner line"] if _NUMBER.match(text) and text[:4] != code + b"-" else []


# -- what stands inside replies


@dataclass(frozen=True)
class Passive:
    """Where a server listens for a data connection. host: empty where the reply names none (229)."""

    host: str
    port: int
    deviations: tuple[str, ...] = ()


# 227 Entering Passive Mode (h1,h2,h3,h4,p1,p2). Clients must look for the numbers: parentheses are not required, and
# texts vary (RFC 1123 4.1.2.6).
_SIX = re.compile(rb"([0-9]+)" + rb",([0-9]+)" * 5 + rb"(?![0-9])")


def parse_227(reply: Reply) -> Passive:
    """The address in a 227. Raises FormProblem when six numbers are not there, or no octets."""
    found = next((match for line in reply.lines if (match := _SIX.search(line))), None)
    if found is None:
        raise FormProblem("no six numbers with commas between them")
    numbers = [int(number) for number in found.groups()]
    if max(numbers) > 255:
        raise FormProblem("a number above 255")
    return Passive(".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])


# 229 text (<d><d><d>tcp-port<d>), the same delimiter four times, 33 to 126   (RFC 2428 3)
_EXTENDED = re.compile(rb"\((?P<d>[!-~])(?P<family>[^()]*?)(?P=d)(?P<host>[^()]*?)(?P=d)(?P<port>[0-9]+)(?P=d)\)")


def parse_229(reply: Reply) -> Passive:
    """The port in a 229; fields that must be empty and are not are deviations. Raises FormProblem."""
    found = next((match for line in reply.lines if (match := _EXTENDED.search(line))), None)
    if found is None:
        raise FormProblem("no port between four equal delimiters in parentheses")
    port = int(found["port"])
    if not 0 < port < 65536:
        raise FormProblem(f"port {port}")
    there = [field for field in ("family", "host") if found[field]]
    return Passive("", port, tuple(f"the {field} field is not empty" for field in there))


def parse_257(reply: Reply) -> bytes:
    """The pathname in a 257: between quotes, inner quotes doubled (RFC 959 Appendix II). Raises FormProblem."""
    found = re.search(rb'"((?:[^"]|"")*)"', reply.lines[0])
    if found is None:
        raise FormProblem("no pathname in quotes")
    return found[1].replace(b'""', b'"').replace(b"\r\0", b"\r")


def quoted(path: bytes) -> bytes:
    """A pathname as a 257 shows it."""
    return b'"' + path.replace(b'"', b'""') + b'"'


# 522 Network protocol not supported, use (1,2)   (RFC 2428 2)
def parse_522(reply: Reply) -> tuple[int, ...]:
    """The protocols in a 522. Raises FormProblem."""
    found = re.search(rb"\(([0-9]+(?:,[0-9]+)*)\)", b" ".join(reply.lines))
    if found is None:
        raise FormProblem("no list of protocols in parentheses")
    return tuple(int(number) for number in found[1].split(b","))


@dataclass(frozen=True)
class Features:
    """What a FEAT reply lists (RFC 2389 3.2): each keyword in upper case with its parameters as text."""

    keywords: dict[str, str]
    deviations: tuple[str, ...] = ()

    def __contains__(self, keyword: object) -> bool:
        return isinstance(keyword, str) and keyword.upper() in self.keywords

    def parameters(self, keyword: str) -> str:
        """What stands behind a keyword, `type*;size*;` for example; empty when it is not listed."""
        return self.keywords.get(keyword.upper(), "")


# feature-label = 1*VCHAR, feature-parms = 1*TCHAR; a line is SP feature-label [SP feature-parms]   (RFC 2389 3.2)
_FEATURE = re.compile(rb" (?P<label>[!-~]+)(?: (?P<parameters>[^\r\n]+))?")


def parse_features(reply: Reply) -> Features:
    """The features in a positive FEAT reply; lines of an odd form are read as far as that goes, and are deviations."""
    keywords: dict[str, str] = {}
    deviations = []
    for line in reply.lines[1:-1]:
        if not _FEATURE.fullmatch(line):
            deviations.append(f"{line.decode('ascii', 'backslashreplace')!r} is not one space and a feature")
        label, _, parameters = line.decode("latin-1").strip().partition(" ")
        if label:
            key = label.upper()
            keywords[key] = f"{keywords[key]};{parameters}" if keywords.get(key) else parameters
    return Features(keywords, tuple(deviations))


# -- what replies are built from


def text_227(host: str, port: int) -> str:
    """The numbers of a 227."""
    return ",".join([*host.split("."), str(port // 256), str(port % 256)])


def text_229(port: int) -> str:
    """The fields of a 229."""
    return f"(|||{port}|)"


def same_host(one: str, other: str) -> bool:
    """Whether two addresses in text are one: `127.0.0.1` and `::ffff:127.0.0.1` are."""
    try:
        return _plain(one) == _plain(other)
    except ValueError:
        return one == other


def _plain(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(host.partition("%")[0])
    return (address.version == 6 and address.ipv4_mapped) or address
