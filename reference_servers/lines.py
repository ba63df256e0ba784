"""Line sessions: what the servers of line protocols share, however their octets were cut.

Input is read in one of four ways at a time: line by line, a counted number of octets, data up to a dot alone on its
line, or not at all. Only CR LF ends a line and only CR LF "." CR LF ends data; a subclass that is wrong on purpose
replaces the patterns. Memory is bounded in every way of reading. This module must not know a protocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

from pytest_netconform.reference_servers.session import Close, Session, WakeAt

LINE_LIMIT = 2048  # octets of a line with its end, unless a protocol says otherwise

#: takes what was read, or None when it was more than the reader wanted kept
Taker = Callable[["bytes | None"], None]


class Reading(str, Enum):
    """How the next octets will be read."""

    LINES = "lines"
    COUNTED = "counted"
    DATA = "data"
    NOTHING = "nothing"


class LineSession(Session):
    """Cuts what arrives and hands it out: `on_line`, `on_long_line`, and the takers given to `read_…`."""

    #: what ends a line
    line_end: re.Pattern[bytes] = re.compile(rb"\r\n")
    #: what ends data; group 1 is the end of the last line of the content, which belongs to the content
    end_of_data: re.Pattern[bytes] = re.compile(rb"(\A|\r\n)\.\r\n")
    #: octets that may belong to an end that has not wholly arrived; at least one less than the longest end
    end_overlap: int = 8
    #: octets at the far end of a line beyond the limit that are kept beside its head
    tail: int = 1

    def __init__(self) -> None:
        super().__init__()
        self.line_tail = b""  # of the line beyond the limit that has just ended
        self.reading = Reading.LINES
        self._input = bytearray()
        self._searched = 0  # no end begins before this place
        self._floor = 0  # octets before this place were parted from the rest; no match may span it
        self._overlong = False
        self._remaining = 0
        self._keep = 0
        self._kept: bytearray | None = None
        self._taker: Taker = lambda data: None
        self._heard = 0.0
        self.closing = False

    # what a subclass defines

    def greet(self) -> None:
        """The connection stands: speak first, where the protocol's server does."""

    def on_line(self, line: bytes) -> None:
        """A line, without its end."""

    def on_long_line(self, head: bytes) -> None:
        """A line beyond the limit has ended: its first octets; the rest is gone. Owes the peer one refusal."""

    def on_overflow(self) -> None:
        """Data, or a counted block, has just outgrown what its reader keeps; it is read to its end all the same."""

    def on_idle(self) -> None:
        """Nothing was heard for the idle limit."""
        self.close()

    def longest_line(self) -> int:
        """Octets of the longest line that is served, with its end."""
        return LINE_LIMIT

    def idle_limit(self) -> float | None:
        """Seconds without a word after which `on_idle` is called; None for ever."""
        return None

    def appointment(self) -> float | None:
        """Another time at which `on_appointment` is to be called, for a limit of the protocol's own; None for none."""
        return None

    def on_appointment(self) -> None:
        """That time has come; `appointment` names the next."""

    # what a subclass calls

    def rearm(self) -> None:
        """`idle_limit` or `appointment` say something else now; the idle time counts from here."""
        self._heard = self.now
        if not self.closing:
            self._arm()

    def read_lines(self) -> None:
        """Read line by line from here on."""
        self._read(Reading.LINES)

    def read_counted(self, count: int, taker: Taker, keep: int) -> None:
        """Read `count` octets, whatever they are, hand them over (None if more than `keep`), then read lines again."""
        self._read(Reading.COUNTED)
        self._remaining, self._taker, self._keep, self._kept = count, taker, keep, bytearray()

    def read_data(self, taker: Taker, keep: int) -> None:
        """Read to the end of data, hand over the content, dots still doubled (None if more than `keep`), then lines."""
        self._read(Reading.DATA)
        self._taker, self._keep, self._kept = taker, keep, bytearray()

    def read_nothing(self) -> None:
        """Leave what arrives from here on lying, up to a bound, until another way of reading is chosen."""
        self._read(Reading.NOTHING)

    def pending(self) -> bytes:
        """The octets that have arrived and were not digested."""
        return bytes(self._input)

    def drop_pending(self) -> None:
        """Forget the octets that have arrived and were not digested."""
        self._input.clear()
        self._searched = self._floor = 0
        self._overlong = False

    def put_back(self, octets: bytes) -> None:
        """Let octets lie there as if they had just arrived; `digest` reads them."""
        self._input += octets

    def digest(self) -> None:
        """Go on with the octets that lie there, after a pause."""
        while self._step():
            pass

    def close(self) -> None:
        """Close the connection once what was said is written; nothing that arrives later is heard."""
        if not self.closing:
            self.closing = True
            self.read_nothing()
            self.drop_pending()
            self.act(Close())

    def unstuffed(self, content: bytes) -> bytes:
        """Data without the dots that were added for the wire: the first of every line that begins with one."""
        return re.sub(rb"(\A|\r\n)\.", rb"\1", content)

    # what the carriage's calls lead to

    def on_open(self) -> None:
        self._heard = self.now
        self._arm()
        self.greet()

    def on_data(self, data: bytes) -> None:
        self._heard = self.now
        if self.closing:
            return
        self._input += data
        self.digest()

    def on_end(self) -> None:
        self.close()

    def on_wake(self) -> None:
        if self.closing:
            return
        limit, due = self.idle_limit(), self.appointment()
        if due is not None and self.now >= due:
            self.on_appointment()
        elif limit is not None and self.now >= self._heard + limit:
            self._heard = self.now  # whoever stays is asked again after as long a time, not at once
            self.on_idle()
        if not self.closing:
            self._arm()

    def find_end(self, data: bytearray, start: int) -> re.Match[bytes] | None:
        """The end of data, searched for from `start`."""
        return self.end_of_data.search(data, start)

    # how octets are cut

    def _arm(self) -> None:
        # one timer for many arrivals: it is set again when it fires too early, not with every octet
        limit, due = self.idle_limit(), self.appointment()
        times = [] if limit is None else [self._heard + limit]
        times += [] if due is None else [due]
        if times:
            self.act(WakeAt(min(times)))

    def _read(self, reading: Reading) -> None:
        self.reading = reading
        self._searched = self._floor = 0
        self._overlong = False

    def _step(self) -> bool:
        if self.reading is Reading.LINES:
            return self._take_line()
        if self.reading is Reading.DATA:
            return self._take_data()
        return self._take_counted() if self.reading is Reading.COUNTED else self._take_nothing()

    def _take_line(self) -> bool:
        found = self.line_end.search(self._input, max(self._floor, self._searched - 1))
        limit = self.longest_line()
        if found is None:
            self._bound_line(limit)
            return False
        place, end = found.span()
        line = bytes(self._input[:place])
        del self._input[:end]
        overlong, self._overlong = self._overlong or end > limit, False
        self._searched = self._floor = 0
        if overlong:
            self.line_tail = line[-self.tail :]
            self.on_long_line(line[:limit])
        else:
            self.on_line(line)
        return True

    def _bound_line(self, limit: int) -> None:
        if len(self._input) > limit + self.tail:
            # the head stays for those who name what they refuse, the last octet because it may be half an end
            self._overlong = True
            del self._input[limit : -self.tail]
            self._floor = limit
        self._searched = len(self._input)

    def _take_counted(self) -> bool:
        taken = min(self._remaining, len(self._input))
        self._keep_octets(self._input[:taken])
        del self._input[:taken]
        self._remaining -= taken
        if self._remaining:
            return False
        self._hand_over()
        return True

    def _keep_octets(self, octets: bytearray) -> None:
        if self._kept is None:
            return
        self._kept += octets
        if len(self._kept) > self._keep:
            self._kept = None
            self.on_overflow()

    def _take_data(self) -> bool:
        found = self.find_end(self._input, max(self._floor, self._searched))
        if found is None:
            self._searched = max(0, len(self._input) - self.end_overlap)
            self._bound_data()
            return self.reading is not Reading.DATA
        if self._kept is not None:
            self._keep_octets(self._input[: found.end(1)])
        if self.reading is not Reading.DATA:  # on_overflow chose another way
            return True
        del self._input[: found.end()]
        self._hand_over()
        return True

    def _bound_data(self) -> None:
        surplus = len(self._input) - self.end_overlap
        if (len(self._input) <= self._keep and self._kept is not None) or surplus <= 0:
            return
        if self._kept is not None:
            self._kept = None
            self.on_overflow()
        if self.reading is Reading.DATA:
            # one octet in front keeps "at the very beginning of the data" from matching in the middle of it
            del self._input[:surplus]
            self._searched, self._floor = 0, 1

    def _take_nothing(self) -> bool:
        del self._input[LINE_LIMIT:]
        return False

    def _hand_over(self) -> None:
        kept, taker = self._kept, self._taker
        self.read_lines()
        taker(None if kept is None else bytes(kept))
