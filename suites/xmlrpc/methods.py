"""Methods that many servers have: introspection, multicall, and the public validator's eight (validator1)."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.xmlrpc import LIST, NOWHERE, XmlRpc, described, same
from pytest_netconform.requirement import INTEROP, MUST, requirement
from pytest_netconform.wire.xmlrpc import (
    ARRAY,
    BASE64,
    BOOLEAN,
    DATE,
    DOUBLE,
    STRING,
    STRUCT,
    Value,
    array,
    call,
    inner,
    integer,
    string,
    struct,
)

MULTICALL = "system.multicall"


@requirement("XR-introspection", INTEROP, "introspection (system.*)", "A server may say which methods it has.")
@pytest.mark.parametrize("name", [LIST, "system.methodHelp", "system.methodSignature", "system.getCapabilities"])
def test_introspection(xmlrpc: XmlRpc, name: str) -> None:
    """Names in an array, among them what works; help as a string; signatures in an array, or `undef`; a struct."""
    xmlrpc.welcome()
    about = "system.method" in name
    reply = xmlrpc.said(call(name, inner(string(LIST))) if about else call(name))
    if reply.value is None:
        xmlrpc.observe("a fault" if reply.fault is not None else f"HTTP {reply.http.status}")
        return
    kinds = {LIST: ARRAY, "system.methodHelp": STRING, "system.getCapabilities": STRUCT}
    value = reply.value
    signed = name == "system.methodSignature" and (value.kind == ARRAY or value.kind == STRING)
    right = signed or value.kind == kinds.get(name)
    told = f"{value.kind}" if right else f"another thing: {described(reply)}"
    if name == LIST and right:
        known = {member.content for member in value.content}
        missing = [xmlrpc.method(kind) for kind in ("add", "echo") if xmlrpc.has(kind)]
        lacking = [one for one in missing if one not in known]
        told = f"it lacks {', '.join(lacking)}" if lacking else "an array of names"
    xmlrpc.observe(told)


def _multi(*calls: tuple[str, tuple[Value, ...]]) -> bytes:
    """Many calls in one."""
    listed = [struct({"methodName": string(name), "params": array(*params)}) for name, params in calls]
    return call(MULTICALL, inner(array(*listed)))


@requirement("XR-multicall", INTEROP, "system.multicall", "A server may take many calls in one, each with its own end.")
def test_multicall(xmlrpc: XmlRpc) -> None:
    """Three calls, the second of which fails: an array of a result, a fault, and a result, in this order."""
    add = xmlrpc.method("add")
    xmlrpc.welcome()
    reply = xmlrpc.said(_multi((add, (integer(1), integer(2))), (NOWHERE, ()), (add, (integer(3), integer(4)))))
    if reply.value is None:
        xmlrpc.observe("a fault for all of them" if reply.fault is not None else f"HTTP {reply.http.status}")
        return
    ends: tuple[Value, ...] = reply.value.content if reply.value.kind == ARRAY else ()
    right = len(ends) == 3 and same(ends[0], array(integer(3))) and same(ends[2], array(integer(7)))
    fault = len(ends) == 3 and ends[1].kind == STRUCT and set(ends[1].content) == {"faultCode", "faultString"}
    xmlrpc.observe("each has its own end" if right and fault else f"another thing: {described(reply)}")


@requirement("XR-multicall", INTEROP, "system.multicall", "A server may take many calls in one, each with its own end.")
def test_multicall_inside(xmlrpc: XmlRpc) -> None:
    """Many calls in one of many: refused, or carried out; the server goes on."""
    xmlrpc.welcome()
    reply = xmlrpc.said(_multi((MULTICALL, (array(),))))
    if reply.value is None:
        xmlrpc.observe("a fault for all of them" if reply.fault is not None else f"HTTP {reply.http.status}")
    else:
        ends: tuple[Value, ...] = reply.value.content if reply.value.kind == ARRAY else ()
        refused = len(ends) == 1 and ends[0].kind == STRUCT and "faultCode" in ends[0].content
        xmlrpc.observe("refused" if refused else "carried out")
    xmlrpc.alive()


STOOGES = {"moe": integer(17), "larry": integer(-4), "curly": integer(23)}
DAY = struct({"01": struct(STOOGES), "02": struct({name: integer(1) for name in STOOGES})})
NESTED = struct(
    {"1999": struct({"04": DAY}), "2000": struct({"03": DAY, "04": DAY}), "2001": struct({"04": struct({})})}
)
TYPES = (
    integer(42),
    Value(BOOLEAN, True),
    string("a <b> & c"),
    Value(DOUBLE, -1.5),
    Value(DATE, "20000401T12:00:00"),
    Value(BASE64, b"\x00\xffnc"),
)
TREE = struct({"a": integer(1), "b": struct({"c": string("<&>")})})
COUNTED = {
    "ctLeftAngleBrackets": integer(3),
    "ctRightAngleBrackets": integer(2),
    "ctAmpersands": integer(4),
    "ctApostrophes": integer(1),
    "ctQuotes": integer(5),
}
#: What is called → with what, and what it gives back.
VALIDATOR: dict[str, tuple[tuple[Value, ...], Value]] = {
    "arrayOfStructsTest": (
        (array(struct(STOOGES), struct({**STOOGES, "curly": integer(-40)}), struct(STOOGES)),),
        integer(6),
    ),
    "countTheEntities": ((string("<a<b<c>>&&&&'" + '"""""'),), struct(COUNTED)),
    "easyStructTest": ((struct(STOOGES),), integer(36)),
    "echoStructTest": ((TREE,), TREE),
    "manyTypesTest": (TYPES, array(*TYPES)),
    "moderateSizeArrayCheck": (
        (array(*(string(f"nc-{number}") for number in range(150))),),
        string("nc-0nc-149"),
    ),
    "nestedStructTest": ((NESTED,), integer(36)),
    "simpleStructReturnTest": (
        (integer(7),),
        struct({"times10": integer(70), "times100": integer(700), "times1000": integer(7000)}),
    ),
}


@requirement("XR-validator1", MUST, "validator1 suite", "The validator's eight methods give what it says they do.")
@pytest.mark.parametrize("name", list(VALIDATOR))
def test_validator(xmlrpc: XmlRpc, name: str) -> None:
    """Where the target says that it has them."""
    if not xmlrpc.lists(f"validator1.{name}"):
        xmlrpc.not_applicable(f"the target does not say that it has validator1.{name}")
    params, value = VALIDATOR[name]
    xmlrpc.result(call(f"validator1.{name}", *map(inner, params)), value)


NOT_CHECKED: list[tuple[str, str]] = []
