"""Mutants of message sizes: each counts, reads or believes a size in one wrong way."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.reference_servers.smtp.core import Answer
from pytest_netconform.reference_servers.smtp.transaction import TOO_LARGE
from pytest_netconform.wire.smtp_commands import Parameter, parse_size


@mutant("size_over_limit_250", breaks=["SMTP-1870-4-a"], because="250")
class SizeOverLimit250(SmtpSession):
    """Hears how large a message will be, and does not care."""

    def size_problem(self, parameters: Mapping[str, object]) -> Answer | None:
        return None


@mutant("size_ends_data", breaks=["SMTP-1870-6-a"], because="answers")
class SizeEndsData(SmtpSession):
    """Reads as many octets as were declared."""

    def answer_data(self, argument: bytes) -> None:
        super().answer_data(argument)
        size = self.transaction.parameters.get("SIZE") if self.transaction else None
        if isinstance(size, int):
            self.read_counted(size, self.on_content, size)


@mutant("oversize_tail_executed", breaks=["SMTP-1870-6.3-a"], because="Command not recognized")
class OversizeTailExecuted(SmtpSession):
    """Refuses a message as soon as it is too large, and takes the rest of it for commands."""

    def raw_limit(self) -> int:
        return self.config.largest

    def on_overflow(self) -> None:
        self.answer(TOO_LARGE)
        self.read_lines()


@mutant("oversize_accepted", breaks=["SMTP-1870-6.3-a"], because="250")
class OversizeAccepted(SmtpSession):
    """Names a limit and takes more."""

    def judge_message(self, content: bytes | None) -> Answer:
        if content is None or self.transaction is None:
            return super().judge_message(content)
        return self.judge_content(content) or self.deliver(self.transaction, content)


def _lenient(value: str | None) -> int:
    digits = "".join(c for c in value or "" if c in "0123456789")
    return int(digits or "0")


@mutant("size_value_unchecked", breaks=["SMTP-1870-3-a"], because="250")
class SizeValueUnchecked(SmtpSession):
    """Takes what digits there are for the size."""

    mail_parameters = {**SmtpSession.mail_parameters, "SIZE": Parameter("SIZE", _lenient)}


@mutant("size_overflow_wraps", breaks=["SMTP-1870-3-a"], because="250")
class SizeOverflowWraps(SmtpSession):
    """Keeps a size in 32 bits."""

    mail_parameters = {
        **SmtpSession.mail_parameters,
        "SIZE": Parameter("SIZE", lambda value: parse_size(value) % 2**32),
    }


@mutant("size_overflow_ignored", breaks=["SMTP-1870-3-a"], because="250")
class SizeOverflowIgnored(SmtpSession):
    """Takes a size that it cannot hold for none."""

    mail_parameters = {
        **SmtpSession.mail_parameters,
        "SIZE": Parameter("SIZE", lambda value: parse_size(value) if len(value or "") < 20 else 0),
    }
