"""Data that moves (RFC 959 4.1.3, 5.2, 5.4): what was sent is what arrives, and the replies come in order."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.ftp import Ftp, pattern
from pytest_netconform.requirement import MUST, needs, requirement, writes


@requirement("FTP-959-5.4-n", MUST, "RFC 959 5.4", "What is stored in type I is given back octet for octet.")
@needs("passive")
@writes
@pytest.mark.parametrize("octets", [0, 1, 65537, 3_000_000])
def test_what_is_stored_comes_back(ftp_directory: Ftp, octets: int) -> None:
    """STOR, SIZE and RETR of a file that holds every octet."""
    ftp, data = ftp_directory, pattern(octets)
    ftp.done(ftp.store("STOR f", data))
    if "SIZE" in ftp.target.claims:
        size = ftp.exchange("SIZE f", 213)
        ftp.require(size.text.strip() == str(octets), f"213 {octets} in answer to SIZE", size.raw)
    back = ftp.done(ftp.retrieve("RETR f"))
    _same(ftp, data, back.data)


@requirement(
    "FTP-959-5.4-m", MUST, "RFC 959 5.2, 5.4", "A transfer has a 1yz, all octets, the end of the data, and a 2yz."
)
@needs("passive")
@writes
def test_226_follows_the_end_of_the_data(ftp_directory: Ftp) -> None:
    """A small file arrives whole; of a large one that nobody reads no end is announced."""
    ftp = ftp_directory
    small = ftp.text_file()
    whole = ftp.done(ftp.retrieve(b"RETR " + small + b"\r\n"))
    expected = int(ftp.exchange(b"SIZE " + small + b"\r\n", 213).text) if "SIZE" in ftp.target.claims else None
    ftp.require(expected in (None, len(whole.data)), "all octets of the file", f"{len(whole.data)} octets")
    first, wire = ftp.begin(b"RETR " + ftp.large_file() + b"\r\n")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to RETR")
    assert wire is not None
    early = ftp.heard(window=2.0)
    ftp.require(early is None, "no last reply while most of the file is unread", early.raw if early else b"")
    data, ending = ftp.drain(wire)
    wire.close()
    ftp.expect(226, 250, to="RETR, once all was read")
    ftp.require(ending == "closed", "an orderly end of the data", ending)
    _same(ftp, pattern(ftp.around.big), data)


@requirement("FTP-959-4.1.2-b", MUST, "RFC 959 4.1.2, 5.4", "PORT makes the server connect; wrong forms are refused.")
@needs("active", "IPv4")
def test_port(ftp: Ftp) -> None:
    """Six octets with commas between them name the client's port; fewer, larger and other words are no address."""
    for wrong in ("PORT 1,2,3", "PORT 256,0,0,1,200,1", "PORT a,b,c,d,e,f"):
        ftp.exchange(wrong, "4yz", "5yz")
    ftp.done(ftp.retrieve("LIST", ftp.active("PORT")))
    ftp.alive()


def _same(ftp: Ftp, sent: bytes, arrived: bytes) -> None:
    if sent != arrived:
        place = next((i for i, (a, b) in enumerate(zip(sent, arrived, strict=False)) if a != b), len(arrived))
        received = f"{len(arrived)} octets, the first difference at {place}"
        ftp.require(False, f"the {len(sent)} octets that were sent", received)


NOT_CHECKED: list[tuple[str, str]] = []
