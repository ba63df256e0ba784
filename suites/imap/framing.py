"""Lines, tags, words (RFC 3501 2.2, 7.1.3, 9; RFC 9051 2.2, 9): what ends a command, how it travels, what is none."""

from __future__ import annotations

from random import Random

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, needs, requirement, writes
from pytest_netconform.suites.imap.results import numbers_found
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.cuts import Cut, at, octets, tokens
from pytest_netconform.wire.imap import BAD, BYE, GO_AHEAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import Literal, append, command, quoted

# -- tags

TAGS = {
    "again": ("a", "a"),
    "digit": ("0",),
    "dots": ("a.b-1",),
    "long": ("zz999999999999999999999999",),
    "bracket": ("A]1",),
}
# tag = 1*<any ASTRING-CHAR except "+">, and ASTRING-CHAR has "]"   (RFC 9051 9). Dovecot 2.3 says BAD to it.
BRACKET: dict[Code, str] = {BAD: "a tag with ] in it is refused, as by Dovecot 2.3"}


@requirement("IMAP-9051-2.2.1-a", MUST, "RFC 3501 2.2.1, RFC 9051 2.2.1, 9", "Any tag will do, and may come again.")
@needs("?account")
@pytest.mark.parametrize("tags", list(TAGS))
def test_tags(imap: Imap, tags: str) -> None:
    """Whatever the grammar allows as a tag comes back in the answer, also when it is used a second time."""
    for tag in TAGS[tags]:
        imap.send(f"{tag} NOOP\r\n".encode())
        imap.weigh(imap.retort(), OK, tolerated=BRACKET if tags == "bracket" else None)
    imap.answered_once("each NOOP")


# -- what is no command

SYNTAX = "What is not by the syntax is answered BAD, and the session goes on."
AS_NO: dict[Code, str] = {NO: "NO where the syntax is wrong"}
# Dovecot 2.3 passes over what stands behind NOOP, SELECT and STARTTLS.
SURPLUS: dict[Code, str] = {**AS_NO, OK: "what is too much is passed over"}
# what is wrong: what is not, what may come of it
SURPLUSES = {
    "argument": ("NOOP x", "NOOP"),
    "space": (" NOOP", "NOOP"),
    "second-name": ("SELECT INBOX x", "SELECT INBOX"),
}
LACKS = {
    "name": ("SELECT", "SELECT INBOX"),
    "items": ("FETCH 1", "FETCH 1 FLAGS"),
    "parenthesis": ("FETCH 1 (FLAGS", "FETCH 1 (FLAGS)"),
    "store-item": ("STORE 1 FOO (\\Seen)", "STORE 1 +FLAGS (\\Seen)"),
    "key": ("SEARCH", "SEARCH ALL"),
}


def _refused(imap: Imap, wrong: str, right: str, noted: dict[Code, str]) -> None:
    imap.given(right)
    imap.send(f"a {wrong}\r\n".encode())
    imap.weigh(imap.retort(), BAD, noted=noted)
    imap.alive()


@requirement("IMAP-9051-2.2.2-b", SHOULD, "RFC 3501 7.1.3, RFC 9051 2.2.2", SYNTAX)
@needs("?account")
@pytest.mark.parametrize("what", list(SURPLUSES))
def test_too_much(imap: Imap, what: str) -> None:
    """A word or a space that has no place there is refused; it may be passed over."""
    _refused(imap, *SURPLUSES[what], SURPLUS)


@requirement("IMAP-9051-2.2.2-b", SHOULD, "RFC 3501 7.1.3, RFC 9051 2.2.2", SYNTAX)
@needs("?account")
@writes
@pytest.mark.parametrize("what", list(LACKS))
def test_too_little(imap_one: Imap, what: str) -> None:
    """A command that lacks something is refused."""
    _refused(imap_one, *LACKS[what], AS_NO)


@requirement("IMAP-9051-2.2.2-b", SHOULD, "RFC 3501 7.1.3, RFC 9051 2.2.2", SYNTAX)
def test_logout_takes_no_word(imap_greeted: Imap) -> None:
    """LOGOUT with a word behind it is refused, or taken for LOGOUT."""
    imap_greeted.sibling().given("LOGOUT")
    if imap_greeted.exchange("LOGOUT x", BAD, noted=SURPLUS).code == OK:
        imap_greeted.closes("after LOGOUT")
    else:
        imap_greeted.alive()


@requirement(
    "IMAP-9051-2.2.2-c", MUST, "RFC 3501 7.1.3, RFC 9051 7.1.3", "A command that nobody knows is answered BAD."
)
@needs("?account")
def test_unknown_command(imap: Imap) -> None:
    """XYZZY is refused, once, and the session goes on."""
    imap.given("NOOP")
    imap.exchange("XYZZY", BAD, tolerated={NO: "NO to a command that is not known"})
    imap.alive()
    imap.answered_once("XYZZY")


# what is no command: the tags that an answer to it may have
NONE = {
    "empty": (b"\r\n", ()),
    "tag-alone": (b"a\r\n", ("a",)),
    "star": (b"* NOOP\r\n", ()),
    "plus": (b"+ NOOP\r\n", ()),
    "parenthesis": (b"(a NOOP\r\n", ("(a",)),
}


@requirement("IMAP-9051-2.2.2-d", INTEROP, "RFC 3501 7.1.3", "What a line without a tag, or without a name, leads to.")
@needs("?account")
@pytest.mark.parametrize("line", list(NONE))
def test_lines_that_are_no_commands(imap: Imap, line: str) -> None:
    """Recorded: BAD with or without a tag, or silence; the next command gets its own answer."""
    said, tags = NONE[line]
    imap.send_odd(said, *tags)
    try:
        before, marker = imap.until_marker()
    except NonConformity:
        if not imap.over:
            raise
        imap.observe("a close")
        return
    heard = [f"tagged {answer.code}" if answer.tag else str(answer.code) for answer in before]
    heard += [f"untagged {response.code}" for response in marker.all(BAD)]
    imap.observe(", ".join(heard) or ("BYE" if marker.code == BYE else "silence"))


# -- case

CASE = "Words of the protocol, INBOX and system flags are the same in any case."


@requirement("IMAP-9051-9-b", MUST, "RFC 3501 9, RFC 9051 9", CASE)
@needs("?account")
@pytest.mark.parametrize(
    "said",
    ["nOoP", "cApAbIlItY", "sElEcT iNbOx", "sTaTuS iNbOx (mEsSaGeS)"],
    ids=["noop", "capability", "select", "status"],
)
def test_words_in_any_case(imap: Imap, said: str) -> None:
    """Names of commands, and INBOX, in mixed letters."""
    answer = imap.exchange(said, OK)
    if "iNbOx" in said:
        found = answer.all("EXISTS", "STATUS")
        imap.require(found, "what is told of INBOX", answer.raw)


@requirement("IMAP-9051-9-b", MUST, "RFC 3501 9, RFC 9051 9", CASE)
@needs("?account")
@writes
def test_items_in_any_case(imap_two: Imap) -> None:
    """Items of FETCH, sections and fields in mixed letters give what they give in capitals."""
    answer = imap_two.exchange("fEtCh 1 (fLaGs bOdY.pEeK[hEaDeR.fIeLdS (sUbJeCt)])", OK)
    message = answer.fetched.get(1)
    there = message is not None and message.flags is not None and b"Message" in answer.raw
    imap_two.require(there, "the flags and the subject of message 1", answer.raw)


@requirement("IMAP-9051-9-b", MUST, "RFC 3501 9, RFC 9051 9", CASE)
@needs("?account")
@writes
def test_system_flags_in_any_case(imap_two: Imap) -> None:
    r"""\sEeN is \Seen: SEARCH SEEN finds the message, and uNsEeN the other one."""
    imap_two.exchange("sToRe 1 +fLaGs (\\sEeN)", OK)
    for said, number in (("SEARCH SEEN", 1), ("sEaRcH uNsEeN", 2)):
        answer = imap_two.exchange(said, OK)
        found = numbers_found(imap_two, answer)
        imap_two.require(found == {number}, f"message {number} in answer to {said}", answer.raw)


# -- how lines travel


def _scattered(seed: int) -> Cut:
    """Cuts at places that look drawn by lot, and are the same in every run."""
    return at(*Random(seed).sample(range(1, 40), 7))


CUTS: dict[str, Cut] = {"octets": octets, "tokens": tokens} | {f"scattered-{n}": _scattered(n) for n in range(1, 5)}


def _session(imap: Imap, box: bytes) -> list[tuple[str, object]]:
    """Each command of a session, and what it says that is the same in any other."""
    said = [
        append(box, MESSAGES[1]),
        command("SELECT", quoted(box)),
        command("FETCH", "1", "(RFC822.SIZE BODY.PEEK[])"),
        command("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)"),
        command("EXPUNGE"),
        command("LOGOUT"),
    ]
    found: list[tuple[str, object]] = []
    for one in said:
        answer = imap.exchange(one, OK)
        items = {number: (message.octets("BODY[]"), message.items.get("RFC822.SIZE"))
                 for number, message in answer.fetched.items() if "BODY[]" in message.items}  # fmt: skip
        found.append((one.split()[0].decode(), (items, answer.last_number("EXPUNGE"))))
    imap.wire.close()
    return found


@requirement("IMAP-GEN-SEG-a", MUST, "RFC 3501 2.2", "A line is what ends in CR LF, whatever the segments it came in.")
@needs("?account")
@writes
@pytest.mark.parametrize("cut", list(CUTS))
def test_segments_mean_nothing(imap_mailbox: Imap, cut: str) -> None:
    """A whole session is answered alike when what it says travels in pieces."""
    other = imap_mailbox.visitor()
    before = imap_mailbox.prerequisite(lambda: _session(imap_mailbox, imap_mailbox.mailbox))
    other.wire.cut = CUTS[cut]
    other.weigh(other.greeting if other.authenticated and other.greeting else other.attempt(), OK, "PREAUTH")
    for (name, whole), (_, parts) in zip(before, _session(other, imap_mailbox.mailbox), strict=True):
        other.require(whole == parts, f"the same answer to {name}", str(parts))


AT_CR = "the CR of CR LF is taken for a line's end, as by Dovecot 2.3.19.1, which passes over the LF behind it"


@requirement("IMAP-GEN-SEG-b", MUST, "RFC 3501 4.3, 7.5", "A literal is announced by a whole line, however that came.")
@needs("?account")
def test_announcement_in_pieces(imap_private: Imap) -> None:
    """`+` comes once, behind the LF; the literal comes octet by octet, its last one with the rest of the line."""
    imap_private.serves_login()
    imap_private.entitled("NOOP")
    user, password = (text.encode() for text in imap_private.account)
    imap_private.visit.transcript.hide(quoted(password)[1:-1])
    imap_private.send(b"a LOGIN {%d" % len(user))
    imap_private.silent("while the announcement of a literal is not whole")
    imap_private.send(b"}\r")
    early = imap_private.heard()
    if early is None:
        imap_private.exchange(b"\n", GO_AHEAD)
    else:
        expected = "silence while the LF behind the announcement is missing"
        imap_private.weigh(early, tolerated={GO_AHEAD: AT_CR}, expected=expected)
        imap_private.send(b"\n")
    for place in range(len(user) - 1):
        imap_private.send(user[place : place + 1])
    imap_private.send(user[-1:] + b" " + quoted(password) + b"\r\n")
    imap_private.weigh(imap_private.login_reply(), OK, expected="OK in answer to LOGIN")
    imap_private.answered_once("LOGIN")


# -- octets that have no place in a line


@requirement("IMAP-GEN-FRM-a", INTEROP, "RFC 3501 2.2", "What a command does that ends in a bare LF.")
@needs("?account")
def test_bare_lf(imap: Imap) -> None:
    """Recorded: executed, refused, or waited on until CR LF comes."""
    # field: Dovecot, Cyrus and Courier execute such lines
    imap.send_odd(b"a NOOP\n", "a")
    with imap.one_by_one():
        early = imap.heard()
    if early is not None:
        imap.observe(f"{early.code} at once")
        return
    imap.require(not imap.over, "an answer, or silence", "a close")
    imap.send_odd(b"\r\n")
    imap.observe(f"waits for CR LF, then {imap.retort().code}")


@requirement("IMAP-GEN-FRM-b", MUST, "RFC 3501 2.2, 9; RFC 9051 9", "A bare CR ends no command.")
@needs("?account")
def test_bare_cr_ends_no_command(imap: Imap) -> None:
    """Two NOOPs with CR between them are one line, and get one answer."""
    imap.given("NOOP")
    imap.send_odd(b"a NOOP\rb NOOP\r\n", "a", "b")
    answer = imap.retort()
    imap.require(answer.tag != "b", "an answer tagged a, or BAD without a tag", answer.last.raw)
    if answer.code != BYE:
        imap.answered_once("two NOOPs with CR between them")


# the account's name with NUL and more behind it, as it is written
NULS = {"quoted": b'"%s\0zzz"', "atom": b"%s\0zzz", "literal": b""}


@requirement("IMAP-GEN-FRM-c", SECURITY, "RFC 3501 9, RFC 9051 9; CVE-2019-11500", "A name is not cut short at NUL.")
@needs("?account")
@pytest.mark.parametrize("written", list(NULS))
def test_nul_cuts_nothing_short(imap_private: Imap, written: str) -> None:
    """The account with NUL and more behind its name is not let in, and others are served."""
    imap_private.serves_login()
    imap_private.entitled("NOOP")
    user, password = (text.encode() for text in imap_private.account)
    imap_private.visit.transcript.hide(quoted(password)[1:-1])
    name = Literal(user + b"\0zzz") if written == "literal" else NULS[written] % user
    imap_private.send(command("LOGIN", name, quoted(password)))
    # field: Dovecot 2.3.19.1 lets in whom a literal names before its NUL
    try:
        answer = imap_private.retort("LOGIN with NUL in the name", within=30)
    except NonConformity:
        if not imap_private.over:
            raise
        imap_private.note("closed at NUL")
    else:
        imap_private.weigh(answer, NO, BAD, BYE, expected="NO, BAD or BYE in answer to LOGIN with NUL in the name")
    imap_private.served_again("after a name with NUL in it").alive()


ODD = {
    "8-bit": (b"a SELECT x\xff\r\n", b"\xff"),
    "control": (b'a SELECT "x\x01"\r\n', b""),
    "nul": (b"a NOOP\0\r\n", b"\0"),
}


@requirement("IMAP-GEN-FRM-d", SECURITY, "RFC 3501 9, RFC 9051 9", "What is no text is refused, and not sent back.")
@needs("?account")
@pytest.mark.parametrize("odd", list(ODD))
def test_octets_that_are_no_text(imap: Imap, odd: str) -> None:
    """8-bit octets and control characters in names: one refusal without them, and the session goes on."""
    imap.given("NOOP", "SELECT INBOX")
    said, unwelcome = ODD[odd]
    imap.send(said)
    answer: Answer = imap.retort()
    imap.weigh(answer, NO, BAD)
    imap.require(not unwelcome or unwelcome not in answer.raw, "a refusal without the octet that was wrong", answer.raw)
    imap.alive()
    imap.answered_once("what is no text")


NOT_CHECKED: list[tuple[str, str]] = []
