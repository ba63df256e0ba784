"""What FTP servers write about files: MLSx lines, times, LIST lines, and text as ASCII type carries it.

(RFC 3659 2.3, 7; RFC 959 3.1.1.1.) Parsers for both sides and builders; names are octets throughout. Pure: no socket
and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from pytest_netconform.wire.ftp import FormProblem

# time-val = 14DIGIT [ "." 1*DIGIT ]: YYYYMMDDHHMMSS.sss, UTC; a leap second is 60   (RFC 3659 2.3)
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d+))?", re.ASCII)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HALF_A_YEAR = 180  # days; a LIST line shows the time of a younger file, and the year of an older one


def parse_time(text: str) -> datetime:
    """A time-val. Raises FormProblem."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise FormProblem(f"{text!r} is no time-val")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction = int((found[7] or "0")[:6].ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), fraction, timezone.utc)
    except ValueError as problem:
        raise FormProblem(f"{text!r}: {problem}") from None


def time_text(moment: datetime) -> str:
    """A moment as a time-val, whole seconds."""
    return moment.astimezone(timezone.utc).strftime("%Y%m%d%H%M%S")


# entry = [ facts ] SP pathname;  facts = 1*( fact ";" );  fact = factname "=" value   (RFC 3659 7.2)
# factname = "Size" / "Modify" / ...; value = *SCHAR, which has neither blanks nor semicolons
_ENTRY = re.compile(rb"(?P<facts>(?:[!-~]*;)*) (?P<name>.*)", re.DOTALL)
_FACT = re.compile(rb"[!-:<>-~]+=[!-:<-~]*")


@dataclass(frozen=True)
class Entry:
    """One entry of MLST or MLSD: facts by name in lower case, the pathname, and what its form breaks."""

    facts: Mapping[str, str]
    name: bytes
    deviations: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> str:
        """The type fact in lower case, empty where there is none."""
        return self.facts.get("type", "").lower()


def parse_entry(line: bytes) -> Entry:
    """One line of MLSD, or the line of MLST behind its own leading space. Raises FormProblem."""
    found = _ENTRY.fullmatch(line)
    if found is None:
        raise FormProblem("no facts, a space and a pathname")
    facts: dict[str, str] = {}
    deviations = []
    for fact in found["facts"].split(b";")[:-1]:
        if not _FACT.fullmatch(fact):
            deviations.append(f"{fact.decode('ascii', 'backslashreplace')!r} is no fact")
        name, _, value = fact.decode("latin-1").partition("=")
        facts[name.lower()] = value
    return Entry(facts, found["name"], tuple(deviations))


def entry_line(facts: Mapping[str, str], name: bytes) -> bytes:
    """An entry as it is written, without its line end."""
    return b"".join(f"{fact}={value};".encode() for fact, value in facts.items()) + b" " + name


def list_line(name: bytes, *, directory: bool, size: int, modified: datetime, now: datetime) -> bytes:
    """A LIST line, as most servers write it and most clients read it."""
    mode = "drwxr-xr-x" if directory else "-rw-r--r--"
    recent = abs((now - modified).days) < HALF_A_YEAR
    when = modified.strftime("%H:%M") if recent else f" {modified.year}"
    stamp = f"{MONTHS[modified.month - 1]} {modified.day:2d} {when}"
    return f"{mode}   1 ftp      ftp      {size:12d} {stamp} ".encode() + name


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a listing, without their ends; a last line without an end counts."""
    lines = re.split(rb"\r?\n", data)
    return lines[:-1] if lines[-1] == b"" else lines


def ascii_out(content: bytes) -> bytes:
    """A text file as ASCII type sends it: every line ends CR LF, whatever ended it (RFC 959 3.1.1.1)."""
    return re.sub(rb"\r?\n", b"\r\n", content)


def ascii_in(octets: bytes) -> bytes:
    """What ASCII type brought, as it is kept: every line ends LF."""
    return octets.replace(b"\r\n", b"\n")
