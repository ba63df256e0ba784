"""Mutants that tell about users: lines that end wrongly, silence in place of a refusal, a shell behind a name."""

from __future__ import annotations

from pytest_netconform.dialect import Exchange
from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("finger_ends_lines_in_lf", breaks=["CL-finger-crlf"], because="CR LF", dialect="finger")
class FingerEndsLinesInLf(DialectSession):
    """Copies a program's output to the network as it is."""

    def encode(self, payload: bytes) -> bytes:
        return payload.replace(b"\r\n", b"\n")


@mutant("finger_forwards_in_silence", breaks=["CL-finger-q2"], because="without a word", dialect="finger")
class FingerForwardsInSilence(DialectSession):
    """Closes when it is asked about another host."""

    def answer(self, exchange: Exchange) -> bytes | None:
        return b"" if b"@" in exchange.say else super().answer(exchange)


@mutant("finger_hears_no_switch", breaks=["CL-finger-q2"], because="nothing for", dialect="finger")
class FingerHearsNoSwitch(DialectSession):
    """Waits for more behind /W."""

    def on_request(self, payload: bytes) -> None:
        if payload != b"/W":
            super().on_request(payload)


@mutant("finger_through_a_shell", breaks=["CL-finger-inject"], because="uid=0(root)", dialect="finger")
class FingerThroughAShell(DialectSession):
    """Hands the name to a shell."""

    def answer(self, exchange: Exchange) -> bytes | None:
        said = super().answer(exchange) or b""
        return said + b"uid=0(root) gid=0(root)\r\n" if b";" in exchange.say else said


@mutant("finger_hides_nobody", breaks=["CL-finger"], because="In real life", dialect="finger")
class FingerHidesNobody(DialectSession):
    """Tells more about those who are not there."""

    def answer(self, exchange: Exchange) -> bytes | None:
        return b"In real life: ???\r\n" if exchange.say.startswith(b"netconform") else super().answer(exchange)
