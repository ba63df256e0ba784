"""Mutants of what carries calls: types, lengths, connections, compressed bodies, and bodies that are none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from pytest_netconform.reference_servers.http import Delimited, Request, Response, Route
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Close
from pytest_netconform.reference_servers.xmlrpc import Answers, XmlRpcHttp


class Dying(XmlRpcHttp):
    """Answers nobody any more once something was too much."""

    def answer_rpc(self, request: Request) -> Response:
        shared = self.answers.config.shared
        if self.too_much(request):
            shared["dead"] = True
        if shared.get("dead"):
            return Response(502)
        return super().answer_rpc(request)

    def too_much(self, request: Request) -> bool:
        """Whether this is what it dies of."""
        raise NotImplementedError


@mutant("xml_as_html", breaks=["XR-post-basic"], because="text/html")
class XmlAsHtml(XmlRpcHttp):
    """Has one type for everything."""

    def carried(self, said: bytes) -> Response:
        return Response(200, (("Content-Type", "text/html"),), said)


@mutant("two_params", breaks=["XR-post-basic"], because="not 1 element")
class TwoParams(Answers):
    """Says small numbers twice."""

    def marshal(self, values: object) -> str:
        return re.sub(r"(?s)(<param>\n<value><int>.</int>.*</param>)", r"\1\1", super().marshal(values))


@mutant("length_counts_characters", breaks=["XR-content-length"], because="and nothing behind it")
class LengthCountsCharacters(XmlRpcHttp):
    """Measures a text before it is encoded."""

    def content_length_of(self, response: Response) -> int:
        return len(response.body.decode("utf-8", "replace"))


@mutant("no_length", breaks=["XR-content-length"], because="a Content-Length")
class NoLength(XmlRpcHttp):
    """Lets the close be the end."""

    def delimited(self, request: Request | None, response: Response) -> Delimited:
        found = super().delimited(request, response)
        return Delimited.CLOSE if found is Delimited.LENGTH else found


@mutant("nothing_is_a_call", breaks=["XR-empty-body"], because="a fault, 4xx or 5xx")
class NothingIsACall(XmlRpcHttp):
    """Answers nothing with nothing."""

    def answer_rpc(self, request: Request) -> Response:
        return super().answer_rpc(request) if request.body else Response(200, (("Content-Type", "text/xml"),))


@mutant("nothing_is_waited_for", breaks=["XR-empty-body"], because="nothing for")
class NothingIsWaitedFor(XmlRpcHttp):
    """Waits for a body that never comes."""

    def answer_rpc(self, request: Request) -> Response:
        answer = super().answer_rpc(request)
        return answer if request.body else Response(200, answer.fields, answer.body, delay=3600.0)


@mutant("get_calls", breaks=["XR-get"], because="carries out calls")
class GetCalls(XmlRpcHttp):
    """Reads a body whatever the method is."""

    both = Route("rpc", ("GET", "POST"))
    routes: ClassVar[Mapping[str, Route]] = {"/": both, "/RPC2": both}  # type: ignore[misc]


@mutant("closes_silently", breaks=["XR-keepalive"], because="the close announced before")
class ClosesSilently(XmlRpcHttp):
    """Says nothing of the close behind the first answer."""

    def deliver(self, request: Request, response: Response) -> None:
        super().deliver(request, response)
        self.act(Close())


@mutant("expands_without_end", breaks=["XR-gzip-bomb"], because="the target goes on")
class ExpandsWithoutEnd(Dying):
    """Has no memory left for anybody else."""

    def too_much(self, request: Request) -> bool:
        return bool(request.values("content-encoding"))


@mutant("compressed_is_passed_over", breaks=["XR-gzip-bomb"], because="a fault, 4xx, 5xx or the close")
class CompressedIsPassedOver(XmlRpcHttp):
    """Says yes to what it has not read."""

    def content(self, request: Request) -> bytes:
        return request.body

    def answer_rpc(self, request: Request) -> Response:
        if request.values("content-encoding"):
            return self.carried(self.answers.done("fine"))
        return super().answer_rpc(request)


@mutant("one_at_a_time", breaks=["XR-concurrent"], because="one at a time")
class OneAtATime(XmlRpcHttp):
    """Lets everybody wait for a slow call."""

    def carried(self, said: bytes) -> Response:
        answer = super().carried(said)
        shared = self.answers.config.shared
        free = max(shared.get("free", 0.0), self.now) + answer.delay
        shared["free"] = free
        return Response(answer.status, answer.fields, answer.body, delay=free - self.now)
