"""Mutants of greeting and replies: a status, a line end or a code is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Pop3Session


@mutant("greeting_err", breaks=["POP3-1939-4-a"], because="-ERR")
class GreetingErr(Pop3Session):
    """Greets with a refusal."""

    def greet(self) -> None:
        self.send(b"-ERR POP3 at your service\r\n")


@mutant("greeting_of_two_lines", breaks=["POP3-1939-4-a"], because="Have a nice day")
class GreetingOfTwoLines(Pop3Session):
    """Has more to say."""

    def greet(self) -> None:
        super().greet()
        self.agree("Have a nice day")


@mutant("status_lowercase", breaks=["POP3-1939-3-a"], because="+ok")
class StatusLowercase(Pop3Session):
    """Whispers."""

    ok = b"+ok"


@mutant("status_without_space", breaks=["POP3-1939-3-a"], because="-ERRUnknown")
class StatusWithoutSpace(Pop3Session):
    """Glues the text to a negative status."""

    def format_status(self, status: bytes, text: str) -> bytes:
        line = super().format_status(status, text)
        return line.replace(b"-ERR ", b"-ERR", 1)


@mutant("status_missing", breaks=["POP3-1939-3-a"], because="Nothing done")
class StatusMissing(Pop3Session):
    """Answers NOOP in prose."""

    def answer_noop(self) -> None:
        self.send(b"Nothing done\r\n")


@mutant("reply_bare_lf", breaks=["POP3-1939-3-b"], because="\\n")
class ReplyBareLf(Pop3Session):
    """Ends status lines as its own system ends lines."""

    reply_end = b"\n"


@mutant("list_lines_bare_lf", breaks=["POP3-1939-3-b"], because="\\n")
class ListLinesBareLf(Pop3Session):
    """Ends the lines of CAPA so."""

    def capability_lines(self) -> list[str]:
        return ["\n".join(super().capability_lines())]


@mutant("status_line_of_600_octets", breaks=["POP3-1939-3-b"], because="512 octets")
class StatusLineOf600Octets(Pop3Session):
    """Has a lot to say about nothing."""

    def answer_noop(self) -> None:
        self.send(b"+OK " + b"nothing " * 75 + b"\r\n")


@mutant("resp_code_unclosed", breaks=["POP3-2449-8-a"], because="[SYS/PERM")
class RespCodeUnclosed(Pop3Session):
    """Opens a bracket and goes on."""

    def refuse(self, text: str, code: str = "") -> None:
        super().refuse(text if code else f"[SYS/PERM {text}", code)
