"""The AUTHORIZATION state (RFC 1939 7, 13; RFC 3206): USER and PASS, APOP, and what a failed login tells.

Passwords are shown inside TLS where the target can do that.
"""

from __future__ import annotations

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import MUST, SHOULD, disposable, needs, requirement, serial
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.pop3 import ERR, OK, Reply

WRONG = "wrong-on-purpose"  # a password
NOBODY = "netconform-nobody"  # a user


def with_names(pop3: Pop3) -> None:
    """The check needs USER, which a server without CAPA may have too."""
    if pop3.offer and "USER" not in pop3.offer:
        pop3.not_applicable("the target does not list USER here")


@requirement("POP3-1939-7-d", MUST, "RFC 1939 7", "USER and PASS let the account in; spaces belong to a password.")
@needs("?account")
@serial
def test_name_and_password(pop3_private: Pop3) -> None:
    """The right name and the right password are answered +OK each, where another way lets the account in too."""
    with_names(pop3_private)
    user, password = pop3_private.account
    reply = pop3_private.name_and_password(user, password)
    if reply.temporary:
        raise Inconclusive("the maildrop is in use")
    if reply.code != OK:
        _other_way(pop3_private.visitor(), reply)
    pop3_private.weigh(reply, OK, expected="+OK in answer to the right name and password")
    pop3_private.exchange("NOOP", OK)


def _other_way(pop3: Pop3, refusal: Reply) -> None:
    """Prerequisite: the account is right, for AUTH PLAIN lets it in."""
    if "PLAIN" not in pop3.mechanisms:
        pop3.refuse_account(refusal)
    pop3.send(b"AUTH PLAIN " + pop3.credentials() + b"\r\n")
    if (reply := pop3.login_reply()).code != OK:
        pop3.refuse_account(reply)
    pop3.leave()


@requirement("POP3-1939-7-e", MUST, "RFC 1939 7", "PASS is in order right behind a successful USER only.")
@needs("?account")
@serial
def test_password_without_a_name(pop3_private: Pop3) -> None:
    """The right password alone is refused, and the session goes on; over CAPA a name may or may not be kept."""
    with_names(pop3_private)
    pop3_private.entitled("NOOP")
    _, password = pop3_private.account
    pop3_private.send(f"PASS {password}")
    pop3_private.weigh(pop3_private.login_reply(), ERR, expected="-ERR in answer to PASS without USER")
    pop3_private.alive()


@requirement("POP3-1939-7-e", MUST, "RFC 1939 7", "PASS is in order right behind a successful USER only.")
@needs("?account")
@serial
def test_password_behind_something_else(pop3_private: Pop3) -> None:
    """Noted, not judged: whether a name outlives a CAPA between USER and PASS."""
    with_names(pop3_private)
    pop3_private.entitled("NOOP")
    user, password = pop3_private.account
    pop3_private.given(f"USER {user}")
    pop3_private.capabilities()
    pop3_private.send(f"PASS {password}")
    reply = pop3_private.login_reply()
    kept = "the name is kept over CAPA; immediately behind USER, says RFC 1939 7"
    pop3_private.weigh(reply, ERR, noted={OK: kept}, expected="-ERR or +OK in answer to PASS")


@requirement("POP3-1939-7-f", SHOULD, "RFC 1939 13, RFC 3206 4", "A refused login does not tell which users there are.")
@needs("?account")
@serial
def test_wrong_logins_look_alike(pop3_private: Pop3) -> None:
    """A wrong password and an unknown user get the same words, with [AUTH] where that is listed."""
    with_names(pop3_private)
    pop3_private.entitled("NOOP")
    user = pop3_private.account[0]
    unknown = NOBODY + user[len(user.partition("@")[0]) :]
    replies = []
    for name in (user, unknown):
        reply = pop3_private.name_and_password(name, WRONG)
        pop3_private.weigh(reply, ERR, expected="-ERR in answer to a wrong login")
        replies.append(reply)
    pop3_private.log_in()  # who fails is made to wait, until he succeeds
    same = "the same words for a wrong password and for an unknown user"
    texts = [reply.text.replace(name.encode(), b"USER") for reply, name in zip(replies, (user, unknown), strict=True)]
    pop3_private.require(texts[0] == texts[1], same, b"; ".join(texts))
    if "AUTH-RESP-CODE" in pop3_private.offer:
        for reply in replies:
            pop3_private.require(_says_auth(reply), "[AUTH] in answer to a wrong login", reply.raw)


def _says_auth(reply: Reply) -> bool:
    return (reply.response_code or "").upper() == "AUTH"


@requirement("POP3-1939-7-g", MUST, "RFC 1939 7", "APOP: a timestamp that differs each time, and its digest lets in.")
@needs("APOP", "?account")
@serial
def test_apop(pop3_greeted: Pop3) -> None:
    """Two greetings have different timestamps, and the digest of one and the password is accepted."""
    other = pop3_greeted.sibling()
    stamps = pop3_greeted.stamp, other.stamp
    if stamps[0] is None or stamps[1] is None:
        raise Inconclusive("the greeting has no timestamp any more")
    pop3_greeted.require(stamps[0] != stamps[1], "a timestamp of its own in each greeting", stamps[1])
    other.leave()
    pop3_greeted.entitled("NOOP")
    pop3_greeted.send(pop3_greeted.apop(stamps[0]))
    pop3_greeted.weigh(pop3_greeted.login_reply(), OK, expected="+OK in answer to APOP with the right digest")
    pop3_greeted.exchange("NOOP", OK)


@requirement("POP3-1939-7-g", MUST, "RFC 1939 7", "APOP: a timestamp that differs each time, and its digest lets in.")
@needs("APOP", "?account")
@disposable
@serial
def test_apop_with_a_wrong_digest(pop3_greeted: Pop3) -> None:
    """A digest of another password is refused, and the session stays where it was."""
    pop3_greeted.entitled("NOOP")
    if pop3_greeted.stamp is None:
        raise Inconclusive("the greeting has no timestamp any more")
    pop3_greeted.send(pop3_greeted.apop(pop3_greeted.stamp, WRONG))
    pop3_greeted.weigh(pop3_greeted.login_reply(), ERR, expected="-ERR in answer to APOP with a wrong digest")
    pop3_greeted.exchange("STAT", ERR)


NOT_CHECKED: list[tuple[str, str]] = []
