"""Answers: what a text of JSON-RPC 2.0 is answered, whatever carried it (the specification's sections 4 to 8).

Small methods, one for each way to be wrong. It must not know how texts travel.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from pytest_netconform.reference_servers.jsonrpc.config import JsonRpcConfig, Received, RpcError
from pytest_netconform.wire.json_text import ABSENT, NO_NUMBER, NOT_UTF8, Text, is_number, read, write
from pytest_netconform.wire.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    VERSION,
    error,
    result,
)

#: 5.1
MESSAGES = {
    PARSE_ERROR: "Parse error",
    INVALID_REQUEST: "Invalid Request",
    METHOD_NOT_FOUND: "Method not found",
    INVALID_PARAMS: "Invalid params",
    INTERNAL_ERROR: "Internal error",
}
#: flaws for which a text is not taken for JSON
NOT_TAKEN = (NOT_UTF8, NO_NUMBER)

Object = dict[str, Any]


class Refused(Exception):
    """A call gets an error."""

    def __init__(self, code: int, data: object = ABSENT) -> None:
        super().__init__(f"{code}")
        self.code, self.data = code, data


class Answers:
    """From a text to what it is answered: a text, or nothing."""

    def __init__(self, config: JsonRpcConfig) -> None:
        self.config = config

    def answer(self, octets: bytes) -> bytes | None:
        """One text; None: nothing is said."""
        text = self.parsed(octets)
        value = self.parse_error(text) if self.unreadable(text) else self.answer_value(text.value)
        return None if value is None else self.written(value)

    # texts

    def parsed(self, octets: bytes) -> Text:
        """The octets as JSON."""
        return read(octets, self.config.depth)

    def unreadable(self, text: Text) -> bool:
        """Whether it is no JSON."""
        return bool(text.problem) or any(flaw in NOT_TAKEN for flaw in text.flaws)

    def parse_error(self, text: Text) -> object:
        """An error with id null: nobody knows which call it was."""
        return self.refusal(PARSE_ERROR, None)

    def written(self, value: object) -> bytes:
        """A value as JSON."""
        return write(value)

    def answer_value(self, value: Any) -> object:
        """A call, or a batch; None: nothing is said."""
        return self.batch(value) if isinstance(value, list) else self.single(value)

    # batches (6)

    def batch(self, members: Sequence[Any]) -> object:
        """An array with an answer for each call; an empty batch is a call that is none."""
        if not members:
            return self.empty_batch()
        answers = [self.member(member) for member in members]
        return self.gathered([answer for answer in answers if answer is not None])

    def empty_batch(self) -> object:
        """One object, in no array."""
        return self.refusal(INVALID_REQUEST, None)

    def member(self, value: Any) -> object:
        """The answer to one member."""
        return self.single(value)

    def gathered(self, answers: list[object]) -> object:
        """No answers are nothing, and no empty array."""
        return answers or None

    # calls (4)

    def single(self, value: Any) -> object:
        """What a call, a notification, or what is neither, is answered."""
        try:
            call = self.checked(value)
        except Refused as refused:
            return self.refusal(refused.code, self.id_of_invalid(value))
        self.config.seen(call)
        answer = self.carried_out(call)
        return self.unasked(call, answer) if call.notification else answer

    def checked(self, value: Any) -> Received:
        """The value as a call. Raises Refused."""
        if not isinstance(value, dict):
            raise Refused(INVALID_REQUEST)
        self.check_version(value)
        self.check_method(value)
        self.check_id(value)
        self.check_params(value)
        return Received(value["method"], value.get("params"), value.get("id"), self.is_notification(value))

    def check_version(self, call: Object) -> None:
        """Exactly the string "2.0"."""
        if call.get("jsonrpc") != VERSION:
            raise Refused(INVALID_REQUEST)

    def check_method(self, call: Object) -> None:
        """A String."""
        if not isinstance(call.get("method"), str):
            raise Refused(INVALID_REQUEST)

    def check_id(self, call: Object) -> None:
        """String, Number, NULL or not there."""
        if not self.is_id(call.get("id")):
            raise Refused(INVALID_REQUEST)

    def is_id(self, value: object) -> bool:
        """Whether a value can be an id."""
        return value is None or isinstance(value, str) or is_number(value)

    def check_params(self, call: Object) -> None:
        """A structured value, or not there (4.2)."""
        if "params" in call and not isinstance(call["params"], list | dict):
            raise Refused(INVALID_REQUEST)

    def is_notification(self, call: Object) -> bool:
        """Who gives no id wants no answer (4.1); null is an id."""
        return "id" not in call

    def id_of_invalid(self, value: Any) -> object:
        """The id in the refusal of what is no call: null (5)."""
        return None

    def unasked(self, call: Received, answer: object) -> object:
        """What a notification is answered: nothing (4.1)."""
        return None

    # work

    def carried_out(self, call: Received) -> object:
        """The Response object of a call."""
        try:
            return self.done(call, self.work(call))
        except Refused as refused:
            return self.refusal(refused.code, self.id_of(call), refused.data)
        except RpcError as problem:
            return self.application_error(problem, call)
        except Exception as problem:
            return self.on_exception(problem, call)

    def work(self, call: Received) -> object:
        """The result."""
        method = self.find(call.method)
        args, kwargs = self.arguments(call)
        if not self.fits(method, args, kwargs):
            raise Refused(INVALID_PARAMS)
        try:
            return method(*args, **kwargs)
        except TypeError as problem:
            return self.on_type_error(problem)

    def find(self, name: str) -> Any:
        """A method by its name, which knows case."""
        if name not in self.config.methods:
            raise Refused(METHOD_NOT_FOUND)
        return self.config.methods[name]

    def arguments(self, call: Received) -> tuple[list[Any], Object]:
        """Parameters by position, or by name (4.2)."""
        if isinstance(call.params, dict):
            return [], call.params
        return call.params or [], {}

    def fits(self, method: Any, args: list[Any], kwargs: Object) -> bool:
        """Whether a method takes these parameters: names match exactly (4.2)."""
        try:
            inspect.signature(method).bind(*args, **kwargs)
        except TypeError:
            return False
        except ValueError:
            return True  # a function without a signature says so itself
        return True

    def on_type_error(self, problem: TypeError) -> object:
        """Parameters of types that the method does not take."""
        raise Refused(INVALID_PARAMS) from problem

    # what is said

    def id_of(self, call: Received) -> object:
        """The id that came (5)."""
        return call.id

    def done(self, call: Received, value: object) -> object:
        """A result."""
        written = self.written(value)  # what JSON has not is found here
        assert written
        return result(value, self.id_of(call))

    def application_error(self, problem: RpcError, call: Received) -> object:
        """What a method says in place of a result."""
        return error(problem.code, problem.message, self.id_of(call), problem.data)

    def on_exception(self, problem: Exception, call: Received) -> object:
        """A method failed: nobody is told how."""
        self.config.failed(problem)
        return self.refusal(INTERNAL_ERROR, self.id_of(call))

    def refusal(self, code: int, id: object, data: object = ABSENT) -> object:
        """An error of the specification's own."""
        return error(code, MESSAGES[code], id, data)
