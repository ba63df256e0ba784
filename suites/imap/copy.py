"""Copies (RFC 3501 6.4.7, RFC 9051 6.4.7, 6.4.8; RFC 6851, RFC 4315 3): COPY and MOVE, and which became which."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement, writes
from pytest_netconform.suites.imap.results import members
from pytest_netconform.wire.imap import BAD, NO, OK, Answer, Response
from pytest_netconform.wire.imap_commands import append, astring, command
from pytest_netconform.wire.imap_data import AppendUid, CopyUid

DATE = "17-Jul-1996 02:44:25 -0700"
RECENT = "\\Recent"


@dataclass(frozen=True)
class Kept:
    """What a mailbox holds of a message."""

    octets: bytes
    flags: frozenset[str]
    date: object


def _there(imap: Imap, mailbox: bytes = b"") -> list[Kept]:
    """Prerequisite: the messages of a mailbox, opened to be read."""
    opened = imap.prerequisite(lambda: imap.select(mailbox, examine=True))
    if not opened.last_number("EXISTS"):
        return []
    found = imap.prepared("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").fetched
    return [
        Kept(one.octets("BODY[]") or b"", (one.flags or frozenset()) - {RECENT}, one.items.get("INTERNALDATE"))
        for _, one in sorted(found.items())
    ]


def _made(imap: Imap, word: str = "there") -> bytes:
    """Prerequisite: another mailbox, which goes with the check's own."""
    name = imap.named(word)
    imap.given(command("CREATE", astring(name)))
    return name


def _same_octets(here: list[Kept], there: list[Kept]) -> bool:
    return sorted(one.octets for one in here) == sorted(one.octets for one in there)


def _twins(here: list[Kept], there: list[Kept]) -> list[tuple[Kept, Kept]]:
    """Pairs of the same octets: nothing is said of the order of copies."""
    by_octets = {one.octets: one for one in there}
    return [(one, by_octets[one.octets]) for one in here]


COPY = "COPY leaves the source as it is, and copies octets, flags and dates."


@requirement("IMAP-9051-6.4.7-a", MUST, "RFC 3501 6.4.7, RFC 9051 6.4.7", COPY)
@needs("?account")
@writes
def test_copy(imap_mailbox: Imap) -> None:
    """Both messages are there to the octet, with the flags and the dates that they should keep, and here as before."""
    imap = imap_mailbox
    imap.given(append(imap.mailbox, MESSAGES[0], flags="(\\Flagged \\Seen)", date=DATE))
    imap.given(append(imap.mailbox, MESSAGES[1]))
    there = _made(imap)
    before = _there(imap)
    imap.prerequisite(imap.select)
    imap.ok("COPY 1:2", astring(there))
    after, copies = _there(imap), _there(imap, there)
    imap.require(after == before, "the source as it was before COPY", f"{len(after)} messages, or others")
    imap.require(_same_octets(before, copies), "two copies, to the octet", f"{len(copies)} messages, or others")
    for one, copy in _twins(before, copies):
        if (copy.flags, copy.date) != (one.flags, one.date):
            told = f"FLAGS ({' '.join(sorted(copy.flags))}) {copy.date!r}".encode()
            imap.tolerate(f"the flags {sorted(one.flags)} and the date of the original", told, SHOULD_KEEP)


SHOULD_KEEP = "RFC 3501 and 9051 6.4.7: flags and internal date SHOULD be preserved"

FAILED = "A COPY that fails leaves the target as it was; a target that is not there is told by TRYCREATE."


def _exists(imap: Imap, mailbox: bytes) -> bool:
    return bool(imap.prepared("LIST", '""', astring(mailbox)).all("LIST"))


def _try_create(imap: Imap, answer: Answer, mailbox: bytes) -> None:
    """NO for a mailbox that is not there says TRYCREATE, and makes none."""
    imap.require(answer.says == "TRYCREATE", "NO [TRYCREATE] for a mailbox that is not there", answer.last.raw)
    imap.require(not _exists(imap, mailbox), "no mailbox made by that", "it is listed")


@requirement("IMAP-9051-6.4.7-b", MUST, "RFC 3501 6.4.7, RFC 9051 6.4.7", FAILED)
@needs("?account")
@writes
@pytest.mark.parametrize("verb", ["COPY 1:3", "UID COPY 1:*"], ids=["copy", "uid-copy"])
def test_copy_to_nowhere(imap_three: Imap, verb: str) -> None:
    """There is no such mailbox, and none is made; the client is told that it could make one."""
    there, nowhere = _made(imap_three), imap_three.named("nowhere")
    imap_three.given(command(verb, astring(there)))
    _try_create(imap_three, imap_three.no(verb, astring(nowhere)), nowhere)


@requirement("IMAP-9051-6.4.7-b", MUST, "RFC 3501 6.4.7, RFC 9051 6.4.7", FAILED)
@needs("?account")
@writes
def test_copy_of_what_is_not_there(imap_three: Imap) -> None:
    """A number beyond the last fails the whole COPY: nothing is copied."""
    there = _made(imap_three)
    answer = imap_three.exchange(
        command("COPY 1:9", astring(there)),
        BAD,
        NO,
        tolerated={OK: "RFC 3501 9: BAD should be the answer to numbers of no messages; pymap 0.36.7 passes over them"},
    )
    if answer.code != OK:
        count = imap_three.messages(there)
        imap_three.require(count == 0, "nothing copied by a COPY that failed", f"{count} messages")


# -- which became which

UIDPLUS = "APPENDUID and COPYUID name UIDVALIDITY of the target, and the UIDs there, in matching order."


def _uid_validity(imap: Imap, mailbox: bytes) -> object:
    code = imap.prerequisite(lambda: imap.select(mailbox, examine=True)).codes().get("UIDVALIDITY")
    return code.value if code is not None else None


@requirement("IMAP-4315-3-b", SHOULD, "RFC 4315 3, RFC 9051 6.3.12, 7.1", UIDPLUS)
@needs("?account", "UIDPLUS")
@writes
def test_appenduid(imap_mailbox: Imap) -> None:
    """APPEND says which UID the message has."""
    imap = imap_mailbox
    imap.given(append(imap.mailbox, MESSAGES[0]))
    answer = imap.exchange(append(imap.mailbox, MESSAGES[1]), OK)
    code = answer.response_code.value if answer.response_code is not None else None
    imap.require(isinstance(code, AppendUid), "OK [APPENDUID ...] in answer to APPEND", answer.last.raw)
    assert isinstance(code, AppendUid)
    wanted = _uid_validity(imap, imap.mailbox), (imap.uid_numbers()[-1],)
    imap.require(
        (code.validity, members(code.uids)) == wanted, "UIDVALIDITY of the target, and the UID there", answer.last.raw
    )


def _copy_uid(imap: Imap, answer: Answer) -> CopyUid:
    code = answer.codes().get("COPYUID")
    value = code.value if code is not None else None
    imap.require(isinstance(value, CopyUid), "[COPYUID ...]", answer.raw)
    assert isinstance(value, CopyUid)
    return value


def _maps(imap: Imap, told: CopyUid, there: bytes, source: dict[int, bytes]) -> None:
    """COPYUID says of each of these messages, by UID, which copy it has become."""
    validity = _uid_validity(imap, there)
    imap.require(told.validity == validity, "UIDVALIDITY of the target in COPYUID", told.validity)
    copies = imap.prepared("UID FETCH 1:* (BODY.PEEK[])").fetched
    octets = {one.uid: one.octets("BODY[]") for one in copies.values()}
    pairs = dict(zip(members(told.source), members(told.copies), strict=False))
    sound = len(told.source) == len(told.copies) == len(source) and pairs.keys() == source.keys()
    sound = sound and all(octets.get(pairs[uid]) == text for uid, text in source.items())
    imap.require(sound, "the UID of each message with that of its copy in COPYUID", pairs)


def _by_uid(imap: Imap) -> dict[int, bytes]:
    found = imap.prepared("UID FETCH 1:* (BODY.PEEK[])").fetched
    return {one.uid: one.octets("BODY[]") or b"" for one in found.values() if one.uid is not None}


@requirement("IMAP-4315-3-b", SHOULD, "RFC 4315 3, RFC 9051 6.3.12, 7.1", UIDPLUS)
@needs("?account", "UIDPLUS")
@writes
@pytest.mark.parametrize("verb", ["COPY 1:3", "UID COPY 1:*"], ids=["copy", "uid-copy"])
def test_copyuid(imap_three: Imap, verb: str) -> None:
    """COPY says of each message which UID its copy has, where there were messages already."""
    there = _made(imap_three)
    imap_three.seed(2, there)
    source = _by_uid(imap_three)
    answer = imap_three.ok(verb, astring(there))
    _maps(imap_three, _copy_uid(imap_three, answer), there, source)


# -- MOVE

MOVE = "MOVE takes those messages and no others away, and keeps their flags."


def _replayed(uids: tuple[int, ...], told: tuple[Response, ...]) -> list[int]:
    """The UIDs that are left when each EXPUNGE has been obeyed; -1 for one of a message that is not there."""
    left = list(uids)
    for response in told:
        number = response.number or 0
        if not 0 < number <= len(left):
            return [-1]
        del left[number - 1]
    return left


@requirement("IMAP-6851-3-a", MUST, "RFC 6851 3.3, 4.3; RFC 9051 6.4.8", MOVE)
@needs("?account", "MOVE")
@writes
@pytest.mark.parametrize("uid", [False, True], ids=["move", "uid-move"])
def test_move(imap_four: Imap, uid: bool) -> None:
    """Two go, with their flags; the others stay, also one that is marked to be deleted."""
    imap_four.given("STORE 1 +FLAGS.SILENT (\\Deleted)", "STORE 2 +FLAGS.SILENT (\\Flagged)")
    there, uids, source = _made(imap_four), imap_four.uids, _by_uid(imap_four)
    said = f"UID MOVE {uids[1]}:{uids[2]}" if uid else "MOVE 2:3"
    answer = imap_four.ok(said, astring(there))
    left = _replayed(uids, answer.all("EXPUNGE"))
    imap_four.require(left == [uids[0], uids[3]], "EXPUNGE of 2 and 3", answer.raw)
    _tells_copies_first(imap_four, answer)
    now = imap_four.uid_numbers()
    imap_four.require(list(now) == left, "the UIDs of 1 and 4 after MOVE", now)
    moved = {one.octets: one.flags for one in _there(imap_four, there)}
    wanted = {source[uids[1]]: frozenset({"\\Flagged"}), source[uids[2]]: frozenset[str]()}
    flags = [sorted(one) for one in moved.values()]
    imap_four.require(moved == wanted, "the two messages in the target, with the flags (\\Flagged) and ()", flags)


def _tells_copies_first(imap: Imap, answer: Answer) -> None:
    """COPYUID should come before the first EXPUNGE, in an OK that has no tag (RFC 6851 4.3)."""
    if "UIDPLUS" not in imap.capabilities and "IMAP4REV2" not in imap.enabled:
        return
    told = [
        response.code if response.code == "EXPUNGE" else "COPYUID"
        for response in answer.responses
        if response.code == "EXPUNGE" or (response.response_code and response.response_code.name == "COPYUID")
    ]
    if told[:1] != ["COPYUID"]:
        imap.tolerate("* OK [COPYUID ...] before EXPUNGE", answer.raw, "RFC 6851 4.3: SHOULD")


NOWHERE = "A MOVE that fails loses nothing."


@requirement("IMAP-6851-3-b", MUST, "RFC 6851 3.3, RFC 9051 6.4.8", NOWHERE)
@needs("?account", "MOVE")
@writes
def test_move_to_nowhere(imap_two: Imap) -> None:
    """There is no such mailbox: the client is told to try CREATE, and both messages stay."""
    there, nowhere = _made(imap_two), imap_two.named("nowhere")
    imap_two.given(command("COPY 1", astring(there)))
    _try_create(imap_two, imap_two.no("MOVE 1", astring(nowhere)), nowhere)
    now = imap_two.uid_numbers()
    imap_two.require(now == imap_two.uids, "the same UIDs after a MOVE that failed", now)


NOT_CHECKED: list[tuple[str, str]] = []
