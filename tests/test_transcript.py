"""The transcript: what is kept, what is shown, and what must never be shown."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_netconform.transcript import KEPT_IN_ALL, KEPT_PER_EVENT, Transcript, What, visible

PASSWORD = b"hunter2!"


def secretive() -> Transcript:
    """A transcript that hides the password."""
    transcript = Transcript()
    transcript.hide(PASSWORD)
    return transcript


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"220 mx\r\n", r"220 mx\r\n"),
        (b"\x1b[31m\x07\x00\x7f\x9b", r"\x1b[31m\x07\x00\x7f\x9b"),
        ("ü".encode(), r"\xc3\xbc"),
        (b"\xff\xfe", r"\xff\xfe"),
        (b"\\n", r"\\n"),
        (b"\t", r"\t"),
        (b"", ""),
    ],
)
def test_octets_are_shown_as_printable_ascii(octets: bytes, shown: str) -> None:
    """Known answers; a backslash is doubled, so that no two different octets look the same."""
    assert visible(octets) == shown


@given(st.binary())
def test_nothing_but_printable_ascii_is_ever_shown(octets: bytes) -> None:
    """Whatever a peer says: no escape, no control, nothing above 0x7e; and nothing is lost."""
    shown = visible(octets)
    assert shown.isascii() and (shown.isprintable() or not shown)
    assert shown.encode().decode("unicode_escape").encode("latin-1") == octets


def test_lines_are_joined_from_pieces_and_cut_at_line_ends() -> None:
    """A reply in three pieces is two lines, timed at its first piece; what was sent interrupts nothing."""
    transcript = Transcript()
    transcript.add(0.0, 1, What.CONNECT, b"host:25")
    for at, piece in ((0.1, b"250-a\r"), (0.2, b"\n25"), (0.3, b"0 b\r\n")):
        transcript.add(at, 1, What.RECEIVE, piece)
    transcript.add(0.3, 1, What.HEARD, b"250-a\r\n250 b\r\n")
    transcript.add(0.4, 1, What.SEND, b"QUIT\r\n")
    transcript.add(0.5, 1, What.EOF)
    assert transcript.render().splitlines() == [
        r"   0.000  *: connect: host:25",
        r"   0.100  S: 250-a\r\n",
        r"   0.100  S: 250 b\r\n",
        r"   0.400  C: QUIT\r\n",
        r"   0.500  *: eof",
    ]


def test_several_connections_are_numbered() -> None:
    """With one connection there is no number; with two every line has one."""
    transcript = Transcript()
    transcript.add(0.0, 1, What.SEND, b"a\r\n")
    transcript.add(0.0, 2, What.RECEIVE, b"b")
    transcript.add(0.1, 1, What.RECEIVE, b"c")
    assert [line.split()[1] for line in transcript.render().splitlines()] == ["C1:", "S2:", "S1:"]


def test_connections_are_shown_in_the_order_of_events() -> None:
    """An arrival is shown before what another connection says after it."""
    transcript = Transcript()
    transcript.add(0.0, 1, What.RECEIVE, b"220 x\r\n")
    transcript.add(0.1, 2, What.SEND, b"a\r\n")
    transcript.add(0.2, 1, What.SEND, b"b\r\n")
    assert [line.text for line in transcript.lines()] == ["220 x\\r\\n", "a\\r\\n", "b\\r\\n"]


def test_what_a_peer_floods_is_counted_and_not_kept() -> None:
    """Memory is bounded per arrival and in all; what we sent is kept whole."""
    transcript = Transcript()
    transcript.add(0.0, 1, What.SEND, b"x" * 1_000_000)
    for _ in range(100):
        transcript.add(0.1, 1, What.RECEIVE, b"y" * 65536)
    events = transcript.events
    assert len(events[0].data) == 1_000_000 and len(events[1].data) == KEPT_PER_EVENT
    assert sum(len(event.data) for event in events[1:]) == KEPT_IN_ALL
    assert f"({100 * 65536} octets, {KEPT_IN_ALL} kept)" in transcript.render()
    assert "[... 999600 octets ...]" in transcript.render()


@pytest.mark.parametrize(
    "octets",
    [
        PASSWORD,
        b"AUTH PLAIN " + base64.b64encode(b"\0anna\0" + PASSWORD) + b"\r\n",
        b"AUTH PLAIN " + base64.b64encode(b"x\0anna\0" + PASSWORD) + b"\r\n",
        b"AUTH PLAIN " + base64.b64encode(b"xy\0anna\0" + PASSWORD + b"\0tail") + b"\r\n",
        base64.b64encode(PASSWORD) + b"\r\n",
        base64.b64encode(PASSWORD).rstrip(b"=") + b"\r\n",
        b"535 no such user anna with password " + PASSWORD + b"\r\n",
    ],
)
def test_no_form_of_a_secret_is_rendered(octets: bytes) -> None:
    """Bare, in base64 at any alignment, with and without padding, said by us or by the peer, whole or in pieces."""
    transcript = secretive()
    transcript.add(0.0, 1, What.SEND, octets)
    transcript.add(0.1, 1, What.RECEIVE, octets[:10])
    transcript.add(0.2, 1, What.RECEIVE, octets[10:])
    text = transcript.render()
    assert "hunter" not in text and text.count("********") == 2
    for word in octets.split():
        if len(word) > 8:
            inner = word.rstrip(b"=").decode()
            assert inner not in text or "hunter" not in base64.b64decode(inner + "===").decode("latin-1")


def test_an_innocent_word_is_not_masked() -> None:
    """Base64 that holds no secret, and plain words, stay."""
    transcript = secretive()
    said = b"AUTH PLAIN " + base64.b64encode(b"\0anna\0other") + b" ENHANCEDSTATUSCODES hunter\r\n"
    assert transcript.mask(said) == said
    assert transcript.mask_text("expected 250 in answer to NOOP") == "expected 250 in answer to NOOP"


def test_a_secret_is_hidden_in_the_past_too() -> None:
    """What became a secret after it was said is hidden all the same; the longest goes first."""
    transcript = Transcript()
    transcript.add(0.0, 1, What.SEND, b"LOGIN abcdef abc\r\n")
    transcript.hide(b"abc")
    transcript.hide(b"abcdef")
    transcript.hide(b"")
    transcript.hide(b"abc")
    assert transcript.secrets == (b"abcdef", b"abc")
    assert r"LOGIN ******** ********\r\n" in transcript.render()


def test_without_secrets_texts_are_untouched() -> None:
    """The common case costs nothing and changes nothing."""
    transcript = Transcript()
    assert transcript.mask(b"AGFubmEAaHVudGVyMg==") == b"AGFubmEAaHVudGVyMg=="
    assert transcript.mask_text("text [...] text ü") == "text [...] text ü"


def test_a_secret_made_visible_is_hidden() -> None:
    """A password with a backslash and a control is hidden as messages show it."""
    transcript = Transcript()
    transcript.hide(b"a\\b\x1bc")
    assert transcript.mask_text("to " + visible(b"PASS a\\b\x1bc\r\n")) == r"to PASS ********\r\n"


@given(before=st.integers(60, 90), tail=st.integers(20, 60))
@settings(max_examples=200)
def test_a_secret_at_the_cut_of_a_shortened_text_is_hidden(before: int, tail: int) -> None:
    """Wherever a message was cut, no three octets of a bare secret in a row are left on either side."""
    transcript = secretive()
    text = (b"." * before + PASSWORD + b"." * tail).decode()
    shortened = transcript.mask_text(f"{text[:80]}[...]{text[-40:]} ({len(text)} octets)")
    secret = PASSWORD.decode()
    assert not [secret[i : i + 3] for i in range(len(secret) - 2) if secret[i : i + 3] in shortened]


@pytest.mark.parametrize("cut", range(4, 28))
def test_a_secret_in_base64_at_the_cut_is_hidden(cut: int) -> None:
    """Neither half of a word gives more than two octets of the secret away."""
    transcript = secretive()
    word = base64.b64encode(b"\0anna\0" + PASSWORD + b"\0more").decode()
    shortened = transcript.mask_text(f"AUTH PLAIN {word[:cut]}[...]{word[cut:]} (300 octets)")
    left, _, right = shortened.removeprefix("AUTH PLAIN ").partition("[...]")
    for half in (left, right.removesuffix(" (300 octets)")):
        for skipped in range(4):
            part = half[skipped:].rstrip("=")
            data = base64.b64decode(part[: len(part) // 4 * 4] or "", validate=False)
            assert not [PASSWORD[i : i + 3] for i in range(6) if PASSWORD[i : i + 3] in data], shortened


def test_an_earlier_visit_can_be_recalled() -> None:
    """The events of a record that is judged here come before those of the visit that looks at it."""
    earlier, now = Transcript(), secretive()
    earlier.add(0.0, 1, What.RECEIVE, b"250 " + PASSWORD + b"\r\n")
    now.add(0.0, 1, What.RECEIVE, b"220\r\n")
    now.recall(earlier.events)
    assert now.render() == r"   0.000  S: 250 ********\r\n" + "\n" + r"   0.000  S: 220\r\n"
