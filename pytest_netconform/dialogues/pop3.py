"""The POP3 client's half (RFC 1939): the generic dialogue over replies, and the steps that most checks share."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import Dialogue, Say
from pytest_netconform.readback import UnreadableMailbox
from pytest_netconform.tour import Tour
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import Visit
from pytest_netconform.wire.pop3 import (
    ERR,
    OK,
    Listing,
    Reply,
    ReplyFramer,
    apop_digest,
    in_lines,
    parse_capabilities,
    parse_drop,
    parse_scan,
    parse_unique,
    timestamp,
)
from pytest_netconform.wire.sasl import cram_response

LOGIN_SECONDS = 30.0  # who failed to log in is made to wait: Dovecot doubles the time up to 15 s, until he succeeds
IN_USE_SECONDS = 10.0  # until a server has noticed that the session before has gone, and gives its maildrop back
POLL_SECONDS = 0.1
LOOKED_AT = 20  # messages of a maildrop, and no longer ones than this
LOOKED_AT_OCTETS = 1 << 21
REFUSED_ACCOUNT = "pop3-account"  # among what checks share: why the account is not tried again

T = TypeVar("T")
Pop3Tour = Tour[Reply]


@dataclass(frozen=True)
class Mail:
    """A message that was retrieved: its listing, its unique id (empty where there are none), and the reply to RETR."""

    listing: Listing
    unique: str
    reply: Reply


class Pop3(Dialogue[Reply]):
    """One POP3 connection. `greeting` is the first reply, `offer` what the last answer to CAPA listed."""

    # in any state; a server without CAPA says so
    control: ClassVar[tuple[Say, tuple[Code, ...]]] = ("CAPA", (OK, ERR))
    accepted: ClassVar[tuple[Code, ...]] = (OK, "+")
    refused: ClassVar[tuple[Code, ...]] = (ERR,)
    longest: ClassVar[int] = 1 << 25  # a message may be long

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit, ReplyFramer)
        self.framer.awaits("(greeting)")
        self.greeting = Reply(None, b"", None, b"")
        self.offer: dict[str, tuple[str, ...]] = {}

    @property
    def framer(self) -> ReplyFramer:
        """The framer, which must know what was asked."""
        assert isinstance(self._framer, ReplyFramer)
        return self._framer

    # -- saying

    def send(self, *what: Say) -> None:
        """Write everything in one go; each line that ends in CR LF will be answered."""
        self.framer.asked(b"".join(w if isinstance(w, bytes) else w.encode() + b"\r\n" for w in what))
        super().send(*what)

    def send_odd(self, octets: bytes, *commands: str) -> None:
        """Write octets whose lines are not as they should be; the replies to come are those to `commands`."""
        super().send(octets)
        self.framer.awaits(*commands)

    # -- steps

    def greet(self) -> Reply:
        """Read the greeting, which must be positive; remembers and returns it."""
        self.greeting = self.expect(OK, to="the connection")
        return self.greeting

    def capabilities(self) -> dict[str, tuple[str, ...]]:
        """CAPA; remembers and returns what it lists, nothing where CAPA is not known (RFC 2449 5)."""
        self.offer = parse_capabilities(self.exchange("CAPA", OK, ERR))
        return self.offer

    def secure(self) -> None:
        """Prerequisite: STLS, the handshake, and CAPA inside. Inconclusive when TLS is not to be had now."""
        try:
            self.exchange("STLS", OK)
            self.start_tls()
            self.capabilities()
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None

    def go_private(self) -> None:
        """Prerequisite: CAPA asked, inside TLS if the target can do that: where a password may be shown."""
        self.capabilities()
        if not self.wire.secure and "STLS" in self.offer:
            self.secure()

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms of the last offer."""
        return self.offer.get("SASL", ())

    @property
    def stamp(self) -> bytes | None:
        """The greeting's timestamp, which offers APOP."""
        return timestamp(self.greeting.text)

    # -- logging in

    @property
    def account(self) -> tuple[str, str]:
        """The user name and the password. Inconclusive once they were refused: they are not tried again in this run."""
        self.target.require("?account")
        if refused := self.target.shared.get(REFUSED_ACCOUNT):
            raise Inconclusive(refused)
        return self.target.account

    def secret(self, response: bytes) -> bytes:
        """A response of an AUTH exchange in base64; no report shows it."""
        encoded = base64.b64encode(response)
        for octets in (response, encoded):
            self.visit.transcript.hide(octets)
        return encoded

    def credentials(self, username: str = "", password: str = "") -> bytes:
        """The AUTH PLAIN response (RFC 4616 2), base64: for another account, or the user's own, never shown."""
        if username:
            return base64.b64encode(f"\0{username}\0{password}".encode())
        username, password = self.account
        return self.secret(f"\0{username}\0{password}".encode())

    def log_in(self) -> None:
        """Prerequisite: logged in, by the first way that is offered."""
        reply = self.attempt()
        if reply.code != OK:
            self.refuse_account(reply)
        self.visit.evidence.add("twin")

    def attempt(self) -> Reply:
        """The answer to a login, by the first way that is offered, once the maildrop is free."""
        deadline = self.wire.now() + IN_USE_SECONDS
        while (reply := self._try_to_log_in()).temporary:
            if self.wire.now() >= deadline:
                raise Inconclusive(f"prerequisite not met: a free maildrop ({_text(reply)})")
            self.target.carriage.pause(POLL_SECONDS)
        return reply

    def refuse_account(self, reply: Reply) -> None:
        """The account is of no use, so that it is not tried again in this run. Inconclusive."""
        self.target.shared[REFUSED_ACCOUNT] = f"the account was refused ({_text(reply)}); is the password right?"
        raise Inconclusive(self.target.shared[REFUSED_ACCOUNT])

    def _try_to_log_in(self) -> Reply:
        username, password = self.account
        if "USER" in self.offer or not (self.mechanisms or self.stamp):
            return self.name_and_password(username, password)
        if "PLAIN" in self.mechanisms:
            self.send(b"AUTH PLAIN " + self.credentials() + b"\r\n")
        elif "CRAM-MD5" in self.mechanisms:
            challenge = base64.b64decode(self.exchange("AUTH CRAM-MD5", "+").text)
            self.send(self.secret(cram_response(username, password, challenge)) + b"\r\n")
        elif self.stamp:
            self.send(self.apop(self.stamp))
        else:
            return self.name_and_password(username, password)
        return self.login_reply()

    def name_and_password(self, username: str, password: str) -> Reply:
        """USER, and PASS if that is accepted; the last reply."""
        self.send(f"USER {username}")
        reply = self.login_reply()
        if reply.code != OK:
            return reply
        self.send(f"PASS {password}")
        return self.login_reply()

    def apop(self, stamp: bytes, password: str = "") -> str:
        """APOP with the account's digest, or that of another password."""
        username, right = self.account
        digest = apop_digest(stamp, password or right)
        self.visit.transcript.hide(digest.encode())
        return f"APOP {username} {digest}"

    def login_reply(self) -> Reply:
        """The answer to a proof, which may be kept back for a while."""
        return self.reply(within=max(self.target.patience, LOGIN_SECONDS))

    def visitor(self) -> Pop3:
        """Another connection, greeted, where a password may be shown."""
        other = type(self)(self.visit)
        try:
            other.greet()
            other.go_private()
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met, on another connection: {problem}") from None
        return other

    def another(self) -> Pop3:
        """Another session of the account, once the maildrop is free."""
        other = self.visitor()
        other.log_in()
        return other

    def leave(self) -> None:
        """Prerequisite: QUIT, which ends the session and gives the maildrop back."""
        self.given("QUIT")
        self.wire.close()

    def entitled(self, *commands: Say) -> None:
        """The twin of what is refused to strangers: another session of the account is served with it, and ends."""
        other = self.another()
        other.given(*commands)
        other.leave()

    # -- the maildrop

    def stat(self) -> tuple[int, int]:
        """How many messages, and octets. Raises NonConformity when STAT's answer does not say."""
        reply = self.exchange("STAT", OK)
        found = parse_drop(reply.text)
        if found is None:
            raise NonConformity("+OK, a count and a size in answer to STAT", self._shown(reply.raw))
        return found

    def listings(self) -> list[Listing]:
        """The lines of LIST. Raises NonConformity for one that cannot be read."""
        return [self._read(parse_scan(line), "a number and a size", line) for line in self.exchange("LIST", OK).lines]

    def uniques(self) -> dict[int, str]:
        """UIDL's ids by message number. Raises NonConformity for a line that cannot be read."""
        lines = self.exchange("UIDL", OK).lines
        wanted = "a number and an id of 1 to 70 octets from 0x21 to 0x7E"
        return dict(self._read(parse_unique(line), wanted, line) for line in lines)

    def _read(self, found: T | None, wanted: str, line: bytes) -> T:
        if found is None:
            raise NonConformity(f"{wanted} on every line", self._shown(line))
        return found

    def filled(self, least: int = 1) -> list[Listing]:
        """Prerequisite: there are so many messages; their listings."""
        try:
            found = self.listings()
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        if len(found) < least:
            raise Inconclusive(f"prerequisite not met: {least} messages in the maildrop; there are {len(found)}")
        return found

    def retrieve(self, number: int) -> Reply:
        """A whole message."""
        return self.exchange(f"RETR {number}", OK)

    def mails(self) -> Iterator[Mail]:
        """The first messages of the maildrop, each retrieved when it is asked for, but those that are refused."""
        uniques = self.uniques() if "UIDL" in self.offer else {}
        for listing in self.listings()[:LOOKED_AT]:
            if listing.size <= LOOKED_AT_OCTETS:
                # RFC 6856 2.1 lets a server refuse messages that the client cannot read
                reply = self.exchange(f"RETR {listing.number}", OK, ERR)
                if reply.code == OK:
                    yield Mail(listing, uniques.get(listing.number, ""), reply)

    def originals(self) -> dict[bytes, bytes]:
        """What the store holds (`?readback=`), octets as they are there, by the message's header in lines."""
        read = self.target.stored
        if read is None:
            raise NotApplicable("?readback=", "the target option ?readback= was not given")
        try:
            return {header_of(in_lines(content)): content for content in read()}
        except UnreadableMailbox as problem:
            raise Inconclusive(str(problem)) from None

    def deliver(self, content: bytes) -> None:
        """Put a message into the account's mailbox, past the protocol (`?deliver=`)."""
        if self.target.deliver is None:
            raise NotApplicable("?deliver=", "the target option ?deliver= was not given")
        self.target.deliver(content)

    def until_the_end(self) -> list[Reply]:
        """Every reply that comes before QUIT's own, which is the last before the close.

        Counted, not timed. Inconclusive when the connection is not closed: POP3-GEN-CON-c judges that.
        """
        self.visit.evidence.add("silence")
        self.send("QUIT")
        heard: list[Reply] = []
        while True:
            try:
                heard.append(self.reply("an answer to QUIT, and the close"))
            except NonConformity:
                if not heard:
                    raise
                if not self.over:
                    raise Inconclusive("no close behind QUIT; POP3-GEN-CON-c judges that") from None
                return heard[:-1]

    def answered_once(self, what: str) -> None:
        """Behind the answer that was just read comes that to QUIT, and nothing before it."""
        more = self.until_the_end()
        if more:
            raise NonConformity(f"one reply to {what}", f"{1 + len(more)} replies", owed=True)


def header_of(content: bytes) -> bytes:
    """The header of a message in lines, without the blank line."""
    return content.partition(b"\r\n\r\n")[0]


def _text(reply: Reply) -> str:
    return reply.text.decode("ascii", "backslashreplace")
