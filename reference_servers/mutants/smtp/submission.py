"""Mutants of message submission: a submission server that behaves as a relay would, or a careless one."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import Answer, SmtpSession, Transaction
from pytest_netconform.wire.smtp_commands import Path


@mutant(
    "submission_open",
    breaks=["SMTP-6409-4.3-a"],
    because="250 2.1.5 Recipient accepted",
    submission="1",
    vantage="outside",
)
class SubmissionOpen(SmtpSession):
    """Takes a sender of its own domain for somebody who has logged in."""

    def too_early(self, argument: bytes) -> Answer | None:
        refusal = super().too_early(argument)
        return None if refusal and refusal.code == 530 and b"@example.test" in argument else refusal

    def may_relay(self) -> bool:
        return True


@mutant("msa_refuses_null_sender", breaks=["SMTP-6409-3.2-a"], because="550", submission="1")
class MsaRefusesNullSender(SmtpSession):
    """Wants a sender whom the message can come back to."""

    def judge_sender(self, path: Path, parameters: dict[str, object]) -> Answer | None:
        if path.mailbox is None:
            return Answer(550, "5.7.1", "Not your address")
        return super().judge_sender(path, parameters)


@mutant("msa_relays_unqualified", breaks=["SMTP-6409-4.2-a"], because="@squeaky", submission="1")
class MsaRelaysUnqualified(SmtpSession):
    """Passes on what nobody else understands."""

    def is_unqualified(self, path: Path) -> bool:
        return False


@mutant("etrn_on_submission", breaks=["SMTP-6409-7-a"], because="ETRN", submission="1")
class EtrnOnSubmission(SmtpSession):
    """Offers what only a relay has a use for."""

    def ehlo_lines(self) -> list[str]:
        return [*super().ehlo_lines(), "ETRN"]


@mutant("auth_missing_on_submission", breaks=["SMTP-6409-7-a"], because="AUTH among", submission="1")
class AuthMissingOnSubmission(SmtpSession):
    """Wants a login and does not say how."""

    def offers(self, extension: str) -> bool:
        return extension != "AUTH" and super().offers(extension)


@mutant("dsn_missing_on_submission", breaks=["SMTP-6409-7-a"], because="DSN among", submission="1")
class DsnMissingOnSubmission(SmtpSession):
    """Leaves out an extension that clients should find."""

    def offers(self, extension: str) -> bool:
        return extension != "DSN" and super().offers(extension)


@mutant("msa_521", breaks=["SMTP-6409-7-a"], because="521", submission="1")
class Msa521(SmtpSession):
    """Refuses as a host that takes no mail at all."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        return None if super().unknown_verb(argument) is None else Answer(521, "5.5.2", "Command not recognized")


@mutant("msa_senders_must_be_users", breaks=["SMTP-6409-6.1-a"], because="MAIL 550", submission="1")
class MsaSendersMustBeUsers(SmtpSession):
    """Looks at whose address it is (which is allowed)."""

    def judge_sender(self, path: Path, parameters: dict[str, object]) -> Answer | None:
        if path.mailbox is not None and self.is_local(path.mailbox.domain) and self.mailbox_for(path.mailbox) is None:
            return Answer(550, "5.7.1", "Not your address")
        return super().judge_sender(path, parameters)


@mutant("date_added_twice", breaks=["SMTP-6409-8-a"], because="2 Date", submission="1")
class DateAddedTwice(SmtpSession):
    """Adds what it has added."""

    def delivered_content(self, transaction: Transaction, content: bytes, number: int, final: bool) -> bytes:
        return (
            super()
            .delivered_content(transaction, b"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n" + content, number, final)
            .replace(b"\r\nDate:", b"\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nDate:", 1)
        )
