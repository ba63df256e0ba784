"""Steps: the events of a transcript as the lines of a reproducer, up to the one that is judged.

This module knows what each kind of finding leaves in a transcript, and what repeating it means. It must not know what a
step does when it runs (`replay.py`), nor show a secret: octets that hold one become an expression over a variable.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_netconform.transcript import MASK, Event, Transcript, What
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import shown

if TYPE_CHECKING:
    from pytest_netconform.judge import Outcome
    from pytest_netconform.target import Target

PATIENCE = 10.0  # seconds for what the transcript gives no time for
PAUSE = 0.15  # seconds of our own silence that are repeated
APART = 0.0009  # seconds between two words that were to travel apart
SEGMENTS = 0.01  # seconds in which they do
PIECE = 96  # octets of one literal
LEFTOVERS = b"(?s:.*?)"  # how the pattern of an answer begins that may stand behind the rest of another
URGENT = b"urgent: "  # the note of an octet that was sent so
NOTHING = "nothing for "  # in what is told of a wait: it ended in silence
MUCH = 1 << 16  # octets said that may fill the buffers, where nobody reads
RUN = 40  # equal octets that are written as a product

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
_OURS = (What.CONNECT, What.SEND, What.SHUTDOWN, What.CLOSE, What.RESET)
_WORDS = re.compile(rb"[0-9A-Za-z]+|[^0-9A-Za-z]")
_CODE = re.compile(rb"[0-9]{1,3}(?![0-9])(?:[ -][245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9]))?")  # with its RFC 3463 status
_NAMES = re.compile(rb"Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")


@dataclass
class Recorded:
    """The lines of the steps, and what they name: patterns of whole answers, secrets by their variables."""

    lines: list[str] = field(default_factory=list)
    patterns: dict[bytes, str] = field(default_factory=dict)
    secrets: dict[bytes, str] = field(default_factory=dict)


def steps_of(outcome: Outcome, target: Target) -> Recorded:
    """The steps of a finding."""
    return _Writer(outcome, target).written()


@dataclass(frozen=True)
class _Wait:
    """What an AWAIT event says."""

    what: str
    seconds: float
    pattern: bytes

    @classmethod
    def of(cls, event: Event) -> _Wait:
        what, _, rest = event.data.partition(b" ")
        seconds, _, pattern = rest.partition(b" ")
        return cls(what.decode(), float(seconds or PATIENCE), pattern)


class _Writer:
    def __init__(self, outcome: Outcome, target: Target) -> None:
        self.events = outcome.transcript.events
        self.transcript = outcome.transcript
        self.problem = outcome.problem if isinstance(outcome.problem, NonConformity) else None
        self.received = outcome.received
        self.recorded = Recorded(secrets=_named(outcome.transcript, target))

    def written(self) -> Recorded:
        """All lines; the last one is the judgement."""
        end, judgement = self._judgement()
        self._steps(end)
        gap = self.events[end].at - self.events[end - 1].at if 0 < end < len(self.events) else 0.0
        if gap > PAUSE and self.events[end - 1].what is not What.AWAIT and self.events[end].what is What.AWAIT:
            self.recorded.lines.append(f'        (0, "pause", {gap:.2f}),')
        self.recorded.lines.append(f"        ({judgement}),")
        return self.recorded

    # -- what is judged

    def _judgement(self) -> tuple[int, str]:
        """Where the steps end, and the step that is judged in place of what follows."""
        place = self._last(What.AWAIT)
        last = _Wait.of(self.events[place]) if place >= 0 else _Wait("", PATIENCE, b"")
        number = self.events[place].connection if place >= 0 else 1
        after = [event.what for event in self.events[place + 1 :] if event.connection == number]
        problem = self.problem
        if last.what == "service":
            return place, f'0, "must serve", [{", ".join(self._first_exchange())}]'
        if last.what == "mailbox":
            return place, '0, "must be read back"'
        if problem is not None and problem.pattern is not None and (found := self._wrong_answer(problem.pattern)):
            return found
        missing = problem is not None and problem.owed and problem.passing
        late = last.what == "late" and problem is not None and problem.passing
        if (late or (missing and last.what == "answer")) and What.HEARD not in after:
            silent = ", True" if NOTHING in self.received else ""
            return place, f'{number}, "must answer", {self._name(last.pattern)}, {last.seconds:g}, b""{silent}'
        if missing and last.what == "tls" and What.TLS not in after:
            return place, f'{number}, "must shake hands", {last.seconds:g}'
        if missing and last.what in ("join", "accept") and not any(e.what is What.JOIN for e in self.events[place:]):
            return place, self._missing_join(place, last)
        if problem is not None and last.what == "silence" and problem.owed:
            return place, f'{number}, "must be silent", {last.seconds:g}'
        if problem is not None and last.what == "close" and (problem.owed or problem.passing or What.EOF not in after):
            cleanly = ", True" if "not a reset" in problem.expected else ""
            return place, f'{number}, "must close", {last.seconds:g}{cleanly}'
        sent = self._last(What.SEND)
        if missing and sent > place:
            return sent, f'{self.events[sent].connection}, "must take", {self._segments(sent)}'
        return self._repeated_answers()

    def _wrong_answer(self, pattern: bytes) -> tuple[int, str] | None:
        """None when the pattern does not tell the answer from a right one."""
        quoted = self._quoted()
        heard = quoted if quoted >= 0 else self._last(What.HEARD)
        if heard < 0 or re.match(pattern, self.events[heard].data):
            return None
        number = self.events[heard].connection
        place = self._last(What.AWAIT, number, heard)
        wait = _Wait.of(self.events[place])
        return place, f'{number}, "must answer", {self._name(wait.pattern)}, {wait.seconds:g}, {pattern!r}'

    def _repeated_answers(self) -> tuple[int, str]:
        """No pattern tells right from wrong: the finding repeats when all that came since our last word does.

        What had come before and was not heard yet belongs to it: a second answer may be faster than our next word.
        """
        quoted = self._quoted()
        if quoted < 0 and (found := self._repeated_data()):
            return found
        came = quoted if quoted >= 0 else max(self._last(What.HEARD), self._last(What.RECEIVE))
        number = self.events[came].connection if came >= 0 else 1
        opened = 1 + max(self._last(what, number, max(came, 0)) for what in (What.CONNECT, What.TLS))
        said = max(opened, *(1 + self._last(what, number, max(came, 0)) for what in (What.SEND, What.SHUTDOWN)))
        mine = [event for event in self.events[opened : self._next_word(said, number)] if event.connection == number]
        before = sum(e.total for e in self.events[opened:said] if e.what is What.HEARD and e.connection == number)
        waits = (_Wait.of(event) for event in self.events[said:] if event.what is What.AWAIT)
        wait = next(waits, _Wait("", PATIENCE, b""))
        begin = LEFTOVERS if wait.pattern.startswith(LEFTOVERS) else b""
        return said, f'{number}, "must not repeat", {wait.seconds:g}, {begin + self._alike(mine, before)!r}'

    def _missing_join(self, place: int, wait: _Wait) -> str:
        """The data connection that never came to be, in either direction."""
        number = self.events[place].connection
        if wait.what == "join":
            return f'{number}, "must let join"'
        waits = [e.connection for e in self.events if e.what is What.JOIN and b", at " in e.data]
        return f'{waits[-1] if waits else 0}, "must join", {wait.seconds:g}'

    def _repeated_data(self) -> tuple[int, str] | None:
        """The finding is in what the last data connection brought, if one brought anything."""
        joined = {event.connection for event in self.events if event.what is What.JOIN}
        came = [event for event in self.events if event.what is What.RECEIVE and event.connection in joined]
        if not came:
            return None
        number = came[-1].connection
        place = self._last(What.AWAIT, number)
        brought = [event for event in self.events[place:] if event.what is What.RECEIVE and event.connection == number]
        whole = next((i for i, event in enumerate(brought) if event.total > len(event.data)), len(brought))
        pattern = alike(self.transcript.mask(b"".join(event.data for event in brought[: whole + 1])))
        if whole < len(brought):
            pattern = b"(?=.{%d}\\Z)" % sum(event.total for event in brought) + pattern + b".*"
        return place, f'{number}, "must not repeat", {_Wait.of(self.events[place]).seconds:g}, {pattern!r}'

    def _next_word(self, place: int, number: int) -> int:
        """Where we speak again on this connection, or the end."""
        spoken = (What.SEND, What.TLS, What.SHUTDOWN)
        later = range(place, len(self.events))
        return next(
            (i for i in later if self.events[i].connection == number and self.events[i].what in spoken),
            len(later) + place,
        )

    def _alike(self, events: Sequence[Event], before: int) -> bytes:
        """A pattern for what came behind the first octets; it may go on, unless we have waited for its end in vain."""
        came = [event for event in events if event.what is What.RECEIVE]
        pattern = alike(self.transcript.mask(b"".join(_behind(came, before))))
        last = [event.what for event in events if event.what in (What.AWAIT, What.HEARD, What.EOF)]
        cut_short = bool(came) and came[-1].total > len(came[-1].data)
        over = not pattern or (bool(last) and last[-1] is not What.HEARD)
        return pattern if over and not cut_short else pattern + b".*"

    def _quoted(self) -> int:
        """The place of the last answer that the finding quotes, or -1."""
        places = [
            i
            for i, event in enumerate(self.events)
            if event.what is What.HEARD and len(event.data) > 2 and self._quote(event) in self.received
        ]
        return places[-1] if places else -1

    def _quote(self, event: Event) -> str:
        return shown(self.transcript.mask(event.data))

    def _last(self, what: What, number: int | None = None, before: int | None = None) -> int:
        """The place of the last such event (of a connection, before a place), or -1."""
        for i in range(len(self.events) if before is None else before, 0, -1):
            event = self.events[i - 1]
            if event.what is what and number in (None, event.connection):
                return i - 1
        return -1

    def _first_exchange(self) -> Iterator[str]:
        """What a next client does to see whether it is served: as the first one did, up to its second answer."""
        first = [event for event in self.events if event.connection == 1]
        heard = [i for i, event in enumerate(first) if event.what is What.HEARD][:2]
        for line in _Lines(self, first[: heard[-1] + 1] if heard else first[:1]).all():
            yield line.strip().rstrip(",")

    # -- what comes before

    def _steps(self, end: int) -> None:
        self.recorded.lines += _Lines(self, self.events[:end], self.events[end:]).all()

    def _name(self, pattern: bytes) -> str:
        """The variable of an answer's pattern."""
        count = len(self.recorded.patterns)
        return self.recorded.patterns.setdefault(pattern, f"ANSWER_{count + 1}" if count else "ANSWER")

    def _segments(self, place: int) -> str:
        """What a send event sent, in its segments: cut when the script runs, for a secret may be cut through."""
        number = self.events[place].connection
        data, cut = self.expression(self.events[place].data), self._last(What.CUT, number, place)
        if cut < 0 or cut < self._last(What.SEND, number, place):
            return data
        places = self.events[cut].data
        return f"*octets({data})" if places == b"octets" else f"*cut({data}, {places.decode().replace(' ', ', ')})"

    # -- octets as Python

    def expression(self, data: bytes) -> str:
        """Octets as an expression that shows no secret."""
        return " + ".join(self._parts(data)) or 'b""'

    def _parts(self, data: bytes) -> Iterator[str]:
        place = 0
        for begin, end, text in self._hidden(data):
            if begin >= place:
                yield from literals(data[place:begin])
                yield text
                place = end
        yield from literals(data[place:])

    def _hidden(self, data: bytes) -> list[tuple[int, int, str]]:
        """Where secrets stand, and what stands for them: in base64 first, then bare, longest first."""
        found = []
        for word in _BASE64.finditer(data) if self.recorded.secrets else ():
            inner = _decoded(word[0])
            if inner and any(secret in inner for secret in self.recorded.secrets):
                found.append((word.start(), word.end(), f"b64({self.expression(inner)})"))
        for secret, name in sorted(self.recorded.secrets.items(), key=lambda item: -len(item[0])):
            for bare in re.finditer(re.escape(secret), data):
                if not any(begin < bare.end() and bare.start() < end for begin, end, _ in found):
                    found.append((bare.start(), bare.end(), name.lower()))
        return sorted(found)


class _Lines:
    """Events as lines of steps."""

    def __init__(self, writer: _Writer, events: Sequence[Event], later: Sequence[Event] = ()) -> None:
        self._writer = writer
        self._events = events
        self._every = (*events, *later)
        self._waiting: set[int] = set()  # connections on which an announced wait is under way

    def all(self) -> Iterator[str]:
        """Every line, indented and with its comma."""
        for i, event in enumerate(self._events):
            if i and event.what in (*_OURS, What.AWAIT) and self._events[i - 1].what is not What.AWAIT:
                gap = event.at - self._events[i - 1].at
                if self._apart(self._events[i - 1], event) and gap <= PAUSE:
                    yield f'        (0, "pause", {SEGMENTS:g}),'
                if gap > PAUSE:
                    yield f'        (0, "pause", {gap:.2f}),'
            line = self._line(i, event)
            if line:
                yield f"        ({event.connection}, {line}),"

    def _apart(self, last: Event, event: Event) -> bool:
        """Whether two words of ours were meant to travel in different segments."""
        both = last.what is event.what is What.SEND and last.connection == event.connection
        return both and event.at - last.at >= APART

    def _connect(self, place: int) -> str:
        """A connection; its address is said where it was one of several."""
        before = self._events[place - 1] if place else None
        wait = _Wait.of(before) if before is not None and before.what is What.AWAIT else None
        return f'"connect", {wait.pattern.decode()!r}' if wait is not None and wait.what == "connect" else '"connect"'

    def _line(self, place: int, event: Event) -> str:
        number = event.connection
        if event.what is What.AWAIT:
            self._waiting.add(number)
            return self._wait(place, _Wait.of(event))
        if event.what is What.CUT:
            return ""
        if event.what is What.JOIN:
            return _join(event)
        if event.what is What.RECEIVE:
            return "" if number in self._waiting else f'"read", {PATIENCE:g}'
        if event.what is What.CONNECT:
            return self._connect(place)
        announced = number in self._waiting
        self._waiting.discard(number)
        if event.what is What.SEND and not event.data:
            return ""
        if event.what is What.SEND and event.total > MUCH and self._unread(place, number):
            return f'"unread", {self._writer.expression(event.data)}, {event.total}'
        if event.what is What.SEND and event.total > len(event.data):
            return f'"send", ({self._writer.expression(event.data)}) * {-(-event.total // len(event.data))}'
        if event.what is What.SEND:
            return f'"send", {self._writer._segments(place)}'
        if event.what is What.TLS:
            return "" if announced else f'"tls", {PATIENCE:g}'
        if event.what is What.SHUTDOWN and event.data:
            return '"goodbye"'
        if event.what is What.NOTE and event.data.startswith(URGENT):
            return f'"urgent", {event.data[len(URGENT) :]!r}'
        return f'"{event.what.value}"' if event.what in _OURS else ""

    def _wait(self, place: int, wait: _Wait) -> str:
        number = self._events[place].connection
        if wait.what == "tls":
            return f'"tls", {wait.seconds:g}'
        if wait.what in ("join", "accept", "connect"):
            return ""  # the step is in the event that follows
        if wait.what == "data":
            return f'"take", {wait.seconds:g}, {int(wait.pattern)}'
        if wait.what != "answer":
            return f'"wait", {wait.seconds:g}'
        waited = f"{self._writer._name(wait.pattern)}, {wait.seconds:g}"
        came = self._until_next(place + 1, number)
        if not any(event.what is What.HEARD and event.data for event in came):
            early = not came or came[-1].at - self._events[place].at < wait.seconds
            ended = early or any(event.what is What.EOF for event in came)
            return f'"no answer", {waited}, {ended}'
        beginning = b"" if wait.pattern.startswith(LEFTOVERS) else self._beginning(place + 1, number)
        return f'"answer", {waited}, {beginning!r}'

    def _until_next(self, place: int, number: int) -> list[Event]:
        """What happened on this connection until we did something there again, and that."""
        found = []
        for event in self._every[place:]:
            if event.connection == number:
                found.append(event)
                if event.what in (*_OURS, What.AWAIT, What.HEARD):
                    break
        return found

    def _unread(self, place: int, number: int) -> bool:
        """Whether octets were sent again and again to a peer whose answers nobody read meanwhile."""
        later = self._until_next(place + 1, number)
        return not later or later[-1].what in (What.CLOSE, What.RESET)

    def _beginning(self, place: int, number: int) -> bytes:
        """The first word of the answer that came then."""
        for event in self._events[place:]:
            if event.connection == number and event.what is What.AWAIT:
                break
            if event.connection == number and event.what is What.HEARD:
                word = re.match(rb"[0-9A-Za-z+*]{0,16}", event.data)
                return word[0] if word and self._writer.transcript.mask(word[0]) == word[0] else b""
        return b""


def _join(event: Event) -> str:
    """A data connection: to where the last answer says, or from whom we told our address before."""
    found = re.match(rb"of (\d+), (to|at|from) (\S+) port (\d+)(?:, with source (\S+))?", event.data)
    if found is None:
        return ""
    control, word, host, port, source = found.groups()
    if word == b"to":
        return f'"join", {int(control)}, {(source or b"").decode()!r}'
    if word == b"at":
        return f'"listen", {host.decode()!r}, {int(port)}'
    return f'"accept", {PATIENCE:g}'


def _behind(came: Sequence[Event], octets: int) -> Iterator[bytes]:
    """What is kept of arrivals, behind so many octets."""
    for event in came:
        yield event.data[octets:]
        octets = max(0, octets - event.total)


def alike(data: bytes) -> bytes:
    """A regular expression for octets that say the same: other numbers, dates and ids, but the same codes and words."""
    return rb".*?".join(b"".join(_alike(part)) for part in data.split(MASK))


def _alike(data: bytes) -> Iterator[bytes]:
    for line in data.splitlines(keepends=True) if b"\n" in data else [data]:
        code = _CODE.match(line)
        yield re.escape(code[0]) if code else b""
        for word in _WORDS.findall(line[code.end() :] if code else line):
            if word.isdigit():
                yield rb"[0-9]+"
            elif len(word) >= 6 and re.search(rb"[0-9]", word):
                yield rb"[0-9A-Za-z]+"
            elif _NAMES.fullmatch(word):
                yield rb"[A-Z][a-z][a-z]"
            else:
                yield re.escape(word)


def _named(transcript: Transcript, target: Target) -> dict[bytes, str]:
    """The variables of the secrets; one that holds another, perhaps in base64, needs none."""
    password = target.account[1].encode()
    names = {password: "NETCONFORM_PASSWORD"} if password else {}
    for secret in sorted(transcript.secrets, key=len):
        forms = secret + b"\n" + _decoded(secret)
        if not any(known in forms for known in names):
            names[secret] = f"NETCONFORM_SECRET_{len(names) + 1 - bool(password)}"
    used = b"".join(event.data for event in transcript.events if event.what is What.SEND)
    return {secret: name for secret, name in names.items() if _uses(used, secret)}


def _uses(data: bytes, secret: bytes) -> bool:
    return secret in data or any(secret in _decoded(word[0]) for word in _BASE64.finditer(data))


def _decoded(word: bytes) -> bytes:
    """What a whole base64 word holds; empty when it is none."""
    try:
        data = base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if base64.b64encode(data) == word else b""


def literals(data: bytes) -> Iterator[str]:
    """Octets as literals: equal lines and equal octets in a row as products."""
    for line, same in groupby(data.splitlines(keepends=True) if b"\n" in data else [data] if data else []):
        count = len(list(same))
        text = " + ".join(_line_literals(line))
        yield text if count == 1 else f"({text}) * {count}"


def _line_literals(line: bytes) -> Iterator[str]:
    place = 0
    for run in re.finditer(rb"(.)\1{%d,}" % (RUN - 1), line, re.DOTALL):
        yield from _pieces(line[place : run.start()])
        yield f"{run[1]!r} * {len(run[0])}"
        place = run.end()
    yield from _pieces(line[place:])


def _pieces(data: bytes) -> Iterator[str]:
    for place in range(0, len(data), PIECE):
        yield repr(data[place : place + PIECE])
