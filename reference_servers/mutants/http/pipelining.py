"""Mutants of pipelining and segments: answers lost, doubled or out of turn, and heads that must come in one piece."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.http.framing import Stage
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset


@mutant("answers_out_of_turn", breaks=["HTTP-9112-9.3.2-pipeline"], because="in its turn")
class AnswersOutOfTurn(HttpSession):
    """Has the third answer ready before the second."""

    held: bytes = b""

    def say(self, data: bytes) -> None:
        if self.answered == 2 and self._input:
            self.held = data
        else:
            super().say(data + self.held)
            self.held = b""


@mutant(
    "pipelined_requests_lost", breaks=["HTTP-9112-9.3.2-pipeline", "HTTP-9112-9.3.2-pipeline-mixed"], because="to the"
)
class PipelinedRequestsLost(HttpSession):
    """Throws away what came in one segment with a request, but for the last."""

    def deliver(self, request: Request, response: Response) -> None:
        super().deliver(request, response)
        del self._input[: max(0, self._input.rfind(b"GET "))]


@mutant("pipelined_head_with_body", breaks=["HTTP-9112-9.3.2-pipeline-mixed"], because="octets that are no response")
class PipelinedHeadWithBody(HttpSession):
    """Answers HEAD as GET."""

    def sends_content(self, request: Request | None, response: Response) -> bool:
        return True


@mutant("garbage_loses_answer", breaks=["HTTP-9112-9.3.2-pipeline-invalid-last"], because="without an answer")
class GarbageLosesAnswer(HttpSession):
    """Resets the connection before anybody has read what was sent."""

    def reject(self, refusal: Refusal) -> None:
        if self.answered:
            self.act(Reset())
        else:
            super().reject(refusal)


@mutant("head_in_one_piece", breaks=["HTTP-9112-9.3.2-segmentation"], because="as in one segment")
class HeadInOnePiece(HttpSession):
    """Takes what arrives at once for the whole head."""

    def on_data(self, data: bytes) -> None:
        if self.stage is Stage.HEAD and b"\r\n\r\n" not in data and len(data) < 20:
            self.reject(Refusal(400, "That is no request"))
        else:
            super().on_data(data)


@mutant("body_in_one_piece", breaks=["HTTP-9112-9.3.2-segmentation"], because="as in one segment")
class BodyInOnePiece(HttpSession):
    """Takes what arrives at once for the whole body."""

    def take_data(self) -> bool:
        if self.stage is Stage.COUNTED and 0 < len(self._input) < self._remaining:
            self._remaining = len(self._input)
        return super().take_data()


@mutant("answers_before_end_of_head", breaks=["HTTP-9112-9.3.2-early-answer"], because="silence before")
class AnswersBeforeEndOfHead(HttpSession):
    """Has seen enough when Host is there."""

    def find_head_end(self) -> int | None:
        end = self._input.find(b"\r\n", self._input.find(b"\r\nHost:") + 2)
        return super().find_head_end() or (end + 2 if end > 0 else None)
