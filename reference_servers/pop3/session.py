"""The strict POP3 session: greeting, CAPA, STLS, and the commands of an open maildrop (RFC 1939, 2449, 2595, 6856).

`Pop3Session` is the whole of the folder's modules. It gives out what a mail store holds, one session per maildrop, and
does nothing that a standard it knows forbids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_netconform.reference_servers.pop3.auth import Authorization
from pytest_netconform.reference_servers.pop3.core import Refusal
from pytest_netconform.reference_servers.pop3.maildrop import Entry, Maildrop
from pytest_netconform.reference_servers.session import StartTls
from pytest_netconform.wire.pop3 import top


class Pop3Session(Authorization):
    """One client's connection."""

    # greeting and end

    def on_open(self) -> None:
        self.is_secure = self.peer.secure
        super().on_open()

    def greet(self) -> None:
        """The server speaks first: one line, with a timestamp where APOP is known (RFC 1939 4, 7)."""
        self.stamp = self.new_stamp()
        stamp = "" if "APOP" in self.config.without else f" {self.stamp}"
        self.agree(f"{self.config.host} POP3 at your service{stamp}")

    def new_stamp(self) -> str:
        """A timestamp like no other, in the form of a message id."""
        return f"<{self.unique().decode()}>"

    def answer_quit(self) -> None:
        """The end; behind a login the marked messages are removed first (RFC 1939 5, 6)."""
        if self.drop is not None:
            self.update(self.drop)
        self.agree(f"{self.config.host} closes the connection")
        self.close()

    def update(self, drop: Maildrop) -> None:
        """The UPDATE state: what is marked goes, and nothing else (RFC 1939 6)."""
        for entry in drop.entries:
            if entry.deleted:
                self.store.remove(self.user, entry.uid)

    # capabilities

    def answer_capa(self) -> None:
        """One line a capability (RFC 2449 5)."""
        self.agree_at_length("Capabilities", b"".join(line.encode() + b"\r\n" for line in self.capability_lines()))

    def capability_lines(self) -> list[str]:
        """Each capability that can be used, with its parameters; login commands are listed after the login too."""
        return [" ".join([name, *self.parameters(name)]) for name in self.config.capabilities if self.offers(name)]

    def parameters(self, capability: str) -> list[str]:
        """What stands behind a tag."""
        fixed = {"EXPIRE": ["NEVER"], "IMPLEMENTATION": ["netconform-reference"]}
        return self.mechanisms() if capability == "SASL" else fixed.get(capability, [])

    def answer_utf8(self) -> None:
        """From here on the client reads messages with UTF-8 in their header (RFC 6856 2.1)."""
        self.utf8 = True
        self.agree("UTF-8 it is")

    # STLS

    def answer_stls(self) -> None:
        """The last word in clear; what the client sent behind the command is not heard (RFC 2595 4)."""
        if not self.offers("STLS"):
            raise Refusal("TLS is active already" if self.is_secure else "No TLS here")
        self.agree("Ready for TLS")
        behind = self.behind_stls(self.pending())
        self.drop_pending()
        self.put_back(behind)
        self.begin_tls()

    def behind_stls(self, octets: bytes) -> bytes:
        """Which of the octets that arrived in clear behind STLS are kept for the time after the handshake."""
        return b""

    def begin_tls(self) -> None:
        """Ask for the handshake, and be deaf until it is done."""
        self.handshaking = True
        self.read_nothing()
        self.act(StartTls())

    def on_data(self, data: bytes) -> None:
        """Octets; those that come in clear while a handshake is owed are nobody's business."""
        super().on_data(self.behind_stls(data) if self.handshaking else data)

    def on_secure(self) -> None:
        """The handshake is done: what was said before it is forgotten, and the state is AUTHORIZATION (RFC 2595 4)."""
        self.is_secure, self.handshaking = True, False
        self.forget()
        self.read_lines()
        self.digest()

    def forget(self) -> None:
        """Everything that the client said of himself."""
        self.named, self.utf8 = "", False

    # the maildrop

    @property
    def maildrop(self) -> Maildrop:
        """The open maildrop."""
        assert self.drop is not None
        return self.drop

    def answer_stat(self) -> None:
        """How many messages and octets, without what is marked (RFC 1939 5)."""
        there = self.maildrop.there()
        self.agree(f"{len(there)} {sum(self.size(entry) for entry in there)}")

    def answer_list(self, argument: bytes | None = None) -> None:
        """Numbers and sizes: of all, or of one (RFC 1939 5)."""
        if argument is not None:
            self.agree(self.scan_line(self.message(argument)))
            return
        there = self.maildrop.there()
        self.agree_at_length(f"{len(there)} messages", _lines(self.scan_line(entry) for entry in there))

    def scan_line(self, entry: Entry) -> str:
        """A scan listing."""
        return f"{entry.number} {self.size(entry)}"

    def size(self, entry: Entry) -> int:
        """Octets of a message as it is sent, without the dots that are added for the wire (RFC 1939 11)."""
        return len(entry.content)

    def answer_uidl(self, argument: bytes | None = None) -> None:
        """Numbers and unique ids: of all, or of one (RFC 1939 7)."""
        if argument is not None:
            self.agree(self.unique_line(self.message(argument)))
            return
        self.agree_at_length("Unique ids", _lines(self.unique_line(entry) for entry in self.maildrop.there()))

    def unique_line(self, entry: Entry) -> str:
        """A unique-id listing."""
        return f"{entry.number} {self.unique_id(entry)}"

    def unique_id(self, entry: Entry) -> str:
        """What names a message in all sessions, and no other message ever."""
        return f"nc-{entry.uid:08x}"

    def answer_retr(self, argument: bytes) -> None:
        """A whole message (RFC 1939 5)."""
        entry = self.message(argument)
        self.readable(entry)
        self.agree_at_length(f"{self.size(entry)} octets", entry.content)

    def answer_top(self, argument: bytes, lines: bytes) -> None:
        """A message's header, the blank line, and some lines of its body (RFC 1939 7)."""
        count = self.number(lines)
        entry = self.message(argument)
        self.readable(entry)
        self.agree_at_length("The top", self.top_of(entry.content, count))

    def top_of(self, content: bytes, count: int) -> bytes:
        """The header, the blank line, and `count` lines of the body."""
        return top(content, count)

    def readable(self, entry: Entry) -> None:
        """A header beyond ASCII goes to clients that asked for it, and to nobody else (RFC 6856 2.1)."""
        header = entry.content.partition(b"\r\n\r\n")[0]
        if "UTF8" not in self.config.without and not self.utf8 and not header.isascii():
            raise Refusal("The header of this message is in UTF-8", "UTF8")

    def answer_dele(self, argument: bytes) -> None:
        """A message is marked (RFC 1939 5)."""
        self.message(argument).deleted = True
        self.agree("Marked")

    def answer_rset(self) -> None:
        """No message is marked any more (RFC 1939 5)."""
        for entry in self.maildrop.entries:
            entry.deleted = False
        self.agree("No message is marked")

    def answer_noop(self) -> None:
        """Nothing, politely."""
        self.agree("Nothing done")

    def message(self, argument: bytes) -> Entry:
        """The message of a number that is not marked (RFC 1939 5)."""
        entry = self.maildrop.find(self.number(argument))
        if entry is None:
            raise Refusal("No such message")
        return entry

    def number(self, argument: bytes) -> int:
        """A decimal number: digits and nothing else."""
        if not re.fullmatch(rb"[0-9]{1,20}", argument):
            raise Refusal("Not a number")
        return int(argument)


def _lines(lines: Iterable[str]) -> bytes:
    return b"".join(line.encode() + b"\r\n" for line in lines)
