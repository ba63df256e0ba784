"""The core of an SMTP session: its states, its command table, the one gate before every command, and its replies.

What a command does stands in the modules beside this one. Replies are ASCII, at most 512 octets a line, and carry an
enhanced status code (RFC 2034) wherever the standard wants one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from pytest_netconform.reference_servers.lines import LineSession
from pytest_netconform.reference_servers.smtp.config import SmtpConfig
from pytest_netconform.reference_servers.store import MailStore
from pytest_netconform.wire.sasl import Exchange
from pytest_netconform.wire.smtp_commands import Mailbox, Path, SyntaxProblem

REPLY_LIMIT = 512  # octets of a reply line with its end (RFC 5321 4.5.3.1.5)
SHOWN = 80  # octets of a peer's words that a reply repeats


class State(Enum):
    """Where the dialogue stands."""

    REFUSING = "greeted with 554"
    NEW = "no EHLO yet"
    READY = "no transaction"
    SENDER = "MAIL accepted"
    RECIPIENTS = "MAIL and RCPT accepted"
    CHUNKS = "BDAT under way"


class Cleared(Enum):
    """Why a transaction's buffers are cleared."""

    EHLO = "EHLO or HELO"
    RSET = "RSET"
    ACCEPTED = "the message was accepted"
    REFUSED = "the message was refused"
    STARTTLS = "TLS was started"


class Argument(Enum):
    """What may stand behind a verb."""

    NONE = "no argument"
    OPTIONAL = "an argument or none"
    NEEDED = "an argument"


class Answer(NamedTuple):
    """A reply of one line: code, enhanced status (empty where there is none), text."""

    code: int
    status: str
    text: str


ANY = frozenset(State) - {State.REFUSING}
GREETED = ANY - {State.NEW}


@dataclass(frozen=True)
class Command:
    """One row of the command table.

    answer: the method's name. states: where the command is in order. extension: must be on and EHLO have been said.
    in_clear: allowed before TLS on a server that demands TLS. payload: octets follow, however it is answered.
    """

    answer: str
    states: frozenset[State] = ANY
    argument: Argument = Argument.NONE
    extension: str = ""
    in_clear: bool = False
    payload: bool = False


COMMANDS: dict[str, Command] = {
    "EHLO": Command("answer_ehlo", argument=Argument.NEEDED, in_clear=True),
    "HELO": Command("answer_helo", argument=Argument.NEEDED),
    "MAIL": Command("answer_mail", frozenset({State.READY}), Argument.NEEDED),
    "RCPT": Command("answer_rcpt", frozenset({State.SENDER, State.RECIPIENTS}), Argument.NEEDED),
    "DATA": Command("answer_data", frozenset({State.RECIPIENTS})),
    "BDAT": Command(
        "answer_bdat", frozenset({State.RECIPIENTS, State.CHUNKS}), Argument.NEEDED, extension="CHUNKING", payload=True
    ),
    "RSET": Command("answer_rset"),
    "NOOP": Command("answer_noop", argument=Argument.OPTIONAL, in_clear=True),
    "VRFY": Command("answer_vrfy", argument=Argument.NEEDED),
    "HELP": Command("answer_help", argument=Argument.OPTIONAL),
    "QUIT": Command("answer_quit", ANY | {State.REFUSING}, in_clear=True),
    "STARTTLS": Command("answer_starttls", GREETED, extension="STARTTLS", in_clear=True),
    "AUTH": Command("answer_auth", frozenset({State.READY}), Argument.NEEDED, extension="AUTH"),
}

#: verbs that the standards know and this server does not serve: 502, where an unknown word gets 500 (RFC 5321 4.2.4)
NOT_IMPLEMENTED = frozenset({"EXPN", "ETRN", "ATRN", "TURN", "SEND", "SOML", "SAML"})

# A web browser or a page in one is at the other end (RFC 5321 7.8): its body must not be taken for commands.
_FOREIGN = re.compile(rb"[A-Z]+ \S+ HTTP/[0-9.]+")


@dataclass
class Transaction:
    """What MAIL, RCPT and BDAT have said: sender and parameters, who gets a copy, and the chunks so far."""

    sender: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    recipients: list[Recipient] = field(default_factory=list)
    chunks: bytearray | None = None  # None until the first BDAT

    @property
    def international(self) -> bool:
        """Whether the sender gave the SMTPUTF8 parameter."""
        return "SMTPUTF8" in self.parameters


@dataclass(frozen=True)
class Recipient:
    """An accepted recipient: as it was given, the mailbox of the store it leads to, and its parameters."""

    address: Mailbox
    mailbox: str
    parameters: Mapping[str, object] = field(default_factory=dict)


class SmtpCore(LineSession):
    """State, gate and replies. Whatever is worth being wrong about is a small method, an attribute or a table row."""

    commands: Mapping[str, Command] = COMMANDS
    reply_end: bytes = b"\r\n"
    foreign: re.Pattern[bytes] = _FOREIGN

    def __init__(self, config: SmtpConfig | None = None, store: MailStore | None = None) -> None:
        super().__init__()
        self.config = config or SmtpConfig()
        self.store = store or MailStore()
        self.verb = ""  # of the command that is being answered
        self.hello = ""  # the client's name for itself
        self.extended = False  # it was given in EHLO
        self.is_secure = False
        self.handshaking = False  # STARTTLS was granted, and TLS does not stand yet
        self.user = ""
        self.errors = 0
        self.transaction: Transaction | None = None
        self.exchange: Exchange | None = None

    # state

    def state(self) -> State:
        """Where the dialogue stands."""
        if self.config.refusing:
            return State.REFUSING
        if not self.hello:
            return State.NEW
        if self.transaction is None:
            return State.READY
        if self.transaction.chunks is not None:
            return State.CHUNKS
        return State.RECIPIENTS if self.transaction.recipients else State.SENDER

    def begin(self, sender: Path, parameters: Mapping[str, object]) -> None:
        """A transaction begins."""
        self.transaction = Transaction(sender, parameters)

    def clear(self, why: Cleared) -> None:
        """The transaction's buffers are cleared."""
        self.transaction = None

    def offers(self, extension: str) -> bool:
        """Whether an extension can be used now, EHLO given."""
        if extension == "STARTTLS" and (self.is_secure or not self.config.tls):
            return False
        return extension in self.config.extensions

    def extensions_on(self) -> frozenset[str]:
        """The extensions that this client may use now."""
        return frozenset(name for name in self.config.extensions if self.offers(name)) if self.extended else frozenset()

    # the gate

    def on_line(self, line: bytes) -> None:
        """A command: through the gate, then to its method."""
        if self.foreign.fullmatch(line):
            self.verb = ""
            self.reply(421, "4.7.0", "This is no web server; closing")
            self.close()
            return
        word, argument = self.split_command(line)
        self.verb = self.verb_of(word)
        refusal = self.gate(argument)
        if refusal is not None:
            self.refuse(refusal, argument)
            return
        try:
            getattr(self, self.commands[self.verb].answer)(argument)
        except SyntaxProblem as problem:
            self.reply(problem.code, problem.status, problem.text)

    def split_command(self, line: bytes) -> tuple[bytes, bytes]:
        """The verb and what stands behind it; white space at the end of the line is tolerated (RFC 5321 4.1.1)."""
        word, _, argument = line.rstrip(b" \t").partition(b" ")
        return word, argument

    def verb_of(self, word: bytes) -> str:
        """A verb in upper case: verbs are not case sensitive (2.4)."""
        return word.upper().decode("latin-1")

    def gate(self, argument: bytes) -> Answer | None:
        """Why the command is refused before it is looked at, or None."""
        checks = (
            self.unknown_verb,
            self.out_of_service,
            self.not_on,
            self.unclean,
            self.argument_problem,
            self.too_early,
        )
        return next((answer for check in checks if (answer := check(argument)) is not None), None)

    def unknown_verb(self, argument: bytes) -> Answer | None:
        """500 for a word that is no command, 502 for a command of the standards that is not served."""
        if self.config.refusing or self.verb in self.commands:
            return None
        if self.verb in NOT_IMPLEMENTED:
            return Answer(502, "5.5.1", "Command not implemented")
        return Answer(500, "5.5.2", f"Command not recognized: {self.shown(self.verb.encode('latin-1'))}")

    def out_of_service(self, argument: bytes) -> Answer | None:
        """After a 554 greeting everything but QUIT is 503 (3.1); without TLS where it is demanded, 530 (RFC 3207 4)."""
        command = self.commands.get(self.verb)
        if self.config.refusing and (command is None or State.REFUSING not in command.states):
            return Answer(503, "5.5.1", "No mail service here; QUIT is all that is left")
        if self.config.require_tls and not self.is_secure and command is not None and not command.in_clear:
            return Answer(530, "5.7.0", "STARTTLS first")
        return None

    def not_on(self, argument: bytes) -> Answer | None:
        """502 or 503 for a command of an extension that is not offered, or that was not asked for with EHLO."""
        extension = self.commands[self.verb].extension
        if not extension or extension in self.extensions_on():
            return None
        if self.offers(extension):
            return Answer(503, "5.5.1", "EHLO first")
        if extension == "STARTTLS" and self.is_secure:
            return Answer(503, "5.5.1", "TLS is active already")
        return Answer(502, "5.5.1", "Command not implemented")

    def unclean(self, argument: bytes) -> Answer | None:
        """501 for control characters (RFC 5321 4.1.2), HT excepted, which grammars forbid where they must."""
        if re.search(rb"[\x00-\x08\n-\x1f\x7f]", argument):
            return Answer(501, "5.5.2", "Control characters are not allowed here")
        return None

    def argument_problem(self, argument: bytes) -> Answer | None:
        """501 for an argument too many or too few (4.3.2)."""
        rule = self.commands[self.verb].argument
        if rule is (Argument.NEEDED if not argument else Argument.NONE):
            return Answer(501, "5.5.4", f"{self.verb} takes {rule.value}")
        return None

    def too_early(self, argument: bytes) -> Answer | None:
        """503 for a command out of order (4.1.4), 530 for one that wants authentication first (RFC 6409 4.3)."""
        state = self.state()
        if state not in self.commands[self.verb].states:
            return Answer(503, "5.5.1", f"{self.verb} is out of order here: {state.value}")
        if self.needs_login():
            return Answer(530, "5.7.0", "Authentication required")
        return None

    def needs_login(self) -> bool:
        """Whether this command is kept from a client that has not logged in."""
        return self.config.submission and self.verb == "MAIL" and not self.user

    def refuse(self, answer: Answer, argument: bytes) -> None:
        """A command does not pass the gate; if octets follow it, they are discarded before the answer (RFC 3030 2)."""
        if self.verb in self.commands and self.commands[self.verb].payload:
            self.discard_payload(argument, answer)
        else:
            self.answer(answer)

    def discard_payload(self, argument: bytes, answer: Answer) -> None:
        """Read over the octets that a refused command announced, then answer."""
        raise NotImplementedError

    # replies

    def answer(self, answer: Answer) -> None:
        """A reply of one line."""
        self.reply(answer.code, answer.status, answer.text)

    def reply(self, code: int, status: str, *lines: str) -> None:
        """One reply. Errors are counted: when there were too many the reply is 421, and the connection is closed."""
        self.errors += code >= 500
        if self.errors > self.config.errors and code >= 500:
            self.send(self.format_reply(421, "4.7.0", ["Too many errors; closing"]))
            self.close()
            return
        self.send(self.format_reply(code, status, lines))

    def format_reply(self, code: int, status: str, lines: Sequence[str]) -> bytes:
        """The octets of a reply: the same code on every line, a hyphen behind it on all but the last (4.2.1)."""
        marks = ["-"] * (len(lines) - 1) + [" "]
        shown = status if self.shows_status(code) else ""
        return b"".join(self.format_line(code, mark, shown, text) for mark, text in zip(marks, lines, strict=True))

    def format_line(self, code: int, mark: str, status: str, text: str) -> bytes:
        """One line of a reply."""
        words = f"{status} {text}" if status else text
        return f"{code}{mark}".encode() + self.clean_text(words) + self.reply_end

    def shows_status(self, code: int) -> bool:
        """Enhanced status codes stand in every 2yz, 4yz, 5yz but the greeting and the answers to EHLO and HELO."""
        return "ENHANCEDSTATUSCODES" in self.config.extensions and self.verb not in ("EHLO", "HELO")

    def clean_text(self, text: str) -> bytes:
        """A reply's text as it may travel: HT and printable ASCII, cut to what a line holds."""
        room = REPLY_LIMIT - len("250 ") - 2
        return re.sub(rb"[^\t -~]", b"?", text.encode("ascii", "backslashreplace"))[:room]

    def shown(self, octets: bytes) -> str:
        """A peer's words for a reply to repeat: escaped and shortened."""
        text = "".join(chr(o) if 0x20 <= o < 0x7F and o != 0x5C else f"\\x{o:02x}" for o in octets[: SHOWN + 1])
        return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def listed(names: Iterable[str]) -> str:
    """Words with blanks between them."""
    return " ".join(names)
