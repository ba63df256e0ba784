"""Mail transactions: MAIL, RCPT, DATA and BDAT (RFC 5321 3.3, 4.1.1; RFC 1870, 3030, 3461, 6152, 6531)."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netconform.reference_servers.smtp.core import Answer, Cleared
from pytest_netconform.reference_servers.smtp.delivery import Delivery
from pytest_netconform.wire.smtp_commands import (
    MAIL_PARAMETERS,
    RCPT_PARAMETERS,
    Chunk,
    Parameter,
    Path,
    SyntaxProblem,
    announced_octets,
    parse_bdat,
    parse_from,
    parse_parameters,
    parse_to,
)

TOO_LARGE = Answer(552, "5.3.4", "The message is larger than the limit")


class Transactions(Delivery):
    """From MAIL to the reply after the message."""

    mail_parameters: Mapping[str, Parameter] = MAIL_PARAMETERS
    rcpt_parameters: Mapping[str, Parameter] = RCPT_PARAMETERS

    # the envelope

    def answer_mail(self, argument: bytes) -> None:
        """A sender begins a transaction."""
        path, rest = self.read_from(argument)
        parameters = self.read_parameters(rest, self.mail_parameters)
        refusal = (
            self.utf8_problem(path, "SMTPUTF8" in parameters)
            or self.body_problem(parameters)
            or self.size_problem(parameters)
            or self.judge_sender(path, parameters)
        )
        if refusal is None:
            self.begin(path, parameters)
        self.answer(refusal or Answer(250, "2.1.0", "Sender accepted"))

    def answer_rcpt(self, argument: bytes) -> None:
        """A recipient joins the transaction."""
        assert self.transaction is not None
        path, rest = self.read_to(argument)
        parameters = self.read_parameters(rest, self.rcpt_parameters)
        refusal = (
            self.utf8_problem(path, self.transaction.international)
            or self.too_many_recipients()
            or self.judge_recipient(path)
        )
        if refusal is None and path.mailbox is not None:
            self.transaction.recipients.append(self.recipient(path.mailbox, parameters))
        self.answer(refusal or Answer(250, "2.1.5", "Recipient accepted"))

    def read_from(self, argument: bytes) -> tuple[Path, str]:
        """MAIL's path and the text behind it."""
        return parse_from(argument)

    def read_to(self, argument: bytes) -> tuple[Path, str]:
        """RCPT's path and the text behind it."""
        return parse_to(argument)

    def read_parameters(self, text: str, known: Mapping[str, Parameter]) -> dict[str, object]:
        """The parameters behind a path."""
        return parse_parameters(text, known, self.extensions_on())

    def utf8_problem(self, path: Path, announced: bool) -> Answer | None:
        """An address beyond ASCII wants the SMTPUTF8 parameter (RFC 6531 3.5, RFC 5321 2.4)."""
        if path.international and not announced:
            return Answer(553, "5.6.7", "An address beyond ASCII, and no SMTPUTF8 parameter")
        return None

    def body_problem(self, parameters: Mapping[str, object]) -> Answer | None:
        """BINARYMIME is an extension of its own (RFC 3030 3)."""
        if parameters.get("BODY") == "BINARYMIME" and "BINARYMIME" not in self.extensions_on():
            return Answer(501, "5.5.4", "BODY=BINARYMIME is not offered")
        return None

    def size_problem(self, parameters: Mapping[str, object]) -> Answer | None:
        """A message that says it is too large need not be sent (RFC 1870 6.1)."""
        size = parameters.get("SIZE", 0)
        return TOO_LARGE if isinstance(size, int) and size > self.config.largest else None

    def too_many_recipients(self) -> Answer | None:
        """One recipient more than is served at once; those before it stay (RFC 5321 4.5.3.1.10)."""
        if self.transaction is not None and len(self.transaction.recipients) >= self.config.recipients:
            return Answer(452, "4.5.3", "Too many recipients")
        return None

    # DATA

    def answer_data(self, argument: bytes) -> None:
        """The message follows, up to a line with a dot alone."""
        if self.needs_chunks():
            self.reply(503, "5.5.1", "BODY=BINARYMIME goes with BDAT only")
            return
        self.reply(354, "", "Go on; a dot alone on a line is the end")
        self.read_data(self.on_content, self.raw_limit())

    def needs_chunks(self) -> bool:
        """Binary content cannot travel in lines (RFC 3030 3)."""
        return self.transaction is not None and self.transaction.parameters.get("BODY") == "BINARYMIME"

    def raw_limit(self) -> int:
        """Octets on the wire beyond which no message can be within the limit: every line of one dot has two."""
        return self.config.largest + self.config.largest // 2 + 16

    def on_content(self, content: bytes | None) -> None:
        """The end of data has come; None is a message beyond what is kept."""
        self.finish(None if content is None else self.unstuffed(content))

    def finish(self, content: bytes | None) -> None:
        """The message is whole: one reply, and the transaction is over whatever it says (RFC 5321 4.1.1.4)."""
        answer = self.judge_message(content)
        self.clear(Cleared.ACCEPTED if answer.code < 400 else Cleared.REFUSED)
        self.answer(answer)

    def judge_message(self, content: bytes | None) -> Answer:
        """Refuse the message, or deliver it."""
        if content is None or len(content) > self.config.largest:
            return TOO_LARGE
        refusal = self.judge_content(content)
        if refusal is not None or self.transaction is None:
            return refusal or Answer(503, "5.5.1", "No transaction")
        return self.deliver(self.transaction, content)

    # BDAT

    def answer_bdat(self, argument: bytes) -> None:
        """A chunk follows."""
        try:
            chunk = self.read_chunk(argument)
        except SyntaxProblem as problem:
            self.discard_payload(argument, Answer(problem.code, problem.status, problem.text))
            return
        if chunk.size > self.config.chunk_kept:
            self.discard_payload(argument, TOO_LARGE)
            return
        room = self.config.largest - self.chunked_octets()
        self.read_counted(chunk.size, lambda octets: self.on_chunk(chunk, octets), max(room, 0))

    def read_chunk(self, argument: bytes) -> Chunk:
        """BDAT's argument."""
        return parse_bdat(argument)

    def chunked_octets(self) -> int:
        """Octets of the message that have come in chunks so far."""
        return len(self.transaction.chunks or b"") if self.transaction is not None else 0

    def on_chunk(self, chunk: Chunk, octets: bytes | None) -> None:
        """A chunk is whole; None is a message beyond what is kept. No dots are looked at here."""
        if self.transaction is None or octets is None:
            self.finish(None)
            return
        if self.transaction.chunks is None:
            self.transaction.chunks = bytearray()
        self.transaction.chunks += octets
        if chunk.last:
            self.finish(bytes(self.transaction.chunks))
        else:
            self.reply(250, "2.0.0", f"{chunk.size} octets received")

    def discard_payload(self, argument: bytes, answer: Answer) -> None:
        """Read over the octets that a refused BDAT announced, then answer; where their number is unknown, close."""
        size = announced_octets(argument)
        if size is not None and size <= self.config.chunk_kept:
            self.read_counted(size, lambda octets: self.answer(answer), 0)
            return
        self.answer(answer)
        if argument:
            self.close()
