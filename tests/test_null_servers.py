"""No check passes on a server that answers without understanding, from the start or after the sanity dialogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_netconform.dialects import READY
from pytest_netconform.reference_servers.null import NULL_DATAGRAMS, NULL_HEADS, NULLS, NULLS_WITH_TAGS, AnsweringHeads
from pytest_netconform.verdict import Verdict
from pytest_netconform.wire.oncrpc import AUTH_ERROR, GARBAGE_ARGS, SUCCESS, accepted, denied, record
from tests.gates import Gate, cases

GREEN = (Verdict.PASS, Verdict.OBSERVED)


class AnsweringPosts(AnsweringHeads):
    """Gives the same answer to every request, whose body it passes over."""

    def on_data(self, data: bytes) -> None:
        self.send(self.answer * data.count(b"POST "))


@dataclass(frozen=True)
class Words:
    """What null servers say to a protocol in one configuration: a greeting, and the one answer that they know.

    right: the nulls that are right there by definition (an echo of an echo server), which near misses replace.
    """

    greeting: bytes
    answer: bytes
    dialect: str = ""
    right: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, str]:
        """The configuration."""
        return {"dialect": self.dialect} if self.dialect else {}

    def gate(self, protocol: str, null: str) -> Gate:
        """A null server of this protocol."""
        nulls: Mapping[str, Callable[[bytes, bytes], Any]] = NULLS_OF.get(protocol, NULLS)
        return Gate(protocol, self.options, make_session=lambda: nulls[null](self.greeting, self.answer))


def _said(status: int, body: bytes, media: bytes = b"application/json") -> bytes:
    """An HTTP response."""
    return b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\nContent-Type: %b\r\n\r\n%b" % (
        status,
        len(body),
        media,
        body,
    )


ECHO = ("echo",)
XML = b"<?xml version='1.0'?><methodResponse>%b</methodResponse>"
FAULT = (
    b"<fault><value><struct><member><name>faultCode</name><value><int>1</int></value></member>"
    b"<member><name>faultString</name><value><string>No</string></value></member></struct></value></fault>"
)
WORDS = {
    "smtp": [
        Words(b"220 mail.example.test ESMTP\r\n", b"250 OK\r\n"),
        Words(b"220 x\r\n", b"550 No\r\n"),
        Words(b"", b"250 OK\r\n"),
    ],
    "pop3": [
        Words(b"+OK POP3 at your service\r\n", b"+OK\r\n"),
        Words(b"+OK <1.2@mail.example.test>\r\n", b"-ERR No\r\n"),
        Words(b"+OK\r\n", b"+OK\r\n.\r\n"),
        Words(b"", b"+OK\r\n"),
    ],
    "imap": [
        Words(b"* OK IMAP4rev1 ready\r\n", b"OK done\r\n"),
        Words(b"* OK IMAP4rev1 ready\r\n", b"NO thanks\r\n"),
        Words(b"* OK [CAPABILITY IMAP4rev1] x\r\n", b"BAD x\r\n"),
        Words(b"* OK x\r\n", b"* OK x\r\n"),
        Words(b"* PREAUTH x\r\n", b"+ \r\n"),
        Words(b"", b"* OK x\r\n"),
    ],
    "mail": [
        Words(b"* OK IMAP4rev1 ready\r\n", b"OK done\r\n"),
        Words(b"* PREAUTH x\r\n", b"OK done\r\n"),
        Words(b"* OK x\r\n", b"* OK x\r\n"),
        Words(b"", b"* OK x\r\n"),
    ],
    "ftp": [
        Words(b"220 files.example.test ready\r\n", b"200 OK\r\n"),
        Words(b"220 x\r\n", b"530 No\r\n"),
        Words(b"220 x\r\n", b"230 In\r\n"),
        Words(b"", b"220 OK\r\n"),
    ],
    "http": [
        Words(b"", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        Words(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Words(b"", b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnone\n"),
        Words(b"", b"<html>"),
    ],
    "jsonrpc": [
        Words(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Words(b"", b"HTTP/1.1 204 No Content\r\n\r\n"),
        Words(b"", _said(200, b'{"jsonrpc":"2.0","result":null,"id":1}')),
        Words(b"", _said(200, b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"No"},"id":null}')),
        Words(b"", _said(400, b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"No"},"id":null}')),
        Words(b"", _said(200, b"[]")),
        Words(b"", _said(404, b"<!DOCTYPE html><title>Not Found</title>")),
    ],
    "jsonrpctcp": [
        Words(b"", b'{"jsonrpc":"2.0","result":null,"id":1}\n'),
        Words(b"", b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"No"},"id":null}\n'),
        Words(b"", b"[]\n"),
        Words(b"hello\n", b"\n"),
    ],
    "xmlrpc": [
        Words(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Words(b"", _said(200, XML % b"<params><param><value></value></param></params>", b"text/xml")),
        Words(b"", _said(200, XML % b"<params><param><value><int>19</int></value></param></params>", b"text/xml")),
        Words(b"", _said(200, XML % FAULT, b"text/xml")),
        Words(b"", _said(500, XML % FAULT, b"text/xml")),
        Words(b"", _said(404, b"<!DOCTYPE html><title>Not Found</title>")),
    ],
    "oncrpc": [
        Words(b"", record(accepted(0, SUCCESS))),
        Words(b"", record(denied(0, AUTH_ERROR, 1))),
        Words(record(accepted(0, SUCCESS)), record(accepted(0, GARBAGE_ARGS))),
        Words(b"", b"\x80\x00\x00\x00"),
    ],
    "oncrpcudp": [
        Words(b"", accepted(0, SUCCESS)),
        Words(b"", denied(0, AUTH_ERROR, 1)),
        Words(b"", b"\x00"),
    ],
    "stream": [
        Words(b"", b"aaaaaaaa\r\n", "lines", ECHO),
        Words(b"", b"Ugly.", "zen"),
        Words(b"", b"Error: unknown aphorism.", "zen"),
        Words(b"", b"aaaaaaaa", "echo", ECHO),
        Words(b"", b"AAAAAAAA", "upper"),
        Words(b"", b"aaaaaaaa.", "escaped", ECHO),
        Words(b"", b"aaaaaaaaaaaaaaaa", "sixteen", ECHO),
        Words(b"", b"\x00\x00\x00\x08aaaaaaaa", "prefixed", ECHO),
        Words(b"", b"\x08aaaaaaaa", "varint", ECHO),
        Words(b"", b"\x00\x00\x00\x08aaaaaaaa\x00\x00\x00\x00", "blocks", ECHO),
        Words(b"", b"8:aaaaaaaa,", "netstring", ECHO),
        Words(b"", b"aaaaaaaa", "until-close", ECHO),
        Words(b"", b"x\x9cKL\x84\x00\x00\r\xac\x03\t", "zlib", ECHO),
        Words(b"", b"\x00\x00\x00\x0bx\x9cKL\x84\x00\x00\r\xac\x03\t", "zlib-prefixed", ECHO),
        Words(b"", b"\x00\x00\x00\x0caaaaaaaa\xbf\x84\x80F", "checked", ECHO),
        Words(b"", b"\x00\x00\x00\x08aaaaaaaa", "prefixed-text", ECHO),
        Words(b"", b"\x08aaaaaaaa", "prefixed-octet", ECHO),
        Words(b"", b'{"sum": 3}\n', "json-lines"),
        Words(b"", b'{"error": "no"}\n', "json-lines"),
        # near misses: who is silent and closes after us discards; who says four octets and closes tells the time
        Words(b"", b"x", "discard", ("silent", "same-per-line")),
        Words(b"abc", b"abcd", "time"),
        Words(b"\x00", b"Tuesday", "daytime"),
        Words(b"", b"x" * 512, "qotd"),
        Words(b"", b" !\r\n", "chargen"),
        Words(b"", b"Login\r\n", "systat"),
        Words(b"", b"Login\r\n", "finger"),
        Words(b"", b"6191, 23 : ERROR : NO-USER\r\n", "ident"),
    ],
    "datagram": [
        Words(b"", b"aaaaaaaa", "echo-udp", ECHO),
        Words(b"", b"AAAAAAAA", "upper-udp"),
        Words(b"", b"aaaaaaaa", "terse", ECHO),
        Words(b"", b"\x00\x00Ugly.", "numbered"),
        Words(b"", b"\x00\x00Error: unknown aphorism.", "numbered"),
        # near misses: who is silent, and not refused, discards; four octets are a time, and text is a date
        Words(b"", b"x", "discard-udp", ("silent", "absent")),
        Words(b"", b"abc", "time-udp", ("echo",)),
        Words(b"", b"\xff", "daytime-udp"),
        # any text is a quotation, any number of octets up to 512 are characters, and a datagram may come more than once
        Words(b"", b"x", "qotd-udp", ("same-per-datagram", "unasked")),
        Words(b"", b"", "qotd-udp"),
        Words(b"", b"x", "chargen-udp", ("same-per-datagram", "empty", "echo", "echo-but-the-last", "unasked")),
        Words(b"", b"\x00\x00\x00\x00\x00\x01\x00\x00VERSION 1.6.0\r\n", "memcached-udp"),
    ],
}
NULLS_OF: dict[str, Mapping[str, Callable[[bytes, bytes], Any]]] = {
    "datagram": NULL_DATAGRAMS,
    "oncrpcudp": NULL_DATAGRAMS,
    "imap": NULLS_WITH_TAGS,
    "http": NULL_HEADS,
    "mail": NULLS_WITH_TAGS,
    "jsonrpc": {**NULL_HEADS, "same-per-post": AnsweringPosts},
    "xmlrpc": {**NULL_HEADS, "same-per-post": AnsweringPosts},
}
CASES = [
    pytest.param(
        protocol, null, words, id=f"{protocol}-{null}-{words.dialect or words.answer[:3].decode('latin-1')}-{place}"
    )
    for protocol, every in WORDS.items()
    for null in NULLS_OF.get(protocol, NULLS)
    for place, words in enumerate(every)
    if null not in words.right
]


def test_every_ready_dialect_has_words() -> None:
    """No ready dialect is without nulls that look like a server of it."""
    assert {words.dialect for every in WORDS.values() for words in every} >= READY.keys()


FRAMED = [words for words in WORDS["stream"] + WORDS["datagram"] if READY[words.dialect].unasked == ""]


@pytest.mark.parametrize("words", FRAMED, ids=lambda words: f"{words.dialect}-{words.answer[:9]!r}")
def test_words_are_what_a_server_might_say(words: Words) -> None:
    """What is no message of the dialect would be told apart by anybody: a null says a whole one, without a fault."""
    framer = READY[words.dialect].replies.framer()
    framer.feed(words.answer)
    frame = framer.next() or framer.finish()
    assert frame is not None and frame.payload is not None and not frame.deviations and not framer.rest()


@pytest.mark.parametrize(("protocol", "null", "words"), CASES)
def test_bare_null_servers_pass_nothing(protocol: str, null: str, words: Words) -> None:
    """A null server is green in no case, whatever it says."""
    gate = words.gate(protocol, null)
    green = [case.name for case in cases(protocol) if gate.judge(case).verdict in GREEN]
    assert not green


@pytest.mark.parametrize(("protocol", "null", "words"), CASES)
def test_late_null_servers_pass_no_refusal_silence_or_close(protocol: str, null: str, words: Words) -> None:
    """A server that is right through the sanity dialogue and null afterwards earns nothing by saying no, or nothing."""
    sound = Gate(protocol, words.options).survey
    assert sound.sound
    gate = words.gate(protocol, null)
    gate.survey, gate.lost = sound, ""
    for case in cases(protocol):
        outcome = gate.judge(case)
        if outcome.verdict is Verdict.PASS:
            vain = outcome.evidence & {"refusal", "silence", "close"}
            assert not vain, f"{case.name} passes by {vain}"
