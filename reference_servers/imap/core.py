"""The core of an IMAP session: its states, its command table, the one gate before every command, and its responses.

What a command does stands in the modules beside this one; each answers with what belongs into the tagged response.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pytest_netconform.reference_servers.imap.config import ImapConfig
from pytest_netconform.reference_servers.imap.scanner import TAG, Bad, No, Refusal, Scanner, shown
from pytest_netconform.reference_servers.imap.view import View
from pytest_netconform.reference_servers.lines import LineSession
from pytest_netconform.reference_servers.mailboxes import Account, Mailboxes, MailboxExists, NoSuchMailbox, TooMany
from pytest_netconform.reference_servers.session import Action, Send
from pytest_netconform.reference_servers.store import StoreFull

QUOTED_LIMIT = 1000  # octets of a string that is sent in quotes


class State(Enum):
    """Where the session stands (RFC 9051 3)."""

    NOT_AUTHENTICATED = "nobody has logged in"
    AUTHENTICATED = "no mailbox is selected"
    SELECTED = "a mailbox is selected"
    LOGOUT = "the session is over"


@dataclass(frozen=True)
class Command:
    """One row of the command table.

    answer: the method's name. states: where it is in order. capability: must be on. uid: it has a form with UID.
    numbered: its sequence numbers must keep their meaning, so that no EXPUNGE may be sent with it (RFC 9051 7.5.1).
    writes: changes messages, which a mailbox that was opened to be read does not allow.
    """

    answer: str
    states: frozenset[State]
    capability: str = ""
    uid: bool = False
    numbered: bool = False
    writes: bool = False


@dataclass(frozen=True)
class Done:
    """The tagged OK of a command: the words, and a response code. quiet: no changes are told before it."""

    text: str
    code: str = ""
    quiet: bool = False


STRANGER = frozenset({State.NOT_AUTHENTICATED})
USER = frozenset({State.AUTHENTICATED, State.SELECTED})
READER = frozenset({State.SELECTED})
ANY = STRANGER | USER

COMMANDS: dict[str, Command] = {
    "CAPABILITY": Command("answer_capability", ANY),
    "NOOP": Command("answer_noop", ANY),
    "LOGOUT": Command("answer_logout", ANY),
    "ID": Command("answer_id", ANY, "ID"),
    "STARTTLS": Command("answer_starttls", STRANGER | USER, "STARTTLS"),
    "AUTHENTICATE": Command("answer_authenticate", STRANGER),
    "LOGIN": Command("answer_login", STRANGER, "LOGIN"),
    "ENABLE": Command("answer_enable", USER, "ENABLE"),
    "COMPRESS": Command("answer_compress", USER, "COMPRESS=DEFLATE"),
    "SELECT": Command("answer_select", USER),
    "EXAMINE": Command("answer_examine", USER),
    "CREATE": Command("answer_create", USER),
    "DELETE": Command("answer_delete", USER),
    "RENAME": Command("answer_rename", USER),
    "SUBSCRIBE": Command("answer_subscribe", USER),
    "UNSUBSCRIBE": Command("answer_unsubscribe", USER),
    "LIST": Command("answer_list", USER),
    "LSUB": Command("answer_lsub", USER),
    "NAMESPACE": Command("answer_namespace", USER, "NAMESPACE"),
    "STATUS": Command("answer_status", USER),
    "APPEND": Command("answer_append", USER),
    "IDLE": Command("answer_idle", USER, "IDLE"),
    "CHECK": Command("answer_check", READER),
    "CLOSE": Command("answer_close", READER),
    "UNSELECT": Command("answer_unselect", READER, "UNSELECT"),
    "EXPUNGE": Command("answer_expunge", READER, uid=True, writes=True),
    "SEARCH": Command("answer_search", READER, uid=True, numbered=True),
    "SORT": Command("answer_sort", READER, "SORT", uid=True, numbered=True),
    "THREAD": Command("answer_thread", READER, "THREAD", uid=True, numbered=True),
    "FETCH": Command("answer_fetch", READER, uid=True, numbered=True),
    "STORE": Command("answer_store", READER, uid=True, numbered=True, writes=True),
    "COPY": Command("answer_copy", READER, uid=True),
    "MOVE": Command("answer_move", READER, "MOVE", uid=True, writes=True),
}


class ImapCore(LineSession):
    """State, gate and responses. Whatever is worth being wrong about is a small method, an attribute or a table row."""

    commands: Mapping[str, Command] = COMMANDS
    reply_end: bytes = b"\r\n"
    scanner: type[Scanner] = Scanner

    def __init__(self, config: ImapConfig | None = None, mailboxes: Mailboxes | None = None) -> None:
        super().__init__()
        self.config = config or ImapConfig()
        self.mailboxes = mailboxes or Mailboxes()
        self.tag = b"*"  # of the command that is being answered
        self.verb = ""
        self.by_uid = False  # it was said with UID before it
        self.user = ""  # who has logged in
        self.account = Account()
        self.view: View | None = None
        self.enabled: set[str] = set()
        self.is_secure = False
        self.handshaking = False  # STARTTLS was granted, and TLS does not stand yet
        self.errors = 0

    def state(self) -> State:
        """Where the session stands."""
        if self.closing:
            return State.LOGOUT
        if not self.user:
            return State.NOT_AUTHENTICATED
        return State.AUTHENTICATED if self.view is None else State.SELECTED

    @property
    def seen(self) -> View:
        """The selected mailbox as this session sees it."""
        assert self.view is not None
        return self.view

    @property
    def command(self) -> Command:
        """The row of the command that is being answered."""
        return self.commands[self.verb]

    def rev2(self) -> bool:
        """Whether the forms of RFC 9051 are used: the client has asked for them (6.3.1), or there are no others."""
        return "IMAP4REV2" in self.enabled or not self.config.has("IMAP4REV1")

    def condstore(self) -> bool:
        """Whether mod-sequences are told unasked (RFC 7162 3.1)."""
        return bool(self.enabled & {"CONDSTORE", "QRESYNC"})

    def qresync(self) -> bool:
        """Whether VANISHED takes the place of EXPUNGE (RFC 7162 3.2.3)."""
        return "QRESYNC" in self.enabled

    # the gate

    def obey(self, data: bytes) -> None:
        """A whole command, literals and all: through the gate, then to its method."""
        self.tag, self.verb, self.by_uid = b"*", "", False
        try:
            self.unclean(data)
            arguments = self.begin(data)
            self.gate()
            outcome = getattr(self, self.command.answer)(arguments)
        except Refusal as refusal:
            self.finish_refused(refusal)
        except NoSuchMailbox:
            self.finish_refused(self.no_such_mailbox())
        except MailboxExists:
            self.finish_refused(No("There is a mailbox of that name", "ALREADYEXISTS"))
        except TooMany:
            self.finish_refused(No("There is no room for another mailbox", "LIMIT"))
        except StoreFull:
            self.finish_refused(No("There is no room for the message", "OVERQUOTA"))
        else:
            if outcome is not None:
                self.finish(outcome)

    def begin(self, data: bytes) -> Scanner:
        """Read tag and name; what follows is left to the command."""
        scanner = self.scanner(data, self.rev2())
        tag = scanner.match(TAG, "a tag").group()
        self.check_tag(tag)
        self.tag = tag
        scanner.space()
        self.verb, self.by_uid = self.verb_of(scanner.atom("a command")), False
        if self.verb == "UID":
            scanner.space()
            self.verb, self.by_uid = self.verb_of(scanner.atom("a command behind UID")), True
        return scanner

    def check_tag(self, tag: bytes) -> None:
        """Any tag will do, and may come again (RFC 9051 2.2.1)."""

    def verb_of(self, word: bytes) -> str:
        """Names are not case sensitive (RFC 9051 9)."""
        return word.decode("latin-1").upper()

    def gate(self) -> None:
        """Raise Bad for what is wrong before it is looked at."""
        self.unknown_verb()
        self.wrong_state()

    def unknown_verb(self) -> None:
        """A name that is none, or that is not on (RFC 9051 7.1.3)."""
        command = self.commands.get(self.verb)
        if command is None or (command.capability and not self.config.has(command.capability)):
            raise Bad(f"Unknown command {shown(self.verb.encode('latin-1'))}")
        if self.by_uid and not command.uid:
            raise Bad(f"{self.verb} has no form with UID")
        if self.by_uid and self.verb == "EXPUNGE" and not self.config.has("UIDPLUS"):
            raise Bad("Unknown command UID EXPUNGE")

    def wrong_state(self) -> None:
        """A command out of place (RFC 9051 3)."""
        if self.state() not in self.command.states:
            raise Bad(f"{self.verb} is out of place: {self.state().value}")

    def unclean(self, data: bytes) -> None:
        """NUL and a CR that ends nothing have no place outside literals (RFC 9051 9)."""
        if not data:
            raise Bad("An empty line is no command")
        outside = self.outside_literals(data)
        if b"\0" in outside:
            raise Bad("NUL has no place in a command")
        if b"\r" in outside or b"\n" in outside:
            raise Bad("A bare CR or LF has no place in a command")

    def outside_literals(self, data: bytes) -> bytes:
        """A command without its literals, whose places `read_command` keeps."""
        return data

    def no_such_mailbox(self) -> Refusal:
        """The same words for what is not there and for what is not his."""
        return No("There is no such mailbox", "NONEXISTENT")

    # responses

    def untagged(self, text: bytes | str) -> None:
        """A response that belongs to no command."""
        self.send(b"* " + (text if isinstance(text, bytes) else text.encode()) + self.reply_end)

    def invite(self, text: bytes) -> None:
        """A continuation: the client has the word (RFC 9051 7.6)."""
        self.send(b"+ " + text + self.reply_end)

    def finish(self, done: Done) -> None:
        """The end of a command that went well; what others have changed is told before it."""
        if not done.quiet:
            self.report_changes()
        self.send_tagged(b"OK", done.text, done.code)

    def finish_refused(self, refusal: Refusal) -> None:
        """The end of a command that did not. Who gets too many errors is not served any longer (RFC 9051 7.1.5)."""
        self.errors += refusal.status == b"BAD"
        self.report_changes()
        self.send_tagged(refusal.status, refusal.text, refusal.code)
        if self.errors > self.config.errors:
            self.bye("Too many errors")

    def send_tagged(self, status: bytes, text: str, code: str = "") -> None:
        """The tagged response, or an untagged BAD where no tag could be read."""
        self.send(self.tag + b" " + self.format_status(status, text, code) + self.reply_end)

    def format_status(self, status: bytes, text: str, code: str = "") -> bytes:
        """A status response (RFC 9051 7.1): printable ASCII."""
        clean = re.sub(r"[^ -~]", "?", text)
        return status + b" " + (f"[{code}] {clean}" if code else clean).encode()

    def bye(self, text: str) -> None:
        """The server ends the session, and says so first (RFC 9051 3.4, 7.1.5)."""
        self.untagged(self.format_status(b"BYE", text))
        self.close()

    def report_changes(self) -> None:
        """Tell what others have changed."""

    # words of responses

    def nstring(self, text: bytes | None) -> bytes:
        """A string or NIL."""
        return b"NIL" if text is None else self.string(text)

    def string(self, text: bytes) -> bytes:
        """A string in quotes, or as a literal where those cannot hold it (RFC 9051 4.3)."""
        return self.quoted(text) if self.can_be_quoted(text) else self.literal(text)

    def can_be_quoted(self, text: bytes) -> bool:
        """Printable ASCII, not too long."""
        return len(text) <= QUOTED_LIMIT and not re.search(rb"[^ -~]", text)

    def quoted(self, text: bytes) -> bytes:
        """In quotes; quotes and backslashes get one more backslash."""
        return b'"' + re.sub(rb'(["\\])', rb"\\\1", text) + b'"'

    def literal(self, text: bytes) -> bytes:
        """As a literal: its count of octets, then they."""
        return b"{%d}\r\n" % len(text) + text

    # lines and time

    def longest_line(self) -> int:
        return self.config.line

    def idle_limit(self) -> float | None:
        """At least thirty minutes (RFC 9051 5.4)."""
        return self.config.idle

    def on_idle(self) -> None:
        """The end, announced."""
        self.bye("Nothing was heard for too long")

    def on_end(self) -> None:
        self.leave()
        super().on_end()

    def _taken(self) -> list[Action]:
        # a hundred thousand small responses go out as one piece
        actions: list[Action] = []
        words: list[bytes] = []
        for action in [*super()._taken(), None]:
            if isinstance(action, Send):
                words.append(action.data)
                continue
            if words:
                actions.append(Send(b"".join(words)))
                words = []
            if action is not None:
                actions.append(action)
        return actions

    def leave(self) -> None:
        """Let go of the mailbox; nothing is expunged."""
        self.view = None

    def close(self) -> None:
        self.leave()
        super().close()
