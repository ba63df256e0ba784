"""The XML-RPC client's half: calls in the bodies of POST, and what is expected of what they are answered.

Each call has an HTTP connection of its own, since connections are judged elsewhere (`http://`), but for checks that are
about them. Which methods a target has was found by the sanity dialogue, or named on the target.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_netconform.dialogues.http_talk import HttpTalk
from pytest_netconform.tour import Tour
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import NoConnection, shown
from pytest_netconform.wire.xmlrpc import (
    ARRAY,
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    STRUCT,
    Reply,
    Value,
    array,
    call,
    decimal_text,
    inner,
    integer,
    parse_reply,
    string,
)

XmlRpcTour = Tour[Reply]

NOWHERE = "netconform.nowhere"  # a method that nobody has
LIST = "system.listMethods"
TYPE = "Content-Type: text/xml"
#: What a method is called where nobody says so; those of the others must be named: who knows what they do.
USUAL: Mapping[str, tuple[str, ...]] = {"add": ("add",), "echo": ("echo", "system.echo")}
KINDS = (*USUAL, "fail", "slow", "names")
LISTED = "method "  # before the name of a method, among a target's capabilities
REFUSALS = range(400, 600)
SLOWEST = 5.0  # seconds in which hostile XML is done with
_HEAD = rb"(?:[^\r\n][^\n]*\n)*"
#: One HTTP response with its body, on a connection of its own, for a reproducer.
ANSWER = (
    rb"(?i:HTTP/1\.[^\n]*\n" + _HEAD + rb"Content-Length: *0\r?\n" + _HEAD + rb"\r?\n"
    rb"|HTTP/1\.[^\n]*\n" + _HEAD + rb"\r?\n(?s:.+)\Z)"
)
#: A refusal, likewise.
DENIED = rb"(?s:HTTP/1\.[01] [45]|.*<fault>)"
_CALL = re.compile(
    rb'<\?xml version="1.0"\?><methodCall><methodName>([^<]*)</methodName>'
    rb"<params>(?:<param><value>)?(.*?)(?:</value></param>)?</params></methodCall>",
    re.DOTALL,
)
_BETWEEN = b"</value></param><param><value>"


@dataclass(frozen=True)
class Sample:
    """A call that works, and its result (None: any)."""

    octets: bytes
    result: Value | None


class XmlRpc(HttpTalk):
    """Calls, one by one."""

    def _await(self, what: str, seconds: float, pattern: bytes = b"") -> None:
        super()._await(what, seconds, ANSWER if what == "answer" else pattern)

    # -- what can be called

    def has(self, kind: str) -> bool:
        """Whether the target has a method of this kind."""
        return f"xmlrpc-{kind}" in self.target.survey.facts

    def lists(self, name: str) -> bool:
        """Whether the target says that it has a method of this name."""
        return LISTED + name in self.target.survey.capabilities

    def method(self, kind: str) -> str:
        """The method of this kind. Raises NotApplicable where there is none."""
        if not self.has(kind):
            raise NotApplicable(f"?{kind}=", f"no method of the kind ?{kind}= is known; name one")
        return self.target.options.get(kind) or USUAL[kind][self.target.survey.facts[f"xmlrpc-{kind}"] // 2]

    def sample(self, number: int = 0) -> Sample:
        """A call that works, each number with a result of its own where possible."""
        if self.has("add"):
            octets = call(self.method("add"), inner(integer(number + 2)), inner(integer(3)))
            return Sample(octets, integer(number + 5))
        if self.has("echo"):
            word = string(f"nc-{number}")
            return Sample(self.echo(inner(word)), array(word) if self._wraps else word)
        if self.lists(LIST):
            return Sample(call(LIST), None)
        raise Inconclusive(self.target.survey.problem or "no method is known that can be called")

    @property
    def _wraps(self) -> bool:
        """Whether the echo gives back all its parameters, in an array."""
        return bool(self.target.survey.facts["xmlrpc-echo"] % 2)

    def echo(self, param: str, *, declaration: str = '<?xml version="1.0"?>') -> bytes:
        """A call of the echo, with what stands between `<value>` and `</value>`. Raises NotApplicable without one."""
        return call(self.method("echo"), param, declaration=declaration)

    def unechoed(self, value: Value) -> Value:
        """What an echo gave back: its parameter, or the array in which it came."""
        if self._wraps and value.kind == ARRAY and len(value.content) == 1:
            found: Value = value.content[0]
            return found
        return value

    # -- saying

    def posted(self, octets: bytes, *lines: str) -> bytes:
        """The octets of a POST with this text."""
        own = (self.basic(),) if all(self.target.account) else ()
        return self.request("POST", self.root, TYPE, "User-Agent: netconform", *own, *lines, body=octets)

    def said(self, octets: bytes, *lines: str, expected: str = "", within: float | None = None) -> Reply:
        """What a text is answered, whatever it is. NonConformity where nothing comes."""
        self.renew()
        return self.next_said(octets, *lines, expected=expected, within=within)

    def next_said(self, octets: bytes, *lines: str, expected: str = "", within: float | None = None) -> Reply:
        """The same, on the connection that there is."""
        expected = f"{expected or 'a response'} in answer to {told(octets)}"
        try:
            reply = parse_reply(self.ask(self.posted(octets, *lines), within=within))
        except NonConformity as problem:
            raise NonConformity(expected, problem.received, owed=problem.owed, passing=problem.passing) from None
        if reply.temporary:
            raise Inconclusive(f"a temporary refusal, HTTP {reply.code}, where {expected} was asked")
        return reply

    # -- expectations

    def result(self, octets: bytes, value: Value | None = None) -> Value:
        """A text is answered with a result, with this one if it is given."""
        expected = "a result" if value is None else f"the result {value}"
        reply = self.said(octets, expected=expected)
        expected += f" in answer to {told(octets)}"
        found = self.taken(reply, expected, value)
        self.is_right(value is None or same(found, value), expected, reply, value)
        return found

    def is_right(self, truth: object, expected: str, reply: Reply, value: Value | None = None) -> None:
        """NonConformity unless `truth`; a reproducer knows this value in a response, where it is simple enough."""
        if not truth:
            raise NonConformity(expected, described(reply), pattern=None if value is None else pattern_of(value))

    def taken(self, reply: Reply, expected: str, value: Value | None = None) -> Value:
        """The result of a reply; NonConformity where it has none."""
        if reply.value is None:
            raise NonConformity(expected, described(reply), pattern=None if value is None else pattern_of(value))
        return reply.value

    def returns(self, param: str, value: Value | None = None) -> Value:
        """The echo gives this value back for what stands between `<value>` and `</value>`."""
        octets = self.echo(param)
        expected = f"{value if value is not None else 'a value'} in answer to {told(octets)}"
        reply = self.said(octets, expected="a result")
        found = self.unechoed(self.taken(reply, expected, value))
        self.is_right(value is None or same(found, value), expected, reply, value)
        return found

    def fault(self, octets: bytes) -> Reply:
        """A text is answered with a fault."""
        reply = self.said(octets, expected="a fault")
        self.require(reply.fault is not None, f"a fault in answer to {told(octets)}", described(reply))
        self.visit.evidence.add("refusal")
        return reply

    def denied(self, octets: bytes, *lines: str) -> Reply:
        """A text is answered with a fault, or with HTTP 4xx or 5xx."""
        reply = self.said(octets, *lines, expected="a fault")
        if reply.fault is None and reply.http.status not in REFUSALS:
            raise NonConformity(f"a fault, 4xx or 5xx in answer to {told(octets)}", described(reply), pattern=DENIED)
        self.visit.evidence.add("refusal")
        return reply

    def weathered(self, octets: bytes, *lines: str, within: float = SLOWEST) -> Reply | None:
        """What comes of a text that may be too much; None: the close. NonConformity where nothing comes in time."""
        patience = max(within, self.target.patience) if "patience" in self.target.options else within
        try:
            return self.said(octets, *lines, expected="an answer, or the close", within=patience)
        except NonConformity:
            if not self.over:
                raise
        self.visit.evidence.add("close")
        return None

    def welcome(self) -> None:
        """Prerequisite: a good call is answered as it should be; otherwise the check is Inconclusive."""
        sample = self.sample()
        try:
            self.result(sample.octets, sample.result)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")

    def twin(self, param: str, value: Value) -> None:
        """Prerequisite: the echo gives this back; otherwise the check is Inconclusive."""
        try:
            self.returns(param, value)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")

    def alive(self) -> None:
        """The target goes on: a good call is answered, on another connection."""
        sample = self.sample(1)
        try:
            self.result(sample.octets, sample.result)
        except NoConnection as problem:
            expected = "a new connection to be served"
            raise NonConformity(expected, str(problem), owed=True, passing=True) from None
        except NonConformity as problem:
            expected = f"{problem.expected} (the target goes on)"
            received, pattern = problem.received, problem.pattern
            raise NonConformity(expected, received, owed=True, passing=problem.passing, pattern=pattern) from None
        self.visit.evidence.add("control")


def same(found: Value, value: Value) -> bool:
    """Whether two values are equal, structs without an order; True is not 1."""
    if isinstance(found.content, dict) and isinstance(value.content, dict):
        if found.kind != value.kind or found.content.keys() != value.content.keys():
            return False
        return all(same(member, value.content[name]) for name, member in found.content.items())
    if found.kind == value.kind == ARRAY:
        pairs = zip(found.content, value.content, strict=False)
        return len(found.content) == len(value.content) and all(same(one, other) for one, other in pairs)
    return found == value


def described(reply: Reply) -> str:
    """What came, for a message."""
    if reply.value is not None:
        return clipped(str(reply.value))
    if reply.fault is not None:
        return f"a fault, {clipped(str(reply.fault))}, with HTTP {reply.http.status}"
    return f"HTTP {reply.http.status} with {reply.media or 'no Content-Type'}: {shown(reply.octets)}, {reply.problem}"


def pattern_of(value: Value) -> bytes | None:
    """What a response with this value matches, as a regular expression; None where there are many ways to write it."""
    if value.kind == STRUCT:
        members = [pattern_of(member) for name, member in sorted(value.content.items())]
        simple = [member for member in members if member is not None]
        return b"".join(b"(?=%b)" % one for one in simple) if simple and len(simple) == len(members) else None
    if value.kind == INT:
        sign = b"-" if value.content < 0 else rb"\+?"
        return rb"(?s:.*<(?:int|i4)>" + sign + b"0*%d</)" % abs(value.content)
    if value.kind == BOOLEAN:
        return rb"(?s:.*<boolean>%d</boolean>)" % value.content
    if value.kind == DOUBLE:
        digits = re.escape(decimal_text(value.content).removesuffix(".0").lstrip("-").encode())
        return rb"(?s:.*>[-+]?" + digits + rb"(?:\.?0*)</)"
    if value.kind == DATE:
        return rb"(?s:.*>%b</)" % str(value.content).encode()
    return None


def told(octets: bytes) -> str:
    """A call for a message: `echo(<int>1</int>)`, so that its parameters are seen; the octets where it is no such."""
    found = _CALL.fullmatch(octets)
    if found is None:
        return shown(octets)
    return f"{shown(found[1])}({', '.join(map(shown, found[2].split(_BETWEEN)))})"


def clipped(text: str) -> str:
    """A text for a message, not too long; what is not printable is escaped."""
    visible = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[:300])
    return visible + ("[...]" if len(text) > 300 else "")
