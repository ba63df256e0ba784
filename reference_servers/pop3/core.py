"""The core of a POP3 session: its states, its command table, the one gate before every command, and its replies.

What a command does stands in the modules beside this one. Replies are ASCII, at most 512 octets a line, and carry a
response code (RFC 2449 8) where the standards name one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pytest_netconform.reference_servers.lines import LineSession
from pytest_netconform.reference_servers.pop3.config import Pop3Config
from pytest_netconform.reference_servers.pop3.maildrop import Maildrop
from pytest_netconform.reference_servers.store import MailStore
from pytest_netconform.wire.pop3 import END_OF_LINES, stuffed
from pytest_netconform.wire.sasl import Exchange

REPLY_LIMIT = 512  # octets of a status line with its end (RFC 1939 3)
SHOWN = 80  # octets of a peer's words that a reply repeats


class State(Enum):
    """Where the session stands (RFC 1939 3)."""

    AUTHORIZATION = "nobody has logged in"
    TRANSACTION = "a maildrop is open"


@dataclass(frozen=True)
class Command:
    """One row of the command table.

    answer: the method's name. states: where it is in order. least, most: how many arguments it takes; whole: all that
    follows the space is one. capability: must be on.
    """

    answer: str
    states: frozenset[State]
    least: int = 0
    most: int = 0
    whole: bool = False
    capability: str = ""


BEFORE, INSIDE, ANY = frozenset({State.AUTHORIZATION}), frozenset({State.TRANSACTION}), frozenset(State)

COMMANDS: dict[str, Command] = {
    "CAPA": Command("answer_capa", ANY, capability="CAPA"),
    "QUIT": Command("answer_quit", ANY),
    "USER": Command("answer_user", BEFORE, 1, 1, capability="USER"),
    "PASS": Command("answer_pass", BEFORE, 1, 1, whole=True, capability="USER"),
    "APOP": Command("answer_apop", BEFORE, 2, 2, capability="APOP"),
    "AUTH": Command("answer_auth", BEFORE, 1, 2, capability="SASL"),
    "STLS": Command("answer_stls", BEFORE, capability="STLS"),
    "UTF8": Command("answer_utf8", BEFORE, capability="UTF8"),
    "STAT": Command("answer_stat", INSIDE),
    "LIST": Command("answer_list", INSIDE, 0, 1),
    "UIDL": Command("answer_uidl", INSIDE, 0, 1, capability="UIDL"),
    "RETR": Command("answer_retr", INSIDE, 1, 1),
    "TOP": Command("answer_top", INSIDE, 2, 2, capability="TOP"),
    "DELE": Command("answer_dele", INSIDE, 1, 1),
    "RSET": Command("answer_rset", INSIDE),
    "NOOP": Command("answer_noop", INSIDE),
}


class Refusal(Exception):
    """A command is refused: the words, and the response code if one says more."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.text, self.code = text, code


class Pop3Core(LineSession):
    """State, gate and replies. Whatever is worth being wrong about is a small method, an attribute or a table row."""

    commands: Mapping[str, Command] = COMMANDS
    reply_end: bytes = b"\r\n"
    ok: bytes = b"+OK"
    err: bytes = b"-ERR"

    def __init__(self, config: Pop3Config | None = None, store: MailStore | None = None) -> None:
        super().__init__()
        self.config = config or Pop3Config()
        self.store = store or MailStore()
        self.verb = ""  # of the command that is being answered
        self.named = ""  # by the USER before this command
        self.user = ""  # who has logged in
        self.drop: Maildrop | None = None
        self.utf8 = False
        self.is_secure = False
        self.handshaking = False  # STLS was granted, and TLS does not stand yet
        self.errors = 0
        self.stamp = ""  # of the greeting
        self.exchange: Exchange | None = None

    def state(self) -> State:
        """Where the session stands."""
        return State.TRANSACTION if self.drop is not None else State.AUTHORIZATION

    def offers(self, capability: str) -> bool:
        """Whether a capability can be used now."""
        if capability == "STLS" and (self.is_secure or not self.config.tls or self.drop is not None):
            return False  # RFC 2595 4: announced where it is permitted
        if capability == "USER" and not self.shows_passwords():
            return False
        return capability not in self.config.without

    def shows_passwords(self) -> bool:
        """Whether a password may travel as it is."""
        return self.is_secure or self.config.auth_in_clear

    # the gate

    def on_line(self, line: bytes) -> None:
        """A command: through the gate, then to its method."""
        word, rest = self.split_command(line)
        self.verb = self.verb_of(word)
        if self.verb != "PASS":
            self.forget_name()
        try:
            self.gate(rest)
            getattr(self, self.commands[self.verb].answer)(*self.arguments(rest))
        except Refusal as refusal:
            self.refuse(refusal.text, refusal.code)

    def forget_name(self) -> None:
        """PASS is in order right behind USER and nowhere else (RFC 1939 7)."""
        self.named = ""

    def split_command(self, line: bytes) -> tuple[bytes, bytes | None]:
        """The keyword, and what follows the space behind it, if there is one (RFC 1939 3)."""
        word, space, rest = line.partition(b" ")
        return word, rest if space else None

    def verb_of(self, word: bytes) -> str:
        """Keywords are not case sensitive (RFC 1939 3)."""
        return word.upper().decode("latin-1")

    def arguments(self, rest: bytes | None) -> list[bytes]:
        """A command's arguments, one space between each two."""
        if rest is None:
            return []
        return [rest] if self.commands[self.verb].whole else rest.split(b" ")

    def gate(self, rest: bytes | None) -> None:
        """Raise Refusal for what is wrong before it is looked at."""
        self.unknown_verb()
        self.wrong_state()
        self.unclean(rest or b"")
        self.wrong_count(self.arguments(rest))

    def unknown_verb(self) -> None:
        """A keyword that is none, or that is not on (RFC 1939 3)."""
        command = self.commands.get(self.verb)
        if command is None or (command.capability and command.capability in self.config.without):
            raise Refusal(f"Unknown command: {self.shown(self.verb.encode('latin-1'))}")

    def wrong_state(self) -> None:
        """A command out of place (RFC 1939 3)."""
        if self.state() not in self.commands[self.verb].states:
            raise Refusal(f"{self.verb} is out of place: {self.state().value}")

    def unclean(self, rest: bytes) -> None:
        """Arguments are printable ASCII (RFC 1939 3)."""
        if re.search(rb"[^ -~]", rest):
            raise Refusal("Arguments are printable ASCII")

    def wrong_count(self, arguments: list[bytes]) -> None:
        """An argument too many or too few; two spaces in a row stand around an empty one."""
        command = self.commands[self.verb]
        if not command.least <= len(arguments) <= command.most or b"" in arguments:
            most = f" to {command.most}" if command.most > command.least else ""
            raise Refusal(f"{self.verb} takes {command.least}{most} arguments, one space before each")

    # replies

    def agree(self, text: str) -> None:
        """A positive reply of one line."""
        self.send(self.format_status(self.ok, text))

    def agree_at_length(self, text: str, content: bytes) -> None:
        """A positive reply of many lines."""
        self.send(self.format_status(self.ok, text) + self.format_lines(content))

    def refuse(self, text: str, code: str = "") -> None:
        """A negative reply. Who gets too many of them is not served any longer."""
        self.errors += 1
        code = code if "RESP-CODES" not in self.config.without else ""
        self.send(self.format_status(self.err, f"[{code}] {text}" if code else text))
        if self.errors > self.config.errors:
            self.close()

    def format_status(self, status: bytes, text: str) -> bytes:
        """A status line, as much of the text as it holds."""
        clean = re.sub(rb"[^ -~]", b"?", text.encode("ascii", "backslashreplace"))
        return status + b" " + clean[: REPLY_LIMIT - len(status) - 3] + self.reply_end

    def format_lines(self, content: bytes) -> bytes:
        """Lines behind a status: dots doubled at line starts, and a dot alone at the end."""
        return stuffed(content) if content else END_OF_LINES

    def shown(self, octets: bytes) -> str:
        """A peer's words for a reply to repeat: escaped and shortened."""
        text = "".join(chr(o) if 0x20 <= o < 0x7F and o != 0x5C else f"\\x{o:02x}" for o in octets[: SHOWN + 1])
        return text if len(text) <= SHOWN else text[:SHOWN] + "..."

    # lines and time

    def longest_line(self) -> int:
        """Responses of an exchange are longer than commands (RFC 2449 4, RFC 5034 4)."""
        return self.config.line if self.exchange is None else self.config.auth_line

    def on_long_line(self, head: bytes) -> None:
        """One refusal for the whole line, wherever it ended."""
        self.exchange = None
        self.forget_name()
        self.refuse("The line is too long")

    def idle_limit(self) -> float | None:
        """At least ten minutes (RFC 1939 3)."""
        return self.config.idle

    def on_idle(self) -> None:
        """The end without a word, and without the UPDATE state (RFC 1939 3)."""
        self.leave()
        self.close()

    def on_end(self) -> None:
        self.leave()
        super().on_end()

    def leave(self) -> None:
        """Give the maildrop back; nothing is removed."""
        if self.drop is not None:
            self.store.release(self.user)
            self.drop = None

    def close(self) -> None:
        self.leave()
        super().close()
