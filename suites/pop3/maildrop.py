"""The maildrop (RFC 1939 5, 7): numbers, sizes and unique ids, and what a mark of deletion does to them."""

from __future__ import annotations

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import MUST, needs, requirement, serial, writes
from pytest_netconform.wire.pop3 import ERR, OK, parse_drop, parse_scan, parse_unique

BEYOND = 999999999  # no maildrop has so many messages


@requirement("POP3-1939-5-a", MUST, "RFC 1939 5", "STAT is answered +OK, a count and a size, single spaces between.")
@needs("?account")
@serial
def test_drop_listing(pop3: Pop3) -> None:
    """Two decimal numbers; what follows them is discouraged."""
    reply = pop3.exchange("STAT", OK)
    found = parse_drop(reply.text)
    pop3.require(found is not None, "+OK, a count and a size", reply.raw)
    if len(reply.text.split()) > 2:
        pop3.note("more than a count and a size: RFC 1939 5 discourages that")


@requirement("POP3-1939-5-b", MUST, "RFC 1939 5", "STAT says what the lines of LIST add up to.")
@needs("?account")
@serial
def test_drop_listing_adds_up(pop3: Pop3) -> None:
    """As many messages as LIST has lines, and as many octets as its sizes have together."""
    # Field note: Dovecot's pop3_fast_size_lookups and Maildirs without W= sizes give other sums.
    listings = pop3.filled()
    count, size = pop3.stat()
    pop3.require(count == len(listings), f"a count of {len(listings)}", str(count))
    total = sum(listing.size for listing in listings)
    pop3.require(size == total, "the sum of the sizes of LIST in STAT", f"{size}, not {total}")


@requirement("POP3-1939-5-c", MUST, "RFC 1939 5", "A message marked as deleted is not counted, listed or given out.")
@needs("?account")
@writes
@serial
def test_deleted_message_is_gone(pop3: Pop3) -> None:
    """Behind DELE 1 the totals drop by message 1, single references are refused, and the others keep their numbers."""
    before = pop3.filled()
    first = before[0]
    commands = [f"LIST {first.number}", f"RETR {first.number}"]
    commands += [f"UIDL {first.number}"] if "UIDL" in pop3.offer else []
    commands += [f"TOP {first.number} 0"] if "TOP" in pop3.offer else []
    pop3.given(*commands)
    pop3.exchange(f"DELE {first.number}", OK)
    count, size = pop3.stat()
    rest = sum(listing.size for listing in before[1:])
    pop3.require(
        (count, size) == (len(before) - 1, rest), f"{len(before) - 1} messages, {rest} octets", f"{count} {size}"
    )
    pop3.require(pop3.listings() == before[1:], "the other messages under their numbers in LIST", "others")
    if "UIDL" in pop3.offer:
        pop3.require(first.number not in pop3.uniques(), "UIDL without the marked message", str(first.number))
    for command in (*commands, f"DELE {first.number}"):
        pop3.exchange(command, ERR)
    pop3.exchange("RSET", OK)


@requirement("POP3-1939-5-d", MUST, "RFC 1939 5", "LIST gives a number and a size a line, and ends with a dot.")
@needs("?account")
@serial
def test_scan_listings(pop3: Pop3) -> None:
    """Numbers ascend from 1, sizes are decimal, and the form for one message says the same."""
    lines = pop3.exchange("LIST", OK).lines
    for place, line in enumerate(lines, 1):
        found = parse_scan(line)
        pop3.require(found is not None and found.number == place, f"the number {place} and a size", line)
    if lines:
        single = pop3.exchange("LIST 1", OK).text
        pop3.require(single.split()[:2] == lines[0].split()[:2], "the line of LIST in answer to LIST 1", single)


@requirement("POP3-1939-5-d", MUST, "RFC 1939 5", "LIST gives a number and a size a line, and ends with a dot.")
@needs("?account")
@serial
def test_empty_maildrop(pop3: Pop3) -> None:
    """An empty maildrop has an empty list, which is no error."""
    if pop3.stat()[0]:
        pop3.not_applicable("the maildrop is not empty")
    reply = pop3.exchange("LIST", OK)
    pop3.require(reply.body == b"", "+OK and a dot", reply.raw)
    pop3.exchange("NOOP", OK)


@requirement("POP3-1939-5-i", MUST, "RFC 1939 5", "RSET takes every mark of deletion off; NOOP does nothing.")
@needs("?account")
@writes
@serial
def test_marks_are_taken_off(pop3: Pop3) -> None:
    """After DELE 1 and RSET the totals are those of before, and message 1 is given out."""
    number = pop3.filled()[0].number
    before = pop3.stat()
    pop3.given(f"DELE {number}")
    pop3.exchange("RSET", OK)
    after = pop3.stat()
    pop3.require(after == before, "the totals of before DELE", f"{after[0]} {after[1]}, not {before[0]} {before[1]}")
    pop3.exchange("NOOP", OK)
    pop3.exchange(f"RETR {number}", OK)


@requirement("POP3-1939-7-b", MUST, "RFC 1939 7", "UIDL gives ids of 1 to 70 octets from 0x21 to 0x7E, and no more.")
@needs("UIDL", "?account")
@serial
def test_unique_ids(pop3: Pop3) -> None:
    """The list and the form for one message say the same, and a number beyond all is refused."""
    pop3.filled()
    lines = pop3.exchange("UIDL", OK).lines
    for line in lines:
        pop3.require(parse_unique(line) is not None, "a number and an id on every line", line)
    number, unique = parse_unique(lines[0]) or (0, "")
    single = pop3.exchange(f"UIDL {number}", OK).text
    pop3.require(single == f"{number} {unique}".encode(), "the line of UIDL in answer to one number", single)
    pop3.exchange(f"UIDL {BEYOND}", ERR)


NOT_CHECKED: list[tuple[str, str]] = []
