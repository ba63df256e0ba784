"""Access: greeting, login, TLS and the end (RFC 959 4.1.1, RFC 2228 3, RFC 4217, RFC 2577 5 and 7)."""

from __future__ import annotations

import hmac

from pytest_netconform.reference_servers.ftp.core import Answer, FtpCore
from pytest_netconform.reference_servers.session import StartTls, StopTls
from pytest_netconform.wire.ftp_commands import ASCII
from pytest_netconform.wire.telnet import Telnet

ANONYMOUS = ("anonymous", "ftp")
MECHANISMS = ("TLS", "TLS-C")  # RFC 4217 17


class Access(FtpCore):
    """From the greeting to the goodbye."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self.attempts = 0  # wrong passwords so far
        self.sized = False  # PBSZ was accepted
        self.protected = False  # PROT P

    # greeting and end

    def on_open(self) -> None:
        self.config.date(self.now)  # whose calendar begins now begins here
        self.is_secure = self.peer.secure
        super().on_open()

    def greet(self) -> None:
        """The server speaks first (RFC 959 5.4, connection establishment)."""
        if self.config.refusing:
            self.reply(421, f"{self.config.host} serves nobody now")
            self.close()
            return
        if self.config.slow_greeting:
            self.reply(120, "Ready in a minute")
        self.reply(220, f"{self.config.host} is ready")

    def answer_quit(self, argument: bytes) -> None:
        """221, then the close; a transfer is completed first, for QUIT waits like any command (4.1.1)."""
        self.reply(221, f"{self.config.host} closes the connection")
        self.close()

    def idle_limit(self) -> float | None:
        """At least five minutes (RFC 1123 4.1.3.2); nobody is idle who is served."""
        return None if self.busy() else self.config.idle

    def on_idle(self) -> None:
        """A 421 before the close."""
        self.verb = ""
        self.reply(421, f"{self.config.host} has waited long enough; closing")
        self.close()

    # login

    def answer_user(self, argument: bytes) -> None:
        """A login begins, and with it ends whatever was before (4.1.1). The answer tells nobody who exists."""
        self.logout()
        self.named = argument.decode("utf-8", "replace")
        self.reply(331, "Password, please")

    def answer_pass(self, argument: bytes) -> None:
        """The password decides."""
        if not self.named:
            self.reply(503, "USER first")
            return
        named, self.named = self.named, ""
        if self.is_right(named, argument):
            self.login(named)
            self.reply(230, "Logged in")
        else:
            self.login_failed()

    def is_right(self, user: str, password: bytes) -> bool:
        """Whether this password lets this user in."""
        if self.is_anonymous(user):
            return True
        known = self.config.passwords.get(user)
        return hmac.compare_digest((known or "").encode(), password) and known is not None

    def is_anonymous(self, user: str) -> bool:
        """Whether this is nobody in particular, and he is welcome."""
        return self.config.anonymous and user.lower() in ANONYMOUS

    def login(self, user: str) -> None:
        """Let a client in."""
        self.user = "anonymous" if self.is_anonymous(user) else user

    def login_failed(self) -> None:
        """530, the same whatever was wrong; at the last try 421 and the close (RFC 2577 5)."""
        self.attempts += 1
        if self.attempts >= self.config.logins:
            self.reply(421, "Too many wrong passwords; closing")
            self.close()
        else:
            self.reply(530, "Login incorrect")

    def logout(self) -> None:
        """Nobody is logged in, and what he had begun is forgotten; transfer parameters stay (4.1.1)."""
        self.user = self.named = ""
        self.directory, self.renaming, self.restart = (), None, 0

    def answer_acct(self, argument: bytes) -> None:
        """There are no accounts to choose from (RFC 959 4.2.1: superfluous at this site)."""
        self.reply(202, "No account is needed")

    def answer_rein(self, argument: bytes) -> None:
        """As a new connection (4.1.1). Inside TLS it would have to end TLS too (RFC 4217 11), and is not served."""
        if self.is_secure:
            self.reply(502, "Not inside TLS")
            return
        self.reinitialize()
        self.reply(220, f"{self.config.host} is ready")

    def reinitialize(self) -> None:
        """Everything that was said is forgotten."""
        self.logout()
        self.kind = ASCII
        self.sized = self.protected = False

    # TLS

    def answer_auth(self, argument: bytes) -> None:
        """The last word in clear; what the client sent behind the command is not heard (RFC 4217 15.1)."""
        refusal = self.auth_problem(argument)
        if refusal is not None:
            self.answer(refusal)
            return
        self.reply(234, "Ready for TLS")
        behind = self.behind_auth(self.pending())
        self.drop_pending()
        self.put_back(behind)
        self.begin_tls()

    def auth_problem(self, argument: bytes) -> Answer | None:
        """Why TLS does not begin, or None. Names are not case sensitive (RFC 2228 3)."""
        if argument.decode("latin-1").upper() not in MECHANISMS:
            return Answer(504, "Mechanism not known")
        return Answer(503, "TLS is active already") if self.is_secure else None

    def behind_auth(self, octets: bytes) -> bytes:
        """Which of the octets that arrived in clear behind AUTH are kept for the time after the handshake."""
        return b""

    def begin_tls(self) -> None:
        """Ask for the handshake, and be deaf until it is done."""
        self.handshaking = True
        self.read_nothing()
        self.act(StartTls())

    def on_secure(self) -> None:
        """The handshake is done: whoever had logged in does it again (RFC 4217 4.2)."""
        self.is_secure, self.handshaking = True, False
        self.forget()
        self.read_lines()
        self.digest()
        self.go_on()

    def forget(self) -> None:
        """What was said in clear is not known inside TLS."""
        self.logout()
        self.sized = self.protected = False
        self.waiting.clear()
        self.telnet = Telnet()

    def answer_pbsz(self, argument: bytes) -> None:
        """TLS needs no buffer size: 0, whatever was asked for (RFC 4217 8)."""
        if not self.is_secure:
            self.reply(503, "AUTH TLS first")
        elif not argument.isdigit() or len(argument) > 10:
            self.reply(501, "A number is needed")
        else:
            self.sized = True
            self.reply(200, "PBSZ=0")

    def answer_prot(self, argument: bytes) -> None:
        """Whether data connections are inside TLS: C or P (RFC 4217 9)."""
        level = argument.upper()
        if level not in (b"C", b"S", b"E", b"P"):
            self.reply(504, "No such protection level")
        elif not self.may_protect():
            self.reply(503, "PBSZ first")
        elif level in (b"S", b"E"):
            self.reply(536, "TLS is either P or not there, C")
        else:
            self.protected = level == b"P"
            self.reply(200, "Data connections are " + ("inside TLS" if self.protected else "in clear"))

    def may_protect(self) -> bool:
        """PROT comes behind PBSZ."""
        return self.sized

    def answer_ccc(self, argument: bytes) -> None:
        """The control connection goes on in clear; who is logged in stays so (RFC 2228 3, RFC 4217 6)."""
        if not self.is_secure or self.peer.secure:
            self.reply(533, "Not here")
            return
        self.reply(200, "In clear from here on")
        self.drop_pending()
        self.handshaking = True
        self.read_nothing()
        self.act(StopTls())

    def on_cleared(self) -> None:
        self.is_secure = self.handshaking = False
        self.read_lines()
        self.go_on()
