"""Names beyond ASCII (RFC 3501 5.1, 5.1.3; RFC 9051 A.1): modified UTF-7, octet for octet."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, SHOULD, hostile, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, NO, OK
from pytest_netconform.wire.imap_commands import Literal, astring, command, quoted

SAME = "A name in modified UTF-7 comes back octet for octet, and can be selected."
NAMES = {"accent": b"&AOk-", "symbol": b"&Jjo-!", "two-runs": b"&ZeVnLIqe- &U,BTFw-", "ampersand": b"a&-b"}


@requirement("IMAP-9051-A.1-a", MUST, "RFC 3501 5.1.3, RFC 9051 A.1", SAME)
@needs("?account", "IMAP4REV1")
@writes
@pytest.mark.parametrize("name", list(NAMES))
def test_names_in_utf7(imap_mailbox: Imap, name: str) -> None:
    """Made, listed and selected under the one name, case and all."""
    whole = imap_mailbox.named("") + NAMES[name]
    imap_mailbox.given(command("CREATE", astring(imap_mailbox.named("plain"))))
    if imap_mailbox.exchange(command("CREATE", quoted(whole)), OK, NO).code == NO:
        imap_mailbox.not_applicable("the target makes no mailboxes of such names")
    names = imap_mailbox.listed(imap_mailbox.named("") + b"*")
    found = b" ".join(sorted(names))
    imap_mailbox.require(whole in names, f"{NAMES[name].decode('ascii')} in LIST as it was given", found)
    imap_mailbox.ok("SELECT", quoted(whole))


SOUND = "CREATE refuses names that are no correct modified UTF-7, and names of 8-bit octets."
# pymap 0.36.7 answers nothing to the unterminated one, and serves nobody from then on.
WRONG = {
    "unterminated": b"&Jjo!",
    "printable": b"&AGE-",
    "superfluous-shift": b"&U,BTFw-&ZeVnLIqe-",
    "8-bit": b"\xc3\xa9",
}


@requirement("IMAP-9051-A.1-b", SHOULD, "RFC 3501 5.1, 5.1.3; RFC 9051 A.1", SOUND)
@needs("?account", "IMAP4REV1")
@writes
@hostile
@pytest.mark.parametrize("name", list(WRONG))
def test_names_that_are_none(imap_mailbox: Imap, name: str) -> None:
    """It should be refused; what was made all the same can at least be opened, under the name that LIST tells."""
    imap_mailbox.given(command("CREATE", Literal(imap_mailbox.named("plain"))))
    start = imap_mailbox.named("x")
    answer = imap_mailbox.command("CREATE", Literal(start + WRONG[name]))
    if answer.code == OK:
        names = imap_mailbox.listed(start + b"*")
        found = b" ".join(sorted(names)) or b"nothing"
        imap_mailbox.require(len(names) == 1, "the name that was made, in LIST", found)
        imap_mailbox.ok("SELECT", Literal(next(iter(names))))
        imap_mailbox.tolerate("NO or BAD in answer to CREATE", answer.raw, "made, and can be opened again")
        return
    imap_mailbox.weigh(answer, NO, BAD, expected="NO or BAD in answer to CREATE")
    imap_mailbox.alive()


NOT_CHECKED: list[tuple[str, str]] = []
