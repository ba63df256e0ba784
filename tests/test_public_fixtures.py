"""The servers and the authority that a client's author asks for in his own tests."""

from __future__ import annotations

import contextlib
import ftplib
import http.client
import imaplib
import io
import poplib
import smtplib
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_netconform.ca import Authority
    from pytest_netconform.fixtures.ftp_server import FtpServer
    from pytest_netconform.fixtures.http_server import HttpServer
    from pytest_netconform.fixtures.imap_server import ImapServer
    from pytest_netconform.fixtures.mail_servers import MailServer
    from pytest_netconform.fixtures.pop3_server import Pop3Server
    from pytest_netconform.fixtures.smtp_server import SmtpServer

LETTER = "Subject: tea\r\n\r\nAt five.\r\n"


def test_mail_is_delivered(netconform_smtp_server: SmtpServer) -> None:
    """What a client sends can be looked at as values: envelope and content, a message per mailbox."""
    server = netconform_smtp_server
    with smtplib.SMTP(server.host, server.port) as client:
        client.sendmail("bert@client.example", ["anna@elsewhere.example", f"alice@{server.domain}"], LETTER)
    messages = server.wait(2)
    assert {message.recipients for message in messages} == {("anna@elsewhere.example",), ("alice@example.test",)}
    assert {message.sender for message in messages} == {"bert@client.example"}
    assert all(message.content.endswith(b"\r\nAt five.\r\n") for message in messages)
    assert server.url == f"smtp://127.0.0.1:{server.port}"


def test_mail_goes_through_tls_and_a_login(netconform_smtp_server: SmtpServer, netconform_ca: Authority) -> None:
    """STARTTLS shows a certificate that the authority vouches for, and there is an account."""
    server = netconform_smtp_server
    with smtplib.SMTP("localhost", server.port) as client:
        client.starttls(context=ssl.create_default_context(cadata=server.ca.decode()))
        client.login(server.username, server.password)
        client.sendmail("bert@client.example", ["anna@elsewhere.example"], LETTER)
    assert len(server.wait()) == 1
    assert netconform_ca.pem == server.ca


def test_every_test_has_its_own_server(netconform_smtp_server: SmtpServer) -> None:
    """Nothing of the tests before is left."""
    assert netconform_smtp_server.messages == ()


def test_waiting_has_an_end(netconform_smtp_server: SmtpServer) -> None:
    """Mail that does not come is an error that says how much came."""
    with pytest.raises(TimeoutError, match=r"0 of 1 messages were delivered within 0\.05 s"):
        netconform_smtp_server.wait(seconds=0.05)


def test_a_server_is_gone_after_its_test(pytester: pytest.Pytester) -> None:
    """The port is closed when the test is over, and the certificates' files with the session."""
    pytester.makepyfile(
        "from pathlib import Path\n"
        "def test_it(netconform_smtp_server, netconform_ca):\n"
        "    Path('port').write_text(str(netconform_smtp_server.port))\n"
        "    Path('file').write_text(str(netconform_ca.certificate_file('expired')))\n"
    )
    pytester.runpytest().assert_outcomes(passed=1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int((pytester.path / "port").read_text())))
    assert not (pytester.path / (pytester.path / "file").read_text()).exists()


@pytest.mark.parametrize("leaf", ["expired", "wrong-host", "self-signed"])
def test_bad_leaves_are_refused(netconform_ca: Authority, leaf: str) -> None:
    """A verifying client refuses each bad leaf."""
    context, client = netconform_ca.server_context(leaf), netconform_ca.client_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    back, forth = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = client.wrap_bio(back, forth, server_hostname="localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        for _ in range(3):
            for side in (peer, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()
                incoming.write(forth.read())
                back.write(outgoing.read())


def test_a_maildrop_is_read(netconform_pop3_server: Pop3Server) -> None:
    """What lies there can be looked at, added to and cleared, and is what a client reads."""
    server = netconform_pop3_server
    assert len(server.messages) == 9 and server.url == f"pop3://127.0.0.1:{server.port}"
    server.clear()
    server.add(LETTER.encode())
    client = poplib.POP3(server.host, server.port)
    client.user(server.username)
    client.pass_(server.password)
    assert client.retr(1)[1] == [b"Subject: tea", b"", b"At five."]
    client.dele(1)
    client.quit()
    assert server.messages == ()


def test_a_maildrop_is_read_inside_tls(netconform_pop3_server: Pop3Server) -> None:
    """STLS shows a certificate that the authority vouches for."""
    client = poplib.POP3("localhost", netconform_pop3_server.port)
    client.stls(ssl.create_default_context(cadata=netconform_pop3_server.ca.decode()))
    assert "STLS" not in client.capa()
    client.quit()


def test_mailboxes_are_read_and_changed(netconform_imap_server: ImapServer) -> None:
    """What lies there can be looked at, added to and cleared, and is what a client sees."""
    server = netconform_imap_server
    assert server.mailboxes == ("Drafts", "INBOX", "Junk", "Sent", "Trash") and server.messages() == ()
    server.add(LETTER.encode(), flags=["\\Flagged"])
    server.add(LETTER.encode(), "Lists/tea")
    with imaplib.IMAP4("localhost", server.port) as client:
        client.starttls(ssl.create_default_context(cadata=server.ca.decode()))
        client.login(server.username, server.password)
        assert client.select() == ("OK", [b"1"])
        client.store("1", "+FLAGS", "(\\Seen)")
        assert client.select("Lists/tea") == ("OK", [b"1"])
    assert server.messages()[0].flags == {"\\Flagged", "\\Seen"} and server.url == f"imap://127.0.0.1:{server.port}"
    server.clear()
    assert server.messages() == () and server.messages("Lists/tea")[0].content == LETTER.encode()


def test_one_store_for_all_mail(netconform_mail_server: MailServer) -> None:
    """What is sent by SMTP is heard of in IDLE, read by IMAP, and collected by POP3."""
    server = netconform_mail_server
    with socket.create_connection((server.imap.host, server.imap.port), timeout=10) as raw:
        lines = raw.makefile("rwb")
        lines.write(f"a LOGIN {server.username} {server.password}\r\nb SELECT INBOX\r\nc IDLE\r\n".encode())
        lines.flush()
        while not lines.readline().startswith(b"+ "):
            pass
        with smtplib.SMTP(server.smtp.host, server.smtp.port) as client:
            client.sendmail("bert@client.example", [server.address], LETTER)
        assert lines.readline() == b"* 1 EXISTS\r\n"
        lines.close()
    pop3 = poplib.POP3(server.pop3.host, server.pop3.port)
    pop3.user(server.username)
    pop3.pass_(server.password)
    assert pop3.retr(1)[1][-1] == b"At five."
    pop3.dele(1)
    pop3.quit()
    assert server.imap.messages() == () and len(server.smtp.messages) == 1


def test_files_come_and_go(netconform_ftp_server: FtpServer) -> None:
    """What a client stores can be looked at, what is put there can be fetched, by active and passive transfers."""
    server = netconform_ftp_server
    server.write("/pub/tea.txt", b"At five.\n")
    for passive in (True, False):
        fetched: list[bytes] = []
        with ftplib.FTP() as client:
            client.connect(server.host, server.port, timeout=10)
            client.login(server.username, server.password)
            client.set_pasv(passive)
            client.storbinary(f"STOR {passive}", io.BytesIO(b"x"))
            client.retrbinary("RETR /pub/tea.txt", fetched.append)
        assert b"".join(fetched) == b"At five.\n"
        assert server.wait(f"/{passive}") == b"x"
    assert server.files == {"/pub/tea.txt": b"At five.\n", "/True": b"x", "/False": b"x"}
    assert server.url == f"ftp://127.0.0.1:{server.port}"


def test_strangers_may_read(netconform_ftp_server: FtpServer) -> None:
    """Anonymous users see everything and change nothing."""
    with ftplib.FTP() as client:
        client.connect(netconform_ftp_server.host, netconform_ftp_server.port, timeout=10)
        client.login()
        assert client.nlst() == []
        with pytest.raises(ftplib.error_perm, match="550"):
            client.mkd("x")


def test_waiting_for_a_file_has_an_end(netconform_ftp_server: FtpServer) -> None:
    """A file that does not come is an error that says what there is; a place for none is an error too."""
    netconform_ftp_server.write("/a", b"")
    with pytest.raises(TimeoutError, match=r"'/b' was not there within 0\.05 s; there are \['/a'\]"):
        netconform_ftp_server.wait("/b", seconds=0.05)
    with pytest.raises(ValueError, match="'/a/b': Not a directory"):
        netconform_ftp_server.write("/a/b", b"")


def asked(server: HttpServer, method: str, path: str, body: bytes | None = None, **fields: str) -> tuple[int, bytes]:
    """A request of http.client on a connection of its own."""
    client = http.client.HTTPConnection(server.host, server.port, timeout=10)
    with contextlib.closing(client):
        client.request(method, path, body, fields)
        answer = client.getresponse()
        return answer.status, answer.read()


def test_requests_are_values(netconform_http_server: HttpServer) -> None:
    """What a client sent can be looked at, and what it stored is there."""
    server = netconform_http_server
    assert asked(server, "PUT", "/scratch/a?b=c", b"tea", Accept="*/*") == (201, b"")
    (request,) = server.wait()
    assert (request.method, request.target, request.version) == ("PUT", "/scratch/a?b=c", "HTTP/1.1")
    assert request.field("accept") == "*/*" and request.field("absent") is None and request.body == b"tea"
    assert ("Content-Length", "3") in request.fields
    assert server.files == {"/scratch/a": b"tea"} and server.url == f"http://127.0.0.1:{server.port}"


def test_answers_can_be_prepared(netconform_http_server: HttpServer) -> None:
    """Any status, fields and body for a path; what cannot be sent is refused at once."""
    server = netconform_http_server
    server.answer("/tea", b"short and stout", status=418, fields=[("X-Pot", "1")], delay=0.01)
    assert asked(server, "POST", "/tea?x") == (418, b"short and stout")
    assert asked(server, "GET", "/hello.txt")[0] == 200
    for wrong in ({"status": 100}, {"fields": [("X", "a\r\nY: b")]}, {"fields": [("X Y", "a")]}):
        with pytest.raises(ValueError, match=r"is no (final status|field)"):
            server.answer("/", **wrong)  # type: ignore[arg-type]


def test_waiting_for_requests(netconform_http_server: HttpServer) -> None:
    """A request of another thread is waited for; one that does not come is an error that says how many came."""
    server = netconform_http_server
    thread = threading.Thread(target=asked, args=(server, "GET", "/"))
    thread.start()
    assert len(server.wait()) == 1
    thread.join()
    with pytest.raises(TimeoutError, match=r"1 of 2 requests arrived within 0\.05 s"):
        server.wait(2, seconds=0.05)


def test_requests_inside_tls(netconform_https_server: HttpServer) -> None:
    """The certificate is one that the authority vouches for."""
    server = netconform_https_server
    context = ssl.create_default_context(cadata=server.ca.decode())
    client = http.client.HTTPSConnection("localhost", server.port, timeout=10, context=context)
    with contextlib.closing(client):
        client.request("GET", "/private")
        answer = client.getresponse()
        assert answer.status == 401 and b"Who is it?" in answer.read()
    assert server.url == f"https://localhost:{server.port}"
