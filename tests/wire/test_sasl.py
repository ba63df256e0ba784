"""Mechanisms from both sides, against the examples of their standards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire import sasl
from pytest_netconform.wire.sasl import MECHANISMS, Claim, SaslProblem


def claimed(mechanism: str, *responses: bytes, initial: bytes | None = None, unique: bytes = b"1") -> Claim:
    """The claim at the end of an exchange with these responses."""
    exchange = MECHANISMS[mechanism].start(initial, unique)
    try:
        next(exchange)
        for response in responses:
            exchange.send(response)
    except StopIteration as end:
        assert isinstance(end.value, Claim)
        return end.value
    raise AssertionError("the exchange is not over")


@pytest.mark.parametrize(
    ("data", "text"), [(b"", b""), (b"f", b"Zg=="), (b"fo", b"Zm8="), (b"foo", b"Zm9v"), (b"foobar", b"Zm9vYmFy")]
)
def test_base64(data: bytes, text: bytes) -> None:
    """The test vectors of RFC 4648 10."""
    assert sasl.encoded(data) == text
    assert sasl.decoded(text) == data


@pytest.mark.parametrize(
    "text",
    [b"Zg", b"Zg=", b"Zg===", b"Z", b"####", b"=AAA", b"AAA=BBB", b"Zm9v\n", b" Zm9v", b"Zm 9v", b"Zm9-", b"AGEAYg"],
)
def test_base64_is_strict(text: bytes) -> None:
    """Stray characters, missing or surplus padding are no base64 (RFC 4648 3.2, 3.3)."""
    with pytest.raises(SaslProblem):
        sasl.decoded(text)


def test_base64_pad_bits() -> None:
    """Pad bits are zero (RFC 4648 3.5)."""
    with pytest.raises(SaslProblem):
        sasl.decoded(b"Zh==")


@given(st.binary())
def test_base64_round_trip(data: bytes) -> None:
    """What was encoded comes back."""
    assert sasl.decoded(sasl.encoded(data)) == data


def test_plain_example() -> None:
    """The examples of RFC 4616 4: without and with somebody to act for."""
    assert sasl.plain_message("tim", "tanstaaftanstaaf") == b"\0tim\0tanstaaftanstaaf"
    assert sasl.parse_plain(b"Ursel\0Kurt\0xipj3plmq") == ("Ursel", "Kurt", "xipj3plmq")


@pytest.mark.parametrize(
    "message", [b"", b"tim", b"\0tim", b"\0\0secret", b"\0tim\0", b"a\0b\0c\0d", b"\0\xff\0secret"]
)
def test_plain_is_strict(message: bytes) -> None:
    """Two NULs, a user and a password, all UTF-8."""
    with pytest.raises(SaslProblem):
        sasl.parse_plain(message)


def test_plain_server() -> None:
    """An empty challenge, or none after an initial response; then the claim."""
    exchange = MECHANISMS["PLAIN"].start(None, b"1")
    assert next(exchange) == b""
    claim = claimed("PLAIN", initial=b"\0tim\0secret")
    assert claim.user == "tim"
    assert claim.proven_by("secret")
    assert not claim.proven_by("Secret")


def test_login_server() -> None:
    """Two prompts; a name that came as an initial response is not asked for again."""
    exchange = MECHANISMS["LOGIN"].start(None, b"1")
    assert (next(exchange), exchange.send(b"tim")) == (b"Username:", b"Password:")
    for claim in (claimed("LOGIN", b"tim", b"secret"), claimed("LOGIN", b"secret", initial=b"tim")):
        assert (claim.user, claim.proven_by("secret"), claim.proven_by("x")) == ("tim", True, False)


def test_cram_md5_example() -> None:
    """The example of RFC 2195 2, byte by byte."""
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    response = b"tim b913a602c7eda7a495b4e6e7334d3890"
    assert sasl.encoded(challenge) == b"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
    assert sasl.cram_response("tim", "tanstaaftanstaaf", challenge) == response
    assert sasl.encoded(response) == b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
    claim = claimed("CRAM-MD5", response, unique=challenge[1:-1])
    assert (claim.user, claim.proven_by("tanstaaftanstaaf"), claim.proven_by("tanstaaf")) == ("tim", True, False)


@pytest.mark.parametrize("response", [b"", b"tim", b"tim ", b" " + b"0" * 32, b"tim " + b"0" * 31, b"tim " + b"A" * 32])
def test_cram_md5_is_strict(response: bytes) -> None:
    """A user, one space, 32 lower-case hexadecimal digits."""
    with pytest.raises(SaslProblem):
        sasl.parse_cram_response(response)


def test_names() -> None:
    """The mechanisms have SASL names (RFC 4422 3.1), and the one that hides the password says so."""
    assert all(sasl.MECHANISM_NAME.fullmatch(name) for name in MECHANISMS)
    assert [name for name, mechanism in MECHANISMS.items() if not mechanism.plaintext] == ["CRAM-MD5"]
