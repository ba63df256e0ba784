"""What RFC 5321 lets a server answer: the order of commands, and what each does to a transaction.

Where a refusal is a matter of policy, any refusal but that of the order is left open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from pytest_netconform.codes import Code, fits
from pytest_netconform.models.model import Model, Step, Wrong
from pytest_netconform.wire.smtp import Reply, parse_offer

NEW, READY, SENDER, RECIPIENTS, CONTENT = "new", "ready", "sender", "recipients", "content"
TRANSACTION = (SENDER, RECIPIENTS)

REFUSED: tuple[Code, ...] = ("4yz", "5yz")
SYNTAX, OUT_OF_ORDER = 501, 503
NOT_SERVED = (500, 502)

BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")  # half a line end

#: word → what the standard asks of its answer
RULES = {
    "EHLO": "EHLO and HELO are accepted, or refused without effect (RFC 5321 4.1.4)",
    "MAIL": "MAIL is in order after EHLO (RFC 5321 4.1.4), and nothing but policy refuses it",
    "MAIL null": "the null sender is accepted (RFC 5321 4.5.5, RFC 1123 5.2.9)",
    "RCPT": "RCPT is in order after MAIL (RFC 5321 3.3, 4.1.4), and nothing but policy refuses it",
    "RCPT null": "who was accepted before is accepted from the null sender (RFC 5321 4.5.5, RFC 1123 5.2.9)",
    "RCPT early": "RCPT with no MAIL before it is answered 503 (RFC 5321 3.3, 4.1.4)",
    "DATA": "DATA is in order after RCPT (RFC 5321 3.3), and nothing but policy refuses it",
    "DATA early": "DATA with no recipient is refused, at once or at the end of data (RFC 5321 3.3)",
    "message": "a message is accepted or refused (RFC 5321 4.1.1.4)",
    "message nobody": "a message for nobody is refused (RFC 5321 3.3)",
    "RSET": "RSET is answered 250 (RFC 5321 4.1.1.5)",
    "NOOP": "NOOP is answered 250 (RFC 5321 4.1.1.9)",
    "ask": "VRFY, EXPN and HELP are answered in any state, and never 503 (RFC 5321 4.1.4)",
    "unknown": "a command that nobody knows is refused (RFC 5321 4.2.4)",
    "odd": "a command is answered by a number from 200 to 599, and by 3yz only where that is its own (RFC 5321 4.2.1)",
    "AUTH": "AUTH is accepted or refused, by anything but 503 (RFC 4954 4)",
    "AUTH late": "AUTH in a transaction, or after AUTH, is answered 503 (RFC 4954 4)",
    "STARTTLS": "STARTTLS is answered 220, or refused (RFC 3207 4)",
    "QUIT": "QUIT is answered 221 (RFC 5321 4.1.1.10)",
}


class SmtpModel(Model[Reply]):
    """One SMTP connection. offer: the keywords of the last EHLO reply.

    ours: the command that names our recipient; delivered: the contents that were taken for it, as they were said;
    perhaps: those that may have been, as a recipient was nearly ours; loose: whether one was taken whose line ends
    are none, so that nobody knows how it is kept.
    """

    together: ClassVar[frozenset[str]] = frozenset({"MAIL", "RCPT", "RSET"})  # RFC 2920 3.1
    farewell: ClassVar[Step | None] = Step("QUIT", b"QUIT\r\n")

    def __init__(self, *, ours: bytes = b"", account: bool = False) -> None:
        self.ours = ours
        self.account = account
        self.delivered: list[bytes] = []
        self.perhaps: list[bytes] = []
        self.loose = False
        self.known = False  # whether our recipient was accepted once
        super().__init__()

    def begin(self) -> None:
        super().begin()
        self.state, self.nobody, self.null = NEW, False, False
        self.for_us = self.nearly = False  # whether our recipient was accepted, or one that may be ours
        self.authenticated, self.secure = False, False
        self.refusals = 0  # on this connection: of who was refused often, servers think otherwise
        self.offer: dict[str, tuple[str, ...]] = {}

    def secured(self) -> None:
        super().secured()
        self.state, self.secure, self.authenticated, self.offer = NEW, True, False, {}

    def may_wait(self, word: str) -> bool:
        return word in self.together and "PIPELINING" in self.offer

    def possible(self, word: str) -> bool:
        if (word == "message") is not (self.state == CONTENT):
            return False
        if word == "AUTH":
            return self.account and "PLAIN" in self.offer.get("AUTH", ())
        if word == "STARTTLS":
            return "STARTTLS" in self.offer and not self.secure
        return True

    def unasked(self, answer: Reply) -> None:
        if answer.code != 421:  # said by who must leave, and read too late (RFC 5321 3.8)
            super().unasked(answer)

    def hear(self, step: Step, said: bytes, answer: Reply) -> None:
        code = answer.code
        assert code is not None
        if code == 421 and step.word != "QUIT":  # to any command, by who must leave (RFC 5321 3.8, 4.2.1)
            self.over = True
            return
        self.refusals += code >= 500
        getattr(self, f"_{step.word.lower()}")(code, said, answer)

    # -- what each word's answer means

    def _ehlo(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, (250, *REFUSED), "EHLO")
        if code == 250:
            self.state = READY
            self.offer = dict(parse_offer(answer).keywords) if said[:4].upper() == b"EHLO" else {}

    def _mail(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, (250, *REFUSED), "MAIL")
        if self.state == READY:
            _expect_not(code, (*NOT_SERVED, OUT_OF_ORDER), "MAIL")
            if said.endswith(b"<>\r\n"):
                _expect(code, (250, "4yz"), "MAIL null")
        if code == 250:
            self._sender(null=b"<>" in said)

    def _sender(self, *, null: bool) -> None:
        self.state, self.null, self.for_us, self.nearly = SENDER, null, False, False

    def _rcpt(self, code: int, said: bytes, answer: Reply) -> None:
        if self.state not in TRANSACTION:
            _expect(code, (OUT_OF_ORDER, 530, "4yz"), "RCPT early")
            return
        _expect(code, (250, 251, 252, *REFUSED), "RCPT")
        _expect_not(code, (*NOT_SERVED, OUT_OF_ORDER), "RCPT")
        ours = said.lower() == self.ours.lower()
        if ours:
            _expect_not(code, (SYNTAX,), "RCPT")
            if self.null and self.known:
                _expect_not(code, ("5yz",), "RCPT null")
            self.known = self.known or (code < 300 and not self.null)
        if code < 300:
            self.state = RECIPIENTS
            self.for_us = self.for_us or ours

    def _data(self, code: int, said: bytes, answer: Reply) -> None:
        if self.state == RECIPIENTS:
            _expect(code, (354, *REFUSED), "DATA")
            _expect_not(code, (*NOT_SERVED, OUT_OF_ORDER), "DATA")
        else:
            _expect(code, (354, *REFUSED), "DATA early")
        if code == 354:
            self.nobody = self.state != RECIPIENTS
            self.state = CONTENT

    def _message(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, REFUSED if self.nobody else (250, *REFUSED), "message nobody" if self.nobody else "message")
        self.state = READY
        self.over = code == 521  # and closes (RFC 7504 3)
        if code == 250 and BARE.search(said):
            self.loose = True
        elif code == 250 and (self.for_us or self.nearly):
            (self.delivered if self.for_us else self.perhaps).append(said)

    def _rset(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, (250, *REFUSED) if self.state == NEW else (250, "4yz"), "RSET")
        if code == 250 and self.state != NEW:
            self.state = READY

    def _noop(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, (250, *REFUSED) if self.state == NEW else (250, "4yz"), "NOOP")

    def _ask(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, ("2yz", *REFUSED), "ask")
        _expect_not(code, (OUT_OF_ORDER,), "ask")

    def _unknown(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, REFUSED, "unknown")

    def _odd(self, code: int, said: bytes, answer: Reply) -> None:
        """Nearly a command: whatever the server makes of it is followed; that it leaves, too (RFC 5321 7.8)."""
        _expect(code, ("2yz", "3yz", *REFUSED), "odd")
        verb = said[:4].upper()
        self.over = code == 221
        if self.over or code >= 400:
            return
        if code >= 300:
            if verb != b"DATA":
                raise Wrong(RULES["odd"])
            self._data(code, said, answer)
        elif verb == b"MAIL":
            self._sender(null=False)
        elif verb == b"RCPT" and self.state in TRANSACTION:
            self.state, self.nearly = RECIPIENTS, True
        elif verb in (b"EHLO", b"HELO"):
            self._ehlo(250, said, answer)
        elif verb == b"RSET" and self.state != NEW:
            self.state = READY

    def _auth(self, code: int, said: bytes, answer: Reply) -> None:
        if self.authenticated or self.state in TRANSACTION:
            _expect(code, (OUT_OF_ORDER,), "AUTH late")
            return
        _expect(code, (235, *REFUSED), "AUTH")
        _expect_not(code, (OUT_OF_ORDER,), "AUTH")
        self.authenticated = code == 235

    def _starttls(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, (220, *REFUSED), "STARTTLS")
        self.secures = code == 220

    def _quit(self, code: int, said: bytes, answer: Reply) -> None:
        _expect(code, (221, 421), "QUIT")
        self.over = True


def _expect(code: int, codes: Sequence[Code], rule: str) -> None:
    if not fits(code, codes):
        raise Wrong(RULES[rule])


def _expect_not(code: int, codes: Sequence[Code], rule: str) -> None:
    if fits(code, codes):
        raise Wrong(RULES[rule])
