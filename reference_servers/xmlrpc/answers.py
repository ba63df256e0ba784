"""Answers: what a call in XML is answered, whatever carried it (the XML-RPC specification; introspection, multicall).

The standard library marshals; what it takes beside XML-RPC, and hostile XML, was refused before (`wire.xmlrpc`). Small
methods, one for each way to be wrong. It must not know how texts travel.
"""

from __future__ import annotations

import inspect
import xmlrpc.client
from collections.abc import Callable
from typing import Any, cast

from pytest_netconform.reference_servers.xmlrpc.config import Method, Received, RpcFault, XmlRpcConfig, slow
from pytest_netconform.wire.xmlrpc import Malformed, decimal_text, escaped, parse_call

PARSE_ERROR, NOT_FOUND, INVALID_PARAMS, FAILED = -32700, -32601, -32602, -32500  # fault codes of interoperability
HEAD = "<?xml version='1.0' encoding='utf-8'?>\n<methodResponse>\n"
Write = Callable[[str], object]


class Marshaller(xmlrpc.client.Marshaller):
    """The standard library's, with doubles and carriage returns as the specification, and XML, have them."""

    def dump_decimal(self, value: float, write: Write) -> None:
        """Digits and a point (Q&A)."""
        write(f"<value><double>{decimal_text(value)}</double></value>\n")

    def dump_text(self, value: str, write: Write) -> None:
        """Character data."""
        write(f"<value><string>{self.escape(value)}</string></value>\n")

    def escape(self, text: str) -> str:
        """What XML has signs of its own for."""
        return escaped(text)

    dispatch = cast(Any, {**xmlrpc.client.Marshaller.dispatch, float: dump_decimal, str: dump_text})


class Answers:
    """From a text to what it is answered."""

    marshaller: type[xmlrpc.client.Marshaller] = Marshaller

    def __init__(self, config: XmlRpcConfig) -> None:
        self.config = config
        self.delay = 0.0  # seconds that the last answer takes

    def answer(self, octets: bytes) -> bytes:
        """One text."""
        self.delay = 0.0
        try:
            call = self.read(octets)
        except Malformed as problem:
            return self.malformed(problem)
        self.config.seen(call)
        return self.carried_out(call)

    # texts

    def read(self, octets: bytes) -> Received:
        """A call. Raises Malformed for what is none."""
        self.check(octets)
        params, method = xmlrpc.client.loads(octets)
        return Received(str(method), params)

    def check(self, octets: bytes) -> None:
        """Strictness, and no harm: the parser behind it has neither."""
        parse_call(octets)

    def malformed(self, problem: Malformed) -> bytes:
        """What could not be read."""
        return self.fault(PARSE_ERROR, str(problem))

    def fault(self, code: int, text: str) -> bytes:
        """A fault."""
        return self.framed(self.marshal(self.fault_value(code, text)))

    def fault_value(self, code: int, text: str) -> Any:
        """What is marshalled as a fault."""
        return xmlrpc.client.Fault(code, text)

    def done(self, value: object) -> bytes:
        """A result."""
        return self.framed(self.marshal((value,)))

    def marshal(self, values: Any) -> str:
        """Values as XML."""
        return self.marshaller("utf-8", False).dumps(values)

    def framed(self, inside: str) -> bytes:
        """A response around its params, or its fault."""
        return f"{HEAD}{inside}</methodResponse>\n".encode()

    # calls

    def carried_out(self, call: Received) -> bytes:
        """The response to a call."""
        try:
            return self.done(self.work(call.method, call.params))
        except RpcFault as fault:
            return self.fault(fault.code, fault.text)
        except Exception as problem:
            return self.on_exception(problem)

    def on_exception(self, problem: Exception) -> bytes:
        """A method failed: nobody is told how."""
        self.config.failed(problem)
        return self.fault(FAILED, "The method failed")

    def work(self, name: str, params: tuple[Any, ...]) -> object:
        """The result."""
        method = self.find(name)
        if not self.fits(method, params):
            raise RpcFault(INVALID_PARAMS, "These parameters do not fit")
        self.delay = self.config.slow if method is slow else 0.0
        return method(*self.taken(params))

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        """Parameters as methods get them."""
        return params

    def find(self, name: str) -> Method:
        """A method by its whole name: nothing is looked for inside of anything."""
        if name in self.own() and self.config.introspection:
            return self.own()[name]
        if name not in self.config.methods:
            raise RpcFault(NOT_FOUND, "There is no such method")
        return self.config.methods[name]

    def fits(self, method: Method, params: tuple[Any, ...]) -> bool:
        """Whether a method takes that many."""
        try:
            inspect.signature(method).bind(*params)
        except TypeError:
            return False
        except ValueError:
            return True  # a function without a signature says so itself
        return True

    # methods that the server has of its own

    def own(self) -> dict[str, Method]:
        """By name."""
        return {
            "system.listMethods": self.list_methods,
            "system.methodHelp": self.method_help,
            "system.methodSignature": self.method_signature,
            "system.multicall": self.multicall,
            "system.getCapabilities": self.capabilities,
        }

    def list_methods(self) -> object:
        """All that can be called."""
        return sorted({*self.config.methods, *self.own()})

    def method_help(self, name: str) -> object:
        """What a method does."""
        return inspect.getdoc(self.find(name)) or ""

    def method_signature(self, name: str) -> object:
        """The types of result and parameters, which nobody declared: that is said by this word."""
        self.find(name)
        return "undef"

    def capabilities(self) -> object:
        """What there is, and where it is specified."""
        url = "http://www.xmlrpc.com/spec"
        return {"xmlrpc": {"specUrl": url, "specVersion": 1}}

    def multicall(self, calls: Any) -> object:
        """Many calls, each with its own end, in their order."""
        return [self.one_of_many(call) for call in calls]

    def one_of_many(self, call: Any) -> object:
        """An array of one result, or a fault."""
        try:
            return [self.member(call["methodName"], tuple(call["params"]))]
        except RpcFault as fault:
            return {"faultCode": fault.code, "faultString": fault.text}
        except Exception as problem:
            self.config.failed(problem)
            return {"faultCode": FAILED, "faultString": "The method failed"}

    def member(self, name: str, params: tuple[Any, ...]) -> object:
        """One of them; not many in one."""
        if name == "system.multicall":
            raise RpcFault(INVALID_PARAMS, "No multicall inside a multicall")
        return self.work(name, params)
