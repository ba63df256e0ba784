"""The session: calls in the bodies of POST, by the HTTP reference's session around `Answers`.

This module knows how texts travel; what they are answered is `answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pytest_netconform.reference_servers.http import (
    HttpConfig,
    HttpSession,
    Refusal,
    Request,
    Response,
    Route,
    Site,
)
from pytest_netconform.reference_servers.xmlrpc.answers import Answers
from pytest_netconform.reference_servers.xmlrpc.config import XmlRpcConfig

RPC = Route("rpc", ("POST",))


class XmlRpcHttp(HttpSession):
    """One client's HTTP connection, on which `/` and `/RPC2` take calls."""

    routes: ClassVar[Mapping[str, Route]] = {"/": RPC, "/RPC2": RPC}  # type: ignore[misc]

    def __init__(self, rpc: XmlRpcConfig, answers: type[Answers] = Answers, config: HttpConfig | None = None) -> None:
        super().__init__(config, Site())
        self.answers = answers(rpc)

    def answer_rpc(self, request: Request) -> Response:
        """One call; the HTTP status of a fault is 200: the call arrived (Response format)."""
        return self.carried(self.answers.answer(self.content(request)))

    def content(self, request: Request) -> bytes:
        """The call's octets; what is compressed is not taken (RFC 9110 15.5.16)."""
        if request.values("content-encoding"):
            raise Refusal(415, "Calls come as they are")
        return request.body

    def carried(self, said: bytes) -> Response:
        """A text as a response."""
        fields = (("Content-Type", "text/xml; charset=utf-8"), ("Cache-Control", "no-store"))
        return Response(200, fields, said, delay=self.answers.delay)
