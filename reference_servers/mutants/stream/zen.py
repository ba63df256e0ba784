"""Mutants of the question-and-answer protocol: answers that lack or have something, questions that stay the last."""

from __future__ import annotations

from pytest_netconform.dialect import Exchange
from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import WakeAt
from pytest_netconform.wire.frames import Frame

SURVIVED = 3  # clients that a server outlives
MINUTES = 120.0  # seconds that it takes to look at ten million octets again for each of them


@mutant("answer_without_full_stop", breaks=["ZEN-question-answer"], because="unfinished", dialect="zen")
class AnswerWithoutFullStop(DialectSession):
    """Has a slip of the pen in one of its answers."""

    def encode(self, payload: bytes) -> bytes:
        return payload.rstrip(b".") if payload == b"Complex." else payload


@mutant("one_question_a_connection", breaks=["ZEN-all-questions"], because="nothing for", dialect="zen")
class OneQuestionAConnection(DialectSession):
    """Answers once."""

    answered = False

    def on_request(self, payload: bytes) -> None:
        if not self.answered:
            super().on_request(payload)
        self.answered = True


@mutant("newline_behind_answers", breaks=["ZEN-delimiters", "ZEN-all-questions"], because="\\n", dialect="zen")
class NewlineBehindAnswers(DialectSession):
    """Says its answers with print(), so that the next one begins with a line end."""

    def encode(self, payload: bytes) -> bytes:
        return payload + b"\n"


@mutant("newline_before_the_end", breaks=["ZEN-delimiters"], because="nothing behind the last", dialect="zen")
class NewlineBeforeTheEnd(DialectSession):
    """Ends its side of the dialogue with an empty line."""

    def on_end(self) -> None:
        self.send(b"\n")
        super().on_end()


@mutant("unknown_is_a_key_error", breaks=["ZEN-unknown"], because="was closed", dialect="zen")
class UnknownIsAKeyError(DialectSession):
    """Looks every question up, and dies of what is not there."""

    def answer(self, exchange: Exchange) -> bytes | None:
        if exchange not in self.dialect.exchanges:
            self.close()
            return None
        return super().answer(exchange)


@mutant("unknown_gets_another_answer", breaks=["ZEN-unknown"], because="Ugly.", dialect="zen")
class UnknownGetsAnotherAnswer(DialectSession):
    """Has a default."""

    def answer(self, exchange: Exchange) -> bytes | None:
        return super().answer(exchange if exchange in self.dialect.exchanges else self.dialect.exchanges[0])


@mutant("end_of_file_ends_the_server", breaks=["ZEN-eof-clean"], because="was closed", dialect="zen")
class EndOfFileEndsTheServer(DialectSession):
    """Catches some of the ends of clients, and not the fourth."""

    def on_open(self) -> None:
        super().on_open()
        if self.config.shared.get("ends", 0) > SURVIVED:
            self.close()

    def on_end(self) -> None:
        self.config.shared["ends"] = self.config.shared.get("ends", 0) + 1
        super().on_end()


@mutant("looks_at_it_all_again", breaks=["ZEN-overlong"], because="nothing for", dialect="zen")
class LooksAtItAllAgain(DialectSession):
    """Looks for the mark from the beginning whenever something comes: of much that takes minutes."""

    def on_broken(self, frame: Frame) -> None:
        self.act(WakeAt(self.now + MINUTES))

    def on_wake(self) -> None:
        self.close()
