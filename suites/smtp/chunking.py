"""Messages in chunks (RFC 3030): BDAT counts octets, and what it has counted is never looked at as commands.

After a failed BDAT the state is indeterminate (RFC 3030 2), so no check asks for more than RSET and QUIT then. BDAT 0
without LAST is refused by Postfix and Exim, and is asked for nowhere.
"""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, SECURITY, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.smtp import Reply

HEADER = b"Subject: a message in chunks\r\n\r\n"
COMMANDS = b"NOOP\r\nNOOP\r\n"  # content that would be answered if it were taken for commands
REFUSED_OTHERWISE: dict[Code, str] = {"5yz": "refused as it must be, though the code for this is 503"}
POLICY: dict[Code, str] = {"5yz": "the message was refused when it was whole"}
HOPS = 130  # Received fields: RFC 5321 6.3 lets a server see a loop in 100, and most see one earlier


def chunk(content: bytes, *, last: bool = False) -> bytes:
    """BDAT with its octets."""
    return b"BDAT %d%s\r\n" % (len(content), b" LAST" if last else b"") + content


def _one_answer(smtp: Smtp, what: str) -> None:
    """Nothing but the answer to QUIT is left to be heard."""
    more: list[Reply] = smtp.replies_until("QUIT", 221)
    smtp.require(not more, f"one answer to {what}", f"{1 + len(more)}, with {more[0].text}" if more else "")


# -- what is taken


@requirement(
    "SMTP-3030-2-a", MUST, "RFC 3030 2", "Every chunk is answered 250, once, and the message is the chunks, joined."
)
@needs("CHUNKING", "?recipient")
@writes
def test_two_chunks(smtp_transaction: Smtp) -> None:
    """A chunk and a last chunk have an answer each."""
    smtp_transaction.exchange(chunk(HEADER), 250)
    smtp_transaction.exchange(chunk(b"The end.\r\n", last=True), 250, noted=POLICY)
    _one_answer(smtp_transaction, "the last chunk")


@requirement(
    "SMTP-3030-2-a", MUST, "RFC 3030 2", "Every chunk is answered 250, once, and the message is the chunks, joined."
)
@needs("CHUNKING", "?recipient", "?readback")
@writes
def test_chunks_are_joined(smtp_transaction: Smtp) -> None:
    """Chunks that are cut within lines, and between CR and LF, are stored as one text."""
    marker = smtp_transaction.marker()
    parts = [b"Subject: " + marker.encode() + b"\r\n\r\nabc", b"def\r", b"\n.ghi\r\n"]
    smtp_transaction.given(*(chunk(part) for part in parts[:-1]), chunk(parts[-1], last=True))
    _is_stored(smtp_transaction, marker, b"abcdef\r\n.ghi\r\n")


def _is_stored(smtp: Smtp, marker: str, body: bytes) -> None:
    stored = smtp.stored(marker)[0].partition(b"\r\n\r\n")[2]
    # what is delivered may have gained an empty line at its end
    smtp.require(stored.rstrip(b"\r\n") == body.rstrip(b"\r\n"), "the octets of the chunks, unchanged", stored)


@requirement(
    "SMTP-3030-2-b", MUST, "RFC 3030 2", "A chunk is not looked into: a dot on a line ends nothing and stays as it is."
)
@needs("CHUNKING", "?recipient")
@writes
def test_dot_in_a_chunk_ends_nothing(smtp_transaction: Smtp) -> None:
    """A chunk with an end of data and commands in it is answered once."""
    smtp_transaction.exchange(chunk(HEADER + b"\r\n.\r\n" + COMMANDS, last=True), 250, noted=POLICY)
    _one_answer(smtp_transaction, "the chunk")


@requirement(
    "SMTP-3030-2-b", MUST, "RFC 3030 2", "A chunk is not looked into: a dot on a line ends nothing and stays as it is."
)
@needs("CHUNKING", "?recipient", "?readback")
@writes
def test_dots_in_a_chunk_are_kept(smtp_transaction: Smtp) -> None:
    """A dot alone, two dots, and a line that reads QUIT are stored as they were sent."""
    marker = smtp_transaction.marker()
    body = b"first\r\n.\r\n..x\r\nQUIT\r\nlast\r\n"
    smtp_transaction.given(chunk(b"Subject: " + marker.encode() + b"\r\n\r\n" + body, last=True))
    _is_stored(smtp_transaction, marker, body)


@requirement("SMTP-3030-2-d", MUST, "RFC 3030 2, 4.2", "Chunks in one piece are answered one by one.")
@needs("CHUNKING", "PIPELINING", "?recipient")
@writes
def test_chunks_in_one_piece(smtp_transaction: Smtp) -> None:
    """Two chunks and a last one in one write have three answers."""
    smtp_transaction.send(chunk(HEADER) + chunk(b"abcd") + chunk(b"\r\n", last=True))
    smtp_transaction.expect(250, to="the first chunk of three")
    smtp_transaction.expect(250, to="the second chunk of three")
    smtp_transaction.expect(250, noted=POLICY, to="the last chunk of three")
    _one_answer(smtp_transaction, "the last chunk")


@requirement("SMTP-3030-2-g", MUST, "RFC 3030 2", "The last chunk may be empty.")
@needs("CHUNKING", "?recipient")
@writes
def test_empty_last_chunk(smtp_transaction: Smtp) -> None:
    """BDAT 0 LAST ends a message that came before it."""
    smtp_transaction.exchange(chunk(HEADER + b"All is here.\r\n"), 250)
    smtp_transaction.exchange(chunk(b"", last=True), 250, noted=POLICY)
    _one_answer(smtp_transaction, "BDAT 0 LAST")


# -- what is refused


@requirement("SMTP-3030-2-c", MUST, "RFC 3030 2", "The octets of a refused chunk are read and thrown away.")
@needs("CHUNKING")
def test_refused_chunk_is_not_executed(smtp: Smtp) -> None:
    """BDAT without a recipient is refused once, and the lines in its chunk are not answered."""
    smtp.given(MAIL)
    smtp.exchange(chunk(COMMANDS, last=True), 503, 554, noted={"5yz": "refused, though 503 or 554 is meant for this"})
    _one_answer(smtp, "the refused chunk")


@requirement("SMTP-3030-2-j", MUST, "RFC 3030 2", "Chunks that were under way behind a failed one are thrown away too.")
@needs("CHUNKING", "PIPELINING")
def test_chunks_behind_a_failed_one(smtp: Smtp) -> None:
    """Three chunks without a recipient and RSET in one write: three refusals, then 250."""
    smtp.given(MAIL)
    smtp.send(chunk(b"NOOP\r\n") * 2 + chunk(b"NOOP\r\n", last=True), "RSET")
    for place in ("first", "second", "last"):
        smtp.expect("5yz", "4yz", to=f"the {place} of three chunks without a recipient")
    smtp.expect(250, to="RSET behind the chunks")
    _one_answer(smtp, "RSET")


@requirement("SMTP-3030-2-e", MUST, "RFC 3030 2", "DATA after BDAT in one transaction is answered 503.")
@needs("CHUNKING", "?recipient")
def test_data_after_bdat(smtp_transaction: Smtp) -> None:
    """DATA is accepted without a chunk before it and refused with one; RSET clears the way."""
    smtp_transaction.sibling().given("DATA")
    smtp_transaction.exchange(chunk(HEADER), 250)
    smtp_transaction.exchange("DATA", 503, tolerated=REFUSED_OTHERWISE)
    smtp_transaction.exchange("RSET", 250)
    smtp_transaction.exchange(MAIL, 250)
    smtp_transaction.exchange(smtp_transaction.rcpt, 250)
    smtp_transaction.exchange("QUIT", 221)


@requirement("SMTP-3030-2-f", MUST, "RFC 3030 2", "BDAT after BDAT LAST is answered 503, and its octets thrown away.")
@needs("CHUNKING", "?recipient")
@writes
def test_bdat_after_last(smtp_transaction: Smtp) -> None:
    """The chunk behind the last is refused once, and the lines in it are not answered."""
    smtp_transaction.given(chunk(HEADER + b"All is here.\r\n", last=True))
    smtp_transaction.exchange(
        chunk(COMMANDS, last=True),
        503,
        noted={554: "no valid recipients, as RFC 5321 3.3 has it for DATA"},
        tolerated=REFUSED_OTHERWISE,
    )
    _one_answer(smtp_transaction, "the chunk behind the last")


@requirement(
    "SMTP-3030-2-h",
    MUST,
    "RFC 3030 2, RFC 5321 4.2.2",
    "BDAT with a malformed argument is refused, and a size does not wrap around.",
)
@needs("CHUNKING", "?recipient")
@pytest.mark.parametrize(
    "command",
    [b"BDAT\r\n", b"BDAT x\r\n", b"BDAT -1\r\n", b"BDAT 4 FIRST\r\nabcd"],
    ids=["no-size", "word", "negative", "unknown-marker"],
)
def test_malformed_bdat(smtp_transaction: Smtp, command: bytes) -> None:
    """What is no size, or no LAST, is refused; the server may close then, for nobody knows where the chunk ends."""
    smtp_transaction.refuses(
        command, "5yz", noted={421: "closing, as it cannot know what follows"}, twin=[chunk(HEADER)], alive=False
    )


@requirement(
    "SMTP-3030-2-h",
    MUST,
    "RFC 3030 2, RFC 5321 4.2.2",
    "BDAT with a malformed argument is refused, and a size does not wrap around.",
)
@needs("CHUNKING", "?recipient")
@writes
@pytest.mark.parametrize("size", [2**32 + 1, 2**64 + 1], ids=["2^32+1", "2^64+1"])
def test_huge_chunk_does_not_wrap(smtp_transaction: Smtp, size: int) -> None:
    """One octet is not taken for a chunk that was announced as 2^32 + 1 octets, or 2^64 + 1."""
    smtp_transaction.given(chunk(HEADER))
    smtp_transaction.send(b"BDAT %d LAST\r\n\n" % size)
    try:
        reply = smtp_transaction.reply(within=smtp_transaction.target.window)
    except NonConformity:
        smtp_transaction.note("waits for the rest, or has closed: both are right, for so many octets were announced")
        return
    smtp_transaction.weigh(reply, "5yz", "4yz", expected="no acceptance before all octets of the chunk have come")


@requirement("SMTP-3030-2-i", SECURITY, "RFC 3030 2, RFC 5321 4.1.1.4", "A failed last chunk leaves no recipients.")
@needs("CHUNKING", "?recipient")
@writes
def test_data_after_failed_last_chunk(smtp_transaction: Smtp) -> None:
    """A message that went in circles is refused at BDAT LAST; DATA is refused behind it, and the session goes on.

    Postfix from 3.4 on kept the recipients, and crashed at DATA, until its version of 24 July 2026.
    """
    smtp_transaction.sibling().given("DATA")
    trace = b"".join(b"Received: from hop%d.example.org; Thu, 1 Jan 2026 00:00:00 +0000\r\n" % n for n in range(HOPS))
    smtp_transaction.send(chunk(trace + HEADER, last=True))
    reply = smtp_transaction.reply()
    if reply.code is None or reply.code // 100 != 5:
        raise Inconclusive(f"a message with {HOPS} Received fields was not refused ({reply.code}); nothing has failed")
    smtp_transaction.exchange("DATA", 503, 554, noted={"5yz": "refused, though 503 or 554 is meant for this"})
    smtp_transaction.alive()


# -- BINARYMIME


@requirement("SMTP-3030-3-a", MUST, "RFC 3030 3", "DATA after MAIL with BODY=BINARYMIME is answered 503.")
@needs("BINARYMIME", "?recipient")
def test_binarymime_with_data(smtp: Smtp) -> None:
    """A transaction that was announced as binary takes no DATA; RSET clears the way."""
    smtp.given(MAIL, smtp.rcpt, "RSET")
    smtp.sibling().given(MAIL, smtp.rcpt, "DATA")
    smtp.exchange(f"{MAIL} BODY=BINARYMIME", 250)
    smtp.exchange(smtp.rcpt, 250)
    smtp.exchange("DATA", 503, tolerated=REFUSED_OTHERWISE)
    smtp.exchange("RSET", 250)
    smtp.exchange("QUIT", 221)


@requirement(
    "SMTP-3030-3-b",
    MUST,
    "RFC 3030 3 (3), RFC 5321 4.1.1.11",
    "BINARYMIME is listed beside CHUNKING only, and refused where it is not listed.",
)
@needs("BINARYMIME")
def test_binarymime_is_listed_with_chunking(smtp: Smtp) -> None:
    """Who lists BINARYMIME lists CHUNKING too."""
    if "BINARYMIME" not in smtp.offer:
        smtp.not_applicable("the target lists BINARYMIME only inside TLS")
    smtp.require("CHUNKING" in smtp.offer, "CHUNKING beside BINARYMIME", " ".join(smtp.offer.keywords))


@requirement(
    "SMTP-3030-3-b",
    MUST,
    "RFC 3030 3 (3), RFC 5321 4.1.1.11",
    "BINARYMIME is listed beside CHUNKING only, and refused where it is not listed.",
)
@needs("-BINARYMIME")
def test_binarymime_where_it_is_not_listed(smtp: Smtp) -> None:
    """A server that has not offered binary content does not agree to it."""
    smtp.refuses(
        f"{MAIL} BODY=BINARYMIME",
        501,
        555,
        504,
        noted={"5yz": "a refusal, though not a code that is meant for this"},
        twin=[f"{MAIL} BODY=8BITMIME" if "8BITMIME" in smtp.offer else MAIL],
        reset="RSET",
    )


NOT_CHECKED: list[tuple[str, str]] = []
