"""What leads out of a mailbox (RFC 3501 7.4.2, 9; RFC 9051 11): names as paths, forged responses, others' mail."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import SECURITY, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, BYE, NO, OK, Answer
from pytest_netconform.wire.imap_commands import Literal, append, astring, command, quoted, to_mutf7
from pytest_netconform.wire.imap_data import Listing, Namespaces
from pytest_netconform.wire.imap_grammar import QUOTED_8BIT

# -- names as paths

PATHS = "No name of a mailbox leads out of the account."
OUT = {
    "up": b"../%b",
    "up-and-down": b"%b/../../%b-x",
    "root": b"/tmp/%b",
    "home": b"~root/%b",
    "nul": b"%b\0b",
}


def _names(answer: Answer) -> list[bytes]:
    return [one.name for one in answer.values("LIST") if isinstance(one, Listing)]


@requirement("IMAP-GEN-SEC-a", SECURITY, "RFC 3501 5.1, RFC 9051 5.1", PATHS)
@needs("?account")
@writes
@pytest.mark.parametrize("way", list(OUT))
def test_names_that_lead_out(imap_mailbox: Imap, way: str) -> None:
    """A name that is a path elsewhere is refused, or is an ordinary name, which LIST shows and DELETE removes."""
    box = imap_mailbox.mailbox
    imap_mailbox.given(command("CREATE", Literal(imap_mailbox.named("plain"))))
    name = OUT[way].replace(b"%b", box)
    accepted: dict[Code, str] = {OK: "an ordinary name, in the eyes of the target"}
    if imap_mailbox.exchange(command("CREATE", Literal(name)), NO, BAD, noted=accepted).code == OK:
        listed = imap_mailbox.command("LIST", '""', quoted(b"*" + box + b"*"))
        deleted = imap_mailbox.command("DELETE", Literal(name))
        # field: pymap 0.36.7 lists NUL in modified UTF-7
        ordinary = {name, name.lstrip(b"/"), to_mutf7(name.decode("latin-1"))} & set(_names(listed))
        imap_mailbox.require(ordinary, "a refusal, or the name in LIST as it was given", listed.raw)
        imap_mailbox.weigh(deleted, OK, expected="OK in answer to DELETE of what was created")
    imap_mailbox.alive()


@requirement("IMAP-GEN-SEC-a", SECURITY, "RFC 3501 5.1, RFC 9051 5.1", PATHS)
@needs("?account")
@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", ".."], ids=["up", "root", "parent"])
def test_nothing_outside_is_selected(imap: Imap, name: str) -> None:
    """Files of the system are no mailboxes."""
    imap.given("EXAMINE INBOX")
    imap.exchange(command("EXAMINE", quoted(name)), NO, BAD)
    imap.alive()


@requirement("IMAP-GEN-SEC-a", SECURITY, "RFC 3501 5.1, RFC 9051 5.1", PATHS)
@needs("?account")
@pytest.mark.parametrize("reference", ["../", "/etc/"], ids=["up", "root"])
def test_nothing_outside_is_listed(imap: Imap, reference: str) -> None:
    """LIST from a place outside shows no names there."""
    inbox = imap.prepared("LIST", '""', "INBOX")
    imap.require(_names(inbox), "INBOX in LIST", inbox.raw)
    answer = imap.exchange(command("LIST", quoted(reference), '"%"'), OK, NO, BAD)
    outside = [name for name in _names(answer) if name.startswith(reference.encode()) and name != reference.encode()]
    imap.require(not outside, f"no names that begin with {reference}", answer.raw)
    imap.alive()


# -- forged responses

GOTCHA = b"* BYE gotcha"
PAYLOADS = {
    "escapes": rb"a \"quote\" and \\ {5}",
    "encoded": b"=?utf-8?q?x=0D=0A*_BYE_gotcha?=",
    "folded": b"x\r\n " + GOTCHA,
    "8-bit": b"caf\xe9 \xff",
    "bare-cr": b"x\r" + GOTCHA,
    "bare-lf": b"x\n" + GOTCHA,
}


def _message(payload: bytes) -> bytes:
    """A message that says something odd wherever FETCH repeats it."""
    return (
        b'From: "%b" <odd@client.example.org>\r\nTo: alice@example.test\r\nSubject: %b\r\nMIME-Version: 1.0\r\n'
        b'Content-Type: text/plain; name="%b"\r\nContent-Disposition: attachment; filename="%b"\r\n'
        b"\r\nHello\r\n" % (payload, payload, payload, payload)
    )


def _asked(imap: Imap) -> list[str]:
    said = ["FETCH 1 ENVELOPE", "FETCH 1 BODYSTRUCTURE", "FETCH 1 BODY[HEADER.FIELDS (SUBJECT)]", "SEARCH FROM odd"]
    offered = {"SORT": "SORT (SUBJECT) UTF-8 ALL", "THREAD=REFERENCES": "THREAD REFERENCES UTF-8 ALL"}
    return said + [command for name, command in offered.items() if name in imap.capabilities]


@requirement("IMAP-GEN-SEC-b", SECURITY, "RFC 3501 4.3, 7.4.2, 9; RFC 9051 4.3, 9", "No message makes a response.")
@needs("?account")
@writes
@pytest.mark.parametrize("payload", list(PAYLOADS))
def test_messages_forge_nothing(imap_selected: Imap, payload: str) -> None:
    """Quotes, line ends and 8-bit octets in a header come back within the grammar; no line of the message is one."""
    if imap_selected.command(append(imap_selected.mailbox, _message(PAYLOADS[payload]))).code != OK:
        imap_selected.not_applicable("the target takes no such message")
    imap_selected.select()
    # field: pymap 0.36.7 closes in the middle of ENVELOPE where CR or LF stand in a name of From, also as encoded words
    legal = {QUOTED_8BIT} if "IMAP4REV2" in imap_selected.target.claims else set()
    for said in _asked(imap_selected):
        imap_selected.send(said)
        answer = imap_selected.hear()
        whole = answer.code is not None and not answer.all(BYE) and answer.code != BYE
        imap_selected.require(whole, f"no response that stood in a message, in answer to {said}", answer.raw)
        wrong = sorted(set(answer.deviations) - legal)
        imap_selected.require(
            not wrong, f"responses by the grammar to {said}", f"{', '.join(wrong)}: ".encode() + answer.raw[:200]
        )
        imap_selected.weigh(answer, OK, expected=f"OK in answer to {said}")
    imap_selected.alive()


# -- others' mail

FOREIGN = (b"%b", b"~%u/%b", b"/%u/%b", b"../%u/%b", b"user%d%u%d%b", b"#user/%u/%b")


def _ways(imap: Imap) -> list[bytes]:
    """Names by which a user might reach a mailbox of another: as they are usual, and as NAMESPACE says."""
    ways = list(FOREIGN)
    if "NAMESPACE" in imap.capabilities:
        for value in imap.prepared("NAMESPACE").values("NAMESPACE"):
            others = value.others if isinstance(value, Namespaces) else None
            ways += [one.prefix + b"%u" + (one.delimiter or "/").encode() + b"%b" for one in others or ()]
    return ways


def _says(answer: Answer, *names: bytes) -> bytes:
    text = answer.text
    for name in names:
        text = text.replace(name, b"")
    return f"{answer.code} {answer.says} ".encode() + text


@requirement("IMAP-GEN-SEC-c", SECURITY, "RFC 9051 11, RFC 4314 4", "A user's mailbox is not there for another.")
@needs("?account", "?second")
@writes
def test_others_mail_is_not_there(imap_one: Imap) -> None:
    """By whatever name another user tries, EXAMINE is refused, in the words for a mailbox that nobody has."""
    imap_one.given(command("EXAMINE", quoted(imap_one.mailbox)))
    other = imap_one.visitor()
    if other.authenticated:
        other.not_applicable("the target greets with PREAUTH: there is one user")
    other.log_in(*other.second)
    delimiter, owner = (other.home()[1] or "/").encode(), imap_one.account[0].encode()
    for way in _ways(other):
        path = way.replace(b"%d", delimiter).replace(b"%u", owner)
        name, nobodys = (path.replace(b"%b", box) for box in (imap_one.mailbox, imap_one.mailbox[::-1]))
        refusal = other.exchange(command("EXAMINE", astring(name)), NO, BAD)
        control = other.exchange(command("EXAMINE", astring(nobodys)), NO, BAD)
        alike = _says(refusal, name, imap_one.mailbox) == _says(control, nobodys, imap_one.mailbox[::-1])
        if not alike:
            other.tolerate("the words for a mailbox that nobody has", refusal.raw, "the refusal tells that it is there")
    listed = other.exchange('LIST "" "*"', OK)
    there = [name for name in _names(listed) if imap_one.mailbox in name]
    other.require(not there, "no mailbox of another user in LIST", b" ".join(there))
    other.alive()


NOT_CHECKED: list[tuple[str, str]] = []
