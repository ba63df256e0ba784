"""Mutants of errors: other codes, other ids, other things than errors (JSON-RPC 2.0 4, 5, 5.1, 8)."""

from __future__ import annotations

from typing import Any

from pytest_netconform.reference_servers.jsonrpc import Answers, Received
from pytest_netconform.reference_servers.jsonrpc.answers import Object, Refused
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.json_text import ABSENT, Text
from pytest_netconform.wire.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    error,
)

PAGE = b"<!DOCTYPE html><html><body><h1>Internal Server Error</h1></body></html>"


@mutant("parse_error_is_a_page", breaks=["JR-parse-error"], because="which is no JSON")
class ParseErrorIsAPage(Answers):
    """Falls over what it cannot read."""

    def answer(self, octets: bytes) -> bytes | None:
        return PAGE if self.unreadable(self.parsed(octets)) else super().answer(octets)


@mutant("parse_error_is_an_invalid_request", breaks=["JR-parse-error"], because="an error -32700")
class ParseErrorIsAnInvalidRequest(Answers):
    """Has one code for all that is wrong."""

    def parse_error(self, text: Text) -> object:
        return self.refusal(INVALID_REQUEST, None)


@mutant("invalid_request_is_not_found", breaks=["JR-invalid-request"], because="an error -32600")
class InvalidRequestIsNotFound(Answers):
    """Looks for a method before it looks whether there is one."""

    def checked(self, value: Any) -> Received:
        if isinstance(value, dict) and not isinstance(value.get("method"), str):
            raise Refused(METHOD_NOT_FOUND)
        return super().checked(value)


@mutant("id_of_an_invalid_request_returned", breaks=["JR-invalid-request-id"], because="the id 7")
class IdOfAnInvalidRequestReturned(Answers):
    """Gives an id back as soon as it sees one."""

    def id_of_invalid(self, value: Any) -> object:
        found = value.get("id") if isinstance(value, dict) else None
        return found if self.is_id(found) else None


@mutant("version_as_a_number", breaks=["JR-version-missing"], because="an error -32600")
class VersionAsANumber(Answers):
    """Compares versions as numbers."""

    def check_version(self, call: Object) -> None:
        if str(call.get("jsonrpc")) not in ("2.0", "2"):
            raise Refused(INVALID_REQUEST)


@mutant("version_not_looked_at", breaks=["JR-version-missing"], because="an error -32600")
class VersionNotLookedAt(Answers):
    """Serves whatever has a method."""

    def check_version(self, call: Object) -> None:
        pass


@mutant("scalar_params_passed_over", breaks=["JR-params-scalar"], because="an error -32600")
class ScalarParamsPassedOver(Answers):
    """Takes a string or a number for no parameters."""

    def check_params(self, call: Object) -> None:
        if not isinstance(call.get("params"), list | dict):
            call.pop("params", None)


@mutant("scalar_params_unpacked", breaks=["JR-params-scalar"], because="an error -32600")
class ScalarParamsUnpacked(Answers):
    """Calls with whatever params is as an argument list, and falls over it."""

    def check_params(self, call: Object) -> None:
        pass

    def arguments(self, call: Received) -> tuple[list[Any], Object]:
        args, kwargs = super().arguments(call)
        if not isinstance(args, list):
            raise RuntimeError("an argument list is wanted")
        return args, kwargs


@mutant("not_found_is_an_invalid_request", breaks=["JR-method-not-found"], because="an error -32601")
class NotFoundIsAnInvalidRequest(Answers):
    """Has one code for all that is wrong."""

    def find(self, name: str) -> Any:
        if name not in self.config.methods:
            raise Refused(INVALID_REQUEST)
        return super().find(name)


@mutant("not_found_without_id", breaks=["JR-method-not-found"], because='with the id "1"')
class NotFoundWithoutId(Answers):
    """Forgets whose call it was."""

    def refusal(self, code: int, id: object, data: object = ABSENT) -> object:
        return super().refusal(code, None if code == METHOD_NOT_FOUND else id, data)


@mutant("type_error_text_is_internal", breaks=["JR-invalid-params"], because="an error -32602")
class TypeErrorTextIsInternal(Answers):
    """Tells the language's own words for wrong parameters."""

    def refusal(self, code: int, id: object, data: object = ABSENT) -> object:
        if code == INVALID_PARAMS:
            return error(INTERNAL_ERROR, "subtract() missing 1 required positional argument", id)
        return super().refusal(code, id, data)


@mutant("invalid_params_without_id", breaks=["JR-invalid-params"], because="with the id")
class InvalidParamsWithoutId(Answers):
    """Forgets whose call it was."""

    def refusal(self, code: int, id: object, data: object = ABSENT) -> object:
        return super().refusal(code, None if code == INVALID_PARAMS else id, data)


@mutant("traceback_told", breaks=["JR-internal-error"], because="no traceback")
class TracebackTold(Answers):
    """Tells who failed, and where."""

    def on_exception(self, problem: Exception, call: Received) -> object:
        told = f'Traceback (most recent call last):\n  File "/srv/app.py", line 7, in fail\n{problem!r}'
        return error(INTERNAL_ERROR, "Internal error", self.id_of(call), told)


@mutant("failure_is_a_page", breaks=["JR-internal-error"], because="which is no JSON")
class FailureIsAPage(Answers):
    """Falls over a method that fails."""

    def answer(self, octets: bytes) -> bytes | None:
        said = super().answer(octets)
        return PAGE if said is not None and b"-32603" in said else said


@mutant("code_as_a_string", breaks=["JR-error-object"], because="code is no integer")
class CodeAsAString(Answers):
    """Writes numbers between quotation marks."""

    def refusal(self, code: int, id: object, data: object = ABSENT) -> object:
        answer = super().refusal(code, id, data)
        return error(str(code), "Error", id) if code == METHOD_NOT_FOUND else answer


@mutant("errors_without_message", breaks=["JR-error-object"], because="no message")
class ErrorsWithoutMessage(Answers):
    """The code says it all."""

    def refusal(self, code: int, id: object, data: object = ABSENT) -> object:
        return error(code, ABSENT, id) if code == PARSE_ERROR else super().refusal(code, id, data)


@mutant("reserved_code_of_an_application", breaks=["JR-error-reserved"], because="-32650")
class ReservedCodeOfAnApplication(Answers):
    """A method uses a code that is the specification's to give."""

    def on_exception(self, problem: Exception, call: Received) -> object:
        return error(-32650, "No database", self.id_of(call))


@mutant("rpc_prefix_taken_off", breaks=["JR-rpc-prefix"], because="an error -32601")
class RpcPrefixTakenOff(Answers):
    """Knows its methods by a longer name too."""

    def find(self, name: str) -> Any:
        return super().find(name.removeprefix("rpc."))


@mutant("method_behind_rpc_prefix", breaks=["JR-rpc-prefix"], because="an error -32601")
class MethodBehindRpcPrefix(Answers):
    """Has a method of its own under a name of the protocol's."""

    def find(self, name: str) -> Any:
        return super().find("ping" if name == "rpc.foo" else name)
