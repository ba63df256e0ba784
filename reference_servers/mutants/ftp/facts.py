"""Mutants of RFC 3659: numbers, times, markers and facts that are not what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pytest_netconform.reference_servers.files import Directory, File, Names, Node
from pytest_netconform.reference_servers.ftp import FtpSession, Task
from pytest_netconform.reference_servers.ftp.tree import FACTS
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.ftp_commands import ASCII, IMAGE
from pytest_netconform.wire.ftp_listings import time_text

BLOCK = 512


def _first_like(session: FtpSession, argument: bytes) -> bytes:
    """What a shell would find for a name that ends in a star."""
    lead = argument.rstrip(b"*")
    folder, slash, start = lead.rpartition(b"/")
    names = [name for name, _ in session.tree.entries(session.path(folder)) if name.startswith(start)]
    return folder + slash + names[0] if argument.endswith(b"*") and names else argument


@mutant("size_globs", breaks=["FTP-3659-2.2.2-a"], because="in answer to SIZE")
class SizeGlobs(FtpSession):
    """Looks for files as a shell does."""

    def answer_size(self, argument: bytes) -> None:
        super().answer_size(_first_like(self, argument))


@mutant("mlst_globs", breaks=["FTP-3659-2.2.2-a"], because="in answer to MLST")
class MlstGlobs(FtpSession):
    """Looks for files as a shell does."""

    def answer_mlst(self, argument: bytes) -> None:
        super().answer_mlst(_first_like(self, argument))


@mutant("mdtm_localtime", breaks=["FTP-3659-3-a"], because="local time")
class MdtmLocaltime(FtpSession):
    """Says the time of its own clock on the wall, which stands two hours east."""

    def modified(self, node: Node) -> str:
        return time_text(self.config.date(node.modified) + timedelta(hours=2))


@mutant("mdtm_two_spaces", breaks=["FTP-3659-3-a"], because="a time-val in answer to MDTM")
class MdtmTwoSpaces(FtpSession):
    """Puts a space too many before the time."""

    def answer_mdtm(self, argument: bytes) -> None:
        self.reply(213, f" {self.modified(self.tree.file(self.path(argument)))}")


@mutant("size_rounded_to_blocks", breaks=["FTP-3659-4-a"], because="as RETR sends")
class SizeRoundedToBlocks(FtpSession):
    """Counts what a file takes on its disk."""

    def size_in_transfer(self, file: File) -> int:
        return -(-super().size_in_transfer(file) // BLOCK) * BLOCK


@mutant("size_of_a_directory", breaks=["FTP-3659-4-a"], because="in answer to SIZE")
class SizeOfADirectory(FtpSession):
    """Has a number for everything."""

    def answer_size(self, argument: bytes) -> None:
        if isinstance(self.tree.node(self.path(argument)), Directory):
            self.reply(213, "4096")
        else:
            super().answer_size(argument)


@mutant("size_ascii_binary", breaks=["FTP-3659-4-b"], because="in type A")
class SizeAsciiBinary(FtpSession):
    """Counts in every type what type I sends."""

    def size_in_transfer(self, file: File) -> int:
        return len(file.content)


@mutant("rest_sticky", breaks=["FTP-3659-5-a"], because="the whole file")
class RestSticky(FtpSession):
    """Begins every file where REST once said."""

    marker = 0

    def answer_rest(self, argument: bytes) -> None:
        super().answer_rest(argument)
        self.marker = self.restart

    def begin_of_retr(self) -> int:
        return self.marker


@mutant("rest_ignored", breaks=["FTP-3659-5-a"], because="from octet")
class RestIgnored(FtpSession):
    """Agrees to REST, and begins at the beginning."""

    def begin_of_retr(self) -> int:
        return 0


@mutant("rest_negative_seeks", breaks=["FTP-3659-5-b"], because="REST -5")
class RestNegativeSeeks(FtpSession):
    """Takes any number."""

    def answer_rest(self, argument: bytes) -> None:
        if argument.startswith(b"-"):
            self.restart = int(argument)
            self.reply(350, "The next transfer begins there")
        else:
            super().answer_rest(argument)


@mutant("rest_stor_truncates", breaks=["FTP-3659-5-c"], because="1005 octets")
class RestStorTruncates(FtpSession):
    """Opens the file anew for every STOR."""

    def store(self, path: Names, octets: bytes, begin: int) -> None:
        super().store(path, octets, 0)


@mutant("rest_beyond_end_hangs", breaks=["FTP-3659-5-d"], because="0 octets, then nothing")
class RestBeyondEndHangs(FtpSession):
    """Waits for the file to grow."""

    def answer_retr(self, argument: bytes) -> None:
        if self.restart > len(self.tree.file(self.path(argument)).content):
            self.start(Task())
        else:
            super().answer_retr(argument)


@mutant("mlst_without_leading_space", breaks=["FTP-3659-7.2-a"], because="a space before the facts")
class MlstWithoutLeadingSpace(FtpSession):
    """Writes facts at the beginning of the line."""

    def format_reply(self, code: int, lines: Sequence[bytes]) -> bytes:
        return super().format_reply(code, [line.lstrip(b" ") if b"type=" in line else line for line in lines])


@mutant("mlst_names_its_directory", breaks=["FTP-3659-7.2-a"], because="the name of the file")
class MlstNamesItsDirectory(FtpSession):
    """Describes where the file is."""

    def answer_mlst(self, argument: bytes) -> None:
        self.tree.node(self.path(argument))
        super().answer_mlst(argument.rpartition(b"/")[0])


@mutant("mlsd_total_line", breaks=["FTP-3659-7.2-b"], because="a pathname in MLSD")
class MlsdTotalLine(FtpSession):
    """Begins as ls does."""

    def mlsd_lines(self, path: Names) -> list[bytes]:
        return [b"total", *super().mlsd_lines(path)]


@mutant("mlsd_two_spaces", breaks=["FTP-3659-7.2-b"], because="the names in MLSD")
class MlsdTwoSpaces(FtpSession):
    """Puts two spaces before names, one of which is theirs."""

    def mlsd_lines(self, path: Names) -> list[bytes]:
        return [line.replace(b"; ", b";  ", 1) for line in super().mlsd_lines(path)]


@mutant("mlsd_ls_dates", breaks=["FTP-3659-7.2-b"], because="facts as RFC 3659 7.5")
class MlsdLsDates(FtpSession):
    """Writes times with a T between day and hour."""

    def modified(self, node: Node) -> str:
        text = super().modified(node)
        return text if self.verb != "MLSD" else f"{text[:8]}T{text[8:]}"


@mutant("mlsd_file_226", breaks=["FTP-3659-7.2-c"], because="501 in answer to MLSD")
class MlsdFile226(FtpSession):
    """Lists a file as a directory of one."""

    def require_directory(self, path: Names) -> Sequence[bytes]:
        return [] if isinstance(self.tree.node(path), File) else super().require_directory(path)


@mutant("mlsd_crcrlf_in_type_a", breaks=["FTP-3659-7.2-d"], because="one CR LF")
class MlsdCrcrlfInTypeA(FtpSession):
    """Converts the line ends of listings that have them already."""

    def answer_mlsd(self, argument: bytes) -> None:
        lines = self.require_directory(self.path(argument))
        self.send_lines([line + b"\r" for line in lines] if self.kind is ASCII else lines)


@mutant("mlsd_leaves_type_i", breaks=["FTP-3659-7.2-d"], because="in type A behind MLSD")
class MlsdLeavesTypeI(FtpSession):
    """Sets the type that MLSD wants, and leaves it."""

    def answer_mlsd(self, argument: bytes) -> None:
        super().answer_mlsd(argument)
        self.kind = IMAGE


@mutant("cdir_without_type", breaks=["FTP-3659-7.5-a"], because="neither the directory")
class CdirWithoutType(FtpSession):
    """Lists the directory itself, whether one can tell or not."""

    def shows_itself(self) -> bool:
        return True


@mutant("opts_mlst_ignored", breaks=["FTP-3659-7.9-a"], because="and no others")
class OptsMlstIgnored(FtpSession):
    """Agrees to a choice of facts, and gives all."""

    def choose_facts(self, text: bytes) -> None:
        super().choose_facts(text)
        self.facts = FACTS


@mutant("feat_stars_stay", breaks=["FTP-3659-7.9-a"], because="a star on each")
class FeatStarsStay(FtpSession):
    """Has one text for FEAT, whatever was chosen."""

    def feature_lines(self) -> list[str]:
        chosen, self.facts = self.facts, FACTS
        lines = super().feature_lines()
        self.facts = chosen
        return lines
