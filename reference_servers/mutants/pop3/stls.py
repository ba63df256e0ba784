"""Mutants of STLS: what was said in clear is not forgotten, or TLS is not where it should be."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Pop3Session


@mutant("stls_stays_plain", breaks=["POP3-2595-4-a"], because="does not speak TLS")
class StlsStaysPlain(Pop3Session):
    """Says +OK and shakes no hands."""

    def begin_tls(self) -> None:
        self.read_nothing()


@mutant("stls_greets_again", breaks=["POP3-2595-4-a", "POP3-2595-4-b"], because="+OK")
class StlsGreetsAgain(Pop3Session):
    """Greets inside TLS, where the client has the next word."""

    def on_secure(self) -> None:
        super().on_secure()
        self.greet()


@mutant("stls_buffer_kept", breaks=["POP3-2595-4-b"], because="+OK")
class StlsBufferKept(Pop3Session):
    """Runs inside TLS what came in clear behind STLS."""

    def behind_stls(self, octets: bytes) -> bytes:
        return octets


@mutant("stls_answers_in_clear", breaks=["POP3-2595-4-b"], because="nothing but TLS")
class StlsAnswersInClear(Pop3Session):
    """Answers what came behind STLS before it begins the handshake."""

    def behind_stls(self, octets: bytes) -> bytes:
        if octets:
            self.agree("Done in passing")
        return b""


@mutant("stls_keeps_user", breaks=["POP3-2595-4-c"], because="+OK")
class StlsKeepsUser(Pop3Session):
    """Knows inside TLS who was named before it."""

    def on_line(self, line: bytes) -> None:
        kept = self.named
        super().on_line(line)
        if line.upper() in (b"STLS", b"CAPA"):
            self.named = kept

    def forget(self) -> None:
        """Nothing."""


@mutant("stls_listed_inside", breaks=["POP3-2595-4-d"], because="STLS")
class StlsListedInside(Pop3Session):
    """Lists STLS where it is active already."""

    def capability_lines(self) -> list[str]:
        return [*super().capability_lines(), *(["STLS"] if self.is_secure else [])]


@mutant("stls_twice_ok", breaks=["POP3-2595-4-d"], because="+OK")
class StlsTwiceOk(Pop3Session):
    """Agrees to TLS inside TLS."""

    def answer_stls(self) -> None:
        if self.is_secure:
            self.agree("Once more")
        else:
            super().answer_stls()


@mutant("plain_without_tls", breaks=["POP3-2595-4-e"], because="PLAIN", vantage="outside")
class PlainWithoutTls(Pop3Session):
    """Asks strangers for their passwords in clear."""

    def shows_passwords(self) -> bool:
        return True
