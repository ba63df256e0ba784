"""Talk to a session without a carriage: say octets, cut as you like, and look at what it does."""

from __future__ import annotations

from pytest_netconform.reference_servers.pop3 import Pop3Config, Pop3Session
from pytest_netconform.reference_servers.session import Action, Close, Peer, Send, Session, StartTls, WakeAt
from pytest_netconform.reference_servers.smtp import SmtpConfig, SmtpSession
from pytest_netconform.reference_servers.store import MailStore
from pytest_netconform.wire import pop3
from pytest_netconform.wire.cuts import Cut, whole
from pytest_netconform.wire.smtp import Reply, ReplyFramer


class Talk:
    """One connection to a session; `sent` is all that it said."""

    def __init__(self, session: Session, cut: Cut = whole, peer: Peer | None = None) -> None:
        self.session, self.cut = session, cut
        self.sent = b""
        self.closed = self.starts_tls = False
        self.wake_at: float | None = None
        self.now = 0.0
        self.heed(session.open(peer or Peer(), self.now))

    def heed(self, actions: list[Action]) -> None:
        """Carry the actions out."""
        for action in actions:
            if isinstance(action, Send):
                assert not self.closed, "a word after the close"
                self.sent += action.data
            self.closed |= isinstance(action, Close)
            self.starts_tls |= isinstance(action, StartTls)
            if isinstance(action, WakeAt):
                self.wake_at = action.at

    def say(self, data: bytes) -> None:
        """Octets from the client, in the pieces that the cut makes."""
        for piece in self.cut(data):
            self.heed(self.session.receive(piece, self.now))

    def end(self) -> None:
        """The client says no more."""
        self.heed(self.session.end(self.now))

    def handshake(self) -> None:
        """The TLS handshake that was asked for is done."""
        assert self.starts_tls
        self.starts_tls = False
        self.heed(self.session.secure(self.now))

    def wait_until(self, time: float) -> None:
        """Let time pass, waking the session when it wishes."""
        while self.wake_at is not None and self.wake_at <= time and not self.closed:
            self.now, self.wake_at = self.wake_at, None
            self.heed(self.session.wake(self.now))
        self.now = time


class Pop3Talk(Talk):
    """The same with a strict POP3 session, whose replies are framed."""

    def __init__(
        self,
        config: Pop3Config | None = None,
        store: MailStore | None = None,
        cut: Cut = whole,
        peer: Peer | None = None,
    ) -> None:
        self.framer = pop3.ReplyFramer()
        self.store = store or MailStore()
        super().__init__(Pop3Session(config or Pop3Config(tls=True), self.store), cut, peer)
        self.framer.awaits("(greeting)")
        (self.greeting,) = self.replies()

    def replies(self) -> list[pop3.Reply]:
        """The replies since the last call; each is without a deviation."""
        self.framer.feed(self.sent)
        self.sent = b""
        found = []
        while (reply := self.framer.next()) is not None:
            assert not reply.deviations, reply
            found.append(reply)
        assert not self.framer.rest()
        return found

    def asks(self, *lines: str | bytes) -> list[str]:
        """Say lines, in one piece; the status and the text of the replies."""
        data = b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines)
        self.framer.asked(data)
        self.say(data)
        return [f"{reply.code} {reply.text.decode()}" for reply in self.replies()]

    def codes(self, *lines: str | bytes) -> list[str]:
        """The same; the status alone."""
        return [said.split()[0] for said in self.asks(*lines)]

    def lines(self, command: str) -> list[bytes]:
        """Say one command; the lines behind the status of its reply."""
        self.framer.asked(command.encode() + b"\r\n")
        self.say(command.encode() + b"\r\n")
        (reply,) = self.replies()
        assert reply.code == "+OK", reply
        return reply.lines


class SmtpTalk(Talk):
    """The same with a strict SMTP session, whose replies are framed."""

    def __init__(
        self,
        config: SmtpConfig | None = None,
        store: MailStore | None = None,
        cut: Cut = whole,
        peer: Peer | None = None,
    ) -> None:
        self.framer = ReplyFramer()
        self.store = store or MailStore()
        super().__init__(SmtpSession(config or SmtpConfig(tls=True), self.store), cut, peer)
        self.greeting = self.replies()

    def replies(self) -> list[Reply]:
        """The replies since the last call; each is without a deviation."""
        self.framer.feed(self.sent)
        self.sent = b""
        found = []
        while (reply := self.framer.next()) is not None:
            assert not reply.deviations, reply
            found.append(reply)
        assert not self.framer.rest()
        return found

    def asks(self, *lines: str | bytes) -> list[int | None]:
        """Say lines, in one piece; the codes of the replies."""
        self.say(b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines))
        return [reply.code for reply in self.replies()]

    def asks_raw(self, data: bytes) -> list[int | None]:
        """Say octets as they are; the codes of the replies."""
        self.say(data)
        return [reply.code for reply in self.replies()]
