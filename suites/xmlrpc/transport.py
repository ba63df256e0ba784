"""What carries calls: HTTP (the specification's Header requirements and Response format; RFC 9110, RFC 9112).

Where several answers are right, all are: who closes behind each answer says so, or is HTTP/1.0.
"""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache

from pytest_netconform.dialogues.xmlrpc import NOWHERE, XmlRpc, XmlRpcTour, described, told
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, hostile, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.http import Framing
from pytest_netconform.wire.xmlrpc import call, inner, parse_reply, string

#: One param, and a type of XML's, as regular expressions; for a reproducer.
ONE = rb"(?s:.*<params>\s*<param>(?:(?!<param>).)*</params>)"
XML = rb"(?is:.*\ncontent-type: *(?:text|application)/xml)"
CALLS = 5
GIB = 1 << 30
AWKWARD = "caf\u00e9 \u4e16\u754c \U0001f600"  # as many characters as octets it has not


@requirement(
    "XR-post-basic",
    MUST,
    "XML-RPC Header requirements, Response format",
    "A call is answered 200 with text/xml: one methodResponse of one param with one value, or one fault.",
)
def test_response(xmlrpc: XmlRpc, xmlrpc_tour: XmlRpcTour) -> None:
    """A result, and every response of the tour: its type, and its elements. Its status is judged elsewhere."""
    sample = xmlrpc.sample()
    reply = xmlrpc.said(sample.octets)
    expected = f"200 and a result in answer to {told(sample.octets)}"
    if reply.value is None or reply.http.status != 200:
        raise NonConformity(expected, described(reply), pattern=ONE)
    for found in (reply, *(other for other in xmlrpc_tour.replies if not other.problem)):
        if found.media not in ("text/xml", "application/xml"):
            received = f"{found.media or 'none'}, with {shown(found.octets)}"
            raise NonConformity("Content-Type: text/xml", received, pattern=XML)
        xmlrpc.require("?" not in {found.value and found.value.kind}, "a value", "; ".join(found.wrong))
        if found.media != "text/xml":
            xmlrpc.note(f"Content-Type: {found.media}")


@requirement(
    "XR-content-length",
    MUST,
    "XML-RPC Response format",
    "Content-Length is there, and counts octets.",
)
def test_length(xmlrpc: XmlRpc) -> None:
    """Of text outside ASCII, where there is an echo; chunks, which HTTP/1.1 has in its place, are noted."""
    octets = xmlrpc.echo(inner(string(AWKWARD))) if xmlrpc.has("echo") else xmlrpc.sample().octets
    reply = xmlrpc.said(octets)
    if reply.http.framing is Framing.CHUNKED:
        xmlrpc.note("chunked, without a Content-Length")
    else:
        there = reply.http.framing is Framing.LENGTH
        xmlrpc.require(there, f"a Content-Length in answer to {told(octets)}", reply.http.head)
    rest = xmlrpc.unframed()
    whole = not reply.problem and not rest
    received = f"{described(reply)}, and behind it {shown(rest)}" if rest else described(reply)
    xmlrpc.require(whole, f"a whole response, and nothing behind it, in answer to {told(octets)}", received)


@requirement("XR-empty-body", SHOULD, "XML-RPC Payload format", "A POST without a call in it is refused.")
def test_nothing_posted(xmlrpc: XmlRpc) -> None:
    """A fault, 4xx or 5xx; and a call is answered before and behind it."""
    xmlrpc.welcome()
    xmlrpc.denied(b"", "Content-Length: 0")
    xmlrpc.alive()


@requirement("XR-get", INTEROP, "XML-RPC Overview", "Calls come by POST: what GET gets is left open, but no call.")
def test_get(xmlrpc: XmlRpc) -> None:
    """405, another refusal, or a page for people; a call in the body of GET is not carried out."""
    xmlrpc.welcome()
    sample = xmlrpc.sample()
    xmlrpc.renew()
    answer = xmlrpc.ask(xmlrpc.request("GET", xmlrpc.root, "Content-Type: text/xml", body=sample.octets))
    called = parse_reply(answer).value is not None
    xmlrpc.observe("carries out calls" if called else f"HTTP {answer.status}")
    xmlrpc.alive()


@requirement(
    "XR-keepalive", SHOULD, "RFC 9112 9.3, 9.6", "Several calls go over one connection, or the close is announced."
)
def test_calls_on_one_connection(xmlrpc: XmlRpc) -> None:
    """Five calls; `Connection: close`, and HTTP/1.0, announce the close."""
    for number in range(CALLS):
        sample = xmlrpc.sample(number)
        expected = f"a result in answer to {told(sample.octets)}, call {number + 1} on one connection"
        xmlrpc.send(xmlrpc.posted(sample.octets))
        try:
            answer = xmlrpc.answer(expected)
        except NonConformity as problem:
            if number and xmlrpc.over:
                expected += ", or the close announced before"
                raise NonConformity(expected, problem.received, passing=problem.passing) from None
            raise
        xmlrpc.taken(parse_reply(answer), expected)
        if answer.closing:
            xmlrpc.note(f"the close is announced behind call {number + 1}")
            return


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A call whose string is a gibibyte of blanks, compressed: a prefix, a block that repeats, and the end."""
    front, _, end = call(NOWHERE, "@").partition(b"@")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(front) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    tail = packer.compress(end) + packer.flush()
    size = (len(front) + GIB + len(end)) & 0xFFFFFFFF
    # what the checksum should be is known only to who has expanded all of it
    return gzip.compress(b"")[:10] + head + block * 1024 + tail + bytes(4) + size.to_bytes(4, "little")


@requirement(
    "XR-gzip-bomb",
    SECURITY,
    "RFC 9110 8.4, 15.5.16; CWE-409",
    "A small compressed body that would be a gibibyte does not harm the server.",
)
@hostile
def test_gzip_bomb(xmlrpc: XmlRpc) -> None:
    """A fault, 4xx, 5xx or the close; the same server answers before and behind it."""
    xmlrpc.welcome()
    reply = xmlrpc.weathered(bomb(), "Content-Encoding: gzip", within=xmlrpc.target.patience)
    if reply is not None:
        expected = "a fault, 4xx, 5xx or the close in answer to a gibibyte, compressed"
        xmlrpc.require(reply.value is None, expected, described(reply))
        xmlrpc.note("a fault" if reply.fault is not None else f"HTTP {reply.http.status}")
    xmlrpc.alive()


@requirement("XR-concurrent", INTEROP, "XML-RPC Overview", "While one call takes its time, others may be answered.")
def test_concurrent(xmlrpc: XmlRpc) -> None:
    """A slow call on one connection, a fast one on another, which is answered first, or behind it."""
    slow = call(xmlrpc.method("slow"))
    other = xmlrpc.sibling()
    began = xmlrpc.wire.now()
    try:
        xmlrpc.result(slow)
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met: {problem}") from None
    takes = xmlrpc.wire.now() - began
    if takes < 0.5:
        raise Inconclusive(f"the slow method takes {takes:.2f} s only")
    xmlrpc.renew()
    xmlrpc.send(xmlrpc.posted(slow))
    began = other.wire.now()
    sample = other.sample()
    other.result(sample.octets, sample.result)
    waited = other.wire.now() - began
    xmlrpc.taken(parse_reply(xmlrpc.answer()), f"a result in answer to {told(slow)}")
    xmlrpc.observe("one at a time" if waited > takes / 2 else "side by side")


NOT_CHECKED: list[tuple[str, str]] = []
