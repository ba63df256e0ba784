"""The exchange: requests are answered one after the other, and the connection ends when it should (RFC 9112 9).

Persistence, pipelining, Expect, half-closed connections and limits of time stand here. What is answered is decided
elsewhere (`respond_to`, `admit`).
"""

from __future__ import annotations

from pytest_netconform.reference_servers.http.config import HttpConfig
from pytest_netconform.reference_servers.http.framing import Stage
from pytest_netconform.reference_servers.http.request import VERSION_11, Refusal, Request
from pytest_netconform.reference_servers.http.respond import Delimited, Response, Responses
from pytest_netconform.reference_servers.http.site import Site
from pytest_netconform.reference_servers.session import Close, TellWhenSent, WakeAt

UNREAD = 1 << 20  # octets of answers after which the peer reads before he is answered again


class HttpCore(Responses):
    """One connection. Whatever is worth being wrong about is a small method, an attribute or a table row."""

    def __init__(self, config: HttpConfig | None = None, site: Site | None = None) -> None:
        super().__init__()
        self.config = config or HttpConfig()
        self.site = site or Site()
        self.is_secure = False
        self.ended = False  # the peer says no more
        self.answered = 0  # requests of this connection
        self.unread = 0  # octets sent since the network last took all of them
        self.heard = 0.0  # when the last octet arrived
        self.began = 0.0  # when the head under way began
        self.waiting: tuple[Request, Response] | None = None  # an answer whose time has not come
        self.due = 0.0

    # what is answered

    def admit(self, head: Request) -> None:
        """Raise Refusal for what would be refused whatever the body is."""

    def respond_to(self, request: Request) -> Response:
        """The answer, or Refusal."""
        raise NotImplementedError

    # requests

    def on_open(self) -> None:
        self.is_secure = self.peer.secure
        self.heard = self.now
        self.set_alarm()

    def on_data(self, data: bytes) -> None:
        if not self.pending:
            self.began = self.now
        self.heard = self.now
        super().on_data(data)
        self.set_alarm()

    def on_head(self, head: Request, length: int | None) -> None:
        if self.expects(head) and length != 0:
            self.admit(head)
            self.send_continue()

    def expects(self, head: Request) -> bool:
        """Whether the client waits for a word before he sends the body (RFC 9110 10.1.1)."""
        expectations = head.members("expect")
        if head.version < VERSION_11 or self.config.http10 or not expectations:
            return False
        for expectation in expectations:
            self.check_expectation(expectation)
        return True

    def check_expectation(self, expectation: str) -> None:
        """There is one expectation that is understood (RFC 9110 10.1.1)."""
        if expectation.lower() != "100-continue":
            raise Refusal(417, "Only 100-continue can be expected")

    def send_continue(self) -> None:
        """Let the body come."""
        self.send_interim(100)

    def send_interim(self, status: int) -> None:
        """A response that is not the last; only ever to HTTP/1.1 (RFC 9110 15.2)."""
        self.send(self.format_response(self.head, Response(status), True))

    def on_message(self, request: Request) -> None:
        self.head = request
        self.site.record(request)
        response = self.answer(request)
        delay = self.delay_of(request, response)
        if delay > 0:
            self.waiting, self.due = (request, response), self.now + delay
            self.stage = Stage.BUSY
        else:
            self.deliver(request, response)

    def answer(self, request: Request) -> Response:
        """The answer; a refusal is one too."""
        try:
            return self.respond_to(request)
        except Refusal as refusal:
            return self.error_response(request, refusal)

    def delay_of(self, request: Request, response: Response) -> float:
        """Seconds that the answer takes."""
        return response.delay

    def deliver(self, request: Request, response: Response) -> None:
        """Send an answer, and go on with the next request or not at all."""
        self.answered += 1
        persists = self.persists(request, response)
        self.say(self.format_response(request, response, persists))
        self.head, self.only_head = None, False
        self.began = self.now
        if response.status == 101:
            self.stage = Stage.UPGRADED
        elif not persists:
            self.finish()

    def say(self, data: bytes) -> None:
        """Send octets; when many lie unread, the next answer waits until they have left."""
        self.send(data)
        self.unread += len(data)
        if self.unread > UNREAD:
            self.stage = Stage.BUSY
            self.act(TellWhenSent())

    def on_sent(self) -> None:
        self.unread = 0
        self.heard = self.began = self.now
        self.go_on()

    def go_on(self) -> None:
        """Nothing is under way any more: take what has arrived meanwhile."""
        if self.stage is Stage.BUSY and self.waiting is None and self.unread <= UNREAD:
            self.stage = Stage.HEAD
            if self.flooded:
                self.finish()
        self.digest()
        if self.ended:
            self.on_end()
        self.set_alarm()

    # how a connection ends

    def persists(self, request: Request, response: Response) -> bool:
        """Whether another request may follow (RFC 9112 9.3)."""
        if self.config.http10 or not self.config.persistent or self.is_spent() or self.flooded:
            return False
        if self.delimited(request, response) is Delimited.CLOSE:
            return False
        return self.wants_more(request)

    def is_spent(self) -> bool:
        """Whether this connection has had as many answers as it gets."""
        return 0 < self.config.requests <= self.answered

    def wants_more(self, request: Request) -> bool:
        """Whether the client would go on: close and keep-alive, and what his version means by neither."""
        options = self.connection_options(request)
        if "close" in options:
            return False
        return request.version >= VERSION_11 or "keep-alive" in options

    def connection_options(self, request: Request) -> list[str]:
        """Options have no case, and stand in one line or several (RFC 9110 7.6.1)."""
        return [option.lower() for option in request.members("connection")]

    def reject(self, refusal: Refusal) -> None:
        """A refusal with the request, or its body, unread: nothing can follow on this connection (RFC 9112 9.3)."""
        self.send(self.format_response(self.head, self.error_response(self.head, refusal), False))
        self.finish()

    def finish(self) -> None:
        """Nothing more is read, and what was sent is the last."""
        self.stage = Stage.NOTHING
        self.act(WakeAt(None))
        self.act(Close())

    def on_end(self) -> None:
        """The client says no more; what he has asked is answered (RFC 9112 9.6)."""
        self.ended = True
        if self.stage is Stage.NOTHING or self.stage is Stage.BUSY:
            return
        if self.is_unfinished():
            self.on_incomplete()
        else:
            self.finish()

    def is_unfinished(self) -> bool:
        """Whether half a request is there."""
        return self.pending and bool(self._input.strip(b"\r\n") or self.stage is not Stage.HEAD)

    def on_incomplete(self) -> None:
        """Half a request is none (RFC 9112 8)."""
        self.reject(Refusal(400, "The request is not complete"))

    # time

    def alarm(self) -> float | None:
        """When this connection has waited long enough; None: never."""
        if self.stage is Stage.NOTHING:
            return None
        if self.waiting is not None:
            return self.due
        if self.stage is Stage.HEAD and self._input:
            return self.began + self.config.head_wait
        if self.pending:
            return self.heard + self.config.body_wait
        return self.heard + self.config.idle

    def set_alarm(self) -> None:
        """Wish to be woken."""
        if self.stage is not Stage.NOTHING:
            self.act(WakeAt(self.alarm()))

    def on_wake(self) -> None:
        if self.waiting is not None:
            self.on_due()
        elif self.pending:
            self.on_late()
        else:
            self.on_idle()

    def on_due(self) -> None:
        """The time of an answer has come."""
        assert self.waiting is not None
        (request, response), self.waiting = self.waiting, None
        self.stage = Stage.HEAD
        self.deliver(request, response)
        self.go_on()

    def on_late(self) -> None:
        """The rest of a request does not come (RFC 9110 15.5.9)."""
        self.reject(Refusal(408, "The rest of the request did not come"))

    def on_idle(self) -> None:
        """No request comes: the end without a word (RFC 9112 9.5)."""
        self.finish()
