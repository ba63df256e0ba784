"""The SMTP client's walk: what was accepted arrives as it was sent."""

from __future__ import annotations

import re
from collections import Counter

from pytest_netconform.codes import fits
from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.models.model import Step
from pytest_netconform.models.smtp import BARE, CONTENT, SmtpModel
from pytest_netconform.verdict import NonConformity
from pytest_netconform.walks.walk import Walk

OFTEN = 8  # refusals on one connection
ONE_END = "a message ends at CR LF . CR LF, and nowhere else (RFC 5321 4.1.1.4)"
ARRIVES = "an accepted message arrives with the octets that were sent (RFC 5321 2.3.1, 4.5.2)"


class SmtpWalk(Walk[Smtp]):
    """One SMTP client. Where mail can be read back (`?readback=`), every accepted message is."""

    model: SmtpModel

    def take(self, step: Step) -> None:
        """Who was refused often leaves first: from ten errors on, Postfix takes a second for each line."""
        if self.model.refusals >= OFTEN and self.model.state != CONTENT:
            self._leave_early()
        super().take(step)

    def _leave_early(self) -> None:
        """Leave, so that the next step begins another connection; this is no step of the walk."""
        assert self.model.farewell is not None
        if self._held:
            self._exchange()
        if not self._left and self.model.state != CONTENT:
            self._held.append(self.model.farewell)
            self._exchange()

    def hear(self, step: Step, said: bytes) -> None:
        """A message in which half a line end stands beside a dot is answered once: NOOP is answered next."""
        super().hear(step, said)
        if not self.judging or step.word != "message" or self.model.over or not BARE.search(said):
            return
        self.dialogue.send("NOOP")
        answer = self.dialogue.hear()
        self._blame(ONE_END)
        if answer.code is None or not fits(answer.code, (250, "4yz")):
            raise NonConformity(ONE_END, self.shown(answer.raw), owed=True)
        self.model.over = answer.code == 421

    def read_back(self) -> None:
        """Every message that was accepted for our recipient is there once, and nothing that was not."""
        if self.visit.target.stored is None or not self.model.delivered:
            return
        self._blame(ARRIVES)
        sent, perhaps = Counter(map(_body, self.model.delivered)), Counter(map(_body, self.model.perhaps))
        missing, count = sent, sent.total()
        while missing:
            stored = Counter(map(_stored_body, self.dialogue.stored(self.known["marker"].decode(), count)))
            odd = stored - (sent + perhaps)
            if odd and not self.model.loose:
                received = f"{stored.total()} for {sent.total()}, among them {self.shown(next(iter(odd)))}"
                raise NonConformity(ARRIVES, received, owed=True)
            missing, count = sent - stored, stored.total() + 1  # what may be ours can come before what is


def _body(said: bytes) -> bytes:
    """What is behind the header of a message as DATA carried it, its dots no longer doubled."""
    content = re.sub(rb"(\A|\r\n)\.(?!\r\n\Z)", rb"\1", said.removesuffix(b".\r\n"))
    return content.partition(b"\r\n\r\n")[2]


def _stored_body(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2]
