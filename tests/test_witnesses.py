"""Independent clients and the reference server on a real socket: smtplib, swaks and curl deliver, and are refused.

What they sent is compared with what was stored, octet for octet. Whoever is not installed is skipped by name.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.smtp import SmtpConfig, SmtpSession
from pytest_netconform.reference_servers.store import MailStore, StoredMessage

PATIENCE = 10.0  # seconds for one answer, and for the end of a connection
PROGRAM_SECONDS = 30.0  # for a whole run of a program
SENDER, RECIPIENT = "bert@client.example.org", "alice@example.test"
USER, PASSWORD = "alice", "s3cret"
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"]

SHORT = b"Subject: short\r\n\r\nHello.\r\n"
CONTENTS = {
    "short": SHORT,
    "dots": b"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nin.side\r\n. \r\n.\r\n\r\n.\r\n",
    "long-lines": b"Subject: long\r\n\r\n" + b"x" * 998 + b"\r\n." + b"y" * 997 + b"\r\n",
    "8-bit": b"Subject: high\r\n\r\n" + bytes(range(128, 256)) + b"\r\n" + "Grüße".encode() + b"\r\n",
    "empty-lines": b"Subject: empty\r\n\r\n\r\n\r\n\r\n",
    "no-header": b"\r\nonly a body\r\n",
    "big": b"Subject: big\r\n\r\n" + b"0123456789.\r\n" * 15000,
}

FILED = CONTENTS["dots"] + b"the end\r\n"

# Two trace fields on top (RFC 5321 4.4), and behind them what was sent.
TRACE = re.compile(rb"Return-Path: <[^>\r\n]*>\r\nReceived: [^\r\n]+(?:\r\n[ \t][^\r\n]+)*\r\n")

Serve = Callable[..., tuple[Host, MailStore]]


@pytest.fixture
def serve(authority: Authority) -> Iterator[Serve]:
    """Start reference servers; afterwards each has had no error, and nobody is connected any more."""
    with ExitStack() as stack:

        def start(implicit_tls: bool = False, **values: object) -> tuple[Host, MailStore]:
            config = SmtpConfig(tls=not implicit_tls, **values)  # type: ignore[arg-type]
            store = MailStore()
            tls = authority.server_context()
            stack.enter_context(_nothing_left(host := serving(lambda: SmtpSession(config, store), tls=tls)))
            host.implicit_tls = implicit_tls
            stack.enter_context(host)
            return host, store

        yield start


@contextmanager
def _nothing_left(host: Host) -> Iterator[None]:
    yield
    assert (host.errors, host.connections, host.listening) == ([], 0, False)


def only(store: MailStore, mailbox: str = USER) -> StoredMessage:
    """The one message that was delivered."""
    (message,) = store.messages(mailbox)
    return message


def body(message: StoredMessage) -> bytes:
    """What the client sent: the stored octets without our trace fields."""
    trace = TRACE.match(message.content)
    assert trace is not None, message.content[:500]
    return message.content[trace.end() :]


# -- smtplib


def dial(host: Host) -> AbstractContextManager[smtplib.SMTP]:
    return smtplib.SMTP(host.host, host.port, local_hostname="client.example.org", timeout=PATIENCE)


def test_smtplib_reads_the_offer(serve: Serve) -> None:
    """EHLO's keywords arrive with their parameters, and each of ours is there."""
    host, _ = serve()
    with dial(host) as smtp:
        assert smtp.ehlo()[0] == 250
        assert set(smtp.esmtp_features) == {
            *("pipelining", "size", "8bitmime", "smtputf8", "chunking", "binarymime", "dsn"),
            *("enhancedstatuscodes", "starttls", "auth", "help", "vrfy"),
        }
        assert smtp.esmtp_features["size"] == str(SmtpConfig().size)
        assert set(smtp.esmtp_features["auth"].split()) == set(MECHANISMS)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_smtplib_delivers(serve: Serve, content: bytes) -> None:
    """Dots, long lines, high octets, empty lines: what was sent is what is stored, and so is its envelope."""
    host, store = serve()
    with dial(host) as smtp:
        assert smtp.sendmail(SENDER, RECIPIENT, content, ["BODY=8BITMIME"]) == {}
    message = only(store)
    assert (message.sender, message.recipients, body(message)) == (SENDER, (RECIPIENT,), content)


def test_smtplib_delivers_several_messages_on_one_connection(serve: Serve) -> None:
    """One transaction follows another, none is mixed with its neighbour."""
    host, store = serve()
    with dial(host) as smtp:
        for content in CONTENTS.values():
            smtp.sendmail(SENDER, [RECIPIENT, "bob@example.test"], content)
    for mailbox in ("alice", "bob"):
        assert [body(message) for message in store.messages(mailbox)] == list(CONTENTS.values())


def test_smtplib_delivers_international_mail(serve: Serve) -> None:
    """SMTPUTF8: addresses and header are UTF-8 as they were given."""
    host, store = serve()
    sender, recipient = "jörg@bücher.example", "alice+größe@example.test"
    content = "Subject: Grüße\r\n\r\nÄÖÜ\r\n".encode()
    with dial(host) as smtp:
        assert smtp.sendmail(sender, recipient, content, ["SMTPUTF8", "BODY=8BITMIME"]) == {}
    message = only(store)
    assert (message.sender, message.recipients, body(message)) == (sender, (recipient,), content)


def test_smtplib_sends_from_nobody(serve: Serve) -> None:
    """The null sender of a notification is accepted and stored as such."""
    host, store = serve()
    with dial(host) as smtp:
        smtp.sendmail("<>", RECIPIENT, SHORT)
    message = only(store)
    assert (message.sender, body(message)) == ("", SHORT)
    assert message.content.startswith(b"Return-Path: <>\r\n")


def test_smtplib_upgrades(serve: Serve, authority: Authority) -> None:
    """STARTTLS with a verified certificate; the offer inside lacks STARTTLS, and mail is delivered."""
    host, store = serve()
    with smtplib.SMTP("localhost", host.port, local_hostname="client.example.org", timeout=PATIENCE) as smtp:
        assert smtp.starttls(context=authority.client_context())[0] == 220
        smtp.ehlo()
        assert not smtp.has_extn("starttls")
        smtp.sendmail(SENDER, RECIPIENT, CONTENTS["dots"])
    assert body(only(store)) == CONTENTS["dots"]
    assert b" with ESMTPS id" in only(store).content
    assert host.tls_errors == []


def test_smtplib_verifies(serve: Serve) -> None:
    """A client that does not know our authority goes away, and the server serves the next one."""
    host, _ = serve()
    with pytest.raises(ssl.SSLCertVerificationError), dial(host) as smtp:
        smtp.starttls(context=ssl.create_default_context())
    with dial(host) as smtp:
        assert smtp.noop()[0] == 250


@pytest.mark.parametrize("content", [SHORT, CONTENTS["big"]], ids=["short", "big"])
def test_smtplib_speaks_tls_from_the_start(serve: Serve, authority: Authority, content: bytes) -> None:
    """SMTP over TLS: greeting, login and mail inside."""
    host, store = serve(implicit_tls=True)
    context = authority.client_context()
    with smtplib.SMTP_SSL("localhost", host.port, "client.example.org", timeout=PATIENCE, context=context) as smtp:
        smtp.login(USER, PASSWORD)
        smtp.sendmail(SENDER, RECIPIENT, content)
    assert body(only(store)) == content
    assert b" with ESMTPSA id" in only(store).content
    assert host.tls_errors == []


def _login(smtp: smtplib.SMTP, mechanism: str, password: str, initial: bool) -> tuple[int, bytes]:
    smtp.user, smtp.password = USER, password  # what SMTP.login does
    prove = getattr(smtp, "auth_" + mechanism.lower().replace("-", "_"))
    return smtp.auth(mechanism, prove, initial_response_ok=initial)


@pytest.mark.parametrize("initial", [True, False], ids=["initial-response", "challenge-first"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_smtplib_logs_in(serve: Serve, mechanism: str, initial: bool) -> None:
    """Each mechanism leads to 235, after which the client may relay and the trace says so."""
    host, store = serve()
    with dial(host) as smtp:
        smtp.ehlo()
        assert _login(smtp, mechanism, PASSWORD, initial)[0] == 235
        smtp.sendmail(SENDER, "carol@elsewhere.example", SHORT)
    (mailbox,) = store.mailboxes()
    (message,) = store.messages(mailbox)
    assert message.recipients == ("carol@elsewhere.example",)
    assert b" with ESMTPA id" in message.content


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_smtplib_has_the_wrong_password(serve: Serve, mechanism: str) -> None:
    """535, and the connection goes on: the right password is accepted behind it."""
    host, _ = serve()
    with dial(host) as smtp:
        smtp.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            _login(smtp, mechanism, "wrong", initial=True)
        assert refusal.value.smtp_code == 535
        assert _login(smtp, mechanism, PASSWORD, initial=True)[0] == 235


def test_smtplib_learns_which_recipients_were_refused(serve: Serve) -> None:
    """The bad ones are named with their replies, the good one gets the mail; with none left nothing is sent."""
    host, store = serve()
    bad, foreign = "nobody@example.test", "carol@elsewhere.example"
    with dial(host) as smtp:
        refused = smtp.sendmail(SENDER, [bad, RECIPIENT, foreign], SHORT)
        assert {who: reply[0] for who, reply in refused.items()} == {bad: 550, foreign: 550}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.sendmail(SENDER, [bad], SHORT)
        assert smtp.noop()[0] == 250
    assert only(store).recipients == (RECIPIENT,)


def test_smtplib_is_told_that_a_message_is_too_large(serve: Serve) -> None:
    """552 by the announced size, 552 behind the message where none was announced; one that fits is delivered."""
    host, store = serve(size=1000)
    with dial(host) as smtp:
        smtp.ehlo()
        with pytest.raises(smtplib.SMTPSenderRefused) as early:
            smtp.sendmail(SENDER, RECIPIENT, CONTENTS["big"])
        assert early.value.smtp_code == 552
        smtp.esmtp_features.pop("size")  # now it does not announce one
        with pytest.raises(smtplib.SMTPDataError) as late:
            smtp.sendmail(SENDER, RECIPIENT, CONTENTS["big"])
        assert late.value.smtp_code == 552
        smtp.sendmail(SENDER, RECIPIENT, SHORT)
    assert body(only(store)) == SHORT


def test_smtplib_runs_errands(serve: Serve) -> None:
    """HELO, VRFY, EXPN, HELP, RSET and QUIT are answered as their commands are meant."""
    host, store = serve()
    with dial(host) as smtp:
        assert smtp.helo()[0] == 250
        smtp.mail(SENDER)
        assert smtp.rcpt(RECIPIENT)[0] == 250
        assert smtp.rset()[0] == 250
        assert smtp.docmd("DATA")[0] == 503
        codes = smtp.verify("alice")[0], smtp.verify("nobody")[0], smtp.expn("staff")[0], smtp.docmd("HELP")[0]
        assert codes == (250, 550, 502, 214)
        assert smtp.quit()[0] == 221
    assert store.mailboxes() == ()


# -- programs


def run(program: str, *arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The program's end; whatever it started is gone with it. Skips when it is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    # a user's own configuration must not speak here
    environment = {**os.environ, "HOME": os.devnull, "SWAKS_HOME": os.devnull, "CURL_HOME": os.devnull}
    command = [program, *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, timeout=PROGRAM_SECONDS, check=False, env=environment
    )


@functools.cache
def swaks_lacks(what: str) -> str:
    """Why this installation of swaks cannot do that; empty when it can."""
    said = run("swaks", "--support")
    text = (said.stdout + said.stderr).decode()
    return "" if f"{what} supported" in text else f"this swaks has no {what}"


def swaks(host: Host, content: Path, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    ended = content.with_suffix(".ended")
    ended.write_bytes(content.read_bytes() + b".\r\n")  # without the end of the data it would add an empty line
    return run(
        *("swaks", "--server", f"{host.host}:{host.port}", "--ehlo", "client.example.org", "--timeout", "10"),
        *("--from", SENDER, "--to", RECIPIENT, "--data", f"@{ended}", *arguments),
    )


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A message in a file, with dots where they hurt."""
    path = tmp_path / "message"
    path.write_bytes(FILED)
    return path


WAYS = {"plain": (), "pipelining": ("--pipeline",), "starttls": ("--tls",), "tls": ("--tls-on-connect",)}


@pytest.mark.parametrize("way", WAYS)
def test_swaks_delivers(serve: Serve, authority: Authority, content: Path, way: str) -> None:
    """In clear, with pipelining, after STARTTLS and inside TLS: the message arrives as it is in the file."""
    arguments: tuple[str | Path, ...] = WAYS[way]
    if "tls" in way:
        if reason := swaks_lacks("TLS"):
            pytest.skip(reason)
        arguments += ("--tls-verify", "--tls-ca-path", authority.authority_file())
    host, store = serve(implicit_tls=way == "tls")
    said = swaks(host, content, *arguments)
    assert (said.returncode, host.tls_errors) == (0, []), said.stdout + said.stderr
    message = only(store)
    assert (message.sender, message.recipients, body(message)) == (SENDER, (RECIPIENT,), FILED)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_swaks_logs_in(serve: Serve, content: Path, mechanism: str) -> None:
    """Each mechanism, with the right password and with a wrong one (28 is swaks' exit for a failed login)."""
    if mechanism == "CRAM-MD5" and (reason := swaks_lacks("AUTH CRAM-MD5")):
        pytest.skip(reason)
    host, store = serve()
    said = swaks(host, content, "--auth", mechanism, "--auth-user", USER, "--auth-password", PASSWORD)
    assert said.returncode == 0, said.stdout + said.stderr
    assert b" with ESMTPA id" in only(store).content
    said = swaks(host, content, "--auth", mechanism, "--auth-user", USER, "--auth-password", "wrong")
    assert said.returncode == 28, said.stdout + said.stderr
    assert b"<** 535" in said.stdout
    assert body(only(store)) == FILED


def test_swaks_is_refused_a_recipient(serve: Serve, content: Path) -> None:
    """24 is swaks' exit for a refused recipient; nothing is stored, in step and with pipelining."""
    host, store = serve()
    for arguments in ((), ("--pipeline",)):
        said = swaks(host, content, "--to", "nobody@example.test", *arguments)
        assert said.returncode == 24, said.stdout + said.stderr
        assert b"<** 550" in said.stdout
    assert store.mailboxes() == ()


def curl(url: str, content: Path, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    if b"smtps" not in (said := run("curl", "--version")).stdout:
        pytest.skip(f"this curl has no smtp: {said.stdout.decode().splitlines()[0]}")
    return run(
        *("curl", "--disable", "--silent", "--show-error", "--max-time", f"{PROGRAM_SECONDS:g}", "--noproxy", "*"),
        *("--mail-from", SENDER, "--mail-rcpt", RECIPIENT, "--upload-file", content, *arguments, url),
    )


CURL_WAYS = {"plain": ("smtp", ()), "starttls": ("smtp", ("--ssl-reqd",)), "tls": ("smtps", ())}


@pytest.mark.parametrize("mechanism", [None, *MECHANISMS], ids=["nobody", *MECHANISMS])
@pytest.mark.parametrize("way", CURL_WAYS)
def test_curl_delivers(serve: Serve, authority: Authority, content: Path, way: str, mechanism: str | None) -> None:
    """In clear, after STARTTLS and inside TLS, logged in or not: the message arrives as it is in the file."""
    scheme, given = CURL_WAYS[way]
    arguments: list[str | Path] = [*given, "--cacert", authority.authority_file()]
    if mechanism:
        arguments += ["--user", f"{USER}:{PASSWORD}", "--login-options", f"AUTH={mechanism}"]
    host, store = serve(implicit_tls=way == "tls")
    said = curl(f"{scheme}://127.0.0.1:{host.port}/client.example.org", content, *arguments)
    assert (said.returncode, host.tls_errors) == (0, []), said.stderr
    message = only(store)
    assert (message.sender, message.recipients, body(message)) == (SENDER, (RECIPIENT,), FILED)
    kind = "ESMTP" + "S" * (way != "plain") + "A" * bool(mechanism)
    assert f" with {kind} id".encode() in message.content


def test_curl_is_refused(serve: Serve, content: Path) -> None:
    """55 and 67 are curl's exits for a refused recipient and a failed login; nothing is stored."""
    host, store = serve()
    url = f"smtp://127.0.0.1:{host.port}/client.example.org"
    assert curl(url, content, "--mail-rcpt", "nobody@example.test").returncode == 55
    assert curl(url, content, "--user", f"{USER}:wrong").returncode == 67
    assert store.mailboxes() == ()
