"""Mutants of commands: a verb, a type or a feature is not what it should be."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.ftp import FtpSession, Task
from pytest_netconform.reference_servers.ftp.core import COMMANDS, Answer, Argument
from pytest_netconform.reference_servers.ftp.data import NO_CHANNEL
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.ftp_commands import ASCII


@mutant("case_sensitive_verbs", breaks=["FTP-959-5.3-a"], because="500")
class CaseSensitiveVerbs(FtpSession):
    """Knows verbs in upper case only."""

    def verb_of(self, word: bytes) -> str:
        return word.decode("latin-1")


@mutant("unknown_verb_200", breaks=["FTP-959-4.2-e"], because="200")
class UnknownVerb200(FtpSession):
    """Says yes to whatever it does not know."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        return Answer(200, "As you like") if super().unknown_verb(argument) else None


@mutant("unknown_verb_closes", breaks=["FTP-959-4.2-e"], because="closed")
class UnknownVerbCloses(FtpSession):
    """Sends away who says what it does not know."""

    def obey(self, line: bytes) -> None:
        super().obey(line)
        if self.verb == "XYZZY":
            self.close()


@mutant("xmkd_unknown", breaks=["FTP-1123-4.1.3.1-a"], because="500")
class XmkdUnknown(FtpSession):
    """Knows the new spellings only."""

    aliases = {}


@mutant("type_l8_504", breaks=["FTP-959-5.4-g"], because="TYPE L 8")
class TypeL8504(FtpSession):
    """Does not know that octets are octets."""

    def answer_type(self, argument: bytes) -> None:
        if argument == b"L 8":
            self.reply(504, "This type is not served")
        else:
            super().answer_type(argument)


@mutant("type_a_n_504", breaks=["FTP-959-5.4-g"], because="TYPE A N")
class TypeAN504(FtpSession):
    """Takes a type for one letter."""

    def answer_type(self, argument: bytes) -> None:
        if argument == b"A N":
            self.reply(504, "This type is not served")
        else:
            super().answer_type(argument)


@mutant("bad_type_changes_type", breaks=["FTP-959-5.4-h"], because="refused TYPE")
class BadTypeChangesType(FtpSession):
    """Forgets the old type before it looks at the new one."""

    def answer_type(self, argument: bytes) -> None:
        self.kind = ASCII
        super().answer_type(argument)

    def argument_problem(self, argument: bytes) -> Answer | None:
        if self.verb == "TYPE":
            self.kind = ASCII
        return super().argument_problem(argument)


@mutant("stat_path_opens_data_channel", breaks=["FTP-959-5.4-l"], because="425")
class StatPathOpensDataChannel(FtpSession):
    """Sends what STAT finds as LIST does."""

    def answer_stat(self, argument: bytes) -> None:
        if argument:
            self.answer_list(argument)
        else:
            super().answer_stat(argument)


@mutant("site_is_answered_twice", breaks=["FTP-959-5.4-l"], because="2 replies")
class SiteIsAnsweredTwice(FtpSession):
    """Has a word more about SITE."""

    def answer_site(self, argument: bytes) -> None:
        super().answer_site(argument)
        self.reply(200, "SITE was answered")


@mutant("noop_202", breaks=["FTP-1123-4.1.2.13-a"], because="202")
class Noop202(FtpSession):
    """Finds that there was nothing to be done."""

    def answer_noop(self, argument: bytes) -> None:
        self.reply(202, "Nothing was to be done")


@mutant("appe_unimplemented", breaks=["FTP-1123-4.1.2.13-b"], because="APPE 502")
class AppeUnimplemented(FtpSession):
    """Does not append."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        return Answer(502, "Command not implemented") if self.verb == "APPE" else super().unknown_verb(argument)


@mutant("command_in_transfer_lost", breaks=["FTP-959-4.2-f"], because="one to NOOP")
class CommandInTransferLost(FtpSession):
    """Does not hear what is said while it works."""

    def on_line(self, line: bytes) -> None:
        if self.task is None or self.may_interrupt(line):
            super().on_line(line)


@mutant("stat_in_transfer_500", breaks=["FTP-1123-4.1.3.3-a"], because="500")
class StatInTransfer500(FtpSession):
    """Knows nothing but ABOR while it works."""

    def answer_stat(self, argument: bytes) -> None:
        if self.task is not None:
            self.reply(500, "Not now")
        else:
            super().answer_stat(argument)


@mutant("retr_without_data_hangs", breaks=["FTP-959-5.4-p"], because="425 behind 150")
class RetrWithoutDataHangs(FtpSession):
    """Waits for a connection that nobody was asked for."""

    def start(self, task: Task) -> None:
        if self.channel is None and self.door is None and self.destination is None:
            self.reply(150, "Opening the data connection")
        else:
            super().start(task)


@mutant("retr_without_data_succeeds", breaks=["FTP-959-5.4-p"], because="226")
class RetrWithoutDataSucceeds(FtpSession):
    """Is content when there is nobody to send to."""

    def answer(self, answer: Answer) -> None:
        super().answer(Answer(226, "Sent") if answer == NO_CHANNEL else answer)


@mutant("feat_two_spaces", breaks=["FTP-2389-3.2-a"], because="'  SIZE'")
class FeatTwoSpaces(FtpSession):
    """Indents its features too far."""

    def feature_lines(self) -> list[str]:
        return [f" {line}" for line in super().feature_lines()]


@mutant("feat_line_no_space", breaks=["FTP-2389-3.2-a"], because="'SIZE'")
class FeatLineNoSpace(FtpSession):
    """Begins its features at the margin."""

    def answer_feat(self, argument: bytes) -> None:
        self.reply(211, "Features", [line.encode() for line in self.feature_lines()], "End")


@mutant("feat_takes_anything", breaks=["FTP-2389-3.2-a"], because="passed over")
class FeatTakesAnything(FtpSession):
    """Passes over what stands behind FEAT: legal, and remarkable."""

    commands = {**COMMANDS, "FEAT": replace(COMMANDS["FEAT"], argument=Argument.OPTIONAL)}


@mutant("feat_missing_size", breaks=["FTP-2389-3.2-b"], because="SIZE is not listed")
class FeatMissingSize(FtpSession):
    """Serves SIZE and does not say so."""

    def feature_names(self) -> tuple[str, ...]:
        return tuple(name for name in super().feature_names() if name != "SIZE")


@mutant("feat_lies_mlst", breaks=["FTP-2389-3.2-b"], because="MLST is listed, and answered 502")
class FeatLiesMlst(FtpSession):
    """Promises MLST and does not have it."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        return Answer(502, "Command not implemented") if self.verb == "MLST" else super().unknown_verb(argument)


@mutant("feat_hides_tls", breaks=["FTP-2389-3.2-b"], because="AUTH TLS is not listed")
class FeatHidesTls(FtpSession):
    """Says in clear that there is PROT, and nothing of AUTH."""

    def feature_lines(self) -> list[str]:
        return [line for line in super().feature_lines() if not line.startswith("AUTH")] + ["AUTH"]


@mutant("feat_hides_prot", breaks=["FTP-2389-3.2-b"], because="PROT is not listed")
class FeatHidesProt(FtpSession):
    """Lists AUTH TLS and PBSZ alone."""

    def feature_lines(self) -> list[str]:
        return [line for line in super().feature_lines() if line != "PROT"]


@mutant("feat_lies_eprt", breaks=["FTP-2389-3.2-b"], because="EPRT, which FEAT lists")
class FeatLiesEprt(FtpSession):
    """Promises EPRT and does not know it."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        return Answer(500, "Command not recognized") if self.verb == "EPRT" else super().unknown_verb(argument)


@mutant("opts_unknown_200", breaks=["FTP-2389-4-a"], because="200")
class OptsUnknown200(FtpSession):
    """Takes any option."""

    def answer_opts(self, argument: bytes) -> None:
        self.reply(200, "As you like")


@mutant("lang_200_to_bogus", breaks=["FTP-2640-4-a"], because="200")
class Lang200ToBogus(FtpSession):
    """Speaks every language."""

    def unknown_verb(self, argument: bytes) -> Answer | None:
        return Answer(200, "It is so") if self.verb == "LANG" else super().unknown_verb(argument)
