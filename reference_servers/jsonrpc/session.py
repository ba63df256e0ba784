"""The sessions: texts in the bodies of POST (the HTTP reference's session around `Answers`), and over a raw stream.

This module knows how texts travel; what they are answered is `answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pytest_netconform.reference_servers.http import HttpConfig, HttpSession, Request, Response, Route, Site
from pytest_netconform.reference_servers.jsonrpc.answers import Answers
from pytest_netconform.reference_servers.jsonrpc.config import JsonRpcConfig
from pytest_netconform.reference_servers.session import Close, Session
from pytest_netconform.wire.jsonrpc import FRAMINGS

LARGEST = 1 << 22  # octets of a text


class JsonRpcHttp(HttpSession):
    """One client's HTTP connection, on which `/` takes texts."""

    routes: ClassVar[Mapping[str, Route]] = {"/": Route("rpc", ("POST",))}  # type: ignore[misc]

    def __init__(self, rpc: JsonRpcConfig, answers: type[Answers] = Answers, config: HttpConfig | None = None) -> None:
        super().__init__(config, Site())
        self.answers = answers(rpc)

    def answer_rpc(self, request: Request) -> Response:
        """One text; the HTTP status of an error is 200: the call arrived."""
        said = self.answers.answer(request.body)
        return self.nothing() if said is None else self.carried(said)

    def nothing(self) -> Response:
        """Nothing is said."""
        return Response(204)

    def carried(self, said: bytes) -> Response:
        """A text as a response."""
        return Response(200, (("Content-Type", self.json_type()), ("Cache-Control", "no-store")), said)


class JsonRpcStream(Session):
    """One connection, on which texts are answered in their order."""

    def __init__(self, rpc: JsonRpcConfig, answers: type[Answers] = Answers) -> None:
        super().__init__()
        self.answers = answers(rpc)
        self.framing = FRAMINGS[rpc.framing]
        self.reader = self.framing.reader(LARGEST)
        self.closing = False

    def on_data(self, data: bytes) -> None:
        self.reader.feed(data)
        while not self.closing and (found := self.reader.next()) is not None:
            if found.lost:
                self.leave()
            else:
                self.take(found.octets)

    def take(self, octets: bytes) -> None:
        """Answer one text."""
        said = self.answers.answer(octets)
        if said is not None:
            self.send(self.framing.encode(said))

    def leave(self) -> None:
        """What cannot be framed is the last that is heard."""
        self.closing = True
        self.act(Close())
