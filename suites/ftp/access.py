"""Who gets in, and how a session ends (RFC 959 4.1.1, 5.4; RFC 2228 3; RFC 2577 5 and 7)."""

from __future__ import annotations

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.ftp import ORDERLY, Ftp
from pytest_netconform.dialogues.ftp_control import TLS_FIRST
from pytest_netconform.requirement import (
    INTEROP,
    MAY,
    MUST,
    SECURITY,
    SHOULD,
    disposable,
    needs,
    requirement,
    serial,
    writes,
)
from pytest_netconform.verdict import NonConformity

ANOTHER_CODE = "another code than those of RFC 959 5.4, of the same meaning (RFC 1123 4.1.2.11)"
WRONG = "nc-no-such-password"
MOST_TRIES, FEW_TRIES = 10, 5  # wrong passwords in one connection; RFC 2577 5 speaks of 3 to 5
READ_FIRST = 1 << 16  # octets of a file that are read before QUIT


def _in_tls(ftp: Ftp) -> Ftp:
    """Prerequisite: TLS, where nobody may log in without."""
    if TLS_FIRST in ftp.target.claims and not ftp.wire.secure:
        ftp.secure()
    return ftp


def _guarded(ftp: Ftp) -> Ftp:
    """The check is about an account with a password, which that of anonymous users is not (RFC 1635)."""
    if ftp.target.account[0].lower() in ("anonymous", "ftp"):
        ftp.not_applicable("any password lets anonymous users in")
    return _in_tls(ftp)


def _user(ftp: Ftp) -> str:
    return f"USER {ftp.target.account[0]}"


# -- login


@requirement("FTP-959-5.4-b", MUST, "RFC 959 5.4", "USER gets 331, the right PASS 230, and then commands are served.")
@needs("?account")
def test_login(ftp_greeted: Ftp) -> None:
    """The account that was given is let in, step by step."""
    ftp = _in_tls(ftp_greeted)
    ftp.send(_user(ftp))
    first = ftp.reply(within=ftp.long)
    ftp.weigh(
        first, 331, 332, noted={230: "logged in without a password", 232: "logged in by TLS"}, expected="331 to USER"
    )
    if first.code in (331, 332):
        ftp.send(f"PASS {ftp.target.account[1]}")
        last = ftp.reply(within=ftp.long)
        ftp.weigh(last, 230, 202, 332, 232, tolerated={"2yz": ANOTHER_CODE}, expected="230 to the right PASS")
        if last.code == 332:
            ftp.not_applicable("an account (ACCT) is wanted too")
    ftp.exchange("PWD", 257)


@requirement("FTP-959-5.4-c", MUST, "RFC 959 5.4", "PASS with no USER before it lets nobody in.")
@needs("?account")
def test_pass_before_user(ftp_greeted: Ftp) -> None:
    """PASS as the first command is out of order; on an equal connection USER is asked for a password."""
    _in_tls(ftp_greeted.sibling()).given(_user(ftp_greeted))
    ftp = _in_tls(ftp_greeted)
    ftp.exchange("PASS x", 503, 500, 501, 530, 332, tolerated={"4yz": ANOTHER_CODE, "5yz": ANOTHER_CODE})
    ftp.exchange("PWD", "4yz", "5yz")


BEFORE_LOGIN = ["PWD", "LIST", "EPSV", "RETR x", "STOR x", "MKD x", "SIZE x", "SITE CPFR /etc/passwd"]


@requirement("FTP-959-5.4-d", MUST, "RFC 959 5.4", "Before the login no command that wants one is served.")
def test_commands_before_login(ftp_greeted: Ftp, ftp: Ftp) -> None:
    """Nothing but refusals; PWD and EPSV are served to who has logged in."""
    # Field note: ProFTPD before 1.3.5a let anybody copy files by SITE CPFR (CVE-2015-3306).
    ftp.given("PWD")
    if "passive" in ftp.target.claims:
        ftp.passive()
    for command in BEFORE_LOGIN:
        ftp_greeted.exchange(command, "4yz", "5yz")


@requirement("FTP-959-5.4-e", MUST, "RFC 959 5.4", "A wrong password is 530, and the right one is taken afterwards.")
@needs("?account")
@serial
def test_wrong_password(ftp_greeted: Ftp, ftp: Ftp) -> None:
    """Who gave a wrong password is not in; the right one lets him in on the same connection."""
    ftp.given("PWD")
    guest = _guarded(ftp_greeted)
    refused = guest.try_login(guest.target.account[0], WRONG)
    guest.weigh(refused, 530, tolerated={"5yz": ANOTHER_CODE}, expected="530 to a wrong password")
    guest.exchange("PWD", "4yz", "5yz")
    reply = guest.try_login(*guest.target.account)
    guest.weigh(reply, 230, 202, 232, expected="230 to the right password behind a wrong one")
    guest.exchange("PWD", 257)


@requirement(
    "FTP-2577-5-a", SECURITY, "RFC 2577 5", "After a few wrong passwords the connection is closed, with 421 before."
)
@needs("?account")
@serial
@disposable
def test_passwords_cannot_be_guessed_on(ftp_greeted: Ftp, ftp: Ftp) -> None:
    """Ten wrong passwords are not heard in one connection; another connection stays open."""
    # Field notes: vsftpd 3.0, pyftpdlib 2.2 and ProFTPD 1.3.8 close after 3 without 421; Twisted never closes.
    guest = _guarded(ftp_greeted)
    refusals = 0
    while refusals < MOST_TRIES:
        try:
            reply = guest.try_login(guest.target.account[0], WRONG)
        except NonConformity:
            if not guest.over:
                raise
            guest.note("closed without 421")
            break
        if reply.code == 421:
            guest.closes("behind 421")
            break
        guest.weigh(reply, "4yz", "5yz", expected="a refusal of a wrong password")
        refusals += 1
    else:
        expected = f"the connection to be closed before {MOST_TRIES} wrong passwords were refused"
        raise NonConformity(expected, f"{MOST_TRIES} refusals, and it is open")
    if refusals >= FEW_TRIES:
        guest.note(f"closed behind {refusals} refusals")
    guest.visit.evidence.add("close")
    ftp.alive()


@requirement("FTP-2577-7-a", SECURITY, "RFC 2577 7", "USER is answered alike whether there is such a user or not.")
@needs("?account")
def test_users_cannot_be_found_out(ftp_greeted: Ftp) -> None:
    """A name that nobody has is asked for a password too, as is one that somebody has."""
    stranger = _in_tls(ftp_greeted.sibling())
    known = _in_tls(ftp_greeted).exchange(_user(ftp_greeted), 331, 332, 230, 530, within=ftp_greeted.long)
    if known.code != 331:
        ftp_greeted.not_applicable(f"USER with a known name is answered {known.code}")
    at_once = "unknown users are refused before the password, which tells who exists (a user list of vsftpd does that)"
    stranger.exchange(f"USER {stranger.fresh('no')}", 331, tolerated={530: at_once}, within=stranger.long)


# -- again, and anonymous


@requirement("FTP-959-5.4-f", INTEROP, "RFC 959 4.1.1", "What USER does to who has logged in.")
@needs("?account")
def test_user_again(ftp: Ftp) -> None:
    """Recorded: its code, and those of three commands that want a login."""
    codes = []
    for command in (_user(ftp), "PWD", "TYPE I", "STAT"):
        ftp.send(command)
        codes.append(str(ftp.reply(within=ftp.long).code))
    ftp.observe(f"{codes[0]}, then {' '.join(codes[1:])}")


@requirement("FTP-959-5.4-u", INTEROP, "RFC 959 5.4, RFC 1635", "Whether anonymous users get in, and may write.")
@needs("?anonymous", "passive")
@writes
def test_anonymous(ftp_greeted: Ftp) -> None:
    """Recorded: the answers to a login, and to MKD, STOR and DELE. What was made is removed."""
    ftp = _in_tls(ftp_greeted)
    answer = ftp.try_login("anonymous", "a@b.example")
    if answer.code not in (230, 202):
        ftp.observe(f"login {answer.code}")
        return
    if TLS_FIRST in ftp.target.claims:
        ftp.protect()
    name, codes = ftp.fresh(), []
    for verb, undo in (("MKD", "RMD"), ("STOR", "DELE"), ("DELE", "")):
        if verb == "STOR":
            code = ftp.store(f"STOR {name}", b"x").reply.code
        else:
            ftp.send(f"{verb} {name}")
            code = ftp.reply().code
        codes.append(f"{verb} {code}")
        if undo and code is not None and code < 300:
            ftp.send(f"{undo} {name}")
            ftp.reply()
    ftp.observe(f"login {answer.code}, {', '.join(codes)}")


# -- the end


@requirement("FTP-959-4.1.1-a", MAY, "RFC 959 4.1.1", "REIN begins the session anew, or is not served.")
def test_rein(ftp: Ftp) -> None:
    """Behind 220 nobody is logged in; behind a refusal everything is as before."""
    ftp.send("REIN")
    reply = ftp.reply()
    if reply.code == 120:
        reply = ftp.reply("220 behind 120", within=ftp.long)
    ftp.weigh(reply, "2yz", "5yz", expected="220, or 500 or 502, to REIN")
    begun = reply.code is not None and reply.code < 300
    ftp.exchange("PWD", *(("4yz", "5yz") if begun else (257,)))
    ftp.observe(reply.code)


@requirement("FTP-959-4.1.1-b", MUST, "RFC 959 4.1.1, 5.4", "QUIT gets 221, and the connection is closed.")
def test_quit(ftp_greeted: Ftp, ftp: Ftp) -> None:
    """Before the login and after it; a connection on which nobody said QUIT stays."""
    other = ftp.sibling()
    for leaving in (ftp_greeted, ftp):
        leaving.exchange("QUIT", 221, tolerated={"2yz": ANOTHER_CODE})
        leaving.closes("behind 221")
    other.alive()


@requirement("FTP-959-4.1.1-c", SHOULD, "RFC 959 4.1.1", "A QUIT in the middle of a transfer waits for its end.")
@needs("passive")
def test_quit_waits_for_the_transfer(ftp_files: Ftp) -> None:
    """The file arrives whole, then 226, then 221."""
    # Field notes: pyftpdlib 2.2 says 221 before 226; Pure-FTPd 1.0.50 aborts the transfer and stays.
    ftp, name = ftp_files, ftp_files.large_file()
    first, wire = ftp.begin(b"RETR " + name + b"\r\n")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to RETR")
    assert wire is not None
    head, ending = ftp.drain(wire, READ_FIRST)
    ftp.send("QUIT")
    if not ending:
        rest, ending = ftp.drain(wire)
        head += rest
    wire.close()
    ftp.require(ending in ORDERLY, "the whole file, and QUIT behind it", f"{len(head)} octets, {ending}")
    if ftp.directory:
        ftp.require(len(head) == ftp.around.big, "the whole file, and QUIT behind it", f"{len(head)} octets")
    done: tuple[Code, ...] = (226, 250)
    ftp.expect(*done, to="RETR, before the one to QUIT")
    ftp.expect(221, to="QUIT behind the transfer")


# -- security


@requirement("FTP-2228-3-a", MUST, "RFC 2228 3, RFC 4217 4", "AUTH with an unknown mechanism, or none, is refused.")
@needs("?account", "-tls-first")
def test_auth_of_nothing(ftp_greeted: Ftp) -> None:
    """No security exchange begins, and the session goes on in clear: USER is asked for a password."""
    # Field notes: vsftpd 3.0 says 504 to both, pyftpdlib 2.2 502 and 501, Twisted 530.
    ftp_greeted.sibling().given(_user(ftp_greeted))
    for command in ("AUTH XBOGUS", "AUTH"):
        ftp_greeted.exchange(command, "4yz", "5yz")
    ftp_greeted.exchange(_user(ftp_greeted), 331, 332, 230, 232, within=ftp_greeted.long)


NOT_CHECKED: list[tuple[str, str]] = []
