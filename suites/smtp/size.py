"""Message sizes (RFC 1870): the limit that EHLO names, the size that MAIL declares, and the octets that come."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, SHOULD, hostile, needs, requirement, slow, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.smtp import END_OF_DATA, Reply, stuffed

LARGEST_SENT = 64 << 20  # octets; a limit above is not put to the test
BLOCK = (b"x" * 62 + b"\r\n") * 1024
REFUSED_OTHERWISE: dict[Code, str] = {"5yz": "a refusal, though not the code that is meant for this"}
FOR_NOW = "refused as if it could be taken another time"


def _limit(smtp: Smtp) -> int:
    """The largest message that the target takes, as EHLO says; not applicable where it names none (0, or nothing)."""
    given = smtp.offer.keywords.get("SIZE", ())
    if not (given and given[0].isdigit() and int(given[0])):
        smtp.not_applicable("the target names no limit with SIZE")
    return int(given[0])


def _answers(smtp: Smtp) -> list[Reply]:
    """What is said up to the answer to QUIT, or to the close."""
    heard: list[Reply] = []
    try:
        while not heard or heard[-1].code != 221:
            heard.append(smtp.reply("221 in answer to QUIT, or the close"))
    except NonConformity:
        if not smtp.ended():
            raise
        return heard
    return heard[:-1]


@requirement(
    "SMTP-1870-4-a", MUST, "RFC 1870 4, 6.1, 7", "A message declared larger than the limit is refused at MAIL."
)
@needs("SIZE")
def test_declared_size_above_the_limit(smtp: Smtp) -> None:
    """One octet more than the limit is answered 552.

    Field note: OpenSMTPD lists SIZE with its limit and answers 250, whatever MAIL declares (RFC 1870 7: it must not).
    """
    limit = _limit(smtp)
    smtp.refuses(
        f"{MAIL} SIZE={limit + 1}",
        552,
        noted={452: FOR_NOW},
        tolerated={"5yz": "refused as it must be, though the code for this is 552"},
        twin=[f"{MAIL} SIZE=100"],
        reset="RSET",
    )


@requirement("SMTP-1870-6-a", MUST, "RFC 1870 6", "The declared size does not say where the message ends.")
@needs("SIZE", "?recipient")
@writes
def test_declared_size_does_not_end_the_message(smtp: Smtp) -> None:
    """A message of 500 octets that was declared as 10 has one answer, after its end."""
    smtp.given(f"{MAIL} SIZE=10", smtp.rcpt, "DATA")
    content = b"Subject: declared as 10 octets\r\n\r\n" + b"NOOP\r\n" * 78
    smtp.send(stuffed(content))
    # RFC 1870 6.1 and 6.3: a message larger than declared may be taken, and may be refused
    smtp.expect(250, noted={"5yz": "refused when it was larger than declared", 452: FOR_NOW}, to="the end of data")
    more = smtp.replies_until("QUIT", 221)
    smtp.require(not more, "one answer to the message", f"{1 + len(more)} answers")


@requirement("SMTP-1870-6.3-a", SHOULD, "RFC 1870 4, RFC 5321 4.5.3.1.10", "Too large a message is refused at its end.")
@needs("SIZE", "?recipient")
@hostile
@writes
@slow
def test_message_above_the_limit(smtp_data: Smtp) -> None:
    """A message above the limit is answered 552 at its end, and no line of it is taken for a command."""
    limit = _limit(smtp_data)
    if limit > LARGEST_SENT:
        smtp_data.not_applicable(f"the target takes messages of {limit} octets")
    smtp_data.send(b"Subject: above the limit\r\n\r\n")
    for _ in range(limit // len(BLOCK) + 1):
        smtp_data.send(BLOCK)
    smtp_data.send(END_OF_DATA)
    try:
        first = smtp_data.reply("an answer to the message")
    except NonConformity:
        if not smtp_data.ended():
            raise
        smtp_data.note("the connection was closed in mid-message: a legal defence")
        return
    smtp_data.weigh(
        first, 552, noted={**REFUSED_OTHERWISE, "4yz": FOR_NOW}, expected="552 to a message above the limit"
    )
    smtp_data.send("QUIT")
    more = _answers(smtp_data)
    smtp_data.require(not more, "no line of the message to be taken for a command", more[0].raw if more else "")


@requirement(
    "SMTP-1870-3-a",
    MUST,
    "RFC 1870 3 (4), 4, 7; RFC 5321 4.1.1.11",
    "A size is 1 to 20 digits, read as the number they are.",
)
@needs("SIZE")
@pytest.mark.parametrize("value", ["abc", "-1", "1x", ""], ids=["word", "negative", "trailing", "empty"])
def test_size_is_a_number(smtp: Smtp, value: str) -> None:
    """SIZE with anything but digits is refused."""
    smtp.refuses(
        f"{MAIL} SIZE={value}",
        501,
        555,
        noted=REFUSED_OTHERWISE,
        tolerated={
            250: "the value is not looked at (OpenSMTPD), or only its digits are; the message's own size counts"
        },
        twin=[f"{MAIL} SIZE=100"],
        reset="RSET",
    )


@requirement(
    "SMTP-1870-3-a",
    MUST,
    "RFC 1870 3 (4), 4, 7; RFC 5321 4.1.1.11",
    "A size is 1 to 20 digits, read as the number they are.",
)
@needs("SIZE")
@pytest.mark.parametrize("value", [2**32 + 1, 2**64 + 1, 10**20 - 1], ids=["2^32+1", "2^64+1", "20-nines"])
def test_huge_size_does_not_wrap(smtp: Smtp, value: int) -> None:
    """A size beyond what a machine word holds is not taken for a small one."""
    if _limit(smtp) >= value:
        smtp.not_applicable(f"the target takes messages of {value} octets")
    smtp.refuses(
        f"{MAIL} SIZE={value}",
        552,
        501,
        noted={452: FOR_NOW, **REFUSED_OTHERWISE},
        twin=[f"{MAIL} SIZE=100"],
        reset="RSET",
    )


NOT_CHECKED: list[tuple[str, str]] = []
