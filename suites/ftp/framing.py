"""Lines and connections (RFC 959 5.3, RFC 1123 4.1.2.10, RFC 2640 3.1): what ends a command, and who hurts whom."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import Say
from pytest_netconform.dialogues.ftp import Ftp
from pytest_netconform.dialogues.ftp_control import TLS_FIRST
from pytest_netconform.requirement import (
    INTEROP,
    MUST,
    SECURITY,
    SHOULD,
    hostile,
    needs,
    requirement,
    serial,
    slow,
    writes,
)
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import NoConnection
from pytest_netconform.wire.cuts import Cut, at, octets, tokens, whole
from pytest_netconform.wire.ftp import Reply
from pytest_netconform.wire.telnet import DO, DONT, IAC, WILL, WONT

ANOTHER_CODE = "another code than those of RFC 959 5.4, of the same meaning (RFC 1123 4.1.2.11)"
DONE: dict[Code, str] = {"2yz": ANOTHER_CODE}
BUFFERS = (512, 1024, 2048, 4096, 8192)  # where a server's buffer for a line may end
LONG_LINES = [600, 2100, 4100, 9000, 70000]
IDLE_SECONDS, IDLE_CAP = 295.0, 1200.0  # "at least 5 minutes" (RFC 1123 4.1.3.2); and how long we stay
RESETS = 100
ECHO, WINDOW_SIZE = b"\x01", b"\x1f"  # Telnet options


def _answered_once(ftp: Ftp, what: str, *, or_close: bool = False) -> None:
    """Behind the answer that was just read comes that to QUIT, and nothing before it."""
    before = ftp.replies_until("QUIT", 221, or_close=or_close)
    if before:
        raise NonConformity(f"one reply to {what}", f"{1 + len(before)} replies", owed=True)


# -- how lines travel


def _scattered(seed: int) -> Cut:
    """Twenty cuts at places that look drawn by lot, and are the same in every run."""
    return at(*Random(seed).sample(range(1, 40), 20))


CUTS: dict[str, Cut] = {"octets": octets, "tokens": tokens} | {f"scattered-{n}": _scattered(n) for n in range(1, 5)}


def _session(ftp: Ftp, known: list[Code] | None = None) -> list[Code]:
    """The codes of a whole session, from the login to the goodbye; each is judged by those that are known."""
    heard: list[Code] = []

    def step(command: str) -> Code:
        ftp.send(command)
        return keep(ftp.reply(within=ftp.long), command.split(" ")[0])

    def keep(reply: object, verb: str) -> Code:
        code: Code = getattr(reply, "code", None) or 0
        code = 150 if code == 125 else code  # whichever of the two was faster
        if known is not None:
            expected = known[len(heard)] if len(heard) < len(known) else 0
            ftp.require(code == expected, f"{expected} in answer to {verb}, as to the session in one piece", code)
        heard.append(code)
        return code

    ftp.greet()
    if step(f"USER {ftp.target.account[0]}") == 331:
        step(f"PASS {ftp.target.account[1]}")
    step("PWD")
    step("TYPE A")
    listing = ftp.retrieve("LIST", ftp.dial(ftp.passive_address("EPSV" if ":" in ftp.wire.there[0] else "PASV")))
    for reply in (listing.preliminary, listing.reply):
        keep(reply, "LIST")
    step("QUIT")
    return heard


@requirement("FTP-GEN-SEG-a", MUST, "RFC 1123 4.1.2.10", "A command is a line, whatever the segments it came in.")
@needs("?account", "passive", "-tls-first")
@pytest.mark.parametrize("cut", list(CUTS))
def test_segments_mean_nothing(ftp_connection: Ftp, cut: str) -> None:
    """A whole session is answered with the same codes when its octets travel in pieces."""
    uncut = ftp_connection.sibling()
    uncut.wire.cut, ftp_connection.wire.cut = whole, CUTS[cut]
    try:
        codes = _session(uncut)
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met, all in one piece: {problem}") from None
    _session(ftp_connection, codes)


@requirement("FTP-GEN-SEG-b", MUST, "RFC 1123 4.1.2.10, RFC 959 4.2", "Commands that come together are all answered.")
def test_commands_in_one_segment(ftp: Ftp) -> None:
    """Four commands in one segment get four replies, in their order."""
    ftp.send("NOOP", "PWD", "SYST", "TYPE I")
    for code, command in ((200, "NOOP"), (257, "PWD"), (215, "SYST"), (200, "TYPE I")):
        ftp.expect(code, to=f"{command} among others", tolerated=DONE)
    _answered_once(ftp, "the last of four commands")


@requirement("FTP-GEN-SEG-c", MUST, "RFC 1123 4.1.2.10", "The LF of CR LF may come later: the command counts once.")
def test_cr_and_lf_apart(ftp: Ftp) -> None:
    """Nothing is answered while the LF is missing, one reply when it comes, and SYST behind it gets its own."""
    # Field note: ProFTPD 1.3.8 loses the command, and the next line with it.
    ftp.send(b"NOOP\r")
    ftp.silent("while the LF of CR LF is missing")
    ftp.exchange(b"\n", 200, tolerated=DONE)
    ftp.exchange("SYST", 215, tolerated=DONE)
    _answered_once(ftp, "SYST")


# -- what ends a line


@requirement("FTP-GEN-FRM-a", INTEROP, "RFC 959 5.3", "What a bare LF does.")
def test_bare_lf(ftp: Ftp) -> None:
    """Recorded: what comes behind NOOP and LF, and what behind the CR LF that follows."""
    ftp.send(b"NOOP\n")
    early = ftp.heard()
    ftp.send(b"\r\n", "QUIT")
    codes: list[Code] = []
    while 221 not in codes and not ftp.over:
        value = ftp.hear("221 in answer to QUIT")  # a server may show the line, LF and all, in its answer
        codes += [value.code] if value.code is not None else []
    behind = " ".join(str(code) for code in codes if code != 221)
    ftp.observe(f"{early.code if early else 'nothing'} at LF, {behind or 'nothing'} behind CR LF")


@requirement("FTP-GEN-FRM-b", MUST, "RFC 959 5.3, RFC 854", "A bare CR ends no command.")
def test_bare_cr_ends_no_command(ftp: Ftp) -> None:
    """Two NOOPs with CR between them are one line, and get one reply at most."""
    ftp.send(b"NOOP\rNOOP\r\n")
    replies = ftp.replies_until("QUIT", 221)
    if len(replies) > 1:
        raise NonConformity("one reply to NOOP, CR, NOOP, CR LF", f"{len(replies)} replies", owed=True)
    for reply in replies:
        ftp.weigh(reply, "2yz", "5yz", expected="2yz or 5yz in answer to NOOP, CR, NOOP, CR LF")
    if not replies:
        ftp.note("the line is passed over in silence")


@requirement("FTP-GEN-FRM-c", INTEROP, "RFC 959 5.3, 5.3.1, RFC 2640 3.1", "What blanks and arguments too many do.")
@pytest.mark.parametrize("command", ["NOOP ", " NOOP", "TYPE  I", "PWD x"])
def test_blanks(ftp: Ftp, command: str) -> None:
    """Recorded: the code. Whatever it is, there is one reply at most."""
    ftp.send(command)
    replies = ftp.replies_until("QUIT", 221)
    if len(replies) > 1:
        raise NonConformity(f"one reply to {command!r}", f"{len(replies)} replies", owed=True)
    ftp.observe(f"{command!r}: {replies[0].code if replies else 'nothing'}")


@requirement(
    "FTP-GEN-FRM-d", MUST, "RFC 1123 4.1.2.12", "Telnet negotiations are refused, and are no part of commands."
)
def test_telnet_options_are_refused(ftp: Ftp) -> None:
    """DO ECHO and WILL NAWS in front of NOOP: neither is agreed to, and NOOP is answered."""
    # Field notes: vsftpd 3.0 and pyftpdlib 2.2 answer 500; Pure-FTPd 1.0.50 and Twisted nothing.
    taken = "Telnet commands are taken for text"
    ftp.exchange("NOOP", 200, tolerated=DONE)
    ftp.send(IAC + DO + ECHO + IAC + WILL + WINDOW_SIZE + b"NOOP\r\n", "NOOP")
    reply = ftp.expect(200, to="NOOP behind Telnet negotiations", tolerated={500: taken, **DONE})
    said = {(command.octet, command.argument) for command in reply.telnet}
    agreed = said & {(WILL, ECHO), (DO, WINDOW_SIZE)}
    ftp.require(not agreed, "no Telnet option to be agreed to", f"{len(agreed)} of two agreed to")
    if reply.code == 200 and said != {(WONT, ECHO), (DONT, WINDOW_SIZE)}:
        ftp.note("not every option was refused by WONT or DONT")
    again = ftp.replies_until("QUIT", 221)
    if not again:  # there was one reply to both lines
        ftp.tolerate("a reply to NOOP behind Telnet negotiations", b"", "the line is passed over in silence")
    for value in again:
        ftp.weigh(value, 200, tolerated=DONE, expected="200 to the NOOP that follows")
    ftp.require(len(again) < 2, "one reply to each NOOP", f"{1 + len(again)} replies to two")


@requirement("FTP-GEN-FRM-e", MUST, "RFC 2640 3.1, RFC 854", "CR NUL in a pathname is a CR, and ends no command.")
@needs("passive")
@writes
def test_cr_nul_in_a_pathname(ftp_directory: Ftp) -> None:
    """MKD of a name with CR NUL is refused, or makes a directory whose name has a CR; there is one reply."""
    # Field notes: pyftpdlib 2.2 closes the connection without a reply; vsftpd 3.0 makes a LF of the NUL; Pure-FTPd
    # 1.0.50 makes "_" of both; linux-ftpd cuts the name.
    ftp = ftp_directory
    ftp.send(b"MKD a\r\0b\r\n")
    replies = ftp.replies_until("NOOP", 200)
    if len(replies) != 1:
        raise NonConformity("one reply to MKD a, CR NUL, b", f"{len(replies)} replies", owed=True)
    ftp.weigh(replies[0], 257, "4yz", "5yz", expected="257 or a refusal of a name with CR NUL", tolerated=DONE)
    if replies[0].code is not None and replies[0].code < 300:
        listing = ftp.done(ftp.retrieve("NLST")).data
        ftp.send(b"RMD a\r\0b\r\n")  # who keeps it under another name (vsftpd) lists what nobody can remove
        ftp.reply()
        if "UTF8" in ftp.target.claims:
            ftp.require(b"a\rb" in listing, "a name with CR, and without NUL, in NLST", listing)
        elif b"a\rb" not in listing:
            ftp.note("the name was changed")


def _file(ftp: Ftp) -> bytes:
    name = ftp.text_file()
    ftp.given("TYPE I")
    return name


def _closed_or_refused(ftp: Ftp, what: Say, *others: Code) -> Reply | None:
    """A refusal, or one of other codes, or the end of the connection without a word (None)."""
    ftp.send(what)
    try:
        return ftp.expect("4yz", "5yz", *others, to="a name with NUL in it", within=ftp.long)
    except NonConformity:
        if not ftp.over or ftp.broken:
            raise
        ftp.note("closed without a reply")
        ftp.visit.evidence.add("refusal")
        return None


@requirement("FTP-GEN-FRM-f", SECURITY, "RFC 959 5.3", "A NUL does not end a pathname or a user's name.")
@needs("SIZE")
def test_nul_in_size(ftp_files: Ftp) -> None:
    """SIZE of an existing name, NUL and more words, is not the size of the file."""
    name = _file(ftp_files)
    ftp_files.given(b"SIZE " + name + b"\r\n")
    _closed_or_refused(ftp_files, b"SIZE " + name + b"\0.jpg\r\n")


@requirement("FTP-GEN-FRM-f", SECURITY, "RFC 959 5.3", "A NUL does not end a pathname or a user's name.")
@needs("passive")
def test_nul_in_retr(ftp_files: Ftp) -> None:
    """RETR of an existing name, NUL and more words, does not send the file."""
    # Field note: ProFTPD 1.3.8 sends it.
    name = _file(ftp_files)
    ftp_files.fetch(name)
    ftp_files.passive()
    _closed_or_refused(ftp_files, b"RETR " + name + b"\0.jpg\r\n")


@requirement("FTP-GEN-FRM-f", SECURITY, "RFC 959 5.3", "A NUL does not end a pathname or a user's name.")
@writes
def test_nul_in_cwd(ftp_directory: Ftp) -> None:
    """CWD of an existing directory, NUL and more words, does not lead into that directory."""
    ftp = ftp_directory
    ftp.given("MKD d", "CWD d")
    inside = ftp.working_directory()
    ftp.given("CDUP")
    reply = _closed_or_refused(ftp, b"CWD d\0/../..\r\n", "250")
    if reply is not None and reply.code == 250:
        ftp.require(
            ftp.working_directory() != inside, "a name with NUL not to be cut there", "CWD went to the name cut"
        )
        ftp.note("the name was resolved without a look at its parts")  # pyftpdlib 2.2


@requirement("FTP-GEN-FRM-f", SECURITY, "RFC 959 5.3", "A NUL does not end a pathname or a user's name.")
@needs("?account", "-tls-first")
@serial
def test_nul_in_user(ftp_greeted: Ftp, ftp: Ftp) -> None:
    """A user's name with NUL and another word behind it is not that user."""
    # Field note: ProFTPD 1.3.8 lets him in.
    ftp.given("PWD")
    username, password = ftp.target.account
    ftp_greeted.send(f"USER {username}".encode() + b"\0b\r\n")
    try:
        reply = ftp_greeted.reply(within=ftp.long)
    except NonConformity:
        if not ftp_greeted.over or ftp_greeted.broken:
            raise
        ftp_greeted.note("closed without a reply")
        return
    ftp_greeted.weigh(reply, 331, "4yz", "5yz", expected="331 or a refusal of a user's name with NUL in it")
    if reply.code == 331:
        _closed_or_refused(ftp_greeted, f"PASS {password}")


# -- the length of lines


def _long(verb: bytes, length: int) -> bytes:
    """A line of so many octets; wherever a buffer might end, what follows reads NOOP."""
    line = bytearray(verb.ljust(length, b"A"))
    for place in (*BUFFERS, *range(16384, length, 16384)):
        if place + 6 <= length:
            line[place - 1 : place + 5] = b" NOOP "
    line[-5:] = b" NOOP"
    return bytes(line)


def _no_tail(ftp: Ftp, line: bytes, *codes: Code) -> None:
    ftp.send(line + b"\r\n")
    replies = ftp.replies_until("QUIT", 221, or_close=True)
    if ftp.over:
        ftp.note("the connection is closed")
        replies = replies[:-1] if len(replies) > 1 and replies[-1].code == 421 else replies
    if len(replies) > 1:
        raise NonConformity("one reply to a long line", f"{len(replies)} replies", owed=True)
    for reply in replies:
        ftp.weigh(reply, *codes, expected="a refusal of a long line")
    if not replies:
        ftp.note("the line is passed over in silence")


@requirement("FTP-GEN-LEN-a", SECURITY, "RFC 959 4.2.1", "A line is answered once, however long it is.")
@hostile
@pytest.mark.parametrize("length", LONG_LINES)
def test_tail_of_a_long_line_is_no_command(ftp: Ftp, length: int) -> None:
    """Wherever a buffer might end, what follows of the line is not taken for a command."""
    # Field notes: pyftpdlib 2.2 says 500 for each reading of more than 2048 octets, and runs what follows;
    # inetutils-ftpd runs each piece of 510.
    _no_tail(ftp, _long(b"CWD ", length), "4yz", "5yz")


@requirement("FTP-GEN-LEN-a", SECURITY, "RFC 959 4.2.1", "A line is answered once, however long it is.")
@hostile
@pytest.mark.parametrize("length", LONG_LINES)
def test_tail_of_a_long_line_before_login(ftp_greeted: Ftp, length: int) -> None:
    """The same for who has not logged in: a long name is one name."""
    _no_tail(ftp_greeted, _long(b"USER ", length), "4yz", "5yz", 331)


@requirement("FTP-GEN-LEN-b", SHOULD, "RFC 959 5.3.2", "Pathnames of several hundred octets are served.")
@needs("passive")
@writes
def test_long_pathnames(ftp_directory: Ftp) -> None:
    """Four directories in each other, of 200 octets each, and a file in the last."""
    limit: dict[Code, str] = {550: "a limit of the file system", 553: "a limit of the file system"}
    for _ in range(4):
        if ftp_directory.exchange("MKD " + "d" * 200, 257, noted=limit).code != 257:
            return
        ftp_directory.exchange("CWD " + "d" * 200, 250, 200)
    ftp_directory.done(ftp_directory.store("STOR f", b"deep"))


# -- connections


@requirement("FTP-GEN-CON-a", SECURITY, "robustness", "Clients that break their connections hurt no other.")
@needs("passive")
@hostile
def test_served_after_resets(ftp: Ftp) -> None:
    """Resets at once, in the middle of a command, and during a transfer: then a client logs in as ever."""
    after = "after others were reset"
    with suppress(NoConnection):  # whoever has died of it is found dead below
        for _ in range(RESETS):
            ftp.visit.dial().reset()
    half = ftp.served_again(after)
    half.send(b"USER an")
    half.wire.reset()
    busy = ftp.served_again(after)
    _, wire = busy.begin("LIST")
    if wire is not None:
        wire.reset()
    busy.wire.reset()
    ftp.served_again(after).alive()


@requirement("FTP-GEN-CON-b", INTEROP, "RFC 9293 3.6", "What becomes of commands before a half-close.")
@needs("CLEAR", "-tls-first")
def test_half_close(ftp: Ftp) -> None:
    """Recorded: the answers to NOOP and QUIT when our half of the connection is closed at once."""
    ftp.send("NOOP", "QUIT")
    ftp.wire.shutdown()
    codes: list[str] = []
    while not ftp.over and len(codes) < 4:
        reply = ftp.heard(window=ftp.target.patience)
        if reply is None:
            break
        codes.append(str(reply.code))
    ftp.observe(" ".join(codes) or ("nothing, then the close" if ftp.over else "nothing"))


@requirement("FTP-GEN-CON-c", SHOULD, "RFC 1123 4.1.3.2", "An idle client is served for five minutes, then told 421.")
@slow
def test_idle(ftp: Ftp) -> None:
    """After 295 idle seconds NOOP is answered; when patience ends, 421 is said."""
    early = ftp.heard(window=IDLE_SECONDS)
    expected = f"silence for {IDLE_SECONDS:g} s, then service"
    ftp.require(early is None, expected, early.raw if early else b"")
    ftp.require(not ftp.over, expected, "the connection was closed")
    ftp.exchange("NOOP", 200, tolerated=DONE)
    last = ftp.heard(window=IDLE_CAP)
    if last is not None:
        ftp.require(last.code == 421, "421 when the server has waited long enough", last.raw)
        ftp.closes("behind 421")
    else:
        ftp.note("closed without 421" if ftp.over else f"still open after {IDLE_CAP:g} s")


def _second_user(ftp: Ftp) -> Ftp:
    """Prerequisite: another session, of the second user where one was given."""
    other = Ftp(ftp.visit)
    try:
        other.greet()
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met: {problem}") from None
    if TLS_FIRST in ftp.target.claims and not other.wire.secure:
        other.secure()
    other.login(*(ftp.second if ftp.target.options.get("second") else ()))
    if ftp.protected:
        other.protect()
    return other


@requirement("FTP-GEN-CON-d", SECURITY, "session isolation", "What one session is told does not reach another.")
@needs("passive")
@writes
def test_sessions_are_apart(ftp_directory: Ftp) -> None:
    """Directory, type, a name to be renamed and the data port of one session are not those of another."""
    one = ftp_directory
    name = one.text_file()
    two = _second_user(one)
    home = two.working_directory()
    one.given("MKD d", "CWD d")
    two.require(two.working_directory() == home, "the directory of one session to be its own", "another's")
    one.given("CDUP", "TYPE I")
    first = one.fetch(name)
    two.given("TYPE A")
    one.require(one.fetch(name) == first, "the type of one session to be its own", "other octets")
    one.exchange(b"RNFR " + name + b"\r\n", 350)
    two.exchange("RNTO nc-elsewhere", "4yz", "5yz")
    one.exchange("RNTO renamed", 250)
    mine, theirs = one.passive_address(_way(one)), two.passive_address(_way(two))
    one.require(mine.port != theirs.port, "a data port of its own for each session", "the same port")


def _way(ftp: Ftp) -> str:
    return "EPSV" if ":" in ftp.wire.there[0] else "PASV"


NOT_CHECKED: list[tuple[str, str]] = []
