"""The family of servers: one shape for every protocol, whatever they are told, in every weather."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import poplib
import smtplib
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.faults import CloseAfter, Fault, Latency, ResetAfter, Segmented, Stalled
from pytest_netconform.fixtures.servers import HOUSE, Server, mutants, served, server, server_class
from pytest_netconform.plugin import SECURE, SERVED
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.mutants.clients import FOR_CLIENTS
from pytest_netconform.reference_servers.oncrpc import ECHO_PROGRAM, ECHO_VERSION
from pytest_netconform.transcript import visible

PATIENCE = 10.0
STREAMS = [name for name in SERVED if not PROTOCOLS[name].datagrams]


#: what each is asked, where QUIT and a line end mean nothing
WEB = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
QUESTIONS = {
    "jsonrpc": WEB,
    "xmlrpc": WEB,
    "http": WEB,
    "imap": b"a LOGOUT\r\n",
    "oncrpc": struct.pack(">11I", 0x80000028, 77, 0, 2, ECHO_PROGRAM, ECHO_VERSION, 0, 0, 0, 0, 0),
}


def question(protocol: str) -> bytes:
    """Something that the protocol's server answers."""
    return QUESTIONS.get(protocol, b"QUIT\r\n")


def dial(server: Server) -> socket.socket:
    if server.path:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE)
        sock.connect(server.path)
        return sock
    return socket.create_connection(server.address, timeout=PATIENCE)


def test_every_protocol_has_its_family() -> None:
    """Every row of the protocol table with a server has fixtures, and the other way round."""
    assert tuple(SERVED) == served()
    for name in SERVED:
        assert server_class(name).protocol == name


def test_schemes_with_tls_have_fixtures() -> None:
    """Those that the protocol table has, where a protocol has a standard one."""
    found = {name: [s for s, way in PROTOCOLS[name].schemes.items() if way.implicit_tls] for name in SERVED}
    assert {name: schemes[0] for name, schemes in found.items() if schemes and name != "stream"} == SECURE


def test_a_scheme_with_tls(netconform_pop3s_server: Any, netconform_ca: Authority) -> None:
    """The same server, inside TLS from the first octet on."""
    assert netconform_pop3s_server.url.startswith("pop3s://")
    context = netconform_ca.client_context()
    client = poplib.POP3_SSL("localhost", netconform_pop3s_server.port, context=context, timeout=PATIENCE)
    assert client.quit().startswith(b"+OK")


@pytest.mark.parametrize("protocol", SERVED)
def test_the_fixtures_give_servers(request: pytest.FixtureRequest, protocol: str) -> None:
    """By the name that the protocol says."""
    with server(protocol) as started:
        assert isinstance(started, Server) and started.port and f"{started.host}:{started.port}" in started.url


@pytest.mark.parametrize("where", [{}, {"host": "::1"}, {"host": "localhost"}, {"path": True}], ids=str)
@pytest.mark.parametrize("protocol", STREAMS)
def test_they_listen_where_they_are_told(authority: Authority, protocol: str, where: dict[str, Any]) -> None:
    """IPv4, IPv6, a Unix socket; the URL says so."""
    with server(protocol, authority, **where) as started:
        with dial(started) as client:
            client.sendall(question(protocol))
            assert client.recv(1000)
        assert ("[::1]" in started.url) == (where.get("host") == "::1")
        assert started.url.startswith("unix:///") == ("path" in where)
        started.wait_for(question(protocol))
        assert started.heard == (question(protocol),)


@pytest.mark.parametrize("protocol", STREAMS)
def test_tls_from_the_first_word(authority: Authority, protocol: str) -> None:
    """With a certificate of the authority's; the URL has the scheme for that, and the minutes are decrypted."""
    with server(protocol, authority, tls=True) as started, dial(started) as plain:
        with started.client_context.wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(question(protocol))
            assert client.recv(1000)
        started.wait_for(question(protocol))
        scheme = started.url.partition(":")[0]
        assert any(row.schemes[scheme].implicit_tls for row in PROTOCOLS.values() if scheme in row.schemes)
        assert (
            started.heard == (question(protocol),)
            and f"C: {visible(question(protocol).splitlines()[0])}" in started.transcript
        )


def test_tls_where_the_protocol_begins_it(authority: Authority) -> None:
    """Offered by default, and not where there is none."""
    for tls, offered in (("starttls", True), (False, False), (True, False)):
        with server("smtp", authority, tls=tls) as started:
            context = started.client_context if tls is True else None
            kind: Any = smtplib.SMTP_SSL if context else smtplib.SMTP
            with kind("localhost", started.port, **({"context": context} if context else {})) as client:
                client.ehlo()
                assert client.has_extn("starttls") is offered


def test_a_bad_leaf_is_shown(authority: Authority) -> None:
    """So that a client that takes it is found out."""
    with (
        server("pop3", authority, tls=True, leaf="expired") as started,
        pytest.raises(ssl.SSLCertVerificationError, match="expired"),
    ):
        poplib.POP3_SSL("localhost", started.port, context=started.client_context)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            {"greeting": "hello"},
            "reference:smtp option greeting=hello: 'hello' is none of 220, 554; and of every server: h",
        ),
        ({"greetings": "554"}, "reference:smtp has no option 'greetings'; known are greeting, submission"),
        ({"mutant": "forgetful"}, "no mutant of SMTP is called 'forgetful'; known are advertise_but_502"),
        ({"mutant": "eod_lf_dot_l"}, "no mutant of SMTP is called 'eod_lf_dot_l'; did you mean 'eod_lf_dot_lf'? known"),
        ({"weather": "storm"}, "no weather is called 'storm'; known are fair, segmented"),
        ({"weather": "lossy"}, "Lost(0.3) is no weather for streams"),
        ({"weather": (Segmented(), Segmented(2))}, "Segmented(1) contradicts Segmented(2): each cuts the stream"),
        ({"leaf": "rotten"}, "no leaf is called 'rotten'; known are good, wrong-host"),
        ({"tls": "maybe"}, "tls='maybe': True, False, 'implicit', 'starttls' or 'none' is asked for"),
        ({"host": "192.0.2.1"}, "a reference server listens on 127.0.0.1, ::1 or localhost only, got '192.0.2.1'"),
        ({"mutant": "rst_on_close", "weather": "slow"}, "the mutant rst_on_close carries octets in its own way"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(authority: Authority, options: dict[str, Any], problem: str) -> None:
    """In one line that lists what is known."""
    with pytest.raises(ValueError) as raised:
        server("smtp", authority, **options)
    assert str(raised.value).startswith(problem) and "\n" not in str(raised.value)


def test_unknown_protocols_are_refused() -> None:
    """Likewise."""
    with pytest.raises(ValueError, match="no server's protocol is called 'gopher'; known are smtp"):
        server("gopher")


def test_options_of_the_reference(authority: Authority) -> None:
    """As behind the `?` of `reference:smtp`; numbers and booleans may be given as such."""
    with (
        server("smtp", authority, size=1000, submission=True) as started,
        smtplib.SMTP(started.host, started.port) as client,
    ):
        assert b"SIZE 1000" in client.ehlo()[1]
    with server("pop3", authority, seeds=0) as empty:
        assert empty.messages == ()  # type: ignore[attr-defined]


# -- mutants


def test_a_mutant_is_wrong_in_its_way(authority: Authority) -> None:
    """By the name that it has here, or that the authors of clients know."""
    for name in ("no_byte_stuffing", "dot_stuffing_forgotten"):
        with server("pop3", authority, mutant=name, seeds=0) as started:
            started.add(b"Subject: x\r\n\r\n.\r\nlost\r\n")  # type: ignore[attr-defined]
            client = poplib.POP3(started.host, started.port, timeout=PATIENCE)
            client.user("alice")
            client.pass_("s3cret")
            assert client.retr(1)[1] == [b"Subject: x", b""]
            client.close()


@pytest.mark.parametrize(
    ("mutant", "arrives"),
    [
        ("wrong_byte_order", b"\5\0\0\0hello"),
        ("length_too_long", b"\0\0\0\6hello"),
        ("length_too_short", b"\0\0\0\4hello"),
        ("huge_length", b"\xff\xff\xff\xf0hello"),
        ("answers_twice", b"\0\0\0\5hello" * 2),
        ("speaks_unasked", b"\0\0\0\x19nobody has asked for this\0\0\0\5hello"),
        ("leaves_in_the_middle", b"\0\0\0\5"),
    ],
)
def test_mutants_for_clients_alone(authority: Authority, mutant: str, arrives: bytes) -> None:
    """What they get wrong is in what they say."""
    with server("stream", authority, mutant=mutant, dialect="prefixed") as started, dial(started) as client:
        client.sendall(b"\0\0\0\5hello")
        client.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: client.recv(1000), b"")) == arrives
    assert {each.name for each in FOR_CLIENTS["stream"]} >= {mutant}


def test_a_host_mutant_is_wrong_below_the_session(authority: Authority) -> None:
    """The certificate, or how a connection ends."""
    with (
        server("pop3", authority, tls=True, mutant="expired_certificate") as started,
        pytest.raises(ssl.SSLCertVerificationError, match="expired"),
    ):
        poplib.POP3_SSL("localhost", started.port, context=started.client_context)
    with server("pop3", authority, mutant="rst_on_close") as started, dial(started) as client:
        client.sendall(b"QUIT\r\n")
        with pytest.raises(ConnectionResetError):
            while client.recv(1000):
                pass


@pytest.mark.parametrize("protocol", SERVED)
def test_every_mutant_can_be_asked_for(authority: Authority, protocol: str) -> None:
    """None needs more than its name."""
    for name in mutants(PROTOCOLS[protocol]):
        assert server(protocol, authority, mutant=name).mutant == name


# -- scripted answers


@pytest.fixture
def smtp(authority: Authority) -> Iterator[Any]:
    with server("smtp", authority) as started:
        yield started


@pytest.fixture
def client(smtp: Any) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(smtp.host, smtp.port, timeout=PATIENCE) as client:
        client.ehlo()
        yield client


LETTER = ("bert@client.example", ["alice@example.test"], "Subject: x\r\n\r\nx\r\n")


def test_the_next_answer_is_written(smtp: Any, client: smtplib.SMTP) -> None:
    """Once; then the server is itself again."""
    smtp.answer_next(b"250 written by a test\r\n")
    assert client.noop() == (250, b"written by a test")
    assert client.noop() != (250, b"written by a test")


def test_a_question_is_refused_and_not_served(smtp: Any, client: smtplib.SMTP) -> None:
    """A refusal has no effect on the server; the next attempt is served."""
    smtp.refuse_next(b"451 later\r\n", to=b"RCPT", times=1)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail(*LETTER)
    assert smtp.messages == ()
    client.sendmail(*LETTER)
    assert len(smtp.messages) == 1 and "451 later" in smtp.transcript


def test_an_answer_is_late(smtp: Any, client: smtplib.SMTP) -> None:
    """By so many seconds, and what is asked meanwhile is answered behind it."""
    smtp.delay_next(0.1, to=b"NOOP")
    began = time.monotonic()
    client.send(b"NOOP\r\n")
    time.sleep(0.01)
    client.send(b"HELP\r\n")
    assert client.getreply()[0] == 250 and client.getreply()[0] == 214
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("reset", [False, True])
def test_the_connection_is_closed_in_place_of_an_answer(smtp: Any, client: smtplib.SMTP, reset: bool) -> None:
    """At the place that the test says."""
    smtp.close_next(to=b"DATA", reset=reset)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.sendmail(*LETTER)
    assert smtp.messages == ()


def test_the_greeting_is_written(smtp: Any) -> None:
    """Of the next connection."""
    smtp.answer_next(b"421 no room\r\n", greeting=True, close=True)
    with pytest.raises(smtplib.SMTPConnectError, match="no room"):
        smtplib.SMTP(smtp.host, smtp.port, timeout=PATIENCE)
    with smtplib.SMTP(smtp.host, smtp.port, timeout=PATIENCE) as client:
        assert client.noop()[0] == 250


def test_a_server_that_was_cut_short_holds_nothing(authority: Authority) -> None:
    """The lock of a maildrop goes with the connection, also when a test has closed it."""
    with server("pop3", authority) as started:
        started.close_next(to=b"STAT")
        first = poplib.POP3(started.host, started.port, timeout=PATIENCE)
        first.user("alice")
        first.pass_("s3cret")
        with pytest.raises(poplib.error_proto):
            first.stat()
        first.close()
        again = poplib.POP3(started.host, started.port, timeout=PATIENCE)
        again.user("alice")
        assert again.pass_("s3cret").startswith(b"+OK")
        again.close()


def test_datagrams_are_answered_as_written(authority: Authority) -> None:
    """In place of the session's own, late, or not at all."""
    with server("datagram", authority) as started, socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(started.address)
        started.answer_next(b"other", to=b"one")
        started.delay_next(0.05, to=b"two")
        for said, heard in ((b"one", b"other"), (b"two", b"two"), (b"three", b"three")):
            sock.send(said)
            assert sock.recv(100) == heard
        started.close_next(to=b"four")
        sock.send(b"four")
        sock.send(b"five")
        assert sock.recv(100) == b"five"
        assert started.heard == (b"onetwothreefourfive",)


# -- waiting


def test_waiting_has_an_end(smtp: Any) -> None:
    """And says for what."""
    with pytest.raises(TimeoutError, match=r"hearing b'EHLO' did not happen within 0\.05 s"):
        smtp.wait_for(b"EHLO", 0.05)


def test_a_loop_is_not_blocked(smtp: Any) -> None:
    """A test that is a coroutine waits as one, and its server is a context for `async with` too."""

    async def deliver() -> None:
        reader, writer = await asyncio.open_connection(smtp.host, smtp.port)
        for line in ("HELO me", "MAIL FROM:<a@b.example>", "RCPT TO:<alice@example.test>", "DATA", "x\r\n.", "QUIT"):
            await reader.readline()
            writer.write(f"{line}\r\n".encode())
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async def both() -> None:
        waiting = asyncio.create_task(smtp.awaited(smtp.wait, 1))
        await asyncio.sleep(0)
        assert not waiting.done()
        await deliver()
        assert len(await waiting) == 1

    async def own() -> None:
        async with server("stream") as started:
            reader, writer = await asyncio.open_connection(started.host, started.port)
            writer.write(b"x\r\n")
            assert await reader.readline()
            writer.close()
            await writer.wait_closed()

    asyncio.run(both())
    asyncio.run(own())


# -- weather


@pytest.mark.parametrize("weather", ["segmented", "slow", "rough", Segmented(1) & Latency(0.01)], ids=repr)
def test_a_client_gets_through(authority: Authority, weather: Any) -> None:
    """In weather that is harmless."""
    with server("smtp", authority, weather=weather) as started:
        with smtplib.SMTP(started.host, started.port, timeout=PATIENCE) as client:
            client.sendmail(*LETTER)
        assert len(started.messages) == 1  # type: ignore[attr-defined]


def test_a_client_that_waits_for_ever_is_cut_off(authority: Authority) -> None:
    """After its patience, and the server says so; who left by himself did not hang."""
    for seconds, hung in ((None, True), (0.05, False)):
        with server("smtp", authority, weather="silent", patience=0.2) as started:
            with contextlib.closing(socket.create_connection(started.address)) as sock:
                sock.settimeout(seconds)
                with contextlib.suppress(OSError):
                    assert not sock.recv(1)
            time.sleep(0.25 if seconds else 0)
            assert started.hung is hung


def test_a_black_hole_opens(authority: Authority) -> None:
    """Who waits in a connect without end is refused after all."""
    with (
        server("smtp", authority, weather="blackholed", patience=0.1) as started,
        pytest.raises(OSError, match="refused"),
    ):
        socket.create_connection(started.address)


def test_a_name_that_does_not_resolve(authority: Authority) -> None:
    """The server has one, and this process is told so at once; afterwards nothing is changed."""
    before = socket.getaddrinfo
    with server("smtp", authority, weather="unresolved") as started, pytest.raises(socket.gaierror):
        smtplib.SMTP(started.host, started.port)
    assert socket.getaddrinfo is before


def test_data_connections_are_in_the_minutes(authority: Authority) -> None:
    """Under numbers of their own."""
    with server("ftp", authority) as started, ftplib.FTP() as client:
        started.write("/x", b"content")  # type: ignore[attr-defined]
        client.connect(started.host, started.port, timeout=PATIENCE)
        client.login()
        client.retrbinary("RETR x", lambda _: None)
        assert "*2: data connection" in started.transcript and "S2: content" in started.transcript


@pytest.mark.parametrize("name", ["segmented", "slow", "coalesced", "trickling", "narrow"])
@pytest.mark.parametrize("passive", [True, False])
def test_data_connections_are_in_the_weather(authority: Authority, name: str, passive: bool) -> None:
    """What is fetched comes through as the control connection does."""
    content, found = bytes(range(256)) * 20, []
    with server("ftp", authority, weather=name) as started, ftplib.FTP() as client:
        started.write("/x", content)  # type: ignore[attr-defined]
        client.connect(started.host, started.port, timeout=PATIENCE)
        client.login()
        client.set_pasv(passive)
        client.retrbinary("RETR x", found.append)
        assert b"".join(found) == content


@pytest.mark.parametrize("fault", [ResetAfter(1000), CloseAfter(1000), Stalled(1000)], ids=repr)
def test_data_connections_break(authority: Authority, fault: Fault) -> None:
    """By themselves, where the control connection is not as long, and the client gets to know it."""
    with server("ftp", authority, weather=fault) as started, contextlib.closing(ftplib.FTP()) as client:
        started.write("/x", bytes(5000))  # type: ignore[attr-defined]
        client.connect(started.host, started.port, timeout=0.5)
        client.login()
        with pytest.raises((OSError, ftplib.Error, EOFError)):
            client.retrbinary("RETR x", lambda _: None)
        assert started.struck[0] == (fault, 2)


def test_every_option_has_a_meaning() -> None:
    """What every server can be told is on the page."""
    assert all(HOUSE.values())


def test_a_server_reads_as_what_it_is(authority: Authority) -> None:
    """What it speaks, where, in which weather, and how it is wrong."""
    with server("pop3", authority, weather="slow", mutant="list_from_zero") as started:
        place = f"127.0.0.1:{started.port}"
        assert repr(started) == f"<POP3 server at {place}, Latency(0.05, jitter=0.02), list_from_zero>"
