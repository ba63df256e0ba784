"""Mutants of octets beyond ASCII: bits that are lost, and values and addresses that are misread."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.reference_servers.smtp.core import Answer, Transaction
from pytest_netconform.wire.smtp_commands import Parameter, Path, SyntaxProblem, parse_from


@mutant("strips_high_bit", breaks=["SMTP-6152-2-a"], because=' !"#$')
class StripsHighBit(SmtpSession):
    """Thinks that seven bits are enough."""

    def unstuffed(self, content: bytes) -> bytes:
        return bytes(octet & 0x7F for octet in super().unstuffed(content))


@mutant("body_value_unchecked", breaks=["SMTP-6152-2-b"], because="250")
class BodyValueUnchecked(SmtpSession):
    """Believes any BODY."""

    mail_parameters = {**SmtpSession.mail_parameters, "BODY": Parameter("8BITMIME", lambda value: value or "")}


@mutant("body_value_case_sensitive", breaks=["SMTP-6152-2-b"], because="501")
class BodyValueCaseSensitive(SmtpSession):
    """Compares the value of BODY letter by letter."""

    def read_parameters(self, text: str, known: Mapping[str, Parameter]) -> dict[str, object]:
        return super().read_parameters(text.replace("=8bitmime", "=?"), known)


@mutant("smtputf8_without_8bitmime", breaks=["SMTP-6531-3.1-a"], because="8BITMIME")
class Smtputf8Without8bitmime(SmtpSession):
    """Lists SMTPUTF8 and not what it rests on."""

    def ehlo_lines(self) -> list[str]:
        return [line for line in super().ehlo_lines() if line != "8BITMIME"]


@mutant("smtputf8_with_parameter", breaks=["SMTP-6531-3.1-a"], because="SMTPUTF8 NFC")
class Smtputf8WithParameter(SmtpSession):
    """Lists SMTPUTF8 with a parameter."""

    def extension_parameters(self, extension: str) -> list[str]:
        return ["NFC"] if extension == "SMTPUTF8" else super().extension_parameters(extension)


@mutant("utf8_local_part_501", breaks=["SMTP-6531-3.4-a"], because="501")
class Utf8LocalPart501(SmtpSession):
    """Lists SMTPUTF8 and refuses what it stands for."""

    def read_from(self, argument: bytes) -> tuple[Path, str]:
        path, rest = super().read_from(argument)
        if path.international:
            raise SyntaxProblem(501, "5.1.7", "Not an address")
        return path, rest


@mutant("utf8_header_downgraded", breaks=["SMTP-6531-3.4-a"], because="Jos?")
class Utf8HeaderDowngraded(SmtpSession):
    """Stores ASCII in place of UTF-8."""

    def delivered_content(self, transaction: Transaction, content: bytes, number: int, final: bool) -> bytes:
        content = content.decode("utf-8", "replace").encode("ascii", "replace")
        return super().delivered_content(transaction, content, number, final)


@mutant("smtputf8_value_ok", breaks=["SMTP-6531-3.4-b"], because="250")
class Smtputf8ValueOk(SmtpSession):
    """Takes SMTPUTF8 with a value."""

    mail_parameters = {**SmtpSession.mail_parameters, "SMTPUTF8": Parameter("SMTPUTF8", lambda value: True)}


@mutant("utf8_without_param", breaks=["SMTP-6531-3.5-a"], because="250")
class Utf8WithoutParam(SmtpSession):
    """Takes UTF-8 from anybody; the check passes that with a note."""

    def utf8_problem(self, path: Path, announced: bool) -> Answer | None:
        return None


@mutant("invalid_utf8_accepted", breaks=["SMTP-6531-3.5-b"], because="250")
class InvalidUtf8Accepted(SmtpSession):
    """Replaces what is not UTF-8, and goes on."""

    def read_from(self, argument: bytes) -> tuple[Path, str]:
        return parse_from(argument.decode("utf-8", "replace").encode())
