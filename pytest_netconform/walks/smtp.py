"""The SMTP client's walk: what was accepted arrives as it was sent."""

from __future__ import annotations

import re

from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.models.smtp import SmtpModel
from pytest_netconform.verdict import NonConformity
from pytest_netconform.walks.walk import Walk

ARRIVES = "an accepted message arrives with the octets that were sent (RFC 5321 2.3.1, 4.5.2)"


class SmtpWalk(Walk[Smtp]):
    """One SMTP client. Where mail can be read back (`?readback=`), every accepted message is."""

    model: SmtpModel

    def read_back(self) -> None:
        """As many messages as were accepted for our recipient, each with its body."""
        if self.visit.target.stored is None or not self.model.delivered:
            return
        self._blame(ARRIVES)
        sent = sorted(_body(content) for content in self.model.delivered)
        marker = self.known["marker"].decode()
        stored = sorted(_stored_body(message) for message in self.dialogue.stored(marker, len(sent)))
        if stored != sent:
            odd = next((message for message in stored if message not in sent), b"")
            raise NonConformity(ARRIVES, f"{len(stored)} for {len(sent)}, among them {self.shown(odd)}", owed=True)


def _body(said: bytes) -> bytes:
    """What is behind the header of a message as DATA carried it, its dots no longer doubled."""
    content = re.sub(rb"(\A|\r\n)\.(?!\r\n\Z)", rb"\1", said.removesuffix(b".\r\n"))
    return content.partition(b"\r\n\r\n")[2]


def _stored_body(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2]
