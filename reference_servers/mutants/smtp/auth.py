"""Mutants of authentication: who is let in, and in which words, is wrong in one way each."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import Answer, Cleared, SmtpSession, Transaction
from pytest_netconform.wire.sasl import MECHANISMS, Claim, SaslProblem
from pytest_netconform.wire.smtp_commands import Parameter, xtext_decoded


@mutant("auth_keyword_empty", breaks=["SMTP-4954-4-a"], because="AUTH alone")
class AuthKeywordEmpty(SmtpSession):
    """Lists AUTH and does not say how."""

    def extension_parameters(self, extension: str) -> list[str]:
        return [] if extension == "AUTH" else super().extension_parameters(extension)


@mutant("auth_mechanism_lower_case", breaks=["SMTP-4954-4-a"], because="Scram")
class AuthMechanismLowerCase(SmtpSession):
    """Lists a name that is no mechanism's."""

    def extension_parameters(self, extension: str) -> list[str]:
        return [*super().extension_parameters(extension), *(["Scram"] if extension == "AUTH" else [])]


@mutant("auth_plain_ir_334", breaks=["SMTP-4954-4-b"], because="334")
class AuthPlainIr334(SmtpSession):
    """Overhears the initial response and asks for it again."""

    def begin_exchange(self, mechanism: str, initial: bytes) -> None:
        super().begin_exchange(mechanism, b"")


@mutant("auth_twice_235", breaks=["SMTP-4954-4-c"], because="235")
class AuthTwice235(SmtpSession):
    """Lets in who is in."""

    def auth_problem(self, mechanism: str, initial: bytes) -> Answer | None:
        return None if self.user else super().auth_problem(mechanism, initial)


@mutant("auth_in_transaction", breaks=["SMTP-4954-4-d"], because="235")
class AuthInTransaction(SmtpSession):
    """Takes a login at any time."""

    commands = {
        **SmtpSession.commands,
        "AUTH": replace(SmtpSession.commands["AUTH"], states=SmtpSession.commands["NOOP"].states),
    }


@mutant("auth_resets_transaction", breaks=["SMTP-4954-4-d"], because="503 5.5.1 RCPT")
class AuthResetsTransaction(SmtpSession):
    """Refuses a login in a transaction, and forgets the transaction."""

    def refuse(self, answer: Answer, argument: bytes) -> None:
        if self.verb == "AUTH":
            self.clear(Cleared.RSET)
        super().refuse(answer, argument)


@mutant("auth_334_with_text", breaks=["SMTP-4954-4-e"], because="334 Go on")
class Auth334WithText(SmtpSession):
    """Writes words where a challenge belongs."""

    def send_challenge(self, challenge: bytes) -> None:
        if challenge:
            super().send_challenge(challenge)
        else:
            self.send(b"334 Go on\r\n")


@mutant("auth_334_bare", breaks=["SMTP-4954-4-e"], because="334")
class Auth334Bare(SmtpSession):
    """Leaves out the space before an empty challenge."""

    def send_challenge(self, challenge: bytes) -> None:
        if challenge:
            super().send_challenge(challenge)
        else:
            self.send(b"334\r\n")


@mutant("auth_cancel_535", breaks=["SMTP-4954-4-f"], because="535")
class AuthCancel535(SmtpSession):
    """Takes a client that thinks better of it for one that has failed."""

    def auth_cancelled(self) -> None:
        self.auth_refused()


@mutant("base64_lenient", breaks=["SMTP-4954-4-g"], because="535")
class Base64Lenient(SmtpSession):
    """Makes of octets that are no base64 what it can."""

    def decode_response(self, text: bytes) -> bytes:
        try:
            return super().decode_response(text)
        except SaslProblem:
            return b""


@mutant("base64_asked_again", breaks=["SMTP-4954-4-g"], because="334")
class Base64AskedAgain(SmtpSession):
    """Gives a client that writes no base64 another try in the same exchange."""

    def auth_undecodable(self) -> None:
        self.send_challenge(b"")


@mutant("auth_user_enumeration", breaks=["SMTP-4954-4-h"], because="No such user")
class AuthUserEnumeration(SmtpSession):
    """Tells who is a user here."""

    def judge_claim(self, claim: Claim) -> None:
        if claim.user in self.config.passwords:
            super().judge_claim(claim)
        else:
            self.reply(535, "5.7.8", "No such user")


@mutant("auth_failure_closes", breaks=["SMTP-4954-4-h"], because="closed")
class AuthFailureCloses(SmtpSession):
    """Has no patience with a slip of the finger."""

    def auth_refused(self) -> None:
        super().auth_refused()
        self.close()


@mutant("auth_failure_550", breaks=["SMTP-4954-4-h"], because="550")
class AuthFailure550(SmtpSession):
    """Does not say that it was the login that failed."""

    def auth_refused(self) -> None:
        self.exchange = None
        self.reply(550, "5.7.1", "Access denied")


@mutant("auth_unknown_mech_334", breaks=["SMTP-4954-4-i"], because="334")
class AuthUnknownMech334(SmtpSession):
    """Takes every mechanism for the one it knows."""

    def answer_auth(self, argument: bytes) -> None:
        name, _, initial = argument.partition(b" ")
        known = name.decode("latin-1").upper() in MECHANISMS
        super().answer_auth(argument if known else b"PLAIN " + initial if initial else b"PLAIN")


@mutant("auth_long_line_split", breaks=["SMTP-4954-4-j"], because="replies")
class AuthLongLineSplit(SmtpSession):
    """Takes a long line for several."""

    def on_line(self, line: bytes) -> None:
        for start in range(0, max(1, len(line)), 1024):
            super().on_line(line[start : start + 1024])


@mutant("cram_ir_accepted", breaks=["SMTP-4954-4-k"], because="334")
class CramIrAccepted(SmtpSession):
    """Passes over an initial response that cannot be one."""

    def auth_problem(self, mechanism: str, initial: bytes) -> Answer | None:
        return super().auth_problem(mechanism, b"")


@mutant("plain_without_tls", breaks=["SMTP-4954-4-l"], because="PLAIN", vantage="outside")
class PlainWithoutTls(SmtpSession):
    """Asks for passwords in clear."""

    def mechanisms(self) -> list[str]:
        return list(MECHANISMS)


@mutant("failed_auth_sticks", breaks=["SMTP-4954-4-m"], because="250 in answer to RCPT")
class FailedAuthSticks(SmtpSession):
    """Remembers who wanted in, not whether he was let in."""

    def judge_claim(self, claim: Claim) -> None:
        super().judge_claim(claim)
        self.user = claim.user


@mutant("rset_forgets_login", breaks=["SMTP-4954-4-m"], because="235")
class RsetForgetsLogin(SmtpSession):
    """Forgets more than the transaction."""

    def clear(self, why: Cleared) -> None:
        super().clear(why)
        if why is Cleared.RSET:
            self.user = ""


@mutant("auth_param_555", breaks=["SMTP-4954-5-a"], because="555")
class AuthParam555(SmtpSession):
    """Lists AUTH and does not know the parameter."""

    mail_parameters = {name: kind for name, kind in SmtpSession.mail_parameters.items() if name != "AUTH"}


@mutant("auth_param_after_login", breaks=["SMTP-4954-5-a"], because="555")
class AuthParamAfterLogin(SmtpSession):
    """Knows the parameter of those who have logged in only."""

    def read_parameters(self, text: str, known: dict[str, Parameter]) -> dict[str, object]:  # type: ignore[override]
        return super().read_parameters(text, known if self.user else {k: v for k, v in known.items() if k != "AUTH"})


@mutant("xtext_newline_injected", breaks=["SMTP-4954-5-b"], because="X-Envelope-Id")
class XtextNewlineInjected(SmtpSession):
    """Writes a parameter, decoded, into the header."""

    mail_parameters = {
        **SmtpSession.mail_parameters,
        "ENVID": Parameter("DSN", lambda value: xtext_decoded(value or "")),
    }

    def return_path_field(self, transaction: Transaction) -> bytes:
        field = super().return_path_field(transaction)
        return field + f"X-Envelope-Id: {transaction.parameters.get('ENVID', '')}\r\n".encode()
