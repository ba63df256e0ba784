"""Hostile XML: entities from elsewhere, entities that grow, and depth (XML 1.0 4; CWE-611, CWE-776, CWE-674)."""

from __future__ import annotations

from pytest_netconform.dialogues.xmlrpc import XmlRpc, described, told
from pytest_netconform.requirement import SECURITY, hostile, requirement
from pytest_netconform.wire.xmlrpc import inner, string

HEAD = '<?xml version="1.0"?>'
SECRET = "root:"  # what stands in the file that is asked for
FILE = '<!DOCTYPE x [<!ENTITY xx SYSTEM "file:///etc/passwd">]>'
LAUGHS = 9  # tenfold each
DEPTH = 10_000


@requirement("XR-xxe", SECURITY, "XML 1.0 4.2.2, 4.4.3; CWE-611", "Entities do not bring files of the server's.")
@hostile
def test_external_entities(xmlrpc: XmlRpc) -> None:
    """A fault, 4xx, 5xx, the close, or a string without what the entity stands for; the same call is echoed without."""
    xmlrpc.twin(inner(string("nc--nc")), string("nc--nc"))
    octets = xmlrpc.echo("<string>nc-&xx;-nc</string>", declaration=HEAD + FILE)
    reply = xmlrpc.weathered(octets)
    if reply is not None:
        expected = f"a fault, 4xx, 5xx or the close, and nothing of the file, in answer to {told(octets)}"
        xmlrpc.require(SECRET.encode() not in reply.octets, expected, described(reply))
        if reply.value is not None:
            xmlrpc.note(f"no refusal, but {described(reply)}")
    xmlrpc.alive()


@requirement(
    "XR-billion-laughs", SECURITY, "XML 1.0 4.4; CWE-776", "Entities that grow tenfold nine times harm nobody."
)
@hostile
def test_entities_that_grow(xmlrpc: XmlRpc) -> None:
    """A fault, 4xx, 5xx or the close within 5 s; the server goes on."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, LAUGHS + 1))
    declaration = f'{HEAD}<!DOCTYPE x [<!ENTITY l0 "laugh">{entities}]>'
    sample = xmlrpc.sample().octets
    xmlrpc.welcome()
    octets = declaration.encode() + sample.partition(b"?>")[2].replace(b"<value>", f"<value>&l{LAUGHS};".encode(), 1)
    if b"&l" not in octets:
        octets = octets.replace(b"<methodName>", f"<methodName>&l{LAUGHS};".encode())
    reply = xmlrpc.weathered(octets)
    if reply is not None:
        expected = "a fault, 4xx, 5xx or the close in answer to a gigabyte of entities"
        xmlrpc.require(reply.value is None, expected, described(reply))
        xmlrpc.note("a fault" if reply.fault is not None else f"HTTP {reply.http.status}")
    xmlrpc.alive()


@requirement("XR-deep-nesting", SECURITY, "XML 1.0 2.1; CWE-674", "Arrays in ten thousand arrays harm nobody.")
@hostile
def test_depth(xmlrpc: XmlRpc) -> None:
    """A fault, a result, 4xx, 5xx or the close within 5 s; the server goes on."""
    deep = "<array><data><value>" * DEPTH + "</value></data></array>" * DEPTH
    sample = xmlrpc.sample().octets
    octets = xmlrpc.echo(deep) if xmlrpc.has("echo") else sample.replace(b"</params>", b"")
    if not xmlrpc.has("echo"):
        octets = sample.replace(b"<params>", f"<params><param><value>{deep}</value></param>".encode(), 1)
    xmlrpc.welcome()
    reply = xmlrpc.weathered(octets)
    if reply is not None:
        xmlrpc.note("a fault" if reply.fault is not None else f"HTTP {reply.http.status}")
    xmlrpc.alive()


NOT_CHECKED: list[tuple[str, str]] = []
