"""The strict JSON-RPC sessions as a peer sees them: the specification's own examples, limits, HTTP and streams."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_netconform.reference_servers.http import HttpConfig
from pytest_netconform.reference_servers.jsonrpc import Answers, JsonRpcConfig, JsonRpcHttp, JsonRpcStream, Received
from pytest_netconform.wire.cuts import CUTS, Cut
from pytest_netconform.wire.http_framer import responses
from pytest_netconform.wire.jsonrpc import FRAMINGS
from tests.talk import Talk

INVALID = '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}'
PARSE = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}'
#: The examples of section 7, in its order: what is asked, and what is answered (nothing: None).
EXAMPLES: list[tuple[str, str | None]] = [
    ('{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', '{"jsonrpc":"2.0","result":19,"id":1}'),
    ('{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}', '{"jsonrpc":"2.0","result":-19,"id":2}'),
    (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        '{"jsonrpc":"2.0","result":19,"id":3}',
    ),
    (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
        '{"jsonrpc":"2.0","result":19,"id":4}',
    ),
    ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    ('{"jsonrpc": "2.0", "method": "foobar"}', None),
    (
        '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
        '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"1"}',
    ),
    ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', PARSE),
    ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID),
    ('[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]', PARSE),
    ("[]", INVALID),
    ("[1]", f"[{INVALID}]"),
    ("[1,2,3]", f"[{INVALID},{INVALID},{INVALID}]"),
    (
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},'
        '{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},'
        '{"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},'
        '{"foo": "boo"},'
        '{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},'
        '{"jsonrpc": "2.0", "method": "ping", "id": "9"}]',
        '[{"jsonrpc":"2.0","result":7,"id":"1"},{"jsonrpc":"2.0","result":19,"id":"2"},'
        + INVALID
        + ',{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"5"},'
        '{"jsonrpc":"2.0","result":"pong","id":"9"}]',
    ),
    (
        '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},'
        '{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]',
        None,
    ),
]


def answer(octets: bytes | str, config: JsonRpcConfig | None = None) -> str | None:
    """What a text is answered."""
    said = Answers(config or JsonRpcConfig()).answer(octets.encode() if isinstance(octets, str) else octets)
    return None if said is None else said.decode("ascii")


@pytest.mark.parametrize(("asked", "answered"), EXAMPLES, ids=[str(place) for place in range(len(EXAMPLES))])
def test_the_examples_of_the_specification(asked: str, answered: str | None) -> None:
    """Every example, octet by octet."""
    assert answer(asked) == answered


@pytest.mark.parametrize(
    ("members", "code", "id"),
    [
        ('"method":"ping","id":1', -32600, "null"),
        ('"jsonrpc":2.0,"method":"ping","id":1', -32600, "null"),
        ('"jsonrpc":"2.1","method":"ping","id":1', -32600, "null"),
        ('"jsonrpc":"2.0","id":1', -32600, "null"),
        ('"jsonrpc":"2.0","method":null', -32600, "null"),
        ('"jsonrpc":"2.0","method":"ping","id":{}', -32600, "null"),
        ('"jsonrpc":"2.0","method":"ping","id":true', -32600, "null"),
        ('"jsonrpc":"2.0","method":"ping","params":null,"id":1', -32600, "null"),
        ('"jsonrpc":"2.0","method":"ping","params":"x","id":1', -32600, "null"),
        ('"JSONRPC":"2.0","Method":"ping","ID":1', -32600, "null"),
        ('"jsonrpc":"2.0","method":"ping","params":[1],"id":1', -32602, "1"),
        ('"jsonrpc":"2.0","method":"subtract","params":{"Minuend":1,"subtrahend":2},"id":1', -32602, "1"),
        ('"jsonrpc":"2.0","method":"subtract","params":["a",2],"id":1', -32602, "1"),
        ('"jsonrpc":"2.0","method":"sum","params":[true],"id":1', -32602, "1"),
        ('"jsonrpc":"2.0","method":"Ping","id":null', -32601, "null"),
        ('"jsonrpc":"2.0","method":"rpc.ping","id":1.5', -32601, "1.5"),
        ('"jsonrpc":"2.0","method":"__class__","id":1', -32601, "1"),
        ('"jsonrpc":"2.0","method":"fail","id":1', -32603, "1"),
        ('"jsonrpc":"2.0","method":"refuse","id":1', 1, "1"),
        ('"jsonrpc":"2.0","method":"echo","params":[NaN],"id":1', -32700, "null"),
    ],
)
def test_refusals(members: str, code: int, id: str) -> None:
    """Each with its code, and with the id where there was one to be read in a valid call."""
    said = answer("{" + members + "}")
    assert said is not None and f'"code":{code},' in said and said.endswith(f'"id":{id}}}')
    assert "app.py" not in said, "nobody is told how a method failed"


@pytest.mark.parametrize(
    ("value", "back"),
    [
        ("1e400", "1E+400"),
        ("12345678901234567890", "12345678901234567890"),
        ("0.10", "0.10"),
        ('"\\ud800"', '"\\ud800"'),
        ('"\u00e9"', '"\\u00e9"'),
        ('{"a":[{}]}', '{"a":[{}]}'),
        ("null", "null"),
    ],
)
def test_values_come_back(value: str, back: str) -> None:
    """Exactly, and in ASCII."""
    said = answer(f'{{"jsonrpc":"2.0","method":"echo","params":[{value}],"id":{json.dumps("x")}}}')
    assert said == f'{{"jsonrpc":"2.0","result":{back},"id":"x"}}'


@pytest.mark.parametrize(
    "octets", [b"", b"\xff", b'"\xed\xa0\x80"', b"[" * 100_000, b"[" * 5000 + b"]" * 5000, b"<html>"]
)
def test_what_is_no_json(octets: bytes) -> None:
    """Invalid UTF-8, depth, a page: -32700, and nothing is raised."""
    assert answer(octets) == PARSE


def test_calls_are_seen_and_failures_told() -> None:
    """Each call once, notifications too; what is no call is not."""
    seen: list[Received] = []
    failed: list[Exception] = []
    config = JsonRpcConfig(seen=seen.append, failed=failed.append)
    answer('[{"jsonrpc":"2.0","method":"fail"},{"jsonrpc":"2.0","method":"x","params":{"a":1},"id":0},1]', config)
    assert seen == [Received("fail", notification=True), Received("x", {"a": 1}, 0)]
    assert [type(error) for error in failed] == [RuntimeError]


# -- over HTTP

HOST = b"Host: www.example.test\r\n"
CALL = EXAMPLES[0][0].encode()


def post(body: bytes, path: bytes = b"/", method: bytes = b"POST") -> bytes:
    """A request with a text."""
    return b"%b %b HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n%b" % (method, path, HOST, len(body), body)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_texts_are_posted(cut: Cut) -> None:
    """A call, a notification, and what is no JSON, on one connection: 200 and 204."""
    talk = Talk(JsonRpcHttp(JsonRpcConfig(), config=HttpConfig()), cut)
    talk.say(post(CALL) + post(b'{"jsonrpc":"2.0","method":"ping"}') + post(b"["))
    found = responses(talk.sent, "POST", "POST", "POST", ended=False)
    assert [(one.status, one.body) for one in found] == [
        (200, b'{"jsonrpc":"2.0","result":19,"id":1}'),
        (204, b""),
        (200, PARSE.encode()),
    ]
    assert found[0].fields.get("Content-Type") == b"application/json" and not any(one.breaches for one in found)


@pytest.mark.parametrize(
    ("request_octets", "status"),
    [
        (post(CALL, b"/elsewhere"), 404),
        (b"GET /?jsonrpc=2.0&method=ping&id=1 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"OPTIONS / HTTP/1.1\r\n" + HOST + b"\r\n", 204),
        (post(CALL, method=b"BREW"), 501),
    ],
)
def test_http_is_still_http(request_octets: bytes, status: int) -> None:
    """Another path, GET, OPTIONS and an unknown method have the answers of HTTP."""
    talk = Talk(JsonRpcHttp(JsonRpcConfig()))
    talk.say(request_octets)
    assert talk.sent.startswith(b"HTTP/1.1 %d " % status)
    assert b'"result"' not in talk.sent
    if status == 405:
        assert b"Allow: POST, OPTIONS\r\n" in talk.sent


# -- over streams


@pytest.mark.parametrize("framing", list(FRAMINGS))
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_texts_in_a_stream(framing: str, cut: Cut) -> None:
    """Each is answered, but for notifications, in their order."""
    encode = FRAMINGS[framing].encode
    talk = Talk(JsonRpcStream(replace(JsonRpcConfig(), framing=framing)), cut)
    talk.say(encode(CALL) + encode(b'{"jsonrpc":"2.0","method":"ping"}') + encode(b"[]"))
    assert talk.sent == encode(b'{"jsonrpc":"2.0","result":19,"id":1}') + encode(INVALID.encode())
    talk.end()
    assert talk.closed


@pytest.mark.parametrize(
    ("framing", "octets"),
    [
        ("lines", b"x" * (1 << 22) + b"x"),
        ("headers", b"Content-Length: 1000000000000\r\n\r\n"),
        ("headers", b"[]\r\n\r\n"),
    ],
)
def test_what_cannot_be_framed_ends_a_stream(framing: str, octets: bytes) -> None:
    """The close, without a word; what comes behind is not heard."""
    talk = Talk(JsonRpcStream(replace(JsonRpcConfig(), framing=framing)))
    talk.say(octets)
    assert talk.closed and talk.sent == b""
    talk.say(FRAMINGS[framing].encode(CALL))
    assert talk.sent == b""
