"""Mutants of files and directories: names are shown wrong, contents are mixed up, and refusals are forgotten."""

from __future__ import annotations

from pytest_netconform.reference_servers.files import FileProblem, Names, Why
from pytest_netconform.reference_servers.ftp import Answer, FtpSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.ftp_commands import IMAGE


@mutant("mkd_250_without_path", breaks=["FTP-959-4.1.3-a"], because="a pathname in quotes")
class Mkd250WithoutPath(FtpSession):
    """Says that the directory was made, and not where; the reply to MKD is 250 as for CWD."""

    def answer_mkd(self, argument: bytes) -> None:
        self.tree.make(self.path(argument), self.now)
        self.reply(250 if argument == b"d" else 257, "Made" if argument == b"d" else self.quoted(argument))


@mutant("cdup_stays", breaks=["FTP-959-4.1.3-a"], because="the directory above")
class CdupStays(FtpSession):
    """Answers CDUP and goes nowhere."""

    def answer_cdup(self, argument: bytes) -> None:
        self.reply(250, "Changed")


@mutant("mkd_257_relative", breaks=["FTP-959-II-b"], because="from anywhere")
class Mkd257Relative(FtpSession):
    """Quotes what it was told."""

    def made(self, path: Names, argument: bytes) -> bytes:
        return argument


@mutant("pwd_quote_not_doubled", breaks=["FTP-959-II-a"], because="the quote doubled")
class PwdQuoteNotDoubled(FtpSession):
    """Puts quotes around a name, whatever is in it."""

    def quoted(self, path: bytes) -> bytes:
        return b'"' + path + b'"'


@mutant("retr_missing_226_empty", breaks=["FTP-959-5.4-j"], because="RETR nosuch")
class RetrMissing226Empty(FtpSession):
    """Sends nothing where there is nothing, and calls it complete."""

    def answer_retr(self, argument: bytes) -> None:
        if not self.tree.exists(self.path(argument)):
            self.tree.write(self.path(argument), b"", self.now)
        super().answer_retr(argument)


@mutant("rmd_not_empty_250", breaks=["FTP-959-5.4-j"], because="RMD full")
class RmdNotEmpty250(FtpSession):
    """Says that a directory is gone, whatever is in it."""

    def answer_rmd(self, argument: bytes) -> None:
        if self.tree.directory(self.path(argument)).entries:
            self.reply(250, "Removed")
        else:
            super().answer_rmd(argument)


@mutant("rnto_of_nothing_250", breaks=["FTP-959-5.4-j"], because="RNTO y")
class RntoOfNothing250(FtpSession):
    """Looks neither at the old name nor at what became of the new one."""

    def answer_rnfr(self, argument: bytes) -> None:
        self.renaming = self.path(argument)
        self.reply(350, "To which name?")

    def answer_rnto(self, argument: bytes) -> None:
        if self.renaming is not None and not self.tree.exists(self.renaming):
            self.reply(250, "Renamed")
        else:
            super().answer_rnto(argument)


@mutant("rnto_without_rnfr", breaks=["FTP-959-4.1.3-b"], because="503 in answer to RNTO x")
class RntoWithoutRnfr(FtpSession):
    """Is content with a new name alone."""

    def answer_rnto(self, argument: bytes) -> None:
        if self.renaming is None:
            self.reply(250, "Renamed")
        else:
            super().answer_rnto(argument)


@mutant("rnfr_name_not_cleared", breaks=["FTP-959-4.1.3-b"], because="503 in answer to RNTO h")
class RnfrNameNotCleared(FtpSession):
    """Renames a file as often as it is given a name."""

    def answer_rnto(self, argument: bytes) -> None:
        super().answer_rnto(argument)
        path = self.path(argument)
        self.renaming = path if self.tree.exists(path) else None


@mutant("rnfr_survives_user_change", breaks=["FTP-959-4.1.3-e"], because="another user's")
class RnfrSurvivesUserChange(FtpSession):
    """Knows one file to be renamed, whoever is logged in."""

    old: Names | None = None

    def answer_rnfr(self, argument: bytes) -> None:
        super().answer_rnfr(argument)
        self.old = self.renaming

    def answer_rnto(self, argument: bytes) -> None:
        self.renaming, self.old = self.renaming or self.old, None
        super().answer_rnto(argument)


@mutant("stor_keeps_old_tail", breaks=["FTP-959-4.1.3-f"], because="abc in the file")
class StorKeepsOldTail(FtpSession):
    """Writes into a file and does not cut it."""

    def store(self, path: Names, octets: bytes, begin: int) -> None:
        old = self.kept(path)
        super().store(path, octets, begin)
        self.tree.write(path, self.kept(path) + old[len(self.kept(path)) :], self.now)


@mutant("dele_250_keeps_file", breaks=["FTP-959-5.4-k"], because="in answer to SIZE f")
class Dele250KeepsFile(FtpSession):
    """Says that a file is gone that it has not touched."""

    def answer_dele(self, argument: bytes) -> None:
        self.tree.file(self.path(argument))
        self.reply(250, "Deleted")


@mutant("dele_of_a_directory_250", breaks=["FTP-959-5.4-k"], because="in answer to DELE d")
class DeleOfADirectory250(FtpSession):
    """Says that a directory is gone, which it left as it is."""

    def answer_dele(self, argument: bytes) -> None:
        try:
            super().answer_dele(argument)
        except FileProblem as problem:
            if problem.why is not Why.NO_FILE:
                raise
            self.reply(250, "Deleted")


@mutant("appe_overwrites", breaks=["FTP-959-5.4-o"], because="abcdef in the file")
class AppeOverwrites(FtpSession):
    """Serves APPE as STOR."""

    def append(self, path: Names, octets: bytes) -> None:
        self.tree.write(path, self.incoming(octets), self.now)


@mutant("stou_name_in_226_only", breaks=["FTP-1123-4.1.2.9-a"], because="FILE: and a name")
class StouNameIn226Only(FtpSession):
    """Says the name when the file is there."""

    named_file: bytes = b""

    def stou_opening(self, path: Names) -> bytes:
        self.named_file = b"/".join(path)
        return b"Send it"

    def success(self) -> Answer:
        name, self.named_file = self.named_file, b""
        return Answer(226, f"FILE: {name.decode('latin-1')}") if name else super().success()


@mutant("stou_not_unique", breaks=["FTP-1123-4.1.2.9-a"], because="another name")
class StouNotUnique(FtpSession):
    """Has one name for all."""

    def unique_path(self, name: bytes) -> Names:
        return self.target(name + b".1")


@mutant("mode_b_lies", breaks=["FTP-959-5.4-i"], because="blocks with headers")
class ModeBLies(FtpSession):
    """Agrees to blocks and sends a stream."""

    def answer_mode(self, argument: bytes) -> None:
        if argument.upper() == b"B":
            self.reply(200, "Mode is B")
        else:
            super().answer_mode(argument)


@mutant("any_mode_200", breaks=["FTP-959-5.4-i"], because="MODE Q")
class AnyMode200(FtpSession):
    """Agrees to whatever is asked."""

    def answer_mode(self, argument: bytes) -> None:
        self.reply(200, "As you like")


@mutant("default_type_image", breaks=["FTP-959-5.1-a"], because="as type A sends them")
class DefaultTypeImage(FtpSession):
    """Begins in type I."""

    def on_open(self) -> None:
        super().on_open()
        self.kind = IMAGE

    def reinitialize(self) -> None:
        super().reinitialize()
        self.kind = IMAGE


@mutant("utf8_to_question_marks", breaks=["FTP-2640-3-a"], because="octet for octet")
class Utf8ToQuestionMarks(FtpSession):
    """Shows nothing but ASCII."""

    def clean_text(self, text: bytes) -> bytes:
        return bytes(octet if octet < 128 else 63 for octet in super().clean_text(text))


@mutant("nlst_loses_octets", breaks=["FTP-2640-3-a"], because="the name in NLST")
class NlstLosesOctets(FtpSession):
    """Shows nothing but ASCII in listings."""

    def nlst_lines(self, path: Names, argument: bytes) -> list[bytes]:
        return [line.decode("ascii", "ignore").encode() for line in super().nlst_lines(path, argument)]


@mutant("leading_space_stripped", breaks=["FTP-2640-3-b"], because="the name in NLST")
class LeadingSpaceStripped(FtpSession):
    """Takes all spaces behind a verb for one."""

    def split_command(self, line: bytes) -> tuple[bytes, bytes]:
        word, argument = super().split_command(line)
        return word, argument.lstrip(b" ")
