"""TLS (RFC 4217, RFC 2228): how it begins, what it forgets, and what it protects."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.ftp import CLOSED, Ftp
from pytest_netconform.requirement import MAY, MUST, SECURITY, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.ftp import Reply

VERSIONS = ("TLSv1.2", "TLSv1.3")
PLAIN = b"nc: this is not TLS\r\n" * 3  # no ClientHello begins like that


# -- the control connection


@requirement("FTP-4217-4-a", MUST, "RFC 4217 4, 12", "AUTH TLS is answered 234, then comes TLS, and a login inside it.")
@needs("TLS", "CLEAR", "?account")
def test_auth_tls(ftp_greeted: Ftp) -> None:
    """A handshake of TLS 1.2 or newer, USER and PASS, and a command."""
    # field: linux-ftpd (ftpd-ssl) answers 234, and no handshake follows
    ftp = ftp_greeted
    ftp.exchange("AUTH TLS", 234)
    ftp.start_tls()
    version = ftp.wire.tls_version()
    ftp.require(version in VERSIONS, "TLS 1.2 or newer", version)
    reply = ftp.try_login(*ftp.target.account)
    ftp.weigh(reply, 230, 202, expected="a login inside TLS")
    ftp.logged_in = True
    ftp.working_directory()


@requirement("FTP-4217-4-b", SECURITY, "RFC 4217 15; CVE-2011-1575", "Nothing that came in clear is obeyed inside TLS.")
@needs("TLS", "CLEAR")
def test_no_command_is_injected(ftp_greeted: Ftp) -> None:
    """A USER in one packet with AUTH TLS is forgotten: PASS is the first command inside TLS, and out of order."""
    # field: pyftpdlib 2.2.0 answers 331 to the injected USER; vsftpd closes; ProFTPD, Pure-FTPd drop the line
    ftp = ftp_greeted
    ftp.sibling().secure()
    ftp.visit.evidence.add("twin")
    ftp.send(b"AUTH TLS\r\nUSER evil\r\n")
    try:
        reply = ftp.reply()
    except NonConformity:
        if not ftp.over:
            raise
        ftp.note("the connection is closed")
        return
    if reply.code != 234:
        ftp.weigh(reply, "4yz", "5yz", expected="234, or a refusal, in answer to AUTH TLS")
        return
    if (word := ftp.heard()) is not None:  # vsftpd 3.0.3 says "500 OOPS", for a USER is no ClientHello, and closes
        answered = word.code is None or word.code < 400 or not ftp.ended()
        ftp.require(not answered, "no answer to what came in clear behind AUTH TLS", word.raw)
        ftp.note("no handshake: the connection is closed")
        return
    if ftp.over:
        ftp.note("no handshake: the connection is closed")
        return
    if problem := ftp.try_tls():
        ftp.note(f"no handshake: {problem}")
        return
    ftp.send("PASS nc-wrong")
    reply = ftp.reply(within=ftp.long)
    ftp.weigh(reply, 503, "4yz", "5yz", expected="a refusal of PASS as the first reply inside TLS")
    ftp.alive()


@requirement("FTP-4217-4-c", MUST, "RFC 4217 4.2, RFC 2228 3", "A USER from before AUTH TLS does not count inside TLS.")
@needs("TLS", "CLEAR", "?account")
def test_a_user_named_in_clear(ftp_greeted: Ftp, ftp_secure_account: Ftp) -> None:
    """PASS alone is refused inside TLS; AUTH may be refused behind USER as well."""
    ftp, (username, password) = ftp_greeted, ftp_greeted.target.account
    ftp.send(f"USER {username}")
    if (reply := ftp.reply(within=ftp.long)).code != 331:
        ftp.not_applicable(f"USER in clear is answered {reply.code}")
    if not _secured(ftp):
        return
    ftp.send(f"PASS {password}")
    # field: vsftpd, ProFTPD, Pure-FTPd, pyftpdlib; RFC 2228 3 asks for "some or all of USER, PASS, ACCT" again
    tolerated: dict[Code, str] = {
        230: "the user of before AUTH counts inside TLS",
        202: "the user of before AUTH counts inside TLS",
    }
    ftp.weigh(ftp.reply(within=ftp.long), 503, "4yz", "5yz", tolerated=tolerated, expected="a refusal of PASS")


@requirement("FTP-4217-4-d", MUST, "RFC 4217 4.2, RFC 2228 3", "A login before AUTH TLS does not count inside TLS.")
@needs("TLS", "CLEAR", "-tls-first")
def test_a_login_in_clear(ftp: Ftp) -> None:
    """PWD is refused inside TLS until the user has logged in again; AUTH may be refused as well."""
    # field: pyftpdlib 2.2 goes on; vsftpd, Pure-FTPd 500, ProFTPD 534 to AUTH
    ftp.working_directory()
    if not _secured(ftp):
        return
    ftp.send("PWD")
    ftp.expect(530, 503, "4yz", "5yz", to="PWD inside TLS, before a new login")


@requirement("FTP-4217-17-a", SHOULD, "RFC 4217 17, RFC 2228 3", "TLS-C is another name of TLS; case means nothing.")
@needs("TLS", "CLEAR")
@pytest.mark.parametrize("command", ["AUTH TLS-C", "auth tls"], ids=["synonym", "small"])
def test_other_spellings_of_auth(ftp_greeted: Ftp, command: str) -> None:
    """Both are answered 234, and TLS follows."""
    # field: Pure-FTPd 1.0.50 answers 500 to TLS-C
    ftp_greeted.exchange(command, 234)
    ftp_greeted.start_tls()


@requirement("FTP-4217-5-a", MAY, "RFC 4217 6, RFC 2228 3", "CCC ends TLS on the control connection, if served.")
@needs("TLS", "CLEAR")
def test_ccc(ftp_secure_account: Ftp, ftp_greeted: Ftp) -> None:
    """The codes inside TLS and in clear, where there is nothing to end."""
    ftp = ftp_secure_account
    ftp.send("CCC")
    inside = ftp.reply()
    if inside.code == 200:
        ftp.end_tls()
        ftp.alive()
    ftp_greeted.send("CCC")
    ftp.observe(f"{inside.code} inside TLS, {ftp_greeted.reply().code} in clear")


@requirement("FTP-4217-2-a", SECURITY, "RFC 4217 10.1", "Who demands TLS takes no login in clear.")
@needs("?require_tls", "TLS", "CLEAR", "?account")
def test_no_login_in_clear(ftp_greeted: Ftp) -> None:
    """USER is refused before a password is sent."""
    ftp, (username, password) = ftp_greeted, ftp_greeted.target.account
    twin = ftp.sibling()
    twin.secure()
    twin.given(f"USER {username}")
    ftp.send(f"USER {username}")
    reply = ftp.reply(within=ftp.long)
    if reply.code in (331, 332):
        ftp.tolerate("a refusal of USER in clear", reply.raw, "the refusal comes when the password was sent in clear")
        ftp.send(f"PASS {password}")
        reply = ftp.reply(within=ftp.long)
    ftp.weigh(reply, "4yz", "5yz", expected="a refusal of a login in clear")


# -- PBSZ and PROT


@requirement("FTP-4217-9-a", MUST, "RFC 4217 8, 9", "PROT comes behind PBSZ; P and C are served, other words are not.")
@needs("TLS", "CLEAR")
@pytest.mark.parametrize("step", ["before-pbsz", "levels", "safe", "unknown"])
def test_prot(ftp_secure_account: Ftp, step: str) -> None:
    """503 without PBSZ; 200 for P and C behind it; S and X are refused, or kept."""
    ftp = ftp_secure_account
    if step == "before-pbsz":
        # field: vsftpd, ProFTPD, Pure-FTPd answer 200
        early: dict[Code, str] = {200: "PROT is accepted without PBSZ"}
        ftp.exchange("PROT P", 503, "4yz", "5yz", tolerated=early)
        ftp.given("PBSZ 0", "PROT P")
        return
    ftp.exchange("PBSZ 0", 200)
    ftp.exchange("PROT P", 200)
    if step == "levels":
        ftp.exchange("PROT C", 200, noted={534: "refused by policy", 536: "refused by policy"})
    elif step == "safe":
        ftp.send("PROT S")
        reply = ftp.reply()
        if reply.code == 200:  # field: Pure-FTPd
            ftp.note("PROT S is accepted; data must be protected then")
            ftp.protected = True
            ftp.done(ftp.retrieve("LIST"))
        else:
            ftp.weigh(reply, "4yz", "5yz", expected="a refusal of PROT S, or 200")
    else:
        ftp.exchange("PROT X", "4yz", "5yz")
    ftp.alive()


@requirement("FTP-4217-9-b", MUST, "RFC 4217 8, 9; RFC 2228 3", "PBSZ and PROT are refused before AUTH.")
@needs("CLEAR", "?account")
def test_pbsz_in_clear(ftp_greeted: Ftp) -> None:
    """503, for there is no security to set up; a server without TLS does not know the words."""
    ftp, twin = ftp_greeted, ftp_greeted.sibling()
    if "TLS" in ftp.target.claims:
        twin.secure()
        twin.login()
        twin.given("PBSZ 0", "PROT P")
    else:
        twin.login()
    ftp.exchange("PBSZ 0", 503, "4yz", "5yz")
    ftp.exchange("PROT P", 503, "4yz", "5yz")
    ftp.alive()


def _refusal_of_a_place(ftp: Ftp) -> Reply | None:
    """How a data connection is refused before a listing is asked for; None where it is not."""
    for command in ("EPSV", "PASV"):
        ftp.send(command)
        reply = ftp.reply()
        if reply.code in (227, 229):
            return None
    return reply


@requirement("FTP-4217-9-c", MUST, "RFC 4217 9", "Data connections are in clear until PROT P, or are refused.")
@needs("TLS", "CLEAR", "passive")
def test_data_is_in_clear_at_first(ftp_secure_account: Ftp) -> None:
    """A listing without PROT comes in clear, or the server refuses to send it so; behind PROT P it comes inside TLS."""
    ftp = ftp_secure_account
    refusal = _refusal_of_a_place(ftp)
    if refusal is None:
        listing = ftp.retrieve("LIST")
        if listing.preliminary is not None:
            ftp.done(listing)
        else:
            refusal = listing.reply
            ftp.weigh(refusal, "4yz", "5yz", expected="a listing in clear, or a refusal")
    if refusal is not None:
        ftp.note(f"{refusal.code}: data in clear are refused")
    ftp.protect()
    ftp.done(ftp.retrieve("LIST"))


@requirement("FTP-4217-9-d", SECURITY, "RFC 4217 9, 10.2", "Behind PROT P no data connection is in clear.")
@needs("TLS", "passive")
@writes
@pytest.mark.parametrize("command", ["LIST", "RETR f", "STOR g"])
def test_no_data_in_clear(ftp_secure_directory: Ftp, command: str) -> None:
    """The server waits for TLS; a client that goes on in clear is sent nothing, and nothing of his is kept."""
    # field: vsftpd, Pure-FTPd close the control connection, pyftpdlib 522, ProFTPD 425; all leave an empty file
    ftp = ftp_secure_directory
    if command.startswith("STOR"):
        ftp.names()  # an upload is no twin here: it hangs where STOR alone ignores PROT
    else:
        ftp.put("f", b"nc\r\n")
    wire = ftp.passive()
    ftp.send(command)
    data, _ = ftp.glance(wire)
    ftp.require(not data, "no octet on the data connection before TLS", data)
    ftp.supply(wire, PLAIN)
    try:
        reply = ftp.reply()
        if reply.preliminary:
            reply = ftp.reply()
    except NonConformity:
        if not ftp.over:
            raise
        ftp.note("the control connection is closed")
    else:
        ftp.weigh(reply, "4yz", "5yz", expected=f"a refusal of {command} without TLS on the data connection")
    if command.startswith("STOR"):
        kept = ftp.sibling().retrieve(b"RETR " + ftp.directory + b"/g\r\n")
        ftp.require(not kept.data, "nothing that was sent in clear to be kept", kept.data)


def _ends_inside_tls(ftp: Ftp, command: str) -> None:
    ending = ftp.done(ftp.retrieve(command)).ending
    ftp.require(ending == CLOSED, f"close_notify behind the data of {command.split()[0]}", ending)


@requirement(
    "FTP-4217-9-e", SHOULD, "RFC 4217 12.6, 12.7; RFC 8446 6.1", "The end of protected data is said inside TLS."
)
@needs("TLS", "passive")
@writes
@pytest.mark.parametrize("command", ["LIST", "RETR hello.txt"])
def test_data_end_with_close_notify(ftp_secure_directory: Ftp, command: str) -> None:
    """close_notify comes before the end of the connection, so that a cut is seen."""
    ftp = ftp_secure_directory
    ftp.text_file()
    _ends_inside_tls(ftp, command)


@requirement(
    "FTP-4217-9-e", SHOULD, "RFC 4217 12.6, 12.7; RFC 8446 6.1", "The end of protected data is said inside TLS."
)
@needs("TLS", "passive", "-writable")
def test_listings_end_with_close_notify(ftp_secure_account: Ftp) -> None:
    """The same of a listing, where nothing may be written."""
    ftp_secure_account.protect()
    _ends_inside_tls(ftp_secure_account, "LIST")


@requirement("FTP-4217-9-f", SHOULD, "RFC 8446 6.1, RFC 4217 12.6", "An upload that ends without close_notify was cut.")
@needs("TLS", "passive")
@writes
def test_uploads_that_are_cut(ftp_secure_directory: Ftp) -> None:
    """Protected data that end by FIN alone are not reported as whole."""
    # field: pyftpdlib, ProFTPD, Pure-FTPd 226; vsftpd 426. To a FIN of a client that goes on reading pyftpdlib 2.2.0
    # answers nothing at all
    ftp = ftp_secure_directory
    ftp.put("f", b"nc" * 1000)
    first, wire = ftp.begin("STOR g")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to STOR")
    if wire is None:
        return
    ftp.supply(wire, b"nc" * 1000, end=False)
    ftp.glance(wire)  # TLS tickets that nobody has read would make a reset of the close
    wire.close()
    reply = ftp.reply("a last reply to STOR")
    ftp.weigh(reply, "4yz", "5yz", expected="4yz or 5yz behind data without close_notify")


def _secured(ftp: Ftp) -> bool:
    """AUTH TLS, and the handshake; False where it is refused, which is right as well."""
    ftp.send("AUTH TLS")
    reply = ftp.reply()
    if reply.code != 234:
        ftp.weigh(reply, "4yz", "5yz", expected="234, or a refusal, in answer to AUTH TLS")
        ftp.note(f"AUTH is answered {reply.code} in the middle of a dialogue")
        return False
    ftp.start_tls()
    return True


NOT_CHECKED: list[tuple[str, str]] = []
