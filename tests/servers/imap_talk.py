"""Talk to an IMAP session without a carriage, and without the wire's parser: octets in, octets out."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.imap import ImapConfig, ImapSession
from pytest_netconform.reference_servers.mailboxes import Mailboxes
from pytest_netconform.reference_servers.session import Peer
from pytest_netconform.wire.cuts import Cut, whole
from tests.talk import Talk

LOGIN = "l LOGIN alice s3cret"


class ImapTalk(Talk):
    """One connection; `says` gives the octets that a command was answered with."""

    def __init__(
        self,
        config: ImapConfig | None = None,
        mailboxes: Mailboxes | None = None,
        cut: Cut = whole,
        peer: Peer | None = None,
        session: type[ImapSession] = ImapSession,
    ) -> None:
        self.mailboxes = mailboxes or Mailboxes()
        self.nudges = 0
        super().__init__(session(config or ImapConfig(tls=True), self.mailboxes), cut, peer)
        self.session.nudge = self._nudged
        self.greeting = self.taken()

    def _nudged(self) -> None:
        self.nudges += 1

    def nudged(self) -> str:
        """What it says once it was nudged."""
        self.nudges = 0
        self.heed(self.session.nudged(self.now))
        return self.taken()

    def taken(self) -> str:
        """What was said since the last call."""
        sent, self.sent = self.sent.decode("latin-1"), b""
        return sent

    def says(self, *lines: str | bytes) -> str:
        """Say lines, in one piece; all that comes back."""
        self.say(b"".join((line.encode("utf-8") if isinstance(line, str) else line) + b"\r\n" for line in lines))
        return self.taken()

    def lines(self, *lines: str | bytes) -> list[str]:
        """The same, as lines."""
        return self.says(*lines).split("\r\n")[:-1]

    def ends(self, *lines: str | bytes) -> list[str]:
        """The tags and states of what ended commands."""
        return [
            f"{tag} {state}" for tag, state in re.findall(r"(?m)^([^*+ \r\n]+|\*) (OK|NO|BAD)\b", self.says(*lines))
        ]

    def append(self, content: bytes, mailbox: str = "INBOX", more: str = "") -> None:
        """Put a message somewhere."""
        answer = self.says(f"ap APPEND {mailbox} {more}{{{len(content)}+}}".encode() + b"\r\n" + content)
        assert "ap OK" in answer, answer


MESSAGES = (
    b"Subject: one\r\nFrom: Anna <anna@example.com>\r\n\r\nOne.\r\n",
    b"Subject: two\r\nFrom: bert@example.com\r\n\r\nTwo.\r\n",
    b"Subject: Re: one\r\nFrom: carl@example.com\r\n\r\nThree.\r\n",
)


def inside(*messages: bytes, mailboxes: Mailboxes | None = None, **values: object) -> ImapTalk:
    """A session that has logged in and selected INBOX, which has these messages."""
    talk = ImapTalk(ImapConfig(**values), mailboxes)  # type: ignore[arg-type]
    assert talk.ends(LOGIN) == ["l OK"]
    for message in messages:
        talk.append(message)
    assert talk.ends("s SELECT INBOX")[-1] == "s OK"
    return talk
