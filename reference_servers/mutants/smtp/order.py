"""Mutants of the order of commands: each lets through, forgets or remembers what it should not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import ANY, Answer, Cleared, SmtpSession, State
from pytest_netconform.wire.smtp_commands import Path


@mutant("case_sensitive_verbs", breaks=["SMTP-5321-2.4-a"], because="500")
class CaseSensitiveVerbs(SmtpSession):
    """Knows verbs in upper case only."""

    def verb_of(self, word: bytes) -> str:
        return word.decode("latin-1")


@mutant("case_sensitive_keywords", breaks=["SMTP-5321-2.4-a"], because="501")
class CaseSensitiveKeywords(SmtpSession):
    """Knows the TO of RCPT in upper case only."""

    def read_to(self, argument: bytes) -> tuple[Path, str]:
        return super().read_to(argument if argument.startswith(b"TO") else b"?")


@mutant("noop_before_ehlo_503", breaks=["SMTP-5321-4.1.4-a"], because="503")
class NoopBeforeEhlo503(SmtpSession):
    """Wants to be greeted before it does nothing."""

    commands = {
        **SmtpSession.commands,
        "NOOP": replace(SmtpSession.commands["NOOP"], states=ANY - {State.NEW}),
    }


@mutant("vrfy_before_ehlo_503", breaks=["SMTP-5321-4.1.4-a"], because="503")
class VrfyBeforeEhlo503(SmtpSession):
    """Wants to be greeted before it answers a question."""

    commands = {
        **SmtpSession.commands,
        "VRFY": replace(SmtpSession.commands["VRFY"], states=ANY - {State.NEW}),
    }


@mutant("mail_before_ehlo_250", breaks=["SMTP-5321-4.1.4-c"], because="250")
class MailBeforeEhlo250(SmtpSession):
    """Takes mail from whoever comes, which is allowed, and is seen."""

    commands = {
        **SmtpSession.commands,
        "MAIL": replace(SmtpSession.commands["MAIL"], states=frozenset({State.NEW, State.READY})),
    }


@mutant("ehlo_second_503", breaks=["SMTP-5321-4.1.4-b"], because="503")
class EhloSecond503(SmtpSession):
    """Greets once."""

    def answer_ehlo(self, argument: bytes) -> None:
        if self.hello:
            self.reply(503, "5.5.1", "Greeted already")
        else:
            super().answer_ehlo(argument)


@mutant("ehlo_refused_resets", breaks=["SMTP-5321-4.1.4-b"], because="503")
class EhloRefusedResets(SmtpSession):
    """Refuses a second EHLO and forgets the transaction all the same."""

    def answer_ehlo(self, argument: bytes) -> None:
        if self.hello:
            self.clear(Cleared.EHLO)
            self.reply(550, "5.7.1", "Greeted already")
        else:
            super().answer_ehlo(argument)


@mutant("ehlo_keeps_transaction", breaks=["SMTP-5321-4.1.1.1-e"], because="250 2.1.5")
class EhloKeepsTransaction(SmtpSession):
    """Takes a second EHLO for small talk."""

    def clear(self, why: Cleared) -> None:
        if why is not Cleared.EHLO:
            super().clear(why)


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


@mutant("nested_mail_keeps_rcpts", breaks=["SMTP-5321-4.1.4-e"], because="Message")
class NestedMailKeepsRcpts(SmtpSession):
    """Takes a second sender, and keeps the recipients of the first."""

    commands = {
        **SmtpSession.commands,
        "MAIL": replace(SmtpSession.commands["MAIL"], states=ANY - {State.NEW, State.CHUNKS}),
    }

    def begin(self, sender: Path, parameters: Mapping[str, object]) -> None:
        recipients = self.transaction.recipients if self.transaction else []
        super().begin(sender, parameters)
        assert self.transaction is not None
        self.transaction.recipients = recipients


@mutant("refusal_resets", breaks=["SMTP-5321-4.1.4-e", "SMTP-5321-4.1.1.6-a"], because="503")
class RefusalResets(SmtpSession):
    """Forgets the transaction with every command that is out of order or not there."""

    def refuse(self, answer: Answer, argument: bytes) -> None:
        self.clear(Cleared.RSET)
        super().refuse(answer, argument)


@mutant("data_without_rcpt_accepted", breaks=["SMTP-5321-3.3-a"], because="Message")
class DataWithoutRcptAccepted(SmtpSession):
    """Accepts a message for nobody."""

    commands = {
        **SmtpSession.commands,
        "DATA": replace(SmtpSession.commands["DATA"], states=frozenset({State.SENDER, State.RECIPIENTS})),
    }


@mutant("rset_keeps_sender", breaks=["SMTP-5321-4.1.1.5-a"], because="250 2.1.5")
class RsetKeepsSender(SmtpSession):
    """Forgets the recipients alone."""

    def clear(self, why: Cleared) -> None:
        if why is Cleared.RSET and self.transaction:
            self.transaction.recipients.clear()
        else:
            super().clear(why)


@mutant("rset_keeps_data_open", breaks=["SMTP-5321-4.1.1.5-a"], because="Message")
class RsetKeepsDataOpen(SmtpSession):
    """Refuses another recipient after RSET, and takes a message for those it had."""

    forgotten = False

    def clear(self, why: Cleared) -> None:
        self.forgotten = why is Cleared.RSET
        if not self.forgotten:
            super().clear(why)

    def answer_rcpt(self, argument: bytes) -> None:
        if self.forgotten:
            self.reply(503, "5.5.1", "MAIL first")
        else:
            super().answer_rcpt(argument)


@mutant("noop_resets", breaks=["SMTP-5321-4.1.1.9-a"], because="503")
class NoopResets(SmtpSession):
    """Does something when asked for nothing."""

    def answer_noop(self, argument: bytes) -> None:
        self.clear(Cleared.RSET)
        super().answer_noop(argument)


@mutant("vrfy_resets_sender", breaks=["SMTP-5321-4.1.1.6-a"], because="503")
class VrfyResetsSender(SmtpSession):
    """Forgets the transaction over a name that it does not know."""

    def answer_vrfy(self, argument: bytes) -> None:
        before = self.errors
        super().answer_vrfy(argument)
        if self.errors > before:
            self.clear(Cleared.RSET)


@mutant("help_resets", breaks=["SMTP-5321-4.1.1.6-a"], because="503")
class HelpResets(SmtpSession):
    """Believes that who asks for help will begin again."""

    def answer_help(self, argument: bytes) -> None:
        self.clear(Cleared.RSET)
        super().answer_help(argument)


@mutant("state_survives_eod", breaks=["SMTP-5321-4.1.1.4-c"], because="250 2.1.5")
class StateSurvivesEod(SmtpSession):
    """Takes further recipients after the message."""

    def clear(self, why: Cleared) -> None:
        if why is not Cleared.ACCEPTED:
            super().clear(why)


@mutant("state_survives_rejected_eod", breaks=["SMTP-5321-4.1.1.4-d"], because="250 2.1.5")
class StateSurvivesRejectedEod(SmtpSession):
    """Lets the client try another message for the same recipients."""

    def clear(self, why: Cleared) -> None:
        if why is not Cleared.REFUSED:
            super().clear(why)


@mutant("null_sender_refused", breaks=["SMTP-1123-5.2.9-a"], because="550 5.7.1")
class NullSenderRefused(SmtpSession):
    """Wants to know who writes."""

    def judge_sender(self, path: Path, parameters: dict[str, object]) -> Answer | None:
        if path.mailbox is None:
            return Answer(550, "5.7.1", "A sender is needed")
        return super().judge_sender(path, parameters)


@mutant("null_sender_refused_at_rcpt", breaks=["SMTP-1123-5.2.9-a"], because="550 5.7.1")
class NullSenderRefusedAtRcpt(SmtpSession):
    """Wants to know who writes, and says so late."""

    def judge_recipient(self, path: Path) -> Answer | None:
        if self.transaction is not None and self.transaction.sender.mailbox is None:
            return Answer(550, "5.7.1", "No reports here")
        return super().judge_recipient(path)
