"""Mutants of the order of commands: each lets through, forgets or remembers what it should not."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession


@mutant("rcpt_before_mail_250", breaks=["SMTP-5321-4.1.4-d"], because="250")
class RcptBeforeMail250(SmtpSession):
    """Takes a recipient when nobody has sent anything."""

    commands = {
        **SmtpSession.commands,
        "RCPT": replace(SmtpSession.commands["RCPT"], states=SmtpSession.commands["NOOP"].states),
    }

    def answer_rcpt(self, argument: bytes) -> None:
        if self.transaction is None:
            self.reply(250, "2.1.5", "Recipient taken")
        else:
            super().answer_rcpt(argument)
