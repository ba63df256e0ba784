"""Independent clients and the IMAP reference server on a real socket: imaplib, curl, IMAPClient read and change mail.

What they got is compared with what is stored, octet for octet. Whoever is not installed is skipped by name.
"""

from __future__ import annotations

import imaplib
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.imap import USES, ImapConfig, ImapSession
from pytest_netconform.reference_servers.mailboxes import Mailboxes

PATIENCE = 10.0  # seconds for one answer
PROGRAM_SECONDS = 30.0  # for a whole run of a program
USER, PASSWORD = "alice", "s3cret"
MIME = (
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Anna <anna@example.com>, Bert <bert@example.com>\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: inner\r\n\r\nbody\r\n--b--\r\n"
)
MAIL = (MIME, b"Subject: octets\r\n\r\n\xe4\xf6\xfc\r\n" + b"x" * 70_000, b"From: x\r\n\r\na\nb\rc\r\n")

Serve = Callable[..., tuple[Host, Mailboxes]]


@pytest.fixture
def serve(authority: Authority) -> Iterator[Serve]:
    """Start reference servers with mail; afterwards each has had no error, and nobody is connected."""
    with ExitStack() as stack:

        def start(implicit_tls: bool = False, **values: object) -> tuple[Host, Mailboxes]:
            config = ImapConfig(tls=not implicit_tls, **values)  # type: ignore[arg-type]
            mailboxes = Mailboxes(uses=USES)
            for content in MAIL:
                mailboxes.store.add(USER, "", [USER], content)
            make = serving(
                lambda: ImapSession(config, mailboxes), tls=authority.server_context(), implicit_tls=implicit_tls
            )
            stack.enter_context(make)
            started.append(make)
            return make, mailboxes

        started: list[Host] = []
        yield start
        for host in started:
            assert host.idle(PATIENCE) and host.errors == []


# -- imaplib


def test_imaplib_reads_everything(serve: Serve) -> None:
    """Every octet of every message, whole and by parts."""
    host, _ = serve()
    with imaplib.IMAP4(host.host, host.port, timeout=PATIENCE) as client:
        client.login(USER, PASSWORD)
        assert client.select() == ("OK", [b"3"])
        for number, content in enumerate(MAIL, 1):
            _, data = client.fetch(str(number), "(BODY.PEEK[])")
            assert data[0][1] == content  # type: ignore[index]
        _, data = client.fetch("1", "(BODY[2.TEXT])")
        assert data[0][1] == b"body"  # type: ignore[index]
        assert client.search(None, "SEEN") == ("OK", [b"1"])
        assert client.sort("REVERSE SIZE", "UTF-8", "ALL") == ("OK", [b"2 1 3"])
        assert client.thread("REFERENCES", "UTF-8", "ALL")[0] == "OK"


def test_imaplib_changes_things(serve: Serve) -> None:
    """Mailboxes, flags, copies, appended messages, expunges."""
    host, mailboxes = serve()
    with imaplib.IMAP4(host.host, host.port, timeout=PATIENCE) as client:
        client.login(USER, PASSWORD)
        assert client.enable("CONDSTORE")[0] == "OK"
        client.create("a/b")
        assert client.append("a/b", "(\\Seen)", imaplib.Time2Internaldate(0), MIME)[0] == "OK"
        client.select()
        assert client.copy("1:2", "a/b")[0] == "OK"
        client.store("1:2", "+FLAGS", "(\\Deleted)")
        assert client.expunge() == ("OK", [b"1", b"1"])
        assert client.status("a/b", "(MESSAGES UNSEEN)") == ("OK", [b'"a/b" (MESSAGES 3 UNSEEN 2)'])
        assert client.close()[0] == "OK" and client.namespace()[1] == [b'(("" "/")) NIL NIL']
    assert [message.content for message in mailboxes.store.messages(USER)] == [MAIL[2]]


@pytest.mark.parametrize("mechanism", ["PLAIN", "CRAM-MD5"])
def test_imaplib_logs_in_by_sasl(serve: Serve, mechanism: str) -> None:
    """Behind STARTTLS and in clear."""
    host, _ = serve()
    with imaplib.IMAP4("localhost", host.port, timeout=PATIENCE) as client:
        if mechanism == "CRAM-MD5":
            client.login_cram_md5(USER, PASSWORD)
        else:
            client.authenticate("PLAIN", lambda challenge: f"\0{USER}\0{PASSWORD}".encode())
        assert client.state == "AUTH"


def test_imaplib_inside_tls(serve: Serve, authority: Authority) -> None:
    """From the first octet on, and by STARTTLS where passwords want it."""
    host, _ = serve(implicit_tls=True)
    context = authority.client_context()
    with imaplib.IMAP4_SSL("localhost", host.port, ssl_context=context, timeout=PATIENCE) as client:
        assert client.login(USER, PASSWORD)[0] == "OK"
    host, _ = serve(auth_in_clear=False)
    with imaplib.IMAP4("localhost", host.port, timeout=PATIENCE) as client:
        assert "LOGINDISABLED" in client.capabilities
        client.starttls(authority.client_context())
        assert "LOGINDISABLED" not in client.capabilities and client.login(USER, PASSWORD)[0] == "OK"


# -- curl


def curl(url: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A run of curl, without anybody's configuration."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    command = [program, "--disable", "--silent", "--user", f"{USER}:{PASSWORD}", *arguments, url]
    return subprocess.run(command, capture_output=True, timeout=PROGRAM_SECONDS, check=False)


def test_curl_reads_and_searches(serve: Serve, authority: Authority) -> None:
    """One message by its uid, octet for octet, under TLS; a search; a list."""
    host, _ = serve()
    url = f"imap://localhost:{host.port}"
    said = curl(f"{url}/INBOX;UID=2", "--ssl-reqd", "--cacert", str(authority.authority_file()))
    assert (said.returncode, said.stdout) == (0, MAIL[1])
    assert curl(f"{url}/INBOX?SUBJECT%20octets").stdout == b"* SEARCH 2\r\n"
    assert b'"/" "INBOX"' in curl(url).stdout


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_curl_logs_in(serve: Serve, mechanism: str) -> None:
    """With every mechanism."""
    host, _ = serve()
    assert curl(f"imap://localhost:{host.port}", "--login-options", f"AUTH={mechanism}").returncode == 0


# -- IMAPClient


@pytest.fixture
def client(serve: Serve, authority: Authority) -> Iterator[Any]:
    """IMAPClient, logged in under TLS."""
    imapclient = pytest.importorskip("imapclient", reason="IMAPClient is not installed")
    host, _ = serve(implicit_tls=True)
    context = ssl.create_default_context(cadata=authority.pem.decode())
    with imapclient.IMAPClient("localhost", host.port, ssl_context=context, timeout=PATIENCE) as client:
        client.login(USER, PASSWORD)
        yield client


def test_imapclient_understands_everything(client: Any) -> None:
    """Envelopes, structures, searches, threads, quotas of nothing: parsed without a complaint."""
    assert client.select_folder("INBOX")[b"EXISTS"] == 3
    found = client.fetch([1, 2, 3], ["ENVELOPE", "BODYSTRUCTURE", "FLAGS", "INTERNALDATE", "RFC822.SIZE"])
    assert found[1][b"ENVELOPE"].subject == b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=" and len(found[1][b"ENVELOPE"].from_) == 2
    assert found[1][b"BODYSTRUCTURE"].is_multipart and found[2][b"RFC822.SIZE"] == len(MAIL[1])
    assert client.search(["SUBJECT", "Grüße"], "UTF-8") == [1]
    assert client.sort("REVERSE SIZE") == [2, 1, 3] and client.thread() == ((1,), (2,), (3,))
    assert client.namespace().personal == (("", "/"),)


def test_imapclient_files_mail(client: Any) -> None:
    """Folders with names in any script, moved messages, IDLE."""
    client.create_folder("Grüße")
    client.select_folder("INBOX")
    client.move([1, 3], "Grüße")
    assert client.folder_status("Grüße", ["MESSAGES"])[b"MESSAGES"] == 2 and client.search() == [2]
    assert "Grüße" in [name for _, _, name in client.list_folders()]
    assert client.find_special_folder(b"\\Sent") == "Sent"
    client.idle()
    client.idle_done()
    client.unselect_folder()
