"""Files and directories (RFC 959 4.1.3, 5.4, Appendix II; RFC 2640 3): made, named, replaced, removed, refused."""

from __future__ import annotations

import re
from unicodedata import normalize

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import Say
from pytest_netconform.dialogues.ftp import CLOSED, Ftp, scratch_names
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, needs, requirement, writes
from pytest_netconform.wire.ftp import Reply
from pytest_netconform.wire.ftp_listings import ascii_out

ANOTHER_CODE = "another code than those of RFC 959 5.4, of the same meaning (RFC 1123 4.1.2.11)"
DONE: dict[Code, str] = {"2yz": ANOTHER_CODE}
REFUSED: dict[Code, str] = {"4yz": ANOTHER_CODE, "5yz": ANOTHER_CODE}
NOT_OFFERED = (500, 502)
END_OF_FILE = 64  # the descriptor of a block (RFC 959 3.4.2)
WRONG = {  # what is refused, and its valid neighbour
    "CWD-missing": ("CWD nosuch", "CWD d"),
    "RMD-missing": ("RMD nosuch", "RMD d"),
    "RMD-not-empty": ("RMD full", "RMD d"),
    "MKD-existing": ("MKD full", "MKD new"),
    "DELE-missing": ("DELE nosuch", "DELE f"),
}
UTF8_NAMES = {
    "two-octets": "stra\u00dfe",
    "three-octets": "\u4f60\u597d",
    "four-octets": "\U0001f41f",
    "composed": normalize("NFC", "cafe\u0301"),
    "decomposed": normalize("NFD", "caf\u00e9"),
}
SPACED = {"leading": " x", "trailing": "x ", "two-inside": "a  b"}
_FILE = re.compile(rb"FILE: (.+)")


# -- directories


@requirement("FTP-959-4.1.3-a", MUST, "RFC 959 4.1.3, Appendix II", "Directories are made, entered, left and removed.")
@writes
def test_a_directory_comes_and_goes(ftp_directory: Ftp) -> None:
    """MKD, CWD, PWD, CDUP and RMD do what they say: PWD shows where we are, and in the end nothing is there."""
    ftp = ftp_directory
    above = ftp.working_directory()
    ftp.path_in(ftp.exchange("MKD d", 257, tolerated=DONE))
    ftp.exchange("CWD d", 250, noted={200: "the code of CDUP"}, tolerated=DONE)
    inside = ftp.working_directory()
    ftp.require(inside != above, "another directory in PWD behind CWD", inside)
    ftp.exchange("CDUP", 200, 250, tolerated=DONE)
    back = ftp.working_directory()
    ftp.require(back == above, "the directory above in PWD behind CDUP", back)
    ftp.exchange("RMD d", 250, tolerated=DONE)
    ftp.exchange("CWD d", "4yz", "5yz")


@requirement("FTP-959-II-b", MUST, "RFC 959 Appendix II", "The 257 of MKD holds the absolute pathname.")
@writes
def test_mkd_names_the_absolute_path(ftp_directory: Ftp) -> None:
    """What MKD quotes leads to the new directory from somewhere else."""
    # field: Pure-FTPd 1.0.50, Twisted 26.10 and linux-ftpd quote the argument as it came
    ftp = ftp_directory
    ftp.given("MKD d", "CWD d")
    path = ftp.path_in(ftp.exchange("MKD e", 257, tolerated=DONE))
    ftp.given("CWD e")
    there = ftp.working_directory()
    ftp.given("CDUP", "CDUP")
    ftp.send(b"CWD " + path + b"\r\n")
    ftp.weigh(ftp.reply(), "2yz", expected="CWD to take what the 257 of MKD quotes, from anywhere")
    seen = ftp.working_directory()
    ftp.require(seen == there, "the new directory behind CWD to what MKD quotes", seen)


@requirement("FTP-959-II-a", SHOULD, "RFC 959 Appendix II", "A quote in a pathname is doubled inside a 257.")
@writes
def test_quotes_are_doubled(ftp_directory: Ftp) -> None:
    """A directory with a quote in its name can be found by what MKD and PWD say."""
    # field: Pure-FTPd 1.0.50, inetutils-ftpd and Twisted 26.10 do not double
    ftp, name = ftp_directory, b'q"x'
    ftp.send(b"MKD " + name + b"\r\n")
    made = ftp.reply()
    if made.code != 257:
        ftp.weigh(made, "2yz", "4yz", "5yz", expected="257 in answer to MKD, or a refusal")
        ftp.not_applicable("the target makes no directory with a quote in its name")
    _ends_in(ftp, ftp.path_in(made), name, "the quote doubled in the 257 of MKD")
    ftp.exchange(b"CWD " + name + b"\r\n", "2yz")
    _ends_in(ftp, ftp.working_directory(), name, "the quote doubled in the 257 of PWD")
    ftp.given("CDUP")
    ftp.exchange(b"CWD " + ftp.path_in(made) + b"\r\n", "2yz")


def _ends_in(ftp: Ftp, path: bytes, name: bytes, expected: str) -> None:
    ftp.require(path.endswith(name), expected, path)


# -- what is refused


@requirement("FTP-959-5.4-j", MUST, "RFC 959 5.4", "What is not there, or is in the way, is refused.")
@needs("passive")
@writes
@pytest.mark.parametrize("which", list(WRONG))
def test_what_cannot_be_done_is_refused(ftp_directory: Ftp, which: str) -> None:
    """The command is accepted where it can be done, and refused where it cannot; nothing is changed."""
    ftp = ftp_directory
    ftp.given("MKD d", "MKD full")
    ftp.put("f", b"nc")
    ftp.put("full/f", b"nc")
    stimulus, twin = WRONG[which]
    ftp.given(twin)
    if twin.startswith("CWD"):
        ftp.given("CDUP")
    ftp.exchange(stimulus, "4yz", "5yz")
    kept = ftp.done(ftp.retrieve("RETR full/f")).data
    ftp.require(kept == b"nc", f"everything as it was behind {stimulus}", kept)


@requirement("FTP-959-5.4-j", MUST, "RFC 959 5.4", "What is not there, or is in the way, is refused.")
@needs("passive")
@writes
@pytest.mark.parametrize("what", ["RETR nosuch", "RETR d", "STOR nosuch/x"], ids=["missing", "directory", "nowhere"])
def test_transfers_of_what_is_not_there_are_refused(ftp_directory: Ftp, what: str) -> None:
    """No data come, and the last reply is a refusal."""
    ftp = ftp_directory
    ftp.given("MKD d")
    ftp.put("f", b"nc")
    ftp.fetch("f")
    got = ftp.store(what, b"nc") if what.startswith("STOR") else ftp.retrieve(what)
    ftp.weigh(got.reply, "4yz", "5yz", expected=f"a refusal of {what}")
    ftp.require(not got.data, f"no data behind {what}", got.data)
    if got.preliminary is not None:
        ftp.note(f"{got.preliminary.code} before the refusal")
    ftp.alive()


@requirement("FTP-959-5.4-j", MUST, "RFC 959 5.4", "What is not there, or is in the way, is refused.")
@needs("passive")
@writes
def test_what_is_not_there_is_not_renamed(ftp_directory: Ftp) -> None:
    """RNFR of a missing file is refused, or else RNTO behind it."""
    ftp = ftp_directory
    ftp.put("f", b"nc")
    ftp.given("RNFR f", "RNTO g")
    ftp.send("RNFR nosuch")
    first = ftp.reply()
    if first.code == 350:
        ftp.note("350 in answer to RNFR of a missing file")  # field: Twisted 26.10
        ftp.exchange("RNTO y", "4yz", "5yz")
    else:
        ftp.weigh(first, "4yz", "5yz", expected="a refusal of RNFR of a missing file, or of RNTO behind it")
    ftp.alive()


# -- renaming


@requirement("FTP-959-4.1.3-b", MUST, "RFC 959 4.1.3, 5.4", "RNTO without RNFR right before it is refused with 503.")
@needs("passive")
@writes
def test_rnto_needs_rnfr(ftp_directory: Ftp) -> None:
    """RNTO is refused before the first RNFR and behind the RNTO that used it up; the file keeps its last name."""
    # field: Twisted 26.10 550
    ftp = ftp_directory
    ftp.put("f", b"nc")
    ftp.exchange("RNTO x", 503, tolerated=REFUSED)
    ftp.exchange("RNFR f", 350, tolerated={"3yz": ANOTHER_CODE})
    ftp.exchange("RNTO g", 250, tolerated=DONE)
    ftp.exchange("RNTO h", 503, tolerated=REFUSED)
    kept = ftp.done(ftp.retrieve("RETR g")).data
    ftp.require(kept == b"nc", "the file under its new name", kept)


@requirement("FTP-959-4.1.3-c", INTEROP, "RFC 959 4.1.3", "What NOOP between RNFR and RNTO does.")
@needs("passive")
@writes
def test_noop_inside_a_rename(ftp_directory: Ftp) -> None:
    """Recorded: the answers to NOOP and RNTO."""
    ftp = ftp_directory
    ftp.put("f", b"nc")
    ftp.given("RNFR f")
    codes = []
    for command in ("NOOP", "RNTO g"):
        ftp.send(command)
        codes.append(f"{ftp.reply().code} in answer to {command[:4]}")
    ftp.observe(", ".join(codes))


@requirement("FTP-959-4.1.3-e", SECURITY, "RFC 959 4.1.1, 4.1.3", "A new login forgets what RNFR of the old one named.")
@needs("passive", "?second")
@writes
def test_another_user_does_not_finish_a_rename(ftp_directory: Ftp) -> None:
    """RNTO of somebody else is refused, and the file stays."""
    # field: vsftpd 3.0.3 does not let a session change its user
    ftp, other = ftp_directory, ftp_directory.sibling()
    ftp.put("f", b"nc")
    ftp.given("RNFR f", "RNTO g", "RNFR g", "RNTO f", "RNFR f")
    reply = ftp.try_login(*ftp.second)
    if reply.code not in (230, 202):
        ftp.not_applicable(f"another login in the same session is answered {reply.code}")
    ftp.send(b"RNTO " + ftp.directory + b"/g\r\n")
    ftp.weigh(ftp.reply(), "4yz", "5yz", expected="a refusal of RNTO, whose RNFR was another user's")
    kept = other.done(other.retrieve(b"RETR " + ftp.directory + b"/f\r\n")).data
    ftp.require(kept == b"nc", "the file under its old name", kept)


# -- contents


@requirement("FTP-959-4.1.3-f", MUST, "RFC 959 4.1.3", "STOR replaces what a file held.")
@needs("passive")
@writes
def test_stor_replaces(ftp_directory: Ftp) -> None:
    """A file of 3 octets in the place of one of 1000 has 3."""
    ftp = ftp_directory
    ftp.put("f", b"x" * 1000)
    ftp.done(ftp.store("STOR f", b"abc"))
    _holds(ftp, "f", b"abc")


@requirement("FTP-959-5.4-k", MUST, "RFC 959 5.4", "DELE removes a file, and no directory with something in it.")
@needs("passive")
@writes
def test_dele(ftp_directory: Ftp) -> None:
    """What was deleted is found no more; a directory and its file stay."""
    # field: inetutils-ftpd and linux-ftpd remove empty directories by DELE
    ftp = ftp_directory
    ftp.put("f", b"nc")
    ftp.given("MKD d")
    ftp.put("d/f", b"nc")
    ftp.exchange("DELE f", 250, tolerated=DONE)
    if "SIZE" in ftp.target.claims:
        ftp.exchange("SIZE f", "4yz", "5yz")
    gone = ftp.retrieve("RETR f")
    ftp.weigh(gone.reply, "4yz", "5yz", expected="a refusal of RETR of what was deleted")
    ftp.exchange("DELE d", "4yz", "5yz")
    _holds(ftp, "d/f", b"nc")


@requirement("FTP-959-5.4-o", MUST, "RFC 959 4.1.3, RFC 1123 4.1.2.13", "APPE adds to a file, or makes it.")
@needs("passive")
@writes
def test_appe(ftp_directory: Ftp) -> None:
    """What is appended stands behind what was there; where nothing was, the file is made."""
    # field: Twisted 26.10 has no APPE
    ftp = ftp_directory
    ftp.put("f", b"abc")
    ftp.done(ftp.store("APPE f", b"def"))
    _holds(ftp, "f", b"abcdef")
    ftp.done(ftp.store("APPE new", b"ghi"))
    _holds(ftp, "new", b"ghi")


@requirement("FTP-1123-4.1.2.9-a", MUST, "RFC 1123 4.1.2.9", "STOU names its file in the 1yz: FILE: and the name.")
@needs("passive")
@writes
def test_stou(ftp_directory: Ftp) -> None:
    """The name can be retrieved, and a second STOU gets another one."""
    # field: inetutils-ftpd names the file in 226 only; Pure-FTPd 1.0.50 in a 150 of two lines
    ftp = ftp_directory
    names = [_stored_somewhere(ftp, data) for data in (b"one", b"two")]
    ftp.require(names[0] != names[1], "another name for a second STOU", names[1])
    for name, data in zip(names, (b"one", b"two"), strict=True):
        _holds(ftp, name, data)


def _stored_somewhere(ftp: Ftp, data: bytes) -> bytes:
    """STOU, with an argument where it takes none without: the name that was chosen."""
    first, wire = ftp.begin("STOU")
    if wire is None:
        first, wire = ftp.begin("STOU nc")
    if wire is None:
        if first.code in NOT_OFFERED:
            ftp.not_applicable("STOU is not offered")
        ftp.weigh(first, "1yz", expected="125 or 150 in answer to STOU")
    assert wire is not None
    name = _named(ftp, first)
    ftp.require(ftp.supply(wire, data) == CLOSED, "the data of STOU to be taken", "the data connection was broken")
    ftp.expect(226, 250, to="STOU, at its end")
    wire.close()
    return name


def _named(ftp: Ftp, first: Reply) -> bytes:
    found = _FILE.fullmatch(first.lines[0])
    ftp.require(found, "FILE: and a name in the 1yz behind STOU", first.raw)
    if len(first.lines) > 1:
        ftp.note("the 1yz behind STOU has several lines")
    assert found is not None
    return found[1]


def _holds(ftp: Ftp, path: str | bytes, data: bytes) -> None:
    """A file holds this and nothing else."""
    command: Say = f"RETR {path}" if isinstance(path, str) else b"RETR " + path + b"\r\n"
    kept = ftp.done(ftp.retrieve(command)).data
    ftp.require(kept == data, f"{data.decode()} in the file", kept)


# -- parameters


@requirement("FTP-959-5.4-i", MUST, "RFC 959 5.1, 5.4", "MODE S and STRU F are served; what is not served is refused.")
@needs("passive")
def test_mode_and_structure(ftp: Ftp) -> None:
    """Stream mode and file structure are accepted, records only perhaps, and no mode is called Q."""
    for command in ("MODE S", "STRU F"):
        ftp.exchange(command, 200, tolerated=DONE)
    ftp.exchange("STRU R", 200, "4yz", "5yz")
    ftp.given("STRU F")
    ftp.exchange("MODE Q", "4yz", "5yz")
    ftp.done(ftp.retrieve("LIST"))


@requirement("FTP-959-5.4-i", MUST, "RFC 959 5.1, 5.4", "MODE S and STRU F are served; what is not served is refused.")
@needs("passive")
def test_block_mode(ftp_files: Ftp) -> None:
    """MODE B is refused, and transfers stay as they were; or files come in blocks with headers."""
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I", "MODE S")
    content = ftp.fetch(name)
    ftp.send("MODE B")
    reply = ftp.reply()
    if reply.code != 200:
        ftp.weigh(reply, "4yz", "5yz", expected="a refusal of MODE B, or 200")
        _holds_still(ftp, ftp.done(ftp.retrieve(b"RETR " + name + b"\r\n")).data, content)
        return
    first, wire = ftp.begin(b"RETR " + name + b"\r\n")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to RETR in MODE B")
    assert wire is not None
    data, ending = b"", ""
    while not ending and not _blocks(data)[1]:  # the connection may stay open behind the last block (3.4.2)
        piece, ending = ftp.drain(wire, 1)
        data += piece
    wire.close()
    ftp.expect(226, 250, to="RETR in MODE B, at its end")
    received, whole = _blocks(data)
    ftp.require(whole, "blocks with headers behind 200 to MODE B", data)
    _holds_still(ftp, received, content)


def _holds_still(ftp: Ftp, received: bytes, content: bytes) -> None:
    ftp.require(received == content, "the octets of the file, as in MODE S", received)


def _blocks(data: bytes) -> tuple[bytes, bool]:
    """The contents of whole blocks, and whether the last of them ends the file."""
    content = b""
    while len(data) >= 3 and len(data) >= 3 + (size := int.from_bytes(data[1:3], "big")):
        content += data[3 : 3 + size]
        if data[0] & END_OF_FILE:
            return content, True
        data = data[3 + size :]
    return content, False


@requirement("FTP-959-5.1-a", MUST, "RFC 959 5.1", "Before any TYPE a file travels in ASCII, and LIST works.")
@needs("passive")
def test_defaults(ftp_files: Ftp, ftp: Ftp) -> None:
    """Who has said nothing about types gets the lines of a text file with CR LF."""
    # field: vsftpd 3.0.3 sends octets as they are unless ascii_download_enable is set; Twisted 26.10 always
    name = ftp_files.text_file()
    ftp_files.given("TYPE I")
    content = ftp_files.fetch(name)
    path = ftp_files.directory + b"/" + name if ftp_files.directory else name
    ftp.done(ftp.retrieve("LIST"))
    data = ftp.done(ftp.retrieve(b"RETR " + path + b"\r\n")).data
    expected = "the file's lines with CR LF, as type A sends them"
    if data == content != ascii_out(content):
        ftp.tolerate(expected, data, "the file's octets as they are: ASCII type is not converted")
        return
    ftp.require(data == ascii_out(content), expected, data)


# -- names


@requirement("FTP-2640-3-a", MUST, "RFC 2640 3.1", "Names in UTF-8 come back octet for octet.")
@needs("passive", "UTF8")
@writes
@pytest.mark.parametrize("form", list(UTF8_NAMES))
def test_names_in_utf8(ftp_directory: Ftp, form: str) -> None:
    """A directory and a file keep their names in PWD and in listings."""
    ftp, name = ftp_directory, UTF8_NAMES[form].encode()
    ftp.given(b"MKD d" + name + b"\r\n", b"CWD d" + name + b"\r\n")
    here = ftp.working_directory()
    ftp.require(here.endswith(b"/d" + name), "the name in PWD, octet for octet", here)
    ftp.put(b"f" + name, b"nc")
    _listed(ftp, b"f" + name)
    _holds(ftp, b"f" + name, b"nc")


@requirement("FTP-2640-3-b", MUST, "RFC 2640 3.1", "One space follows a verb; further ones belong to the name.")
@needs("passive", "UTF8")
@writes
@pytest.mark.parametrize("form", list(SPACED))
def test_spaces_in_names(ftp_directory: Ftp, form: str) -> None:
    """A name keeps its spaces, wherever they stand."""
    # field: Pure-FTPd 1.0.50 writes _ for a space at either end
    ftp, name = ftp_directory, SPACED[form].encode()
    ftp.put(name, b"nc")
    _listed(ftp, name)
    _holds(ftp, name, b"nc")


def _listed(ftp: Ftp, name: bytes) -> None:
    names = scratch_names(ftp.names())
    ftp.require(name in names, "the name in NLST, octet for octet", b", ".join(names))


NOT_CHECKED: list[tuple[str, str]] = []
