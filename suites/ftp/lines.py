"""Text and lists of names (RFC 959 3.1.1, 5.4; RFC 1123 4.1.2): what types do to octets, and what listings hold."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.ftp import Ftp, Transfer, pattern, scratch_names
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.ftp_listings import lines_of

LISTS = ("LIST", "NLST")
ANOTHER_CODE = "another code than those of RFC 959 5.4, of the same meaning (RFC 1123 4.1.2.11)"
DONE: dict[Code, str] = {"2yz": ANOTHER_CODE}
MIXTURES = {
    "line-ends": b"a\r\nb\nc\rd\r\r\ne\n\r\0f\n",
    "all-octets": pattern(256) + b"\xff\xff\xf4\xff\xf2" + pattern(256),
}
STRAY = b"lone\rcr\r\r\nx"


# -- types


@requirement("FTP-959-3.1.1-a", MUST, "RFC 959 3.1.1.1", "In ASCII type lines travel with CR LF, to and fro.")
@needs("passive")
@writes
def test_ascii_lines(ftp_directory: Ftp) -> None:
    """Two lines that were stored come back as they were, and no CR is doubled on the way."""
    # field: Twisted 26.10 answers 426 to STOR in type A; vsftpd 3.0.3 keeps the octets as they are
    ftp, text = ftp_directory, b"a\r\nb\r\n"
    ftp.given("TYPE A")
    ftp.done(ftp.store("STOR f", text))
    ftp.given("TYPE I")
    kept = ftp.done(ftp.retrieve("RETR f")).data
    ftp.require(b"\r\r\n" not in kept, "no CR CR LF in the file", kept)
    ftp.given("TYPE A")
    back = ftp.done(ftp.retrieve("RETR f")).data
    ftp.require(back == text, "the two lines with CR LF, as they were stored", back)


@requirement("FTP-959-3.1.1-b", MUST, "RFC 959 3.1.1.3", "In image type octets travel as they are.")
@needs("passive")
@writes
@pytest.mark.parametrize("which", list(MIXTURES))
def test_image_octets(ftp_directory: Ftp, which: str) -> None:
    """Line ends of every kind, and octets that Telnet gives a meaning, come back."""
    ftp, data = ftp_directory, MIXTURES[which]
    ftp.done(ftp.store("STOR f", data))
    back = ftp.done(ftp.retrieve("RETR f")).data
    ftp.require(back == data, "the octets that were stored in type I", back)


@requirement("FTP-959-3.1.1-c", INTEROP, "RFC 959 3.1.1.1, RFC 854", "What becomes of a CR that ends no line.")
@needs("passive")
@writes
def test_stray_crs(ftp_directory: Ftp) -> None:
    """Recorded: what is kept of a CR alone and of CR CR LF that came in ASCII type, and what is sent."""
    ftp = ftp_directory
    ftp.given("TYPE A")
    ftp.put("f", STRAY)
    seen = []
    for kind in ("I", "A"):
        ftp.given(f"TYPE {kind}")
        seen.append(f"type {kind}: {ftp.fetch('f').decode('ascii', 'backslashreplace')!r}")
    ftp.observe(", ".join(seen))


@requirement(
    "FTP-1123-4.1.2.1-a", SHOULD, "RFC 1123 4.1.2.1, RFC 959 3.1.1.4", "TYPE L with words that are not ours is refused."
)
@needs("passive")
def test_local_type_of_another_size(ftp_files: Ftp) -> None:
    """TYPE L 7 is refused, and the octets of a text file stay those of type I."""
    # field: ProFTPD 1.3.8, Pure-FTPd 1.0.50 200; pyftpdlib 2.2.0 200 and ASCII type from then on
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I")
    content = ftp.fetch(name)
    ftp.send("TYPE L 7")
    reply = ftp.reply()
    data = ftp.done(ftp.retrieve(b"RETR " + name + b"\r\n")).data
    ftp.require(data == content, "the octets of type I behind TYPE L 7", data)
    ftp.weigh(reply, 504, 501, 500, expected="504, 501 or 500 in answer to TYPE L 7")


# -- listings


@requirement("FTP-959-5.4-t", MUST, "RFC 959 5.4", "LIST and NLST of what is there, of nothing, and of what is not.")
@needs("passive")
@writes
@pytest.mark.parametrize("command", LISTS)
def test_listings(ftp_directory: Ftp, command: str) -> None:
    """A file and a directory are found in a listing."""
    # field: Twisted 26.10 500 to NLST without an argument
    ftp = _furnished(ftp_directory)
    lines = lines_of(ftp.done(ftp.retrieve(command)).data)
    for name in (b"nc-file", b"nc-folder"):
        ftp.require(any(name in line for line in lines), f"{name.decode()} in {command}", b"\r\n".join(lines))


@requirement("FTP-959-5.4-t", MUST, "RFC 959 5.4", "LIST and NLST of what is there, of nothing, and of what is not.")
@needs("passive")
@writes
@pytest.mark.parametrize("command", LISTS)
def test_listings_of_an_empty_directory(ftp_directory: Ftp, command: str) -> None:
    """The listing is complete and has no entry but the directory itself and its parent; NLST may be refused."""
    # field: inetutils-ftpd and linux-ftpd 550 to NLST; Pure-FTPd lists . and ..
    ftp = _furnished(ftp_directory)
    _sees(ftp, command)
    ftp.given("CWD nc-folder")
    listing = ftp.retrieve(command)
    if command == "NLST" and _refused(ftp, listing, "NLST of an empty directory"):
        return
    ftp.done(listing)
    lines = lines_of(listing.data)
    left = [line for line in lines if not line.startswith(b"total ") and not _itself(line)]
    ftp.require(not left, f"no entry in {command} of an empty directory", b"\r\n".join(left))
    if lines:
        ftp.note(f"{command} of an empty directory has lines")


@requirement("FTP-959-5.4-t", MUST, "RFC 959 5.4", "LIST and NLST of what is there, of nothing, and of what is not.")
@needs("passive")
@writes
@pytest.mark.parametrize("command", LISTS)
def test_listings_of_what_is_not_there(ftp_directory: Ftp, command: str) -> None:
    """A refusal, or a listing without an entry."""
    # field: vsftpd 3.0.3 226, ProFTPD 450 behind 150, inetutils-ftpd and linux-ftpd the words of ls in LIST
    ftp = _furnished(ftp_directory)
    _sees(ftp, command)
    listing = ftp.retrieve(f"{command} nosuch")
    if not _refused(ftp, listing, ""):
        ftp.done(listing)
        ftp.note(f"{listing.reply.code} at the end of {command} of a missing path")
    lines = [line for line in lines_of(listing.data) if line.strip()]
    if command == "LIST" and len(lines) == 1 and b"nosuch" in lines[0] and lines[0][:1] not in (b"-", b"d"):
        ftp.note("LIST of a missing path has a line, which says that it is missing")
        return
    ftp.require(not lines, f"no entry in {command} of a missing path", b"\r\n".join(lines))


@requirement("FTP-959-5.4-t", MUST, "RFC 959 5.4", "LIST and NLST of what is there, of nothing, and of what is not.")
@needs("passive")
@writes
@pytest.mark.parametrize("command", LISTS)
def test_listings_of_a_file(ftp_directory: Ftp, command: str) -> None:
    """One entry; NLST, which is about directories, may be refused."""
    # field: Pure-FTPd 550 to NLST
    ftp = _furnished(ftp_directory)
    _sees(ftp, command)
    listing = ftp.retrieve(f"{command} nc-file")
    if command == "NLST" and _refused(ftp, listing, "NLST of a file"):
        return
    lines = lines_of(ftp.done(listing).data)
    ftp.require(len(lines) == 1 and b"nc-file" in lines[0], f"one entry in {command} of a file", b"\r\n".join(lines))


def _furnished(ftp: Ftp) -> Ftp:
    """A file and an empty directory."""
    ftp.put("nc-file", b"nc")
    ftp.given("MKD nc-folder")
    return ftp


def _sees(ftp: Ftp, command: str) -> None:
    """Prerequisite: the command works where there is something, so that nothing means nothing."""
    if not any(b"nc-file" in line for line in ftp.names(command)):
        raise Inconclusive(f"prerequisite not met: no nc-file in {command}")


def _refused(ftp: Ftp, listing: Transfer, what: str) -> bool:
    """Whether a listing was refused, before or behind a 1yz; noted where that is worth a word."""
    refused = listing.reply.code is not None and listing.reply.code // 100 in (4, 5)
    if refused and what:
        ftp.note(f"{listing.reply.code} to {what}")
    return refused


def _itself(line: bytes) -> bool:
    return not scratch_names([line.split(b" ")[-1]])


@requirement("FTP-1123-4.1.2.7-a", MUST, "RFC 1123 4.1.2.7", "NLST holds pathnames that are fit for RETR, and no more.")
@needs("passive")
@writes
def test_nlst_is_made_for_programs(ftp_directory: Ftp) -> None:
    """Every line is a name that RETR takes, whatever characters it has."""
    ftp = ftp_directory
    names = [b"a b", b"-l", *(["na\u00efve".encode()] if "UTF8" in ftp.target.claims else [])]
    for name in names:
        ftp.put(name, b"in " + name)
    ftp.given("TYPE A")
    data = ftp.done(ftp.retrieve("NLST")).data
    ftp.require(_has_crlf_only(data), "CR LF behind every line of NLST", data)
    lines = data.split(b"\r\n")[:-1]
    bare = {name: line for line in lines for name in scratch_names([line])}
    if len(bare) < len(lines):
        ftp.note("NLST has . and ..")
    ftp.require(set(bare) == set(names), "the names of the files in NLST, and nothing else", data)
    ftp.given("TYPE I")
    for name, line in bare.items():
        kept = ftp.done(ftp.retrieve(b"RETR " + line + b"\r\n")).data
        ftp.require(kept == b"in " + name, "the file that a line of NLST names", kept)


@requirement("FTP-1123-4.1.2.7-b", SHOULD, "RFC 1123 4.1.2.7", "Listings are text, with CR LF, whatever type is set.")
@needs("passive")
@pytest.mark.parametrize("command", LISTS)
def test_listings_in_image_type(ftp_files: Ftp, command: str) -> None:
    """Every line of a listing ends CR LF in type I."""
    # field: inetutils-ftpd and linux-ftpd end lines with LF in type I
    ftp = ftp_files
    ftp.text_file()
    ftp.given("TYPE I")
    data = ftp.done(ftp.retrieve(command)).data
    if not data:
        raise Inconclusive(f"prerequisite not met: {command} is empty")
    ftp.require(_has_crlf_only(data), f"CR LF behind every line of {command} in type I", data)


def _has_crlf_only(data: bytes) -> bool:
    return data.endswith(b"\r\n") and not any(end in data.replace(b"\r\n", b"") for end in (b"\n", b"\r"))


NOT_CHECKED: list[tuple[str, str]] = []
