"""Mutants of greeting and introduction: each speaks, or keeps silent, in one wrong way before any mail."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import Argument, SmtpSession


@mutant("no_greeting", breaks=["SMTP-5321-3.1-a"], because="nothing for")
class NoGreeting(SmtpSession):
    """Waits for the client to speak first."""

    def greet(self) -> None:
        self.is_secure = self.peer.secure


@mutant("greeting_without_name", breaks=["SMTP-5321-4.1.1.1-a"], because="*ready*")
class GreetingWithoutName(SmtpSession):
    """Greets with text where its name should stand."""

    def greeting_text(self) -> str:
        return "*ready*"


@mutant("close_after_554", breaks=["SMTP-5321-3.1-b"], because="closed", greeting="554")
class CloseAfter554(SmtpSession):
    """Refuses service and does not wait for QUIT."""

    def greet(self) -> None:
        super().greet()
        self.close()


@mutant("ehlo_unknown", breaks=["SMTP-5321-2.2.1-a"], because="502")
class EhloUnknown(SmtpSession):
    """Knows HELO only."""

    def answer_ehlo(self, argument: bytes) -> None:
        self.reply(502, "5.5.1", "Command not implemented")


@mutant("ehlo_keyword_underscore", breaks=["SMTP-5321-4.1.1.1-b"], because="MY_EXT")
class EhloKeywordUnderscore(SmtpSession):
    """Lists a keyword that is none."""

    def ehlo_lines(self) -> list[str]:
        return [*super().ehlo_lines(), "MY_EXT"]


@mutant("helo_unsupported", breaks=["SMTP-5321-4.1.1.1-c"], because="502")
class HeloUnsupported(SmtpSession):
    """Knows EHLO only."""

    def answer_helo(self, argument: bytes) -> None:
        self.reply(502, "5.5.1", "Command not implemented")


@mutant("helo_ehlo_reply", breaks=["SMTP-5321-3.2-a"], because="PIPELINING")
class HeloEhloReply(SmtpSession):
    """Answers HELO with the list of extensions."""

    def answer_helo(self, argument: bytes) -> None:
        self.answer_ehlo(argument)


@mutant("ehlo_no_arg_accepted", breaks=["SMTP-5321-4.1.1.1-d"], because="250")
class EhloNoArgAccepted(SmtpSession):
    """Greets a client that does not say who it is."""

    commands = {
        **SmtpSession.commands,
        "EHLO": replace(SmtpSession.commands["EHLO"], argument=Argument.OPTIONAL),
    }

    def read_hello(self, argument: bytes) -> str:
        return super().read_hello(argument or b"unknown")


@mutant("ehlo_literal_501", breaks=["SMTP-5321-4.1.3-a"], because="501")
class EhloLiteral501(SmtpSession):
    """Takes a name, not an address."""

    def answer_ehlo(self, argument: bytes) -> None:
        if argument.startswith(b"["):
            self.reply(501, "5.5.4", "A name is needed")
        else:
            super().answer_ehlo(argument)


@mutant("advertise_but_502", breaks=["SMTP-5321-4.2.4-a"], because="502")
class AdvertiseBut502(SmtpSession):
    """Lists STARTTLS and does not have it."""

    def answer_starttls(self, argument: bytes) -> None:
        self.reply(502, "5.5.1", "Command not implemented")


@mutant("unlisted_auth_works", breaks=["SMTP-5321-4.1.1.1-f"], because="334")
class UnlistedAuthWorks(SmtpSession):
    """Has AUTH and does not list it."""

    def ehlo_lines(self) -> list[str]:
        return [line for line in super().ehlo_lines() if not line.startswith("AUTH")]
