"""States (RFC 3501 3, 6.1; RFC 9051 3, 6.1): what is in order when, and how a session ends."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement, slow, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import BYE, GO_AHEAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import append

IDLE_SECONDS = 29 * 60 + 50.0  # an autologout timer is of 30 minutes or more   (RFC 9051 5.4)
PATIENT_SECONDS = 35 * 60.0  # until even a patient server has closed

ORDER = "A command out of place is answered BAD or NO, with no data of a mailbox."
MAILBOX_DATA = ("EXISTS", "RECENT", "FETCH", "LIST", "FLAGS")


def _nothing_of_a_mailbox(imap: Imap, answer: Answer) -> None:
    imap.require(not answer.all(*MAILBOX_DATA), "a refusal without data of a mailbox", answer.raw)
    imap.alive()


@requirement("IMAP-9051-3-a", MUST, "RFC 3501 3, RFC 9051 3", ORDER)
@needs("?account")
@pytest.mark.parametrize(
    ("said", "harmless"), [("SELECT INBOX", "EXAMINE INBOX"), ('LIST "" *', 'LIST "" %')], ids=["select", "list"]
)
def test_strangers_have_no_mailboxes(imap_private: Imap, said: str, harmless: str) -> None:
    """What a user is served with, a stranger is refused."""
    if imap_private.authenticated:
        imap_private.not_applicable("the target greets with PREAUTH: nobody is a stranger")
    imap_private.entitled(harmless)
    _nothing_of_a_mailbox(imap_private, imap_private.no_or_bad(said))


@requirement("IMAP-9051-3-a", MUST, "RFC 3501 3, RFC 9051 3", ORDER)
@needs("?account")
@writes
@pytest.mark.parametrize(
    "said", ["FETCH 1 FLAGS", "STORE 1 +FLAGS (nc)", "EXPUNGE", "CLOSE"], ids=["fetch", "store", "expunge", "close"]
)
def test_nothing_is_selected(imap_one: Imap, said: str) -> None:
    """What is served in a selected mailbox is refused once it was closed."""
    imap_one.given("FETCH 1 FLAGS", "STORE 1 +FLAGS (nc)", "EXPUNGE", "CLOSE")
    _nothing_of_a_mailbox(imap_one, imap_one.no_or_bad(said))


@requirement("IMAP-9051-3-a", MUST, "RFC 3501 3, RFC 9051 3", ORDER)
@needs("?account")
def test_no_second_login(imap: Imap) -> None:
    """Who is logged in cannot log in again, and the session goes on."""
    _nothing_of_a_mailbox(imap, imap.exchange(imap.login_command(), *imap.refused[:2]))


@requirement("IMAP-9051-3-a", MUST, "RFC 3501 3, RFC 9051 3", ORDER)
@needs("?account")
def test_no_tls_behind_the_login(imap: Imap) -> None:
    """Who is logged in cannot begin TLS, and the session goes on."""
    _nothing_of_a_mailbox(imap, imap.no_or_bad("STARTTLS"))


# -- CAPABILITY


def _offers(imap: Imap) -> None:
    answer = imap.exchange("CAPABILITY", OK)
    offers = answer.values("CAPABILITY")
    one = len(offers) == 1 and isinstance(offers[0], tuple)
    imap.require(one, "one untagged CAPABILITY before the tagged OK", answer.raw)
    revision = {"IMAP4REV1", "IMAP4REV2"} & imap.capabilities
    imap.require(revision, "CAPABILITY with IMAP4rev1 or IMAP4rev2", answer.raw)
    greeted = imap.greeting.codes().get("CAPABILITY") if imap.greeting else None
    told = greeted.value if greeted is not None and isinstance(greeted.value, tuple) else ("IMAP4REV1",)
    imap.require({"IMAP4REV1", "IMAP4REV2"} & set(told), "a revision in [CAPABILITY] too", " ".join(told))


OFFER = "CAPABILITY is answered with one list, which names IMAP4rev1 or IMAP4rev2."


@requirement("IMAP-9051-6.1.1-a", MUST, "RFC 3501 6.1.1, RFC 9051 6.1.1, 7.2.2", OFFER)
def test_capability_of_a_stranger(imap_greeted: Imap) -> None:
    """A stranger is told what the server can do, in one response."""
    _offers(imap_greeted)


@requirement("IMAP-9051-6.1.1-a", MUST, "RFC 3501 6.1.1, RFC 9051 6.1.1, 7.2.2", OFFER)
@needs("?account")
def test_capability_of_a_user(imap: Imap) -> None:
    """Likewise a user."""
    _offers(imap)


# the shortest legal use of what is offered, in a mailbox with two messages; {there} is another mailbox
USES: dict[str, tuple[str, ...]] = {
    "NAMESPACE": ("NAMESPACE",),
    "ID": ("ID NIL",),
    "UNSELECT": ("UNSELECT",),
    "ENABLE": ("ENABLE CONDSTORE",),
    "UIDPLUS": ("UID EXPUNGE 1",),
    "MOVE": ("CREATE {there}", "MOVE 1 {there}"),
    "SORT": ("SORT (ARRIVAL) UTF-8 ALL",),
    "THREAD=REFERENCES": ("THREAD REFERENCES UTF-8 ALL",),
    "THREAD=ORDEREDSUBJECT": ("THREAD ORDEREDSUBJECT UTF-8 ALL",),
    "ESEARCH": ("SEARCH RETURN (COUNT) ALL",),
    "LIST-STATUS": ('LIST "" "%" RETURN (STATUS (MESSAGES))',),
    "COMPRESS=DEFLATE": ("COMPRESS DEFLATE",),
}


@requirement("IMAP-9051-6.1.1-b", MUST, "RFC 3501 6.5.1, RFC 9051 6.5", "What CAPABILITY lists is not unknown.")
@needs("?account")
@writes
@pytest.mark.parametrize("capability", list(USES))
def test_what_is_offered_is_known(imap_two: Imap, capability: str) -> None:
    """The shortest legal use of an extension that is listed is not answered BAD; an unknown word is."""
    if capability not in imap_two.capabilities:
        imap_two.not_applicable(f"the target does not list {capability}")
    there = imap_two.named("there").decode("latin-1")
    for said in USES[capability]:
        imap_two.exchange(said.format(there=there), OK, NO)


@requirement("IMAP-9051-6.1.1-b", MUST, "RFC 3501 6.5.1, RFC 9051 6.5", "What CAPABILITY lists is not unknown.")
@needs("?account", "IDLE")
def test_idle_that_is_offered_is_known(imap: Imap) -> None:
    """IDLE is answered `+`, and ends with DONE."""
    imap.exchange("IDLE", GO_AHEAD, NO)
    imap.done()


# -- NOOP


@requirement("IMAP-9051-6.1.2-a", MUST, "RFC 3501 6.1.2, 5.2; RFC 9051 5.2", "NOOP tells of messages that arrived.")
@needs("?account")
@writes
def test_noop_tells_of_arrivals(imap_two: Imap) -> None:
    """What another session appends is told within some NOOPs: when it is noticed is the server's choice."""
    other = imap_two.another()
    other.given(append(imap_two.mailbox, MESSAGES[2]))

    def three(answer: Answer) -> bool | None:
        return answer.last_number("EXISTS") == 3 or None

    imap_two.poll(three, "* 3 EXISTS in answer to NOOP")


# -- LOGOUT


FAREWELL = "LOGOUT is answered by * BYE, then OK, then the close."


def _says_goodbye(imap: Imap) -> None:
    answer = imap.exchange("LOGOUT", OK)
    imap.require(answer.all(BYE), "* BYE before the tagged OK of LOGOUT", answer.raw)
    imap.closes("after LOGOUT")


@requirement("IMAP-9051-6.1.3-a", MUST, "RFC 3501 6.1.3, RFC 9051 3.4", FAREWELL)
def test_logout_of_a_stranger(imap_greeted: Imap) -> None:
    """Nobody has logged in: the farewell is the same."""
    imap_greeted.alive()
    _says_goodbye(imap_greeted)


@requirement("IMAP-9051-6.1.3-a", MUST, "RFC 3501 6.1.3, RFC 9051 3.4", FAREWELL)
@needs("?account")
def test_logout_of_a_user(imap: Imap) -> None:
    """A user, with nothing selected."""
    imap.alive()
    _says_goodbye(imap)


@requirement("IMAP-9051-6.1.3-a", MUST, "RFC 3501 6.1.3, RFC 9051 3.4", FAREWELL)
@needs("?account")
def test_logout_of_a_reader(imap_inbox: Imap) -> None:
    """A user who has a mailbox open."""
    imap_inbox.alive()
    _says_goodbye(imap_inbox)


# -- who has been silent for long


@requirement("IMAP-9051-3.4-a", SHOULD, "RFC 9051 3.4", "A server that closes by itself says * BYE before.")
@slow
def test_bye_before_the_close(imap_greeted: Imap) -> None:
    """Who is silent until the server has had enough hears BYE before the close."""
    imap_greeted.alive()
    with imap_greeted.one_by_one():
        try:
            said = imap_greeted.event(BYE, within=PATIENT_SECONDS)
        except NonConformity:
            said = None
    if said is None and not imap_greeted.over:
        imap_greeted.not_applicable(f"the target waits for longer than {PATIENT_SECONDS:g} s")
    imap_greeted.require(said is not None, "* BYE before the close", "a close without a word")


@requirement("IMAP-9051-5.4-a", MUST, "RFC 3501 5.4, RFC 9051 5.4", "A user is not logged out within 30 minutes.")
@needs("?account")
@slow
def test_a_user_may_think_for_half_an_hour(imap: Imap) -> None:
    """A user who says nothing for 29 minutes and 50 seconds is still served."""
    imap.alive()
    imap.target.carriage.pause(IDLE_SECONDS)
    imap.alive()


NOT_CHECKED: list[tuple[str, str]] = []
