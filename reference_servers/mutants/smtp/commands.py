"""Mutants of commands outside transactions: arguments, questions, strange words, and the end."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import Answer, Argument, SmtpSession
from pytest_netconform.wire.smtp_commands import Mailbox


@mutant("rset_arg_accepted", breaks=["SMTP-5321-4.1.1.5-b"], because="250")
class RsetArgAccepted(SmtpSession):
    """Looks at the verb alone."""

    commands = {
        **SmtpSession.commands,
        "RSET": replace(SmtpSession.commands["RSET"], argument=Argument.OPTIONAL),
    }


@mutant("quit_arg_closes", breaks=["SMTP-5321-4.1.1.5-b"], because="closed")
class QuitArgCloses(SmtpSession):
    """Refuses QUIT with an argument, and goes."""

    def refuse(self, answer: Answer, argument: bytes) -> None:
        super().refuse(answer, argument)
        if self.verb == "QUIT":
            self.close()


@mutant("data_arg_starts_data", breaks=["SMTP-5321-4.1.1.5-b"], because="nothing for")
class DataArgStartsData(SmtpSession):
    """Refuses DATA with an argument, and reads a message."""

    def refuse(self, answer: Answer, argument: bytes) -> None:
        super().refuse(answer, argument)
        if self.verb == "DATA":
            self.read_data(self.on_content, self.raw_limit())


@mutant("noop_arg_disconnect", breaks=["SMTP-5321-4.1.1.9-b"], because="closed")
class NoopArgDisconnect(SmtpSession):
    """Leaves when NOOP says something."""

    def answer_noop(self, argument: bytes) -> None:
        if argument:
            self.close()
        else:
            super().answer_noop(argument)


@mutant("noop_arg_refused", breaks=["SMTP-5321-4.1.1.9-b"], because="501")
class NoopArgRefused(SmtpSession):
    """Does not ignore NOOP's argument."""

    commands = {
        **SmtpSession.commands,
        "NOOP": replace(SmtpSession.commands["NOOP"], argument=Argument.NONE),
    }


@mutant("vrfy_always_250", breaks=["SMTP-5321-3.5.3-a"], because="250 2.1.5")
class VrfyAlways250(SmtpSession):
    """Confirms whatever is written like an address."""

    def verify(self, address: Mailbox) -> Answer:
        return Answer(250, "2.1.5", f"<{address.text}>")


@mutant("vrfy_bare_user_250", breaks=["SMTP-5321-3.5.2-a"], because="fully qualified")
class VrfyBareUser250(SmtpSession):
    """Confirms a user without saying where."""

    def verify(self, address: Mailbox) -> Answer:
        answer = super().verify(address)
        return answer._replace(text=f"<{address.local}>") if answer.code == 250 else answer


@mutant("vrfy_source_route", breaks=["SMTP-5321-3.5.2-a"], because="no source route")
class VrfySourceRoute(SmtpSession):
    """Says which way a user's mail would go."""

    def verify(self, address: Mailbox) -> Answer:
        answer = super().verify(address)
        return answer._replace(text=f"<@{self.config.host}:{address.text}>") if answer.code == 250 else answer


@mutant("help_disconnects", breaks=["SMTP-5321-4.1.1.8-a"], because="closed")
class HelpDisconnects(SmtpSession):
    """Takes flight from a question."""

    def answer_help(self, argument: bytes) -> None:
        self.close()


@mutant("help_250", breaks=["SMTP-5321-4.1.1.8-a"], because="250")
class Help250(SmtpSession):
    """Helps under the code of any other answer."""

    def answer_help(self, argument: bytes) -> None:
        self.reply(250, "2.0.0", "You can say many things")


@mutant("unknown_verb_closes", breaks=["SMTP-GEN-FRM-f"], because="closed")
class UnknownVerbCloses(SmtpSession):
    """Does not speak with strangers."""

    def refuse(self, answer: Answer, argument: bytes) -> None:
        super().refuse(answer, argument)
        if self.verb not in self.commands:
            self.close()


@mutant("unknown_verb_250", breaks=["SMTP-GEN-FRM-f", "SMTP-GEN-FRM-g"], because="250")
class UnknownVerb250(SmtpSession):
    """Says yes to what it does not understand."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        answer = super().unknown_verb(argument)
        return answer and Answer(250, "2.0.0", "Certainly")


@mutant("unknown_verb_502", breaks=["SMTP-GEN-FRM-g"], because="502")
class UnknownVerb502(SmtpSession):
    """Promises to implement what nobody has heard of."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        answer = super().unknown_verb(argument)
        return answer and Answer(502, "5.5.1", "Command not implemented")


@mutant("errors_without_421", breaks=["SMTP-GEN-LIM-a"], because="closed after 3")
class ErrorsWithout421(SmtpSession):
    """Leaves without a word after three strange words."""

    def refuse(self, answer: Answer, argument: bytes) -> None:
        super().refuse(answer, argument)
        if self.errors == 3:
            self.close()


@mutant("http_request_then_mail_accepted", breaks=["SMTP-GEN-FRM-h"], because="Sender accepted")
class HttpRequestThenMailAccepted(SmtpSession):
    """Reads on behind a web request until there is something to obey."""

    foreign = re.compile(rb"(?!)")


@mutant("second_command_lost", breaks=["SMTP-GEN-PIP-a"], because="250", without="PIPELINING")
class SecondCommandLost(SmtpSession):
    """Hears one command at a time; what came with it is gone."""

    def answer_noop(self, argument: bytes) -> None:
        self.drop_pending()
        super().answer_noop(argument)


@mutant("quit_without_221", breaks=["SMTP-GEN-CON-g"], because="closed")
class QuitWithout221(SmtpSession):
    """Goes without a word."""

    def answer_quit(self, argument: bytes) -> None:
        self.close()


@mutant("quit_keeps_open", breaks=["SMTP-GEN-CON-g"], because="still open")
class QuitKeepsOpen(SmtpSession):
    """Says goodbye and stays."""

    def answer_quit(self, argument: bytes) -> None:
        self.reply(221, "2.0.0", "Goodbye")
