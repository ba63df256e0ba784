"""The grammar of replies (RFC 959 4.2): judged over the tour, one dialogue that shows every kind."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_netconform.dialogues.ftp import Ftp, FtpTour
from pytest_netconform.requirement import MUST, needs, requirement


def _without(tour: FtpTour, deviations: Sequence[str], expected: str) -> None:
    """No reply of the tour shows any of these deviations."""
    for reply in tour.replies:
        found = [deviation for deviation in deviations if deviation in reply.deviations]
        tour.require(not found, expected, reply.raw)


@requirement("FTP-959-5.4-a", MUST, "RFC 959 5.4", "The server greets with 220, or with 120 and then 220.")
def test_greeting(ftp_connection: Ftp) -> None:
    """The first word is the server's, and the session goes on behind it: 421 would be nobody's fault."""
    # field: vsftpd 3.0.3 and Pure-FTPd 1.0.50 greet in several lines; looking up names may take 30 s
    ftp_connection.greet()
    ftp_connection.alive()


@requirement(
    "FTP-959-4.2-a", MUST, "RFC 959 4.2, RFC 1123 4.1.2.11", "A reply begins with three digits: 1-5, 0-5, then 0-9."
)
def test_reply_codes(ftp_tour: FtpTour) -> None:
    """No reply of the tour has another code."""
    wrong = ["no three-digit code", "code out of range"]
    _without(ftp_tour, wrong, "a code of three digits in the range of RFC 959")
    _without(ftp_tour, ["bare code", "no space after the code"], "a space behind the code")


@requirement(
    "FTP-959-4.2-b", MUST, "RFC 959 4.2, RFC 1123 4.1.2.11", "A reply of several lines ends with its code and a space."
)
def test_replies_of_several_lines(ftp_tour: FtpTour) -> None:
    """Replies of several lines were seen, each came to its end, and no line inside looks like one."""
    unfinished = ftp_tour.unfinished
    ftp_tour.require(unfinished is None, "a last line, with the code and a space, in every reply", unfinished or b"")
    ftp_tour.prerequisite(any(len(reply.lines) > 1 for reply in ftp_tour.replies), "a reply of several lines")
    _without(ftp_tour, ["a number in front of an inner line"], "no line inside that begins with a number")
    _without(ftp_tour, ["no three-digit code"], "a code on every reply behind one of several lines")


@requirement("FTP-959-4.2-c", MUST, "RFC 959 4.2", "Every line of a reply ends in CR LF.")
def test_reply_lines_end_in_crlf(ftp_tour: FtpTour) -> None:
    """No reply of the tour has a bare LF or a bare CR."""
    _without(ftp_tour, ["bare LF", "bare CR"], "CR LF at the end of every line, and neither alone")


@requirement("FTP-959-4.2-d", MUST, "RFC 959 4.2", "Every command has one final reply, and at most one 1yz before it.")
@pytest.mark.parametrize("command", ["NOOP", "PWD", "TYPE I", "SYST", "CWD nc-nosuch", "XYZZY"])
def test_one_reply_a_command(ftp: Ftp, command: str) -> None:
    """A command is answered once: the next answer to arrive is that to the next command."""
    ftp.given("NOOP")
    ftp.exchange(command, "2yz", "4yz", "5yz")
    before = ftp.replies_until("QUIT", 221)
    ftp.require(not before, f"one reply to {command}", f"{1 + len(before)} replies")


@requirement("FTP-959-4.2-d", MUST, "RFC 959 4.2", "Every command has one final reply, and at most one 1yz before it.")
@needs("passive")
def test_two_replies_a_transfer(ftp: Ftp) -> None:
    """A transfer has one preliminary and one final reply, in this order."""
    listing = ftp.retrieve("LIST")
    ftp.require(listing.preliminary is not None, "a 1yz before the data", str(listing))
    ftp.require(not listing.reply.preliminary, "one 1yz, and then a final reply", listing.reply.raw)
    before = ftp.replies_until("QUIT", 221)
    ftp.require(not before, "two replies to LIST", f"{2 + len(before)} replies")


NOT_CHECKED: list[tuple[str, str]] = []
