"""Detection: every kind of server behind a bare host:port, over real sockets, each known or named in one clear line."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable

import pytest

from pytest_netconform import detect as detection
from pytest_netconform.ca import Authority
from pytest_netconform.detect import detect, misnamed
from pytest_netconform.protocols import PROTOCOLS, Protocol, Scheme
from pytest_netconform.reference_servers.host import Host
from pytest_netconform.reference_servers.imap import ImapConfig, ImapSession
from pytest_netconform.reference_servers.null import Closing, Echoing, Null, ShowingPage
from pytest_netconform.reference_servers.pop3 import Pop3Session
from pytest_netconform.reference_servers.session import Session, WakeAt
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.target import TargetError, parse_target
from pytest_netconform.transcript import Transcript, What

SHORT = 0.8  # seconds for servers that say nothing: the shape is the same as with 4


class Answering(Null):
    """Greets, and answers every line with the same line."""

    def on_data(self, data: bytes) -> None:
        self.send(self.answer)


class Endless(Null):
    """Sends its greeting again and again, faster than anybody calls a pause."""

    def on_open(self) -> None:
        self.on_wake()

    def on_wake(self) -> None:
        self.send(self.greeting)
        self.act(WakeAt(self.now + 0.005))


class Late(Answering):
    """Greets after a while, and hears nothing before."""

    greeted = False

    def on_open(self) -> None:
        self.act(WakeAt(self.now + 0.7))

    def on_wake(self) -> None:
        self.greeted = True
        self.send(self.greeting)

    def on_data(self, data: bytes) -> None:
        if self.greeted:
            super().on_data(data)


def line_about(make_session: Callable[[], Session], *, seconds: float = SHORT) -> str:
    """The one line that says why such a server is not recognised."""
    with Host(make_session) as host:
        spec = parse_target(f"{host.host}:{host.port}")
        with pytest.raises(TargetError) as caught:
            detect(spec, seconds=seconds)
        text = str(caught.value)
    assert text.startswith(f"{host.host}:{host.port} ")
    assert "\n" not in text and text.isprintable() and text.isascii() and len(text) < 500
    return text


@pytest.fixture
def smtp_session() -> Callable[[], Session]:
    """Sessions of the reference server."""
    return SmtpSession


def test_an_smtp_server_is_recognised_in_one_connection(smtp_session: Callable[[], Session]) -> None:
    """Greeting and probe share a connection, and the target's name and options are kept."""
    with Host(smtp_session) as host:
        spec = parse_target(f"mine={host.host}:{host.port}?patience=3")
        found = detect(spec)
        assert host.idle() and host.accepted == 1
    assert (found.name, found.scheme, found.protocol) == ("mine", "smtp", PROTOCOLS["smtp"])
    assert found.url == f"smtp://{host.host}:{host.port}?patience=3"


def test_a_pop3_server_is_recognised() -> None:
    """A greeting of +OK, and an answer to CAPA."""
    with Host(Pop3Session) as host:
        assert detect(parse_target(f"{host.host}:{host.port}")).scheme == "pop3"
    assert host.errors == []


def test_an_imap_server_is_recognised() -> None:
    """An untagged OK, and an answer to CAPABILITY; also one that knows us already."""
    for greeting in ("OK", "PREAUTH"):
        with Host(lambda: ImapSession(ImapConfig(greeting=greeting))) as host:  # noqa: B023
            assert detect(parse_target(f"{host.host}:{host.port}")).scheme == "imap"
        assert host.errors == []


def test_a_server_behind_tls_is_recognised(smtp_session: Callable[[], Session]) -> None:
    """A server that waits for TLS is spoken to in TLS, and called smtps from then on."""
    authority = Authority()
    with Host(smtp_session, tls=authority.server_context(), implicit_tls=True) as host:
        found = detect(parse_target(f"{host.host}:{host.port}"), seconds=SHORT)
    assert found.scheme == "smtps" and found.implicit_tls


def test_a_named_scheme_is_not_dialled() -> None:
    """Detection leaves a target alone that says what it is."""
    spec = parse_target("smtp://127.0.0.1:1")
    assert detect(spec) is spec
    reference = parse_target("reference")
    assert detect(reference) is reference


def test_a_closed_port_is_told_at_once() -> None:
    """Nobody listens: one line, in far less than a second."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(TargetError, match=rf"^cannot connect to 127\.0\.0\.1:{port}: Connection refused$"):
            detect(parse_target(f"127.0.0.1:{port}"))
    assert time.monotonic() - began < 1


def test_a_silent_server_is_given_up_in_time() -> None:
    """Silence, before and after a TLS hello, ends at the bound."""
    began = time.monotonic()
    text = line_about(Null, seconds=SHORT)
    assert time.monotonic() - began < SHORT + 0.5
    assert "says nothing for 0.6 s, nor to a TLS hello" in text
    assert "smtp://, smtps://" in text and "?patience=" in text
    assert detection.SECONDS == 4.0


def test_patience_gives_a_slow_server_more_time() -> None:
    """`?patience=` stretches the bound."""
    with Host(lambda: Late(b"220 late\r\n", b"250 x\r\n")) as host:
        found = detect(parse_target(f"{host.host}:{host.port}?patience=4"), seconds=0.2)
    assert found.scheme == "smtp"


def test_a_greeting_that_comes_during_the_tls_hello_still_counts() -> None:
    """A slow greeting is heard although we had begun to try TLS."""
    with Host(lambda: Late(b"220 late\r\n", b"250 x\r\n")) as host:
        assert detect(parse_target(f"{host.host}:{host.port}"), seconds=0.88).scheme == "smtp"
    with Host(lambda: Late(b"120 late\r\n", b"331 x\r\n")) as host:
        assert detect(parse_target(f"{host.host}:{host.port}"), seconds=0.88).scheme == "ftp"


@pytest.mark.parametrize(
    ("greeting", "shown"),
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", '"SSH-2.0-OpenSSH_9.2"', id="ssh"),
        pytest.param(b"* OK ready\r\n", '"* OK ready"', id="imap"),
        pytest.param(b"421 busy\r\n", '"421 busy"', id="421"),
        pytest.param(b"\x1b[31mred\x1b]0;title\x07\r\n", r'"\x1b[31mred\x1b]0;title\x07"', id="escapes"),
        pytest.param(b"<script>&\xff\xfe\x00\r\n", r'"<script>&\xff\xfe\x00"', id="markup-and-invalid-text"),
        pytest.param(b"bare\n", '"bare"', id="bare-lf"),
        pytest.param(b"no end of line", '"no end of line" without a line end', id="no-line-end"),
        pytest.param(b"x" * 200 + b"\r\n", "x" * 80 + "[...]" + "x" * 40 + " (200 octets)", id="long"),
        pytest.param(b"\r\n", '""', id="empty-line"),
        pytest.param(b"\x15\x03\x03\x00\x02\x02\x28", "which is TLS; try smtps://", id="tls-alert"),
    ],
)
def test_a_stranger_is_quoted(greeting: bytes, shown: str) -> None:
    """What fits no protocol is repeated, visible and short, and the known schemes are named."""
    text = line_about(lambda: Null(greeting))
    assert "is of no known kind: it greets with" in text and shown in text


def test_a_greeting_that_lies_is_found_out_by_its_answer() -> None:
    """Others greet with 220 too; their answers to the probes give them away."""
    text = line_about(lambda: Answering(b"220 gopher\r\n", b"500 What?\r\n"))
    assert 'it greets with "220 gopher" and answers EHLO client.example.org with "500 What?"' in text
    assert 'answers USER anonymous with "500 What?"' in text


@pytest.mark.parametrize("answer", [b"530 Please login with USER and PASS.\r\n", b"331 Password\r\n"])
def test_ftp_is_told_from_smtp_by_its_answers(answer: bytes) -> None:
    """Both greet with 220; who does not know EHLO and knows USER speaks FTP."""
    with Host(lambda: Answering(b"220-two lines\r\n220 (vsFTPd 3.0.3)\r\n", answer)) as host:
        assert detect(parse_target(f"{host.host}:{host.port}")).scheme == "ftp"


def test_a_mute_behind_a_good_greeting_is_not_believed() -> None:
    """A greeting alone makes no server."""
    assert "answers EHLO client.example.org with nothing" in line_about(lambda: Null(b"220 hello\r\n"))


def test_a_line_without_an_end_is_cut() -> None:
    """A greeting line that goes on and on is given up by its length, not by time."""
    began = time.monotonic()
    text = line_about(lambda: Endless(b"220 " + b"x" * 3000), seconds=30)
    assert time.monotonic() - began < 5
    assert "greets without an end" in text


def test_a_greeting_of_endless_lines_is_cut() -> None:
    """So is a greeting whose lines never stop."""
    assert "greets without an end" in line_about(lambda: Endless(b"220-again\r\n"))


def test_an_immediate_close_is_told() -> None:
    """Nothing said and gone: not silence."""
    assert "closes the connection and says nothing; if you know better" in line_about(Closing)


def test_what_answers_a_tls_hello_in_clear_is_quoted() -> None:
    """A server may be silent until it is spoken to; its answer to the hello is shown."""
    text = line_about(lambda: Answering(b"", b"sorry?\r\n"))
    assert 'answers a TLS hello with "sorry?"' in text


def test_an_echo_is_not_taken_for_tls() -> None:
    """A server that repeats our TLS hello speaks no TLS; it may be the service of that name."""
    text = line_about(Echoing)
    assert "sends a TLS hello back as it came; try echo://127.0.0.1:" in text


def test_tls_with_a_stranger_inside_is_told() -> None:
    """TLS works, and what greets inside is of no known kind."""
    with (
        Host(lambda: Null(b"* OK\r\n"), tls=Authority().server_context(), implicit_tls=True) as host,
        pytest.raises(TargetError, match=r'it greets with "\* OK"'),
    ):
        detect(parse_target(f"{host.host}:{host.port}"), seconds=SHORT)


def test_tls_with_nobody_inside_suggests_the_scheme() -> None:
    """TLS works, and then silence: the schemes that speak TLS from the start are named."""
    with (
        Host(Null, tls=Authority().server_context(), implicit_tls=True) as host,
        pytest.raises(TargetError, match=rf"speaks TLS from the start.*try smtps://127\.0\.0\.1:{host.port}"),
    ):
        detect(parse_target(f"{host.host}:{host.port}"), seconds=SHORT)


def test_an_option_of_another_protocol_is_refused(
    smtp_session: Callable[[], Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare host:port takes every protocol's options until its protocol is known."""
    other = Protocol("other", "Other", {"other": Scheme(1)}, "", "", options={"colour": "which"})
    monkeypatch.setitem(PROTOCOLS, "other", other)
    with (
        Host(smtp_session) as host,
        pytest.raises(TargetError, match="speaks SMTP, which has no target option 'colour'"),
    ):
        detect(parse_target(f"{host.host}:{host.port}?colour=red"))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_protocol_whose_client_speaks_first_is_probed(scheme: str) -> None:
    """Rows without a greeting are tried by their probe, on a connection of their own, in clear and inside TLS."""
    tls = Authority().server_context() if scheme == "https" else None
    with Host(lambda: ShowingPage(), tls=tls, implicit_tls=tls is not None) as host:
        assert detect(parse_target(f"{host.host}:{host.port}"), seconds=SHORT).scheme == scheme


def test_a_greeting_that_fits_two_protocols_is_settled_by_probing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probes of all candidates follow each other on one connection."""
    ftp = Protocol("ftp", "FTP", {"ftp": Scheme(21)}, "", "", greeting="220", probe=b"FEAT\r\n", answer="530 ")
    monkeypatch.setitem(PROTOCOLS, "ftp", ftp)
    with Host(lambda: Answering(b"220 hi\r\n", b"530 log in\r\n")) as host:
        assert detect(parse_target(f"{host.host}:{host.port}")).scheme == "ftp"
        assert host.accepted == 1


def heard(data: bytes, *, first: bytes = b"") -> Transcript:
    """A transcript of a sanity dialogue that got `data` before it spoke."""
    transcript = Transcript()
    transcript.add(0.0, 1, What.CONNECT, b"somewhere")
    if data:
        transcript.add(0.1, 1, What.RECEIVE, data)
    transcript.add(0.2, 1, What.SEND, b"EHLO x\r\n")
    transcript.add(0.3, 1, What.RECEIVE, b"500 what\r\n")
    return transcript


@pytest.mark.parametrize("greeting", [b"220 x\r\n", b"554 no\r\n", b"421 busy\r\n", b"220\n", b"999x", b""])
def test_an_odd_greeting_of_the_right_kind_is_left_to_the_suite(greeting: bytes) -> None:
    """Wrong is not strange: only another kind of greeting makes another kind of server."""
    assert misnamed(parse_target("smtp://h"), heard(greeting)) == ""


def test_another_kind_of_greeting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target called smtp that greets like something else is told in one line, with a guess if there is one."""
    line = misnamed(parse_target("smtp://h"), heard(b"SSH-2.0-x\x1b\r\n"))
    assert line == r'h:25 is no SMTP server: it greets with "SSH-2.0-x\x1b"'
    pop = Protocol("pop3", "POP3", {"pop3": Scheme(110)}, "", "", greeting=r"\+OK")
    monkeypatch.setitem(PROTOCOLS, "pop3", pop)
    assert misnamed(parse_target("smtp://h"), heard(b"+OK\r\n")).endswith('"+OK", as POP3 servers do')
    assert misnamed(parse_target("reference"), heard(b"x")) == ""
    assert "which is TLS; try smtps://" in misnamed(parse_target("smtp://h"), heard(b"\x15\x03\x03\x00\x02\x02\x28"))


def test_a_hello_is_a_whole_tls_record() -> None:
    """The TLS hello carries the server's name and is a handshake record of its stated length."""
    hello = detection.client_hello("mx.example.org")
    assert hello[:2] == b"\x16\x03" and int.from_bytes(hello[3:5], "big") == len(hello) - 5
    assert b"mx.example.org" in hello and ssl.HAS_TLSv1_3
    assert detection.client_hello("127.0.0.1")
