"""Talk to an FTP session without a carriage: its control connection, and its doors and channels one by one."""

from __future__ import annotations

from pytest_netconform.reference_servers.files import FileTree
from pytest_netconform.reference_servers.ftp import FtpConfig, FtpSession
from pytest_netconform.reference_servers.session import (
    Action,
    ChannelAbort,
    ChannelEnd,
    ChannelReceive,
    ChannelSend,
    ChannelTls,
    CloseDoor,
    Connect,
    Ending,
    Listen,
    Peer,
    Session,
    StopTls,
)
from pytest_netconform.wire.cuts import Cut, whole
from pytest_netconform.wire.ftp import Reply, ReplyFramer
from tests.talk import Talk

LOCAL = Peer(("127.0.0.1", 50000), False, ("127.0.0.1", 21))
PORT = 4711
DOORS = (Listen, Connect, CloseDoor)
CHANNELS = (ChannelTls, ChannelReceive, ChannelSend, ChannelEnd, ChannelAbort)


class FtpTalk(Talk):
    """A strict FTP session, whose replies are framed; every `Listen` gets PORT at once, unless `ports` is False.

    asked: the actions about doors and channels, in order. data: what was sent on channels.
    """

    def __init__(
        self,
        config: FtpConfig | None = None,
        tree: FileTree | None = None,
        cut: Cut = whole,
        peer: Peer = LOCAL,
        session: Session | None = None,
        login: bool = False,
        ports: bool = True,
    ) -> None:
        self.framer = ReplyFramer()
        self.tree = tree if tree is not None else FileTree()
        self.asked: list[Action] = []
        self.data = b""
        self.ports = ports
        self.stops_tls = False
        self._last = 0
        super().__init__(session or FtpSession(config or FtpConfig(tls=True), self.tree), cut, peer)
        self.greeting = self.replies()
        if login:
            assert self.asks("USER alice", "PASS s3cret", "TYPE I") == [331, 230, 200]

    def heed(self, actions: list[Action]) -> None:
        for action in actions:
            super().heed([action])
            self.stops_tls |= isinstance(action, StopTls)
            if isinstance(action, DOORS + CHANNELS):
                self.asked.append(action)
            if isinstance(action, ChannelSend):
                self.data += action.data
            if isinstance(action, Listen) and self.ports:
                self.heed(self.session.listening(action.door, PORT, self.now))

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

    def codes(self) -> list[int | None]:
        """The codes of the replies since the last call."""
        return [reply.code for reply in self.replies()]

    def asks(self, *lines: str | bytes) -> list[int | None]:
        """Say lines, in one piece; the codes of the replies."""
        self.say(b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines))
        return self.codes()

    def text(self, line: str | bytes) -> str:
        """Say a line; the text of the one reply."""
        self.say((line.encode() if isinstance(line, str) else line) + b"\r\n")
        (reply,) = self.replies()
        return reply.text

    # the other side of channels

    @property
    def door(self) -> int:
        """The door that was asked for last."""
        return [action.door for action in self.asked if isinstance(action, Listen | Connect)][-1]

    def join(self, host: str = "127.0.0.1") -> int:
        """Somebody comes through the door: the channel's number."""
        self._last += 1
        self.heed(self.session.joined(self.door, self._last, (host, 50001), self.now))
        return self._last

    def sent_all(self) -> None:
        """The network takes whatever is sent on the last channel, to its end."""
        while self.asked and isinstance(self.asked[-1], ChannelSend | ChannelEnd):
            last = self.asked.pop()
            self.heed(self.session.channel_sent(self._last, self.now))
            if isinstance(last, ChannelEnd):
                return

    def upload(self, data: bytes, how: Ending = Ending.CLEAN, cut: Cut = whole) -> None:
        """Octets on the last channel, and its end."""
        for piece in cut(data):
            self.heed(self.session.channel_data(self._last, piece, self.now))
        self.heed(self.session.channel_ended(self._last, how, self.now))

    def stored(self, path: str, data: bytes) -> None:
        """A file is put there, as a client would."""
        self.asks("EPSV")
        self.join()
        assert self.asks(f"STOR {path}") == [150]
        self.upload(data)
        assert self.codes() == [226]

    def fetched(self, command: str) -> bytes:
        """What a transfer to the client brings."""
        self.asks("EPSV")
        self.join()
        self.data = b""
        assert self.asks(command) == [150]
        self.sent_all()
        assert self.codes() == [226]
        return self.data
