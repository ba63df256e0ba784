"""Mutants of expectations: who says nothing, who says it late or to whom it is not for, and bodies that are left."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.http.framing import Stage
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("waits_for_body_first", breaks=["HTTP-9110-10.1.1-expect-100"], because="before the body is sent")
class WaitsForBodyFirst(HttpSession):
    """Says nothing before the body is there."""

    def send_continue(self) -> None:
        """Not a word."""


@mutant("forgets_body_behind_100", breaks=["HTTP-9110-10.1.1-expect-100"], because="behind the body")
class ForgetsBodyBehind100(HttpSession):
    """Waits for the body twice."""

    def send_continue(self) -> None:
        super().send_continue()
        self._remaining *= 2


@mutant("continues_behind_answer", breaks=["HTTP-9110-10.1.1-expect-order"], because="behind the final one")
class ContinuesBehindAnswer(HttpSession):
    """Says 100 when all is over."""

    def send_continue(self) -> None:
        """Later."""

    def deliver(self, request: Request, response: Response) -> None:
        super().deliver(request, response)
        if request.members("expect"):
            self.send(self.format_response(None, Response(100), True))


@mutant("answers_twice_behind_100", breaks=["HTTP-9110-10.1.1-expect-order"], because="to the probe")
class AnswersTwiceBehind100(HttpSession):
    """Answers before the body, and behind it."""

    def send_continue(self) -> None:
        assert self.head is not None
        self.send(self.format_response(self.head, Response(200), True))


@mutant("continue_to_http10", breaks=["HTTP-9110-10.1.1-expect-http10"], because="no interim response")
class ContinueToHttp10(HttpSession):
    """Says 100 to everybody."""

    def expects(self, head: Request) -> bool:
        return bool(head.members("expect"))


@mutant("expectation_of_http10_refused", breaks=["HTTP-9110-10.1.1-expect-http10"], because="as without Expect")
class ExpectationOfHttp10Refused(HttpSession):
    """Has no patience with expectations of HTTP/1.0."""

    def respond_to(self, request: Request) -> Response:
        if request.version == (1, 0) and request.members("expect"):
            raise Refusal(417, "Not in HTTP/1.0")
        return super().respond_to(request)


@mutant("waits_for_body_of_get", breaks=["HTTP-9110-10.1.1-expect-nobody"], because="nothing")
class WaitsForBodyOfGet(HttpSession):
    """Takes an expectation for the promise of a body."""

    def length_unsaid(self, head: Request) -> int:
        return 5000 if head.members("expect") else 0


@mutant("answer_to_get_forgotten", breaks=["HTTP-9110-10.1.1-expect-nobody"], because="each of two requests")
class AnswerToGetForgotten(HttpSession):
    """Says 100 where no body comes, and takes that for the answer."""

    def deliver(self, request: Request, response: Response) -> None:
        if request.members("expect") and not request.body:
            self.send_continue()
        else:
            super().deliver(request, response)


@mutant("unknown_expectation_fails", breaks=["HTTP-9110-10.1.1-expect-unknown"], because="500")
class UnknownExpectationFails(HttpSession):
    """Stumbles over what it does not know."""

    def check_expectation(self, expectation: str) -> None:
        if expectation.lower() != "100-continue":
            raise Refusal(500, "That was not expected")


@mutant("odd_expectation_leaves_body", breaks=["HTTP-9110-10.1.1-expect-obfuscated"], because="hidden")
class OddExpectationLeavesBody(HttpSession):
    """Does not read the body where Expect is not as usual."""

    def check_expectation(self, expectation: str) -> None:
        """Any will do."""

    def body_length(self, head: Request) -> int | None:
        odd = head.value("expect") not in (None, "100-continue")
        return 0 if odd else super().body_length(head)


@mutant("early_refusal_leaves_body", breaks=["HTTP-9110-10.1.1-expect-early-final"], because="hidden")
class EarlyRefusalLeavesBody(HttpSession):
    """Refuses before the body, and takes the body for the next request."""

    def on_head(self, head: Request, length: int | None) -> None:
        try:
            super().on_head(head, length)
        except Refusal as refusal:
            self.stage, self._remaining = Stage.HEAD, 0
            self.deliver(head, self.error_response(head, refusal))


@mutant("early_refusal_counts_twice", breaks=["HTTP-9110-10.1.1-expect-early-final"], because="nothing")
class EarlyRefusalCountsTwice(HttpSession):
    """Refuses before the body, reads that, and more."""

    def on_head(self, head: Request, length: int | None) -> None:
        try:
            super().on_head(head, length)
        except Refusal as refusal:
            self._remaining += 4000
            self.send(self.format_response(head, self.error_response(head, refusal), True))
