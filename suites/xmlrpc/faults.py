"""Faults (Response format, Fault example, Questions/Answers), and what cannot be called (Payload format)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pytest_netconform.dialogues.xmlrpc import LIST, NOWHERE, XmlRpc, XmlRpcTour, described, told
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.xmlrpc import call, inner, message, string, wrong_fault

TRACEBACK = re.compile(r"Traceback \(most recent|\bat \S+\(\S+:[0-9]+\)|File \"|\.py\", line |\.(?:php|java|rb):[0-9]+")
BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda octets: octets[: octets.index(b"</methodName>")],
    "no-end": lambda octets: octets.removesuffix(b"</methodCall>"),
    "text": lambda octets: b"tea, please",
}


def _fault_200(rpc: XmlRpc, octets: bytes) -> None:
    """A fault with HTTP 200."""
    reply = rpc.fault(octets)
    rpc.require(reply.http.status == 200, f"HTTP 200 and a fault in answer to {told(octets)}", described(reply))


@requirement("XR-fault-200", MUST, "XML-RPC Response format", "What fails above HTTP is answered 200 with a fault.")
def test_unknown_method(xmlrpc: XmlRpc) -> None:
    """A method that nobody has; a known one is answered."""
    xmlrpc.welcome()
    _fault_200(xmlrpc, call(NOWHERE))


@requirement(
    "XR-fault-members",
    MUST,
    "XML-RPC Fault example, Q&A",
    "A fault is an int faultCode and a string faultString, alone.",
)
def test_fault_members(xmlrpc: XmlRpc, xmlrpc_tour: XmlRpcTour) -> None:
    """Every fault of the tour; a string may be untyped, an int is `int` or `i4`."""
    faults = [reply for reply in xmlrpc_tour.replies if reply.fault is not None]
    xmlrpc_tour.prerequisite(faults, "a fault")
    xmlrpc_tour.prerequisite(any(reply.value is not None for reply in xmlrpc_tour.replies), "a result")
    for reply in faults:
        assert_fault = wrong_fault(reply.fault) if reply.fault is not None else ()
        wrong = "; ".join(dict.fromkeys((*assert_fault, *reply.wrong)))
        if wrong:
            raise NonConformity("a fault of an int faultCode and a string faultString", f"{wrong}: {described(reply)}")


@requirement(
    "XR-fault-raise",
    MUST,
    "XML-RPC Response format",
    "A method that fails is a fault with 200; the server goes on.",
)
def test_method_that_fails(xmlrpc: XmlRpc) -> None:
    """The fault, and another call behind it; where its text tells the inside of the program, that is noted."""
    octets = call(xmlrpc.method("fail"))
    xmlrpc.welcome()
    reply = xmlrpc.fault(octets)
    xmlrpc.require(reply.http.status == 200, f"HTTP 200 and a fault in answer to {told(octets)}", described(reply))
    if TRACEBACK.search(str(reply.fault_member("faultString"))):
        xmlrpc.note("the fault tells a stack trace")
    xmlrpc.alive()


@requirement("XR-malformed-xml", SHOULD, "XML 1.0 2.1; XML-RPC Payload format", "What is no XML is refused.")
@pytest.mark.parametrize("what", list(BROKEN))
def test_no_xml(xmlrpc: XmlRpc, what: str) -> None:
    """A call that breaks off, and no call at all: a fault, 4xx or 5xx; whole, the same call is answered."""
    xmlrpc.welcome()
    xmlrpc.denied(BROKEN[what](xmlrpc.sample().octets))
    xmlrpc.alive()


@requirement("XR-no-params", MUST, "XML-RPC Payload format", "A call may come without <params>, or with none in it.")
@pytest.mark.parametrize("params", ["", "<params></params>", "<params/>"], ids=["without", "empty", "closed"])
def test_no_params(xmlrpc: XmlRpc, params: str) -> None:
    """A method that takes none gives its result."""
    name = LIST if xmlrpc.lists(LIST) else xmlrpc.method("names")
    xmlrpc.result(message(name, params))


@requirement(
    "XR-method-name-chars",
    INTEROP,
    "XML-RPC Payload format",
    "Names of methods have letters, digits, underscore, dot, colon and slash; servers may do with them what they like.",
)
@pytest.mark.parametrize("what", ["known", "blank", "sign"])
def test_names(xmlrpc: XmlRpc, what: str) -> None:
    """A name with a colon and a slash is called; with a blank or `<` in it, it is refused, and the server goes on."""
    if what == "known":
        octets = call(xmlrpc.method("names"))
        reply = xmlrpc.said(octets)
        xmlrpc.observe("called" if reply.value is not None else "a fault")
        return
    xmlrpc.welcome()
    reply = xmlrpc.said(call("netconform nowhere" if what == "blank" else "netconform<nowhere"))
    xmlrpc.observe(
        "a result" if reply.value is not None else "a fault" if reply.fault is not None else f"HTTP {reply.http.status}"
    )
    xmlrpc.alive()


#: Names that lead into the inside of a program where names are looked for with dots.
INSIDE = ("__class__.__mro__", "system.listMethods.__func__.__globals__", "_private", "_dispatch", "__init__")


@requirement(
    "XR-dotted-traversal", SECURITY, "CVE-2005-0089, CWE-470", "Names do not lead into the objects behind methods."
)
@pytest.mark.parametrize("name", INSIDE)
def test_inside(xmlrpc: XmlRpc, name: str) -> None:
    """A fault, 4xx or 5xx, with and without a parameter; a known method is answered."""
    if xmlrpc.lists(name):
        raise Inconclusive(f"the target says that {name} is a method of its own")
    xmlrpc.welcome()
    octets = call(name)
    reply = xmlrpc.denied(octets)
    other = xmlrpc.said(call(NOWHERE))
    if reply.fault_code != other.fault_code:
        xmlrpc.note(f"fault {reply.fault_code}, where {NOWHERE} gets {other.fault_code}")
    nothing = call(name, inner(string("x")))
    xmlrpc.denied(nothing)


NOT_CHECKED: list[tuple[str, str]] = []
