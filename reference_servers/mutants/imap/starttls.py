"""Mutants of STARTTLS: TLS is not where it should be, or something slips in, in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Done, ImapSession, Scanner
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("starttls_plain_after_ok", breaks=["IMAP-9051-6.2.1-a"], because="does not speak TLS")
class StarttlsPlainAfterOk(ImapSession):
    """Says OK and shakes no hands."""

    def begin_tls(self) -> None:
        """Some other day."""


@mutant("starttls_logs_in", breaks=["IMAP-9051-6.2.1-a"], because=" OK")
class StarttlsLogsIn(ImapSession):
    """Takes whoever comes by TLS for its first user."""

    def on_secure(self) -> None:
        self.enter(next(iter(self.config.passwords)))
        super().on_secure()


@mutant("starttls_listed_inside", breaks=["IMAP-9051-6.2.1-a"], because="STARTTLS")
class StarttlsListedInside(ImapSession):
    """Lists STARTTLS where it is active already."""

    def capabilities(self) -> list[str]:
        return [*super().capabilities(), *(["STARTTLS"] if self.is_secure and not self.user else [])]


@mutant("starttls_buffer_kept", breaks=["IMAP-9051-6.2.1-b"], because="b OK")
class StarttlsBufferKept(ImapSession):
    """Runs inside TLS what came in clear behind STARTTLS."""

    def behind_starttls(self, octets: bytes) -> bytes:
        return octets


@mutant("starttls_answers_in_clear", breaks=["IMAP-9051-6.2.1-b"], because="nothing but TLS")
class StarttlsAnswersInClear(ImapSession):
    """Answers what came behind STARTTLS before it begins the handshake."""

    def behind_starttls(self, octets: bytes) -> bytes:
        if octets.startswith(b"b"):
            self.send(b"b OK Done in passing\r\n")
        return b""


@mutant("starttls_login_injection", breaks=["IMAP-9051-6.2.1-c"], because="b NO")
class StarttlsLoginInjection(ImapSession):
    """Will not have a name said twice."""

    def behind_starttls(self, octets: bytes) -> bytes:
        return octets if b" LOGIN " in octets else b""


@mutant("starttls_twice_ok", breaks=["IMAP-9051-6.2.1-d"], because=" OK")
class StarttlsTwiceOk(ImapSession):
    """Agrees to TLS inside TLS."""

    def answer_starttls(self, arguments: Scanner) -> None:
        if self.is_secure:
            self.finish(Done("Once more"))
        else:
            super().answer_starttls(arguments)


@mutant("starttls_arg_accepted", breaks=["IMAP-9051-6.2.1-e"], because="passed over")
class StarttlsArgAccepted(ImapSession):
    """Begins TLS, whatever else was said."""

    def check_starttls(self, arguments: Scanner) -> None:
        super().check_starttls(Scanner(b""))
