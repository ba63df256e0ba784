"""How commands are read: lines, the literals between them, and who has the word (RFC 9051 2.2.1, 4.3; RFC 7888).

The octets of a literal that was refused are still the command's, never commands of their own (RFC 7888 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pytest_netconform.reference_servers.imap.core import Done, ImapCore, State
from pytest_netconform.reference_servers.imap.scanner import Bad, No, Refusal

# literal = "{" number64 ["+"] "}" CRLF *CHAR8; literal8 = "~" literal   (RFC 9051 9). A word ends before it.
_COUNTED = re.compile(rb"(?:[ (]|\A)(~?)\{([0-9]+)(\+?)\}\Z")
SKIPPED_LIMIT = 1 << 26  # octets of a refused literal that are read and forgotten; beyond that the session ends
SMALL = 4096  # the longest literal that waits for nobody, under LITERAL- (RFC 7888 5)


@dataclass(frozen=True)
class Counted:
    """The announcement of a literal at the end of a line."""

    size: int
    waits: bool  # for our continuation


class ImapReading(ImapCore):
    """From octets to whole commands."""

    tail = 64  # octets: a literal may be announced at the far end of a line that is too long

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.collected = bytearray()  # the command so far
        self.outside = bytearray()  # of it, what is no literal
        self.doomed: Refusal | None = None  # why the command will be refused once it has been read
        self.awaiting: Callable[[bytes], None] | None = None  # takes lines that are no commands: IDLE, AUTHENTICATE

    # lines

    def on_line(self, line: bytes) -> None:
        """A line: of a command, or what somebody waits for."""
        counted = self.counted_at_end(line)
        if self.awaiting is not None:
            self.awaiting(line)
            if counted is None or counted.waits:
                return
            self.doomed = Bad("That was no command's place")
        if self.doomed is None or not self.collected:
            self.collected += line
            self.outside += line
        if counted is None:
            self.end_command()
        elif counted.waits:
            self.read_waiting_literal(counted)
        else:
            self.read_pressing_literal(counted)

    def end_command(self) -> None:
        """The command is complete."""
        data, doomed = bytes(self.collected), self.doomed
        outside = bytes(self.outside)
        self.forget_command()
        self.outside += outside
        if doomed is None:
            self.obey(data)
        else:
            self.refuse_command(data, doomed)
        self.outside.clear()

    def forget_command(self) -> None:
        """The next line begins another command."""
        self.collected.clear()
        self.outside.clear()
        self.doomed = None

    def outside_literals(self, data: bytes) -> bytes:
        return bytes(self.outside)

    def on_long_line(self, head: bytes) -> None:
        """One refusal for the whole line, and for the literal that it announces at its far end."""
        if self.awaiting is not None:
            self.awaiting(b"\0")  # which is neither DONE nor base64
            return
        if not self.collected:
            self.collected += head
        self.doomed = self.doomed or Bad("The line is too long")
        counted = self.counted_at_end(self.line_tail)
        if counted is None or counted.waits:
            self.end_command()
        else:
            self.read_pressing_literal(counted)

    # literals

    def counted_at_end(self, line: bytes) -> Counted | None:
        """What a line announces behind its last word."""
        found = _COUNTED.search(line, max(0, len(line) - 200))
        return None if found is None else Counted(self.literal_size(found.group(2)), not found.group(3))

    def literal_size(self, digits: bytes) -> int:
        """The count of a literal, however large."""
        return int(digits) if len(digits) <= 30 else 10**30

    def read_waiting_literal(self, counted: Counted) -> None:
        """The client waits for our word: it is given, or the command is refused and nothing follows."""
        refusal = self.doomed or self.literal_refusal(counted)
        if refusal is None:
            self.invite(b"Ready for %d octets" % counted.size)
            self.read_counted(counted.size, self.take_literal, counted.size)
            return
        data = bytes(self.collected)
        self.forget_command()
        self.refuse_command(data, refusal)

    def read_pressing_literal(self, counted: Counted) -> None:
        """The octets are under way whatever we say; they are the command's (RFC 7888 4)."""
        self.doomed = self.doomed or self.literal_refusal(counted)
        if counted.size > SKIPPED_LIMIT:
            self.bye("The literal is too large to be waited for")
            return
        self.read_counted(counted.size, self.take_literal, 0 if self.doomed else counted.size)

    def take_literal(self, octets: bytes | None) -> None:
        """A literal has arrived; the command goes on behind it."""
        if self.doomed is None and octets is not None:
            self.collected += b"\r\n" + octets

    def literal_refusal(self, counted: Counted) -> Refusal | None:
        """Why a literal is not taken; None if it is."""
        try:
            self.unclean(bytes(self.collected))
            self.begin(bytes(self.collected))
            self.gate()
        except Refusal as refusal:
            return refusal
        return self.size_refusal(counted)

    def size_refusal(self, counted: Counted) -> Refusal | None:
        """A literal beyond what is taken: before a login that is little (RFC 7888 3, 5)."""
        limit = self.literal_limit()
        if not counted.waits and not self.presses(counted.size):
            return Bad(f"Literals of {counted.size} octets wait for the server here", self.too_big())
        if len(self.collected) + counted.size > limit:
            large = f"The command is too large: {limit} octets are taken"
            return No(large, "TOOBIG") if self.verb == "APPEND" else Bad(large)
        return None

    def too_big(self) -> str:
        """The response code of a literal that should have waited (RFC 7888 5)."""
        return "TOOBIG" if self.verb == "APPEND" else ""

    def presses(self, size: int) -> bool:
        """Whether literals of this size may come without our word (RFC 7888 5)."""
        return self.config.has("LITERAL+") or (self.config.has("LITERAL-") and size <= SMALL)

    def literal_limit(self) -> int:
        """Octets of a command with its literals."""
        if self.state() is State.NOT_AUTHENTICATED:
            return self.config.early_literal
        return self.config.append if self.verb == "APPEND" else self.config.literal

    def refuse_command(self, data: bytes, refusal: Refusal) -> None:
        """The tagged refusal of a command that was not looked at."""
        self.tag, self.verb, self.by_uid = b"*", "", False
        try:
            self.begin(data)
        except Refusal as problem:
            refusal = problem if self.tag == b"*" else refusal
        self.finish_refused(refusal)

    # lines that are no commands

    def await_line(self, taker: Callable[[bytes], None]) -> None:
        """The next lines are for somebody."""
        self.awaiting = taker

    def finish_late(self, outcome: Done | Refusal) -> None:
        """The end of a command that waited for lines."""
        self.awaiting = None
        if isinstance(outcome, Refusal):
            self.finish_refused(outcome)
        else:
            self.finish(outcome)
