"""Mutants of text and listings: line ends are mixed up, and listings say too much or too little."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netconform.reference_servers.files import FileProblem, Names
from pytest_netconform.reference_servers.ftp import FtpSession, Task
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.ftp_commands import ASCII, IMAGE, path_text
from pytest_netconform.wire.ftp_listings import ascii_out


@mutant("ascii_doubles_cr", breaks=["FTP-959-3.1.1-a"], because="as they were stored")
class AsciiDoublesCr(FtpSession):
    """Puts a CR before every LF, also before those that have one: what is kept is what came."""

    def incoming(self, octets: bytes) -> bytes:
        return octets

    def outgoing(self, content: bytes) -> bytes:
        return content if self.kind is IMAGE else content.replace(b"\n", b"\r\n")


@mutant("ascii_keeps_cr_cr", breaks=["FTP-959-3.1.1-a"], because="no CR CR LF")
class AsciiKeepsCrCr(FtpSession):
    """Takes what comes for text of its own system, and ends its lines once more."""

    def incoming(self, octets: bytes) -> bytes:
        return octets if self.kind is IMAGE else octets.replace(b"\n", b"\r\n")


@mutant("image_converts_newlines", breaks=["FTP-959-3.1.1-b"], because="stored in type I")
class ImageConvertsNewlines(FtpSession):
    """Takes every file for text."""

    def outgoing(self, content: bytes) -> bytes:
        return ascii_out(content)


@mutant("image_undoubles_iac", breaks=["FTP-959-3.1.1-b"], because="stored in type I")
class ImageUndoublesIac(FtpSession):
    """Reads Telnet on data connections too."""

    def incoming(self, octets: bytes) -> bytes:
        return super().incoming(octets.replace(b"\xff\xff", b"\xff"))


@mutant("type_l7_ascii", breaks=["FTP-1123-4.1.2.1-a"], because="behind TYPE L 7")
class TypeL7Ascii(FtpSession):
    """Knows I, and takes everything else for A."""

    def answer_type(self, argument: bytes) -> None:
        if argument.upper() == b"L 7":
            self.kind = ASCII
            self.reply(200, "Type is set")
        else:
            super().answer_type(argument)


@mutant("type_l7_200", breaks=["FTP-1123-4.1.2.1-a"], because="in answer to TYPE L 7")
class TypeL7200(FtpSession):
    """Agrees to words of any size, and goes on with octets."""

    def answer_type(self, argument: bytes) -> None:
        super().answer_type(b"I" if argument.upper() == b"L 7" else argument)


@mutant("list_empty_dir_550", breaks=["FTP-959-5.4-t"], because="LIST")
class ListEmptyDir550(FtpSession):
    """Takes nothing for a mistake."""

    def answer_list(self, argument: bytes) -> None:
        if self.list_lines(self.list_path(argument)):
            super().answer_list(argument)
        else:
            self.reply(550, "No files found")


@mutant("list_missing_is_everything", breaks=["FTP-959-5.4-t"], because="of a missing path")
class ListMissingIsEverything(FtpSession):
    """Lists the working directory when it does not find what was asked for."""

    def list_path(self, argument: bytes) -> Names:
        path = super().list_path(argument)
        return path if self.tree.exists(path) else self.directory


@mutant("list_of_file_is_directory", breaks=["FTP-959-5.4-t"], because="one entry in LIST")
class ListOfFileIsDirectory(FtpSession):
    """Lists the directory of a file."""

    def answer_list(self, argument: bytes) -> None:
        path = self.list_path(argument)
        try:
            self.tree.directory(path)
        except FileProblem:
            path = path[:-1]
        self.send_lines(self.list_lines(path))


@mutant("nlst_loses_directories_and_files", breaks=["FTP-959-5.4-t"], because="nc-file in NLST")
class NlstLosesDirectoriesAndFiles(FtpSession):
    """Has nothing to show."""

    def nlst_lines(self, path: Names, argument: bytes) -> list[bytes]:
        return []


@mutant("nlst_empty_dir_names_it", breaks=["FTP-959-5.4-t"], because="no entry in NLST")
class NlstEmptyDirNamesIt(FtpSession):
    """Names the directory where it has nothing to name."""

    def nlst_lines(self, path: Names, argument: bytes) -> list[bytes]:
        return super().nlst_lines(path, argument) or [path_text(path)]


@mutant("nlst_long_format", breaks=["FTP-1123-4.1.2.7-a"], because="and nothing else")
class NlstLongFormat(FtpSession):
    """Serves NLST as LIST."""

    def nlst_lines(self, path: Names, argument: bytes) -> list[bytes]:
        return self.list_lines(path)


@mutant("nlst_quotes_names", breaks=["FTP-1123-4.1.2.7-a"], because="and nothing else")
class NlstQuotesNames(FtpSession):
    """Shows names as a shell would want them."""

    def nlst_lines(self, path: Names, argument: bytes) -> list[bytes]:
        return [b"'%s'" % line if b" " in line else line for line in super().nlst_lines(path, argument)]


@mutant("list_lf_in_type_i", breaks=["FTP-1123-4.1.2.7-b"], because="in type I")
class ListLfInTypeI(FtpSession):
    """Sends listings as its own system writes them, unless it was told that they are text."""

    def send_lines(self, lines: Iterable[bytes]) -> None:
        end = b"\n" if self.kind is IMAGE else b"\r\n"
        self.start(Task(content=b"".join(line + end for line in lines)))
