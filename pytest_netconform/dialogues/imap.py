"""The IMAP client's half (RFC 3501, RFC 9051): the steps that most checks share.

Getting in, other sessions of the account, and the mailboxes that a check makes for itself: it never touches another.
"""

from __future__ import annotations

import base64
import secrets
from typing import TypeVar

from pytest_netconform.dialogue import Say, reach
from pytest_netconform.dialogues.imap_mail import MESSAGES
from pytest_netconform.dialogues.imap_talk import Talk
from pytest_netconform.tour import Tour
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.visit import Visit
from pytest_netconform.wire.imap import BYE, GO_AHEAD, NO, OK, PREAUTH, Answer
from pytest_netconform.wire.imap_commands import Command, append, astring, command, quoted
from pytest_netconform.wire.imap_data import Listing, Namespaces

LOGIN_SECONDS = 30.0  # who guesses passwords is made to wait
CROWDED_SECONDS = 30.0  # until there is room for another session: Dovecot allows ten of one user from one address
POLL_SECONDS = 0.3
REFUSED_ACCOUNT = "imap-account"  # among what checks share: why the account is not tried again
WELCOME = "imap-welcome"  # that it was accepted before
HOME = "imap-home"  # and where its mailboxes go

T = TypeVar("T")
ImapTour = Tour[Answer]


class Imap(Talk):
    """One IMAP connection, its account, and a mailbox of its own.

    mailbox: the name of that mailbox, as octets on the wire; empty where there is none. uids: of the messages that a
    rung put there.
    """

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit)
        self.mailbox = b""
        self.uids: tuple[int, ...] = ()

    # -- getting in

    def greet(self) -> Answer:
        """Read the greeting: OK, or PREAUTH. Inconclusive for BYE, which says that there is no room now."""
        answer = self.expect(OK, PREAUTH, BYE, to="the connection")
        if answer.code == BYE:
            raise Inconclusive(f"the target has no time for us: {self._shown(answer.raw)}")
        return answer

    def secure(self) -> None:
        """Prerequisite: STARTTLS and the handshake. Inconclusive when TLS is not to be had now."""
        self.prerequisite(self._secured)

    def _secured(self) -> None:
        self.exchange("STARTTLS", OK)
        self.start_tls()
        self.forget_capabilities()

    def go_private(self) -> None:
        """Prerequisite: inside TLS if the target can do that: where a password may be shown."""
        if not self.wire.secure and "STARTTLS" in self.capabilities:
            self.secure()

    @property
    def account(self) -> tuple[str, str]:
        """The user name and the password. Inconclusive once they were refused: they are not tried again in this run."""
        self.target.require("?account")
        if refused := self.target.shared.get(REFUSED_ACCOUNT):
            raise Inconclusive(refused)
        return self.target.account

    @property
    def second(self) -> tuple[str, str]:
        """The second account (`?second=`), which has the same password."""
        return self.target.option("second"), self.target.account[1]

    def secret(self, octets: bytes) -> bytes:
        """A response of an AUTHENTICATE exchange in base64; no report shows it."""
        encoded = base64.b64encode(octets)
        for hidden in (octets, encoded):
            self.visit.transcript.hide(hidden)
        return encoded

    def credentials(self, username: str = "", password: str = "") -> bytes:
        """The response of AUTHENTICATE PLAIN (RFC 4616 2), base64: another account's, or the user's, never shown."""
        if username:
            return base64.b64encode(f"\0{username}\0{password}".encode())
        username, password = self.account
        return self.secret(f"\0{username}\0{password}".encode())

    def login_command(self, username: str = "", password: str = "") -> Command:
        """LOGIN with the account, or with another name and password. What needs quotes has them."""
        if not username:
            username, password = self.account
            self.visit.transcript.hide(quoted(password)[1:-1])
        return command("LOGIN", astring(username), astring(password))

    def log_in(self, username: str = "", password: str = "") -> Answer:
        """Prerequisite: authenticated, by LOGIN or else by AUTHENTICATE PLAIN. After a refusal not tried again."""
        if self.authenticated and self.greeting is not None and not username:  # PREAUTH
            self.visit.evidence.add("twin")
            return self.greeting
        answer = self.attempt(username, password)
        self.admit(answer, own=not username)
        return answer

    def admit(self, answer: Answer, *, own: bool = True) -> None:
        """Prerequisite: that was a login which is accepted."""
        if answer.code != OK:
            self._refuse_account(answer, own=own)
        if own:
            self.target.shared[WELCOME] = True
        self.enter(answer)

    def enter(self, answer: Answer) -> None:
        """A login was accepted: what was offered before it counts no longer, unless the answer says it anew."""
        self.authenticated = True
        if "CAPABILITY" not in answer.codes() and not answer.all("CAPABILITY"):
            self.forget_capabilities()
        self.visit.evidence.add("twin")

    def attempt(self, username: str = "", password: str = "") -> Answer:
        """The answer to one login, by LOGIN or else by AUTHENTICATE PLAIN, which may be kept back for a while."""
        own = not username
        if own:
            username, password = self.account
        if "LOGINDISABLED" not in self.capabilities:
            self.send(self.login_command(*(() if own else (username, password))))
        elif "AUTH=PLAIN" in self.capabilities:
            self.exchange("AUTHENTICATE PLAIN", GO_AHEAD)
            self._put((self.credentials() if own else self.credentials(username, password)) + b"\r\n")
        else:
            raise Inconclusive("prerequisite not met: a way to log in (LOGINDISABLED, and no AUTH=PLAIN)")
        return self.login_reply()

    def serves_login(self) -> None:
        """NotApplicable where nobody logs in by LOGIN: behind PREAUTH, or where it is listed as disabled."""
        if self.authenticated:
            self.not_applicable("the target greets with PREAUTH: nobody logs in")
        if "LOGINDISABLED" in self.capabilities:
            self.not_applicable("the target does not serve LOGIN here (LOGINDISABLED)")

    def login_reply(self) -> Answer:
        """The answer to a proof."""
        return self.reply(within=max(self.target.patience, LOGIN_SECONDS))

    def _refuse_account(self, answer: Answer, *, own: bool) -> None:
        said = self._shown(answer.last.raw)
        if crowded(answer) or answer.code == BYE or (own and self.target.shared.get(WELCOME)):
            raise Inconclusive(f"prerequisite not met: a login ({said})")
        problem = f"the account was refused ({said}); is the password right?"
        if own:
            self.target.shared[REFUSED_ACCOUNT] = problem
        raise Inconclusive(problem)

    def leave(self) -> None:
        """Prerequisite: LOGOUT, which ends the session."""
        self.prerequisite(lambda: self.exchange("LOGOUT", OK))
        self.wire.close()

    # -- other sessions

    def visitor(self) -> Imap:
        """Another connection, greeted, where a password may be shown."""
        other: Imap = reach(private, self.visit, "another connection")
        return other

    def another(self) -> Imap:
        """Another session of the account, authenticated; it knows the name of this one's mailbox."""
        other: Imap = reach(session, self.visit, "another session")
        other.mailbox, other.uids = self.mailbox, self.uids
        return other

    def entitled(self, *commands: Say) -> None:
        """The twin of what is refused to strangers: another session of the account is served with it, and ends."""
        other = self.another()
        other.given(*commands)
        other.leave()

    def beside(self) -> Imap:
        """Another session of the account, with the same mailbox selected."""
        other = self.another()
        other.prerequisite(lambda: other.select())
        return other

    # -- mailboxes

    def fresh(self, word: str = "nc-") -> str:
        """A name that no mailbox has; texts of reports show it as `{marker}`."""
        return self.visit.nonce(f"{word}{secrets.token_hex(6)}")

    def home(self) -> tuple[bytes, str]:
        """Prerequisite: what the names of the account's own mailboxes begin with, and the delimiter (empty: flat)."""
        found: tuple[bytes, str] | None = self.target.shared.get(HOME)
        if found is None:
            found = self.target.shared[HOME] = self.prerequisite(self._home)
        return found

    def _home(self) -> tuple[bytes, str]:
        if "NAMESPACE" in self.capabilities:
            for value in self.exchange("NAMESPACE", OK).values("NAMESPACE"):
                if isinstance(value, Namespaces) and value.personal:
                    return value.personal[0].prefix, value.personal[0].delimiter or ""
        listed = self.exchange('LIST "" ""', OK).values("LIST")
        return b"", next((one.delimiter or "" for one in listed if isinstance(one, Listing)), "")

    @property
    def delimiter(self) -> str:
        """The hierarchy delimiter. NotApplicable where mailboxes have no hierarchy."""
        delimiter = self.home()[1]
        if not delimiter:
            self.not_applicable("mailboxes have no hierarchy there")
        return delimiter

    def named(self, word: str = "") -> bytes:
        """The name of a mailbox beside the check's own, which goes with it when the check is over."""
        return self.mailbox + f"-{word}".encode()

    def seed(self, count: int, mailbox: bytes = b"") -> None:
        """Prerequisite: so many known messages are appended to the check's mailbox, or to another one of its own."""
        for message in MESSAGES[:count]:
            self.given(append(mailbox or self.mailbox, message))

    def select(self, mailbox: bytes = b"", *, examine: bool = False) -> Answer:
        """SELECT or EXAMINE of the check's own mailbox, or another; OK is expected."""
        verb = "EXAMINE" if examine else "SELECT"
        return self.exchange(command(verb, astring(mailbox or self.mailbox)), OK)

    def listed(self, pattern: bytes, verb: str = "LIST") -> dict[bytes, Listing]:
        """What LIST, LSUB or `LIST (SUBSCRIBED)` says of the names that fit a pattern; OK is expected."""
        answer = self.exchange(command(verb, '""', quoted(pattern)), OK)
        found = [one for one in answer.values(verb.partition(" ")[0]) if isinstance(one, Listing)]
        return {one.name: one for one in found}

    def uid_numbers(self) -> tuple[int, ...]:
        """Prerequisite: the UIDs of the selected mailbox, by message number."""
        found = self.prerequisite(lambda: self.exchange("UID FETCH 1:* (UID)", OK)).fetched
        uids = [found[number].uid for number in sorted(found)]
        if None in uids:
            raise Inconclusive("prerequisite not met: a UID in each response to UID FETCH")
        return tuple(uid for uid in uids if uid is not None)

    def messages(self, mailbox: bytes = b"") -> int:
        """Prerequisite: how many messages STATUS counts in a mailbox."""
        answer = self.prerequisite(
            lambda: self.exchange(command("STATUS", astring(mailbox or self.mailbox), "(MESSAGES)"), OK)
        )
        for value in answer.values("STATUS"):
            count = getattr(value, "items", {}).get("MESSAGES")
            if isinstance(count, int):
                return count
        raise Inconclusive(f"prerequisite not met: MESSAGES in {self._shown(answer.raw)}")

    def enable(self, *extensions: str) -> None:
        """Prerequisite: ENABLE, and that it says so (RFC 5161 3.1)."""
        self.prepared("ENABLE", *extensions)
        if not set(map(str.upper, extensions)) <= self.enabled:
            raise Inconclusive(f"prerequisite not met: ENABLED {' '.join(extensions)}")


def crowded(answer: Answer) -> bool:
    """Whether a login was refused because there is no room for another session now (RFC 5530 3)."""
    return answer.temporary or (answer.code == NO and answer.says == "LIMIT")


def private(visit: Visit) -> Imap:
    """A connection, greeted, inside TLS if the target can do that: where a password may be shown."""
    imap = Imap(visit)
    imap.greet()
    imap.go_private()
    return imap


def session(visit: Visit) -> Imap:
    """A connection that is logged in with the user's account; where there is no room, that is waited for."""
    imap = private(visit)
    if imap.authenticated:
        imap.log_in()
        return imap
    deadline = imap.wire.now() + CROWDED_SECONDS
    while crowded(answer := imap.attempt()) and imap.wire.now() < deadline:
        imap.wire.close()  # Dovecot closes too
        imap.target.carriage.pause(POLL_SECONDS)
        imap = private(visit)
    imap.admit(answer)
    return imap


__all__ = ["MESSAGES", "Imap", "ImapTour", "private", "session"]
