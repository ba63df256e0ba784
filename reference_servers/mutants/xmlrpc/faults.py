"""Mutants of faults, of names, and of what is no call."""

from __future__ import annotations

from typing import Any

from pytest_netconform.reference_servers.http import Request, Response
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.xmlrpc.transport import Dying
from pytest_netconform.reference_servers.xmlrpc import Answers, Received, XmlRpcHttp
from pytest_netconform.reference_servers.xmlrpc.config import Method
from pytest_netconform.wire.xmlrpc import Malformed


@mutant("faults_are_500", breaks=["XR-fault-200"], because="HTTP 200 and a fault")
class FaultsAre500(XmlRpcHttp):
    """Tells HTTP what went wrong above it."""

    def carried(self, said: bytes) -> Response:
        answer = super().carried(said)
        return Response(500, answer.fields, said) if b"<fault>" in said else answer


@mutant("unknown_is_404", breaks=["XR-fault-200"], because="HTTP 200 and a fault")
class UnknownIs404(XmlRpcHttp):
    """Takes a method for a resource."""

    def carried(self, said: bytes) -> Response:
        answer = super().carried(said)
        return Response(404, answer.fields, said) if b"-32601" in said else answer


@mutant("fault_code_as_a_string", breaks=["XR-fault-members"], because="faultCode is string, not int")
class FaultCodeAsAString(Answers):
    """Writes numbers as texts."""

    def fault(self, code: int, text: str) -> bytes:
        return super().fault(code, text).replace(f"<int>{code}</int>".encode(), f"<string>{code}</string>".encode())


@mutant("fault_with_more", breaks=["XR-fault-members"], because="a fault with detail in it")
class FaultWithMore(Answers):
    """Has more to say."""

    def fault(self, code: int, text: str) -> bytes:
        more = b"<member><name>detail</name><value><int>1</int></value></member>\n</struct></value>\n</fault>"
        return super().fault(code, text).replace(b"</struct></value>\n</fault>", more)


@mutant("failure_is_500", breaks=["XR-fault-raise"], because="HTTP 200 and a fault")
class FailureIs500(XmlRpcHttp):
    """Falls over a method that fails."""

    def carried(self, said: bytes) -> Response:
        answer = super().carried(said)
        return Response(500, answer.fields, said) if b"-32500" in said else answer


@mutant("failure_ends_it", breaks=["XR-fault-raise"], because="the target goes on")
class FailureEndsIt(XmlRpcHttp):
    """Has one worker, which a method that fails takes with it."""

    def answer_rpc(self, request: Request) -> Response:
        shared = self.answers.config.shared
        if shared.get("dead"):
            return Response(502)
        if b"<methodName>fail<" in request.body:
            shared["dead"] = True
        return super().answer_rpc(request)


@mutant("broken_xml_is_empty", breaks=["XR-malformed-xml"], because="a fault, 4xx or 5xx")
class BrokenXmlIsEmpty(Answers):
    """Has nothing to say to what it cannot read."""

    def malformed(self, problem: Malformed) -> bytes:
        return b""


@mutant("broken_xml_kills", breaks=["XR-malformed-xml"], because="the target goes on")
class BrokenXmlKills(Dying):
    """Falls over what breaks off."""

    def too_much(self, request: Request) -> bool:
        return not request.body.endswith(b"</methodCall>")


@mutant("params_must_be_there", breaks=["XR-no-params"], because="a result")
class ParamsMustBeThere(Answers):
    """Looks for <params> without a look whether they are there."""

    def read(self, octets: bytes) -> Received:
        if b"<params" not in octets:
            raise Malformed("there is no <params>")
        return super().read(octets)


@mutant("empty_params_are_one", breaks=["XR-no-params"], because="a result")
class EmptyParamsAreOne(Answers):
    """Takes no parameter for an empty one."""

    def read(self, octets: bytes) -> Received:
        call = super().read(octets)
        return Received(call.method, ("",)) if b"<params/>" in octets else call


@mutant("names_end_at_a_colon", breaks=["XR-method-name-chars"], because="a fault")
class NamesEndAtAColon(Answers):
    """Takes a name apart."""

    def find(self, name: str) -> Method:
        return super().find(name.partition(":")[0])


@mutant("blanks_end_names", breaks=["XR-method-name-chars"], because="a result")
class BlanksEndNames(Answers):
    """Calls something else for a name with a blank in it."""

    def find(self, name: str) -> Method:
        return super().find("system.listMethods" if " " in name else name)


class Inside(Answers):
    """Looks for names with dots inside of objects."""

    def find(self, name: str) -> Any:
        found: Any = self
        if not name.startswith(("_", "system.listMethods.")):
            return super().find(name)
        for part in name.split("."):
            found = getattr(found, part, None)
        return lambda *values: repr(found)[:40]


@mutant("underscores_resolved", breaks=["XR-dotted-traversal"], because="a fault, 4xx or 5xx")
class UnderscoresResolved(Inside):
    """And inside of those that begin with an underscore."""
