"""Names and words that are meant to hurt: ways out of the root, patterns, SITE, forged replies, other protocols."""

from __future__ import annotations

from contextlib import suppress

import pytest

from pytest_netconform.dialogues.ftp import Ftp, scratch_names
from pytest_netconform.requirement import SECURITY, hostile, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.ftp import Passive
from pytest_netconform.wire.ftp_listings import lines_of

UP = "../" * 12
SECRETS = {
    "up": UP + "etc/passwd",
    "root-up": "/../../etc/passwd",
    "root": "/etc/passwd",
    "backslashes": "..\\" * 12 + "etc\\passwd",
}
OUTSIDE = b"root:"  # how a password file begins
INSIDE = "Whoever is declared to be in a jail neither sees nor changes anything outside it."
PATTERNS = {
    "STAT": "STAT {" + "*/../" * 8 + "*}",
    "NLST": "NLST " + "*/../" * 8 + "*",
    "LIST": "LIST " + "{a,b}" * 25,
}
FOLDERS = 4  # directories for a pattern to go through
GLOB_SECONDS = 20.0
BACKDOOR = 6200  # where the shell of the vsftpd 2.3.4 of 2011 listened
FORGED = b"226 done"
BREAKS = {"bare-lf": b"x\n" + FORGED, "cr-nul-lf": b"x\r\0\n" + FORGED}
SCRIPT = "<script>nc</script>"


# -- the root


@requirement("FTP-GEN-SEC-a", SECURITY, "CWE-22; RFC 959 4.1.1", INSIDE)
@needs("?jail", "passive")
@writes
@pytest.mark.parametrize("path", list(SECRETS.values()), ids=list(SECRETS))
def test_no_file_outside_the_root_is_read(ftp_directory: Ftp, path: str) -> None:
    """The system's password file is refused; what is given in its place is another file."""
    _reads_nothing_outside(ftp_directory, path)


@requirement("FTP-GEN-SEC-a", SECURITY, "CWE-22; RFC 959 4.1.1", INSIDE)
@needs("?jail", "passive", "-writable", "?file")
@pytest.mark.parametrize("path", list(SECRETS.values()), ids=list(SECRETS))
def test_no_file_outside_the_root_is_read_by_readers(ftp: Ftp, path: str) -> None:
    """The same where nothing may be written."""
    _reads_nothing_outside(ftp, path)


def _reads_nothing_outside(ftp: Ftp, path: str) -> None:
    ftp.fetch(ftp.text_file())
    got = ftp.retrieve(f"RETR {path}")
    if got.preliminary is None:
        ftp.weigh(got.reply, "4yz", "5yz", expected="a refusal, or a file from inside the root")
    ftp.require(OUTSIDE not in got.data, "nothing from outside the root", got.data)
    ftp.alive()


@requirement("FTP-GEN-SEC-a", SECURITY, "CWE-22; RFC 959 4.1.1", INSIDE)
@needs("?jail", "passive")
@pytest.mark.parametrize(
    "path", ["/../..", UP, "..\\" * 12, UP + "etc"], ids=["root-up", "up", "backslashes", "up-and-down"]
)
def test_no_directory_outside_the_root_is_entered(ftp: Ftp, path: str) -> None:
    """Above the root there is the root."""
    ftp.given("CWD /")
    root = _lasting(ftp)
    ftp.send(f"CWD {path}")
    reply = ftp.reply()
    if reply.code not in (200, 250):
        ftp.weigh(reply, "4yz", "5yz", expected="a refusal, or a directory inside the root")
        ftp.alive()
        return
    here = ftp.working_directory()
    seen = _lasting(ftp)
    same = here != b"/" or not seen or root & seen
    ftp.require(same, "the root's own names above the root", f"{len(seen - root)} other names")
    ftp.require(not seen & {b"passwd", b"vmlinuz", b"proc"}, "no system directory", here)


@requirement("FTP-GEN-SEC-a", SECURITY, "CWE-22; RFC 959 4.1.1", INSIDE)
@needs("?jail", "passive")
@writes
@pytest.mark.parametrize("way", ["STOR", "RNTO"])
def test_nothing_is_written_outside_the_root(ftp_directory: Ftp, way: str) -> None:
    """A file that is put above the root is refused, or found in the root."""
    ftp, name = ftp_directory, ftp_directory.fresh()
    ftp.put("f", b"nc")
    if way == "STOR":
        reply = ftp.store(f"STOR /../../{name}", b"nc").reply
    else:
        ftp.given("RNFR f")
        ftp.send(f"RNTO /../../{name}")
        reply = ftp.reply()
    if reply.code is None or reply.code // 100 != 2:
        ftp.weigh(reply, "4yz", "5yz", expected="a refusal, or a file inside the root")
        ftp.alive()
        return
    ftp.given("CWD /")
    found = name.encode() in scratch_names(ftp.names())
    ftp.send(f"DELE /../../{name}")
    ftp.reply()
    ftp.require(found, f"a refusal of {way}, or the file in the root", f"{reply.code}, and no such file in the root")


# -- what costs time


@requirement("FTP-GEN-SEC-b", SECURITY, "CVE-2010-2632, CVE-2011-0762", "A pattern does not occupy the server.")
@needs("passive")
@writes
@hostile
@pytest.mark.parametrize("command", list(PATTERNS))
def test_patterns_are_answered_soon(ftp_directory: Ftp, command: str) -> None:
    """An answer comes within 20 s, and another session does not wait for it."""
    ftp, stimulus = ftp_directory, PATTERNS[command]
    ftp.given(*(f"MKD d{number}" for number in range(FOLDERS)))
    other = ftp.sibling()
    via = None if command == "STAT" else ftp.passive()
    ftp.send(stimulus)
    other.alive()
    reply = ftp.reply(f"an answer to {command} within {GLOB_SECONDS:g} s", within=GLOB_SECONDS)
    if via is not None and reply.preliminary:
        if ftp.protected:
            ftp.shake(via)
        ftp.drain(via)
        via.close()
        ftp.reply(f"the end of {command} within {GLOB_SECONDS:g} s", within=GLOB_SECONDS)
    ftp.alive()


# -- commands that run something


@requirement("FTP-GEN-SEC-c", SECURITY, "CVE-2011-2523", "The doors that were once built into servers are not there.")
@pytest.mark.parametrize("word", ["USER x:)", "HELP ACIDBITCHEZ"], ids=["smiley", "help"])
def test_no_known_backdoor(ftp: Ftp, ftp_greeted: Ftp, word: str) -> None:
    """The two magic words of 2010 and 2011 open nothing."""
    before = _listens(ftp, BACKDOOR)
    ftp_greeted.send(word)
    reply = ftp_greeted.reply()
    ftp.require(b"uid=" not in reply.raw, f"no shell behind {word}", reply.raw)
    if reply.code == 331:
        ftp_greeted.send("PASS nc-wrong")
        reply = ftp_greeted.reply(within=ftp.long)
        ftp_greeted.weigh(reply, "4yz", "5yz", noted={230: "any user is let in"}, expected="a refusal of the smiley")
    if before:
        ftp.note(f"port {BACKDOOR} was open before")
    else:
        ftp.require(not _listens(ftp, BACKDOOR), f"port {BACKDOOR} to be closed behind {word}", "it is open")
    ftp.alive()


@requirement("FTP-GEN-SEC-d", SECURITY, "CERT CA-93:06, CA-95:16", "SITE runs no programs and makes none privileged.")
@needs("passive")
@writes
@pytest.mark.parametrize("command", ["EXEC id", "EXEC %s%s%s%n", "CHMOD 4777 f"], ids=["id", "format", "setuid"])
def test_site(ftp_directory: Ftp, command: str) -> None:
    """No output of a program, no memory behind format directives, no setuid bit."""
    ftp = ftp_directory
    ftp.put("f", b"nc")
    ftp.send(f"SITE {command}")
    reply = ftp.reply()
    leaks = [word for word in (b"uid=", b"(null)", b"0x") if word in reply.raw]
    ftp.require(not leaks, f"no output behind SITE {command}", reply.raw)
    if command.startswith("CHMOD"):
        modes = [line for line in lines_of(ftp.done(ftp.retrieve("LIST")).data) if line.endswith(b" f")]
        for line in modes:
            if b"s" in line[:10].lower():
                # field: pyftpdlib 2.2.0 sets it; what the daemon's own user owns is his program then
                ftp.require(line.split()[2] != b"root", "no setuid bit on a file of root's", line)
                ftp.tolerate("no setuid bit", line, "the setuid bit is set on a file that is not root's")
                ftp.alive()
                return
        if reply.code == 200:
            ftp.note("SITE CHMOD is served, without the setuid bit")
            ftp.alive()
            return
    ftp.weigh(reply, "5yz", 202, expected=f"a refusal of SITE {command}")
    ftp.alive()


# -- words that come back


@requirement("FTP-GEN-SEC-e", SECURITY, "CWE-93; RFC 959 4.2", "A name with a line end in it cannot forge a reply.")
@needs("passive")
@writes
@pytest.mark.parametrize("form", list(BREAKS))
@pytest.mark.parametrize("verb", ["MKD", "STOR"])
def test_names_forge_no_replies(ftp_directory: Ftp, verb: str, form: str) -> None:
    """Such a name is refused, cut, or shown in one line."""
    # field: ProFTPD 1.3.8, pyftpdlib 2.2.0, Twisted 26.10 answer 257 with the line end as it came
    ftp, name = ftp_directory, BREAKS[form]
    ftp.given("MKD plain", "TYPE I")
    try:
        answers = _answers(ftp, b"MKD " + name) if verb == "MKD" else _stored(ftp, name)
        if any(answer.startswith(b"2") for answer in answers):
            shows = [b"CWD " + name, b"PWD"] if verb == "MKD" else []
            for command in (b"MLST " + name, b"STAT " + name, *shows):
                _answers(ftp, command)
    except NonConformity:
        if not ftp.over:
            raise
        # field: pyftpdlib 2.2.0 drops who says NUL in a name; GEN-FRM judges that
        ftp.note("the connection is closed")
    finally:
        _remove(ftp, (b"RMD " if verb == "MKD" else b"DELE ") + name)


@requirement("FTP-GEN-SEC-f", SECURITY, "CVE-2021-3618 (ALPACA)", "What a web browser says does not come back to it.")
def test_web_requests_are_not_echoed(ftp: Ftp, ftp_greeted: Ftp) -> None:
    """The lines of a request are answered or not, and none of them is repeated."""
    lines = b"".join(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % SCRIPT.encode() for _ in range(3))
    ftp_greeted.send(lines)
    replies = ftp_greeted.replies_until("QUIT", 221, or_close=True)
    echoed = next((reply.raw for reply in replies if SCRIPT.encode() in reply.raw.lower()), None)
    ftp.require(echoed is None, "no reply that repeats the Host line", echoed or b"")
    ftp.note("the connection is closed") if ftp_greeted.over else ftp.note("every line is answered")
    ftp.sibling().alive()


def _lasting(ftp: Ftp) -> set[bytes]:
    """The names in a directory, without the directories that other checks make and remove meanwhile."""
    return {name for name in scratch_names(ftp.names()) if not name.startswith(b"nc")}


def _listens(ftp: Ftp, port: int) -> bool:
    """Whether somebody listens at that port of the target."""
    try:
        ftp.dial(Passive("", port)).close()
    except NonConformity:
        return False
    return True


def _remove(ftp: Ftp, command: bytes) -> None:
    """What was made goes, for its name is no line of a listing that anybody else could tidy up by."""
    with suppress(NonConformity, Inconclusive):
        ftp.send(b"CWD " + ftp.directory + b"\r\n", command + b"\r\n")
        ftp.replies_until("NOOP", 200)


def _answers(ftp: Ftp, command: bytes) -> list[bytes]:
    """What a command is answered; no line of it is the forged one. A name that is cut leaves a second command."""
    ftp.send(command + b"\r\n")
    first = ftp.reply()
    return _unforged(ftp, [first.raw, *(reply.raw for reply in ftp.replies_until("NOOP", 200))])


def _stored(ftp: Ftp, name: bytes) -> list[bytes]:
    first, wire = ftp.begin(b"STOR " + name + b"\r\n")
    if wire is not None:
        ftp.supply(wire, b"nc")
        last = ftp.reply().raw
        wire.close()
        return _unforged(ftp, [first.raw, last, *(reply.raw for reply in ftp.replies_until("NOOP", 200))])
    return _unforged(ftp, [first.raw, *(reply.raw for reply in ftp.replies_until("NOOP", 200))])


def _unforged(ftp: Ftp, answers: list[bytes]) -> list[bytes]:
    forged = next((answer for answer in answers for line in answer.splitlines() if line.startswith(FORGED)), None)
    ftp.require(forged is None, f"no line of a reply that begins {FORGED.decode()}", forged or b"")
    return answers


NOT_CHECKED: list[tuple[str, str]] = []
