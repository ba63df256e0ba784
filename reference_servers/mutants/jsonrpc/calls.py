"""Mutants of calls: parameters taken wrongly, and responses of another shape (JSON-RPC 2.0 2, 4.2, 5)."""

from __future__ import annotations

from typing import Any

from pytest_netconform.reference_servers.jsonrpc import Answers, Received
from pytest_netconform.reference_servers.jsonrpc.answers import Object, Refused
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.jsonrpc import INVALID_PARAMS, INVALID_REQUEST


@mutant("params_reversed", breaks=["JR-positional"], because="the result 19")
class ParamsReversed(Answers):
    """Takes parameters from a stack."""

    def arguments(self, call: Received) -> tuple[list[Any], Object]:
        args, kwargs = super().arguments(call)
        return args[::-1], kwargs


@mutant("named_used_by_order", breaks=["JR-named"], because="the result 19")
class NamedUsedByOrder(Answers):
    """Forgets the names of parameters."""

    def arguments(self, call: Received) -> tuple[list[Any], Object]:
        args, kwargs = super().arguments(call)
        return [*args, *kwargs.values()], {}


@mutant("parameter_names_folded", breaks=["JR-named-case"], because="another result than 19")
class ParameterNamesFolded(Answers):
    """Writes names of parameters in lower case."""

    def arguments(self, call: Received) -> tuple[list[Any], Object]:
        args, kwargs = super().arguments(call)
        return args, {name.lower(): value for name, value in kwargs.items()}


@mutant("params_required", breaks=["JR-no-params"], because="Invalid params")
class ParamsRequired(Answers):
    """Wants params in every call."""

    def work(self, call: Received) -> object:
        if call.params is None:
            raise Refused(INVALID_PARAMS)
        return super().work(call)


@mutant("result_and_error_both", breaks=["JR-response-shape"], because="result and error both")
class ResultAndErrorBoth(Answers):
    """Answers as JSON-RPC 1.0 does: the one that does not apply is null."""

    def done(self, call: Received, value: object) -> object:
        answer = super().done(call, value)
        assert isinstance(answer, dict)
        return {**answer, "error": None}


@mutant("response_without_version", breaks=["JR-response-shape"], because="jsonrpc is (nothing)")
class ResponseWithoutVersion(Answers):
    """Leaves jsonrpc out of its errors."""

    def refusal(self, code: int, id: object, *data: object) -> object:
        answer = super().refusal(code, id, *data)
        assert isinstance(answer, dict)
        return {name: value for name, value in answer.items() if name != "jsonrpc"}


@mutant("unknown_members_refused", breaks=["JR-unknown-members"], because="refused: -32600")
class UnknownMembersRefused(Answers):
    """Takes a member that it does not know for a mistake."""

    def checked(self, value: Any) -> Received:
        if isinstance(value, dict) and value.keys() - {"jsonrpc", "method", "params", "id"}:
            raise Refused(INVALID_REQUEST)
        return super().checked(value)


@mutant("members_without_case", breaks=["JR-case-sensitive"], because="an error -32600")
class MembersWithoutCase(Answers):
    """Reads calls as Go's encoding/json reads structures."""

    def checked(self, value: Any) -> Received:
        if isinstance(value, dict):
            value = {name.lower(): member for name, member in value.items()}
        return super().checked(value)
