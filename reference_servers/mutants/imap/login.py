"""Mutants of LOGIN and AUTHENTICATE: who is let in, and how, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Bad, Done, ImapSession, No, Refusal, Scanner
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("logindisabled_ignored", breaks=["IMAP-9051-6.2.3-a"], because=" OK", vantage="outside")
class LogindisabledIgnored(ImapSession):
    """Lists LOGINDISABLED, and logs in."""

    def check_login(self) -> None:
        """Whoever asks."""


class _Literally(Scanner):
    def unescaped(self, text: bytes) -> bytes:
        return text


@mutant(
    "quoted_escape_not_undone",
    breaks=["IMAP-9051-6.2.3-b"],
    because="OK in answer to LOGIN with quoted",
    username="dave",
    password='q"u\\o',
)
class QuotedEscapeNotUndone(ImapSession):
    """Takes what stands between quotes as it stands there."""

    scanner = _Literally


@mutant("user_enumeration", breaks=["IMAP-9051-11.7-a"], because="the same words")
class UserEnumeration(ImapSession):
    """Is honest about whom it knows."""

    def login_refusal(self, name: str) -> Refusal:
        return super().login_refusal(name) if name in self.config.passwords else No("There is no such user")


@mutant("auth_ir_ignored", breaks=["IMAP-9051-6.2.2-a"], because="+")
class AuthIrIgnored(ImapSession):
    """Lists SASL-IR, and asks all the same."""

    def read_initial(self, arguments: Scanner) -> bytes | None:
        super().read_initial(arguments)
        return None


@mutant("auth_challenge_with_text", breaks=["IMAP-9051-6.2.2-a"], because="an empty challenge")
class AuthChallengeWithText(ImapSession):
    """Asks politely."""

    def send_challenge(self, challenge: bytes) -> None:
        self.invite(challenge or b"please")


@mutant("auth_cancel_hangs", breaks=["IMAP-9051-6.2.2-b"], because="nothing for")
class AuthCancelHangs(ImapSession):
    """Waits for another response when one was taken back."""

    def on_response(self, line: bytes) -> None:
        if line != b"*":
            super().on_response(line)


@mutant("auth_cancel_no", breaks=["IMAP-9051-6.2.2-b"], because="NO")
class AuthCancelNo(ImapSession):
    """Is offended."""

    def cancelled(self) -> Refusal:
        return No("Then not")


@mutant("auth_unknown_mech_plus", breaks=["IMAP-9051-6.2.2-c"], because="+")
class AuthUnknownMechPlus(ImapSession):
    """Would like to learn every mechanism."""

    def answer_authenticate(self, arguments: Scanner) -> Done | None:
        if not arguments.follows(b" XBOGUS"):
            return super().answer_authenticate(arguments)
        self.await_line(lambda line: self.finish_late(Bad("I have not understood")))
        self.invite(b"")
        return None


@mutant("auth_long_line_split", breaks=["IMAP-9051-6.2.2-d"], because="one answer")
class AuthLongLineSplit(ImapSession):
    """Takes a response as far as it goes, and the rest for a command."""

    def on_long_line(self, head: bytes) -> None:
        super().on_long_line(head)
        if self.line_tail.startswith(b"A"):
            self.on_line(self.line_tail)
