"""What a client says, as RFC 9051 writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.cuts import octets, whole
from pytest_netconform.wire.imap_commands import (
    Literal,
    Said,
    append,
    astring,
    command,
    from_mutf7,
    quoted,
    segments,
    sequence,
    to_mutf7,
)


def test_parts_of_a_command() -> None:
    """A space stands between two parts; literals are announced with their octets."""
    assert command("LOGIN", Literal(b"fred"), Literal(b"x y", sync=False)) == b"LOGIN {4}\r\nfred {3+}\r\nx y"
    assert command("APPEND", b"x", Literal(b"\x00", binary=True)) == b"APPEND x ~{1}\r\n\x00"


def test_append() -> None:
    """APPEND with everything, and with nothing (RFC 9051 6.3.12)."""
    assert append("a b", b"hello", flags="(\\Seen)", date="17-Jul-1996 02:44:25 -0700") == (
        b'APPEND "a b" (\\Seen) "17-Jul-1996 02:44:25 -0700" {5}\r\nhello'
    )
    assert append(b"x", b"", sync=False) == b"APPEND x {0+}\r\n"


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        (b"NOOP", [b"NOOP"]),
        (b"LOGIN {4}\r\nfred {3}\r\nx y", [b"LOGIN {4}\r\n", b"fred {3}\r\n", b"x y"]),
        (b"A {7}\r\nx {1}\r\ny B {1+}\r\nz", [b"A {7}\r\n", b"x {1}\r\ny B {1+}\r\nz"]),
        (b"A {0}\r\n", [b"A {0}\r\n", b""]),
        (b"A {3+}\r\n{1} {1}\r\nx", [b"A {3+}\r\n{1} {1}\r\n", b"x"]),
    ],
)
def test_segments(said: bytes, parts: list[bytes]) -> None:
    """A command is cut where its sender waits, and nowhere inside a literal."""
    assert segments(said) == parts


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        (b"a NOOP\r\nb NOOP\r\n", ["a", "b"]),
        (b"a APPEND x {9+}\r\nb NOOP\r\nx\r\nd NOOP\r\n", ["a", "d"]),
        (b"a LOGIN {1}\r\nx {3}\r\n\r\nb\r\nc NOOP\r\nd NO", ["a", "c"]),
        (b"a LOGIN {0}\r\n {0}\r\n\r\nb NOOP\r\n", ["a", "b"]),
        (b"a NOOP\rb NOOP\r\n", ["a"]),
    ],
)
def test_tags_that_were_said(said: bytes, tags: list[str]) -> None:
    """Tags stand at the beginnings of commands, and what stands in literals is none, however it is cut."""
    for cut in (whole, octets):
        reader = Said()
        assert [tag for piece in cut(said) for tag in reader.feed(piece)] == tags


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("INBOX", b"INBOX"),
        ("a]b", b"a]b"),
        ("", b'""'),
        ("a b", b'"a b"'),
        ('a"\\', b'"a\\"\\\\"'),
        ("a%", b'"a%"'),
        ("x\r\ny", Literal(b"x\r\ny")),
        ("é", Literal("é".encode())),
    ],
)
def test_astrings(text: str, written: object) -> None:
    """The shortest way to write a string."""
    assert astring(text) == written


def test_quoted() -> None:
    """Backslash and DQUOTE are escaped, and nothing else."""
    assert quoted('a"b\\c%') == b'"a\\"b\\\\c%"'


def test_sequences() -> None:
    """Neighbours make ranges."""
    assert [sequence(numbers) for numbers in ([1, 2, 3, 5], [4], [3, 2], [1, 3, 4])] == ["1:3,5", "4", "3,2", "1,3:4"]


NAMES = [
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 5.1.3
    ("&", b"&-"),
    ("a&b", b"a&-b"),
    ("☺!", b"&Jjo-!"),
    ("é", b"&AOk-"),
    ("", b""),
]


@pytest.mark.parametrize(("name", "octets"), NAMES)
def test_modified_utf7(name: str, octets: bytes) -> None:
    """A name has one form in modified UTF-7 (RFC 3501 5.1.3)."""
    assert to_mutf7(name) == octets
    assert from_mutf7(octets) == name


@pytest.mark.parametrize("octets", [b"&", b"&Jjo", b"&AGE-", b"&AOk-&AOk-", b"\xc3\xa9", b"&AOl-", b"&2D0-", b"&====-"])
def test_what_is_no_modified_utf7(octets: bytes) -> None:
    """Unterminated, superfluous, padded and broken forms are none."""
    assert from_mutf7(octets) is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_name_comes_back(name: str) -> None:
    """Whatever a mailbox is called."""
    assert from_mutf7(to_mutf7(name)) == name
