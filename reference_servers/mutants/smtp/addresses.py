"""Mutants of addresses and envelopes: each reads, limits or believes an address in one wrong way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import WakeAt
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.reference_servers.smtp.core import Answer
from pytest_netconform.wire.smtp_commands import Mailbox, Parameter, Path, SyntaxProblem


@mutant("unknown_param_ignored", breaks=["SMTP-5321-4.1.1.11-a", "SMTP-5321-4.1.1.11-b"], because="250")
class UnknownParamIgnored(SmtpSession):
    """Passes over parameters that it does not know."""

    def read_parameters(self, text: str, known: Mapping[str, Parameter]) -> dict[str, object]:
        return super().read_parameters(text.replace(" X-BOGUS=1", ""), known)


@mutant("unknown_param_wrong_code", breaks=["SMTP-5321-4.1.1.11-b"], because="501")
class UnknownParamWrongCode(SmtpSession):
    """Calls an unknown parameter a syntax error."""

    def read_parameters(self, text: str, known: Mapping[str, Parameter]) -> dict[str, object]:
        try:
            return super().read_parameters(text, known)
        except SyntaxProblem as problem:
            raise SyntaxProblem(501, problem.status, problem.text) from None


@mutant("source_route_501", breaks=["SMTP-5321-4.1.2-a"], because="501")
class SourceRoute501(SmtpSession):
    """Has never heard of source routes."""

    def read_to(self, argument: bytes) -> tuple[Path, str]:
        path, rest = super().read_to(argument)
        if path.route:
            raise SyntaxProblem(501, "5.1.3", "Not a path")
        return path, rest


@mutant("quoted_local_differs", breaks=["SMTP-5321-4.1.2-b"], because="550")
class QuotedLocalDiffers(SmtpSession):
    """Takes the quotes for a part of the name."""

    def read_to(self, argument: bytes) -> tuple[Path, str]:
        path, rest = super().read_to(argument)
        if path.mailbox and b'"' in argument:
            path = replace(path, mailbox=replace(path.mailbox, local=f'"{path.mailbox.local}"'))
        return path, rest


@mutant("gt_inside_quotes_ends_path", breaks=["SMTP-5321-4.1.2-c"], because="501")
class GtInsideQuotesEndsPath(SmtpSession):
    """Ends a path at the first closing bracket, quotes or not."""

    def read_to(self, argument: bytes) -> tuple[Path, str]:
        inner, bracket, rest = argument.partition(b">")
        path, _ = super().read_to(inner + bracket)
        return path, rest.decode("latin-1")


@mutant("ctrl_char_in_address_250", breaks=["SMTP-5321-4.1.2-d"], because="250")
class CtrlCharInAddress250(SmtpSession):
    """Takes BEL for a letter."""

    def on_line(self, line: bytes) -> None:
        super().on_line(line.replace(b"\x07", b"_"))


@mutant("nul_truncates_command", breaks=["SMTP-5321-4.1.2-e"], because="250")
class NulTruncatesCommand(SmtpSession):
    """Keeps a command in a C string."""

    def on_line(self, line: bytes) -> None:
        super().on_line(line.partition(b"\x00")[0])


@mutant("nul_ends_command", breaks=["SMTP-5321-4.1.2-e"], because="2 replies")
class NulEndsCommand(SmtpSession):
    """Reads a line as several C strings."""

    def on_line(self, line: bytes) -> None:
        for part in line.split(b"\x00"):
            super().on_line(part)


@mutant("raw_8bit_envelope_accepted", breaks=["SMTP-5321-2.4-b"], because="250")
class Raw8bitEnvelopeAccepted(SmtpSession):
    """Takes any octets for a name."""

    def read_from(self, argument: bytes) -> tuple[Path, str]:
        return super().read_from(re.sub(rb"[\x80-\xff]", b"_", argument))


@mutant("local_part_limit_32", breaks=["SMTP-5321-4.5.3.1.1-a"], because="501")
class LocalPartLimit32(SmtpSession):
    """Has room for half a name."""

    def read_to(self, argument: bytes) -> tuple[Path, str]:
        path, rest = super().read_to(argument)
        if path.mailbox and len(path.mailbox.local) > 32:
            raise SyntaxProblem(501, "5.1.3", "The local-part is too long")
        return path, rest


@mutant("domain_limit_128", breaks=["SMTP-5321-4.5.3.1.2-a"], because="501")
class DomainLimit128(SmtpSession):
    """Has room for half a domain."""

    def read_from(self, argument: bytes) -> tuple[Path, str]:
        path, rest = super().read_from(argument)
        if path.mailbox and len(path.mailbox.domain) > 128:
            raise SyntaxProblem(501, "5.1.7", "The domain is too long")
        return path, rest


@mutant("rcpt_limit_50", breaks=["SMTP-5321-4.5.3.1.8-a"], because="452")
class RcptLimit50(SmtpSession):
    """Has buffers for fifty recipients."""

    def too_many_recipients(self) -> Answer | None:
        full = self.transaction is not None and len(self.transaction.recipients) >= 50
        return Answer(452, "4.5.3", "Too many recipients") if full else None


@mutant("rcpt_overflow_drops_earlier", breaks=["SMTP-5321-4.5.3.1.10-a"], because="503")
class RcptOverflowDropsEarlier(SmtpSession):
    """Forgets everybody when one recipient is too many."""

    def too_many_recipients(self) -> Answer | None:
        answer = super().too_many_recipients()
        if answer is not None and self.transaction is not None:
            self.transaction.recipients.clear()
        return answer


@mutant("rcpt_overflow_500", breaks=["SMTP-5321-4.5.3.1.10-a"], because="500")
class RcptOverflow500(SmtpSession):
    """Knows no word for a recipient too many."""

    def too_many_recipients(self) -> Answer | None:
        return super().too_many_recipients() and Answer(500, "5.5.2", "Command not recognized")


@mutant("postmaster_case_sensitive", breaks=["SMTP-5321-4.5.1-a"], because="550")
class PostmasterCaseSensitive(SmtpSession):
    """Knows postmaster in small letters only."""

    def mailbox_for(self, address: Mailbox) -> str | None:
        name = super().mailbox_for(address)
        return None if name == "postmaster" and address.local not in ("postmaster", "Postmaster") else name


@mutant("bare_postmaster_relay_denied", breaks=["SMTP-5321-4.5.1-a"], because="550 5.7.1")
class BarePostmasterRelayDenied(SmtpSession):
    """Finds no domain behind Postmaster, and so takes him for somebody elsewhere."""

    def is_local(self, domain: str) -> bool:
        return domain != "" and super().is_local(domain)


@mutant("unknown_user_is_a_syntax_error", breaks=["SMTP-5321-3.3-b"], because="501")
class UnknownUserIsASyntaxError(SmtpSession):
    """Says that nobody could have such a name."""

    def judge_recipient(self, path: Path) -> Answer | None:
        answer = super().judge_recipient(path)
        return answer._replace(code=501) if answer is not None and answer.status == "5.1.1" else answer


@mutant("open_relay", breaks=["SMTP-5321-7.9-a"], because="250", vantage="outside")
class OpenRelay(SmtpSession):
    """Serves everybody."""

    def may_relay(self) -> bool:
        return True


@mutant("percent_hack_relay", breaks=["SMTP-5321-7.9-b"], because="250", vantage="outside")
class PercentHackRelay(SmtpSession):
    """Reads `user%elsewhere` as it was done before there were domains, and asks nobody."""

    def mailbox_for(self, address: Mailbox) -> str | None:
        return "alice" if "%" in address.local else super().mailbox_for(address)


@mutant("route_relay", breaks=["SMTP-5321-7.9-b"], because="250", vantage="outside")
class RouteRelay(SmtpSession):
    """Looks at the first stop of a source route, which is this house, and not at the last."""

    def judge_recipient(self, path: Path) -> Answer | None:
        return None if path.route and self.is_local(path.route[0]) else super().judge_recipient(path)


@mutant("shell_meta_in_sender", breaks=["SMTP-SEC-SHELL-a"], because="s longer")
class ShellMetaInSender(SmtpSession):
    """Hands the sender to a shell, and waits until that is done."""

    asleep = False

    def answer_mail(self, argument: bytes) -> None:
        self.asleep = b";sleep 7;" in argument
        if self.asleep:
            self.act(WakeAt(self.now + 7))
        else:
            super().answer_mail(argument)

    def on_wake(self) -> None:
        if self.asleep:
            self.asleep = False
            self.reply(553, "5.1.7", "No such sender")
        else:
            super().on_wake()


@mutant("expansion_in_reply", breaks=["SMTP-SEC-SHELL-a"], because="uid=")
class ExpansionInReply(SmtpSession):
    """Expands what stands in an address before it repeats it."""

    def shown(self, octets: bytes) -> str:
        return super().shown(octets.replace(b"${run{/usr/bin/id}}", b"uid=0(root)"))
