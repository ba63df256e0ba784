"""Mutants of persistence: connections that end unsaid, that stay although they should end, and bodies left in them."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response, Site
from pytest_netconform.reference_servers.http.config import HttpConfig
from pytest_netconform.reference_servers.http.framing import Stage
from pytest_netconform.reference_servers.http.respond import Delimited, Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset


@mutant("closes_unsaid", breaks=["HTTP-9112-9.3-persistent"], because="an announced close")
class ClosesUnsaid(HttpSession):
    """Closes behind every answer, and says nothing of it."""

    def deliver(self, request: Request, response: Response) -> None:
        super().deliver(request, response)
        self.finish()


@mutant("close_not_announced", breaks=["HTTP-9112-9.3-close-announced"], because="where the connection", persistent="0")
class CloseNotAnnounced(HttpSession):
    """Keeps no connection, and says nothing of it."""

    def connection_fields(self, request: Request | None, response: Response, persists: bool) -> Fields:
        return ()


@mutant("http10_kept_open", breaks=["HTTP-9112-9.3-http10-close"], because="still open")
class Http10KeptOpen(HttpSession):
    """Takes HTTP/1.0 for HTTP/1.1."""

    def wants_more(self, request: Request) -> bool:
        return "close" not in self.connection_options(request)


@mutant("keep_alive_unsaid", breaks=["HTTP-9112-9.3-http10-keepalive"], because="keep-alive")
class KeepAliveUnsaid(HttpSession):
    """Keeps what HTTP/1.0 asks for, and does not say so."""

    def connection_fields(self, request: Request | None, response: Response, persists: bool) -> Fields:
        return () if persists else super().connection_fields(request, response, persists)


@mutant("keep_alive_without_length", breaks=["HTTP-9112-9.3-http10-keepalive"], because="whose end can be told")
class KeepAliveWithoutLength(HttpSession):
    """Keeps what HTTP/1.0 asks for, and says nowhere how long the answer is."""

    def framing_fields(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        old = request is not None and request.version == (1, 0)
        return () if old else super().framing_fields(request, response, delimited)


@mutant("keep_alive_answers_once", breaks=["HTTP-9112-9.3-http10-keepalive"], because="a second answer")
class KeepAliveAnswersOnce(HttpSession):
    """Keeps what HTTP/1.0 asks for, and answers nothing more there."""

    def deliver(self, request: Request, response: Response) -> None:
        if request.version >= (1, 1) or not self.answered:
            super().deliver(request, response)


@mutant("close_in_one_spelling", breaks=["HTTP-9112-9.3-conn-list"], because="still open")
class CloseInOneSpelling(HttpSession):
    """Knows the value close, and no list that holds it."""

    def connection_options(self, request: Request) -> list[str]:
        return [value.decode("latin-1") for value in request.values("connection")][:1]


@mutant(
    "close_passed_over",
    breaks=["HTTP-9112-9.6-close-honoured", "HTTP-9112-9.6-no-more-after-close"],
    because="to",
)
class ClosePassedOver(HttpSession):
    """Keeps whom he likes."""

    def connection_options(self, request: Request) -> list[str]:
        return [option for option in super().connection_options(request) if option != "close"]


@mutant("close_not_repeated", breaks=["HTTP-9112-9.6-close-echo"], because="in the last answer")
class CloseNotRepeated(HttpSession):
    """Closes without a word of it."""

    def connection_fields(self, request: Request | None, response: Response, persists: bool) -> Fields:
        return ()


@mutant("close_is_late", breaks=["HTTP-9112-9.6-no-more-after-close"], because="to the probe")
class CloseIsLate(HttpSession):
    """Answers what is there already before it closes."""

    def finish(self) -> None:
        if self._input and self.stage is Stage.HEAD:
            self.digest()
        super().finish()


@mutant("says_close_and_stays", breaks=["HTTP-9112-9.6-server-close-binds"], because="the close behind an answer")
class SaysCloseAndStays(HttpSession):
    """Says close each time, and goes on."""

    def connection_fields(self, request: Request | None, response: Response, persists: bool) -> Fields:
        return super().connection_fields(request, response, False)


@mutant("refused_body_left", breaks=["HTTP-9112-9.3-read-or-close"], because="hidden")
class RefusedBodyLeft(HttpSession):
    """Answers 404 and 405 before the body, and forgets that there is one."""

    def on_head(self, head: Request, length: int | None) -> None:
        try:
            self.admit(head)
        except Refusal as refusal:
            self.stage, self._remaining = Stage.HEAD, 0
            self.deliver(head, self.error_response(head, refusal))
        else:
            super().on_head(head, length)


@mutant("resets_behind_refusal", breaks=["HTTP-9112-9.6-lingering"], because="no whole answer")
class ResetsBehindRefusal(HttpSession):
    """Closes with octets unread, which destroys what was sent."""

    def reject(self, refusal: Refusal) -> None:
        self.act(Reset())


@mutant("banner", breaks=["HTTP-9112-9.2-no-unsolicited"], because="before the first request")
class Banner(HttpSession):
    """Welcomes everybody with an empty line."""

    def on_open(self) -> None:
        super().on_open()
        self.send(b"\r\n")


@mutant("line_behind_answer", breaks=["HTTP-9112-9.2-no-unsolicited"], because="behind the answer")
class LineBehindAnswer(HttpSession):
    """Sends an empty line behind every answer."""

    def deliver(self, request: Request, response: Response) -> None:
        super().deliver(request, response)
        self.send(b"\r\n")


@mutant("end_is_abort", breaks=["HTTP-9112-9.6-client-half-close"], because="without an answer")
class EndIsAbort(HttpSession):
    """Takes the end of what the client says for the end of all, with the close that was under way."""

    def finish(self) -> None:
        if self.ended:
            self.act(Reset())

    def on_end(self) -> None:
        self.ended = True
        self.finish()


@mutant("half_a_head_stays", breaks=["HTTP-9112-9.5-partial-timeout"], because="still waiting")
class HalfAHeadStays(HttpSession):
    """Waits for ever."""

    def alarm(self) -> float | None:
        return None


@mutant("one_after_the_other", breaks=["HTTP-9112-9.5-slow-header-isolated"], because="waits for more")
class OneAfterTheOther(HttpSession):
    """Reads nobody's request while another's is incomplete."""

    def __init__(self, config: HttpConfig | None = None, site: Site | None = None) -> None:
        super().__init__(config, site)
        self.slow: set[int] = self.site.__dict__.setdefault("slow", set())

    def on_data(self, data: bytes) -> None:
        if self.slow - {id(self)}:
            return
        super().on_data(data)
        (self.slow.add if self.pending else self.slow.discard)(id(self))

    def on_end(self) -> None:
        self.slow.discard(id(self))
        super().on_end()
