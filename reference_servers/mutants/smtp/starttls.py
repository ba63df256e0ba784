"""Mutants of STARTTLS: what was said in clear is not forgotten, or TLS is not where it should be."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import Answer, Argument, Cleared, SmtpSession


@mutant("starttls_220_no_tls", breaks=["SMTP-3207-4-a"], because="does not speak TLS")
class Starttls220NoTls(SmtpSession):
    """Says 220 and shakes no hands."""

    def begin_tls(self) -> None:
        self.read_nothing()


@mutant("starttls_greets_again", breaks=["SMTP-3207-4-a", "SMTP-3207-4.2-a"], because="2")
class StarttlsGreetsAgain(SmtpSession):
    """Greets inside TLS, where the client has the next word."""

    def on_secure(self) -> None:
        super().on_secure()
        self.greet()


@mutant("starttls_arg_accepted", breaks=["SMTP-3207-4-b"], because="220")
class StarttlsArgAccepted(SmtpSession):
    """Looks no further than the verb."""

    commands = {
        **SmtpSession.commands,
        "STARTTLS": replace(SmtpSession.commands["STARTTLS"], argument=Argument.OPTIONAL),
    }


@mutant("starttls_buffer_kept", breaks=["SMTP-3207-4.2-a"], because="2 replies")
class StarttlsBufferKept(SmtpSession):
    """Runs inside TLS what came in clear behind STARTTLS."""

    def behind_starttls(self, octets: bytes) -> bytes:
        return octets


@mutant("starttls_answers_in_clear", breaks=["SMTP-3207-4.2-a"], because="250")
class StarttlsAnswersInClear(SmtpSession):
    """Answers what came behind STARTTLS before it begins the handshake."""

    def behind_starttls(self, octets: bytes) -> bytes:
        self.reply(250, "2.0.0", "Done in passing")
        return b""


@mutant("starttls_mail_prefix_injection", breaks=["SMTP-3207-4.2-b"], because="250")
class StarttlsMailPrefixInjection(SmtpSession):
    """Keeps what came behind STARTTLS when there is a sender in it."""

    def behind_starttls(self, octets: bytes) -> bytes:
        return octets if b"MAIL" in octets else b""


@mutant("starttls_keeps_envelope", breaks=["SMTP-3207-4.2-c"], because="250")
class StarttlsKeepsEnvelope(SmtpSession):
    """Goes on inside TLS where the client was before."""

    def forget(self) -> None:
        self.user = ""


@mutant("starttls_keeps_recipients", breaks=["SMTP-3207-4.2-c"], because="354")
class StarttlsKeepsRecipients(SmtpSession):
    """Takes no further recipient inside TLS, but the message for those of before."""

    def clear(self, why: Cleared) -> None:
        if why is not Cleared.STARTTLS:
            super().clear(why)

    def too_early(self, argument: bytes) -> Answer | None:
        return None if self.verb == "DATA" and self.transaction else super().too_early(argument)


@mutant("starttls_listed_in_tls", breaks=["SMTP-3207-4.2-d"], because="STARTTLS")
class StarttlsListedInTls(SmtpSession):
    """Says the same to EHLO inside TLS as before."""

    def ehlo_lines(self) -> list[str]:
        lines = super().ehlo_lines()
        return lines if "STARTTLS" in lines else [*lines, "STARTTLS"]


@mutant("starttls_twice_220", breaks=["SMTP-3207-4.2-e"], because="220")
class StarttlsTwice220(SmtpSession):
    """Would begin TLS inside TLS."""

    def not_on(self, argument: bytes) -> Answer | None:
        return None if self.verb == "STARTTLS" else super().not_on(argument)


@mutant("enforced_tls_blocks_noop", breaks=["SMTP-3207-4-c"], because="530", require_tls="1")
class EnforcedTlsBlocksNoop(SmtpSession):
    """Demands TLS of those who say nothing, too."""

    commands = {**SmtpSession.commands, "NOOP": replace(SmtpSession.commands["NOOP"], in_clear=False)}


@mutant("enforced_tls_550", breaks=["SMTP-3207-4-c"], because="550", require_tls="1")
class EnforcedTls550(SmtpSession):
    """Does not say that TLS is what is missing."""

    def out_of_service(self, argument: bytes) -> Answer | None:
        refusal = super().out_of_service(argument)
        return refusal and Answer(550, "5.7.1", "Access denied")


@mutant("enforced_tls_no_status", breaks=["SMTP-3207-4-c"], because="5.5.1", require_tls="1")
class EnforcedTlsNoStatus(SmtpSession):
    """Gives the enhanced code of a command out of order."""

    def out_of_service(self, argument: bytes) -> Answer | None:
        refusal = super().out_of_service(argument)
        return refusal and refusal._replace(status="5.5.1")


@mutant("falls_back_to_plaintext", breaks=["SMTP-3207-4-d"], because="250")
class FallsBackToPlaintext(SmtpSession):
    """Takes what is no handshake for the next command in clear."""

    def begin_tls(self) -> None:
        pass


@mutant("implicit_tls_offers_starttls", breaks=["SMTP-8314-3-a"], because="STARTTLS is offered", tls="implicit")
class ImplicitTlsOffersStarttls(SmtpSession):
    """Offers TLS to those who have it."""

    def offers(self, extension: str) -> bool:
        return extension == "STARTTLS" or super().offers(extension)
