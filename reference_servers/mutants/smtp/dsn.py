"""Mutants of requests for delivery status notifications: parameters that are refused, or not looked at."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.wire.smtp_commands import Parameter, parse_notify


@mutant("dsn_params_555", breaks=["SMTP-3461-4-a"], because="555")
class DsnParams555(SmtpSession):
    """Lists DSN and knows none of its parameters of RCPT."""

    rcpt_parameters: Mapping[str, Parameter] = {}


@mutant("dsn_words_in_upper_case_only", breaks=["SMTP-3461-4-a"], because="501")
class DsnWordsInUpperCaseOnly(SmtpSession):
    """Compares the words of MAIL and RCPT letter by letter."""

    def read_parameters(self, text: str, known: Mapping[str, Parameter]) -> dict[str, object]:
        return super().read_parameters(text.replace("=full", "=?"), known)


def _first_word(value: str | None) -> tuple[str, ...]:
    return parse_notify((value or "").partition(",")[0])


@mutant("notify_never_combined", breaks=["SMTP-3461-4.1-a"], because="250")
class NotifyNeverCombined(SmtpSession):
    """Looks at the first word of a list."""

    rcpt_parameters = {**SmtpSession.rcpt_parameters, "NOTIFY": Parameter("DSN", _first_word)}


@mutant("notify_unchecked", breaks=["SMTP-3461-4.1-a"], because="250")
class NotifyUnchecked(SmtpSession):
    """Believes any word of NOTIFY."""

    rcpt_parameters = {**SmtpSession.rcpt_parameters, "NOTIFY": Parameter("DSN", lambda value: value or "")}


@mutant("dsn_dup_params", breaks=["SMTP-3461-4.5-a"], because="250")
class DsnDupParams(SmtpSession):
    """Lets the last of two equal parameters win."""

    def read_parameters(self, text: str, known: Mapping[str, Parameter]) -> dict[str, object]:
        last = {word.partition("=")[0].upper(): word for word in text.split()}
        return super().read_parameters("".join(f" {word}" for word in last.values()), known)
