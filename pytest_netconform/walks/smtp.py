"""The SMTP client's walk: what was accepted arrives as it was sent."""

from __future__ import annotations

import re
from collections import Counter

from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.models.smtp import SmtpModel
from pytest_netconform.verdict import NonConformity
from pytest_netconform.walks.walk import Walk

ARRIVES = "an accepted message arrives with the octets that were sent (RFC 5321 2.3.1, 4.5.2)"


class SmtpWalk(Walk[Smtp]):
    """One SMTP client. Where mail can be read back (`?readback=`), every accepted message is."""

    model: SmtpModel

    def read_back(self) -> None:
        """Every message that was accepted for our recipient is there once, and nothing that was not."""
        if self.visit.target.stored is None or not self.model.delivered:
            return
        self._blame(ARRIVES)
        sent, perhaps = Counter(map(_body, self.model.delivered)), Counter(map(_body, self.model.perhaps))
        missing, count = sent, sent.total()
        while missing:
            stored = Counter(map(_stored_body, self.dialogue.stored(self.known["marker"].decode(), count)))
            for odd in stored - (sent + perhaps):
                received = f"{stored.total()} for {sent.total()}, among them {self.shown(odd)}"
                raise NonConformity(ARRIVES, received, owed=True)
            missing, count = sent - stored, stored.total() + 1  # what may be ours can come before what is


def _body(said: bytes) -> bytes:
    """What is behind the header of a message as DATA carried it, its dots no longer doubled."""
    content = re.sub(rb"(\A|\r\n)\.(?!\r\n\Z)", rb"\1", said.removesuffix(b".\r\n"))
    return content.partition(b"\r\n\r\n")[2]


def _stored_body(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2]
