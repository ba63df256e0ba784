"""The FTP client's half on the control connection: login, TLS, features and pathnames (RFC 959, 4217, 2389).

It must not know a data connection; `ftp` has those on top of it.
"""

from __future__ import annotations

import secrets
import time
from typing import ClassVar

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import Dialogue, Say
from pytest_netconform.transport import Gone, Silence, TlsFailure
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.wire.ftp import Features, FormProblem, Reply, ReplyFramer, parse_257, parse_features

LOGIN_SECONDS = 30.0  # who guesses passwords is made to wait, and some servers make everybody wait
WRITABLE, PASSIVE, ACTIVE, TLS_FIRST = "writable", "passive", "active", "tls-first"  # capabilities of ours


class FtpControl(Dialogue[Reply]):
    """One FTP control connection. `greeting` is the 220; `directory` the scratch directory, where there is one."""

    control: ClassVar[tuple[Say, tuple[Code, ...]]] = ("NOOP", (200, 530))
    accepted: ClassVar[tuple[Code, ...]] = ("2yz", "3yz")

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit, ReplyFramer)
        self.greeting = Reply(None, (), b"")
        self.logged_in = False
        self.protected = False  # PROT P: data wires shake hands too
        self.directory = b""

    # -- getting in

    def greet(self) -> Reply:
        """Read the greeting, 220 or 120 and then 220; remembers and returns the 220."""
        self.greeting = self.expect(220, 120, to="the connection")
        if self.greeting.code == 120:
            self.greeting = self.expect(220, to="the connection, behind 120", within=LOGIN_SECONDS)
        return self.greeting

    def login(self, username: str = "", password: str = "") -> Reply:
        """Prerequisite: logged in, with the user's account or another. After a refusal his is not tried again."""
        own = not username
        if own:
            username, password = self._account()
        reply = self.try_login(username, password)
        if reply.code not in (230, 202):
            problem = f"prerequisite not met: {username} cannot log in: {reply.code} {reply.text}"
            if own and reply.code == 530:
                self.target.shared["ftp-account"] = problem
            raise Inconclusive(problem)
        self.logged_in = True
        self.visit.evidence.add("twin")
        return reply

    def try_login(self, username: str, password: str) -> Reply:
        """USER and, where it is asked for, PASS: the last reply, whatever it says. No report shows the password."""
        if password:
            self.visit.transcript.hide(password.encode())
        self.send(f"USER {username}")
        reply = self.reply(within=self.long)
        if reply.code == 331:
            self.send(f"PASS {password}")
            reply = self.reply(within=self.long)
        return reply

    @property
    def long(self) -> float:
        """Seconds for an answer about a password."""
        return max(self.target.patience, LOGIN_SECONDS)

    @property
    def second(self) -> tuple[str, str]:
        """Another account: its name, and the password, which is the first one's. NotApplicable when none was given."""
        return self.target.option("second"), self._account()[1]

    def _account(self) -> tuple[str, str]:
        self.target.require("?account")
        if refused := self.target.shared.get("ftp-account"):
            raise Inconclusive(refused)
        return self.target.account

    def secure(self) -> None:
        """Prerequisite: AUTH TLS and the handshake."""
        try:
            self.exchange("AUTH TLS", 234)
            self.start_tls()
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None

    def protect(self) -> None:
        """Prerequisite: PBSZ 0 and PROT P; from here on data wires shake hands too."""
        self.given("PBSZ 0", "PROT P")
        self.protected = True

    def end_tls(self) -> None:
        """After the peer agreed to CCC: TLS is closed on both sides. Raises NonConformity when that fails."""
        try:
            self.wire.stop_tls(self.wire.now() + self.target.patience)
        except (TlsFailure, Silence, Gone) as error:
            raise NonConformity("TLS to be closed on both sides", str(error), owed=True, passing=True) from None

    def features(self) -> Features:
        """What FEAT lists now; nothing where it is refused."""
        self.send("FEAT")
        reply = self.reply()
        return parse_features(reply) if reply.code == 211 else Features({})

    def alive(self) -> None:
        """NOOP is answered 200; before the login 530 is as good, and any refusal in clear where TLS must come first."""
        if not self.logged_in and (self.wire.secure or TLS_FIRST not in self.target.claims):
            super().alive()
            return
        self.send("NOOP")
        codes: tuple[Code, ...] = (200,) if self.logged_in else (200, "5yz")
        try:
            self.expect(*codes, to="NOOP (the session goes on)", noted={"2yz": "200 is what RFC 959 5.4 lists"})
        except NonConformity as problem:
            problem.owed = True
            raise
        self.visit.evidence.add("control")

    # -- names

    def working_directory(self) -> bytes:
        """What PWD says. Raises NonConformity when that has no form."""
        return self.path_in(self.exchange("PWD", 257))

    def path_in(self, reply: Reply) -> bytes:
        """The pathname in a 257. Raises NonConformity."""
        try:
            return parse_257(reply)
        except FormProblem as problem:
            raise NonConformity("a pathname in quotes behind 257", f"{self._shown(reply.raw)}: {problem}") from None

    def fresh(self, word: str = "nc") -> str:
        """A name that nobody has; texts of reports show it as `{marker}`."""
        return self.visit.nonce(f"{word}{secrets.token_hex(6)}")

    def today(self) -> float:
        """The moment by this machine's calendar, in seconds since 1970."""
        return time.time()
