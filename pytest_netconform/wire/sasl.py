"""SASL on the wire: base64 as profiles carry it, and the mechanisms PLAIN, LOGIN and CRAM-MD5 from both sides.

A server's side is a generator: it yields challenges, is sent responses, and returns a claim, which says who wants in
and whether a password proves it. How a challenge travels (334, +, 383) is for the protocol to know. Pure: no socket,
no clock, no random numbers; what must be unique comes from outside.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

# base64-terminal = base64-char / "="; base64 = *(4base64-char) [2base64-char "==" / 3base64-char "="]   (RFC 4954 8)
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

# sasl-mech = 1*20mech-char; mech-char = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE   (RFC 4422 3.1)
MECHANISM_NAME = re.compile(r"[A-Z0-9_-]{1,20}")

# message = [authzid] UTF8NUL authcid UTF8NUL passwd; authcid, passwd = 1*SAFE, SAFE without NUL   (RFC 4616 2)
_PLAIN = re.compile(rb"(?P<authzid>[^\0]*)\0(?P<authcid>[^\0]+)\0(?P<password>[^\0]+)")

# response = user SP digest; digest = 32 lower-case hexadecimal digits   (RFC 2195 2)
_CRAM = re.compile(rb"(?P<user>.+) (?P<digest>[0-9a-f]{32})", re.DOTALL)


class SaslProblem(ValueError):
    """A response that cannot be read; the text says what is wrong with it."""


@dataclass(frozen=True)
class Claim:
    """What a client has said of himself: the user, whom he wants to act for (empty: himself), and the proof."""

    user: str
    proven_by: Callable[[str], bool]
    acting_for: str = ""


#: Yields challenges, takes responses, returns the claim; raises SaslProblem for a response it cannot read.
Exchange = Generator[bytes, bytes, Claim]


@dataclass(frozen=True)
class Mechanism:
    """A server's side of a mechanism.

    start: makes the exchange from the initial response (None when there was none) and a unique text for a challenge.
    server_first: the server speaks first, so that an initial response is an error. plaintext: the password itself
    travels, so that a wire in clear should not carry it.
    """

    start: Callable[[bytes | None, bytes], Exchange]
    server_first: bool = False
    plaintext: bool = True


def encoded(data: bytes) -> bytes:
    """Octets in base64, in one line (RFC 4648 4)."""
    return base64.b64encode(data)


def decoded(text: bytes) -> bytes:
    """The octets of one base64 text: no stray characters, whole padding, pad bits zero (RFC 4648 3.2, 3.3, 3.5)."""
    if not _BASE64.fullmatch(text):
        raise SaslProblem("not base64")
    data = base64.b64decode(text)
    if base64.b64encode(data) != text:
        raise SaslProblem("base64 with pad bits that are not zero")
    return data


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SaslProblem(f"the {what} is not UTF-8") from None


# PLAIN (RFC 4616)


def plain_message(user: str, password: str, acting_for: str = "") -> bytes:
    """The one message of PLAIN."""
    return b"\0".join(part.encode() for part in (acting_for, user, password))


def parse_plain(message: bytes) -> tuple[str, str, str]:
    """(acting for, user, password) out of PLAIN's message."""
    found = _PLAIN.fullmatch(message)
    if found is None:
        raise SaslProblem("not [authzid] NUL authcid NUL password")
    return _text(found["authzid"], "authzid"), _text(found["authcid"], "user"), _text(found["password"], "password")


def _plain(initial: bytes | None, unique: bytes) -> Exchange:
    acting_for, user, password = parse_plain(initial if initial is not None else (yield b""))
    return Claim(user, lambda known: _same(known.encode(), password.encode()), acting_for)


# LOGIN (never standardized; draft-murchison-sasl-login)

LOGIN_PROMPTS = (b"Username:", b"Password:")


def _login(initial: bytes | None, unique: bytes) -> Exchange:
    # widespread clients send the name as an initial response, so it is taken for one
    name = initial if initial is not None else (yield LOGIN_PROMPTS[0])
    password = yield LOGIN_PROMPTS[1]
    if not name:
        raise SaslProblem("an empty user name")
    return Claim(_text(name, "user"), lambda known: _same(known.encode(), password))


# CRAM-MD5 (RFC 2195)


def cram_response(user: str, password: str, challenge: bytes) -> bytes:
    """The answer to a challenge: the user and the keyed digest of the challenge."""
    return user.encode() + b" " + cram_digest(password, challenge)


def cram_digest(password: str, challenge: bytes) -> bytes:
    """HMAC-MD5 of the challenge, keyed with the password, in lower-case hexadecimal."""
    return hmac.new(password.encode(), challenge, hashlib.md5).hexdigest().encode()


def parse_cram_response(response: bytes) -> tuple[str, bytes]:
    """(user, digest) out of a response."""
    found = _CRAM.fullmatch(response)
    if found is None:
        raise SaslProblem("not user SP digest")
    return _text(found["user"], "user"), found["digest"]


def _cram_md5(initial: bytes | None, unique: bytes) -> Exchange:
    challenge = b"<" + unique + b">"
    user, digest = parse_cram_response((yield challenge))
    return Claim(user, lambda known: _same(cram_digest(known, challenge), digest))


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)


#: The mechanisms by name, in the order in which a server offers them.
MECHANISMS: dict[str, Mechanism] = {
    "PLAIN": Mechanism(_plain),
    "LOGIN": Mechanism(_login),
    "CRAM-MD5": Mechanism(_cram_md5, server_first=True, plaintext=False),
}
