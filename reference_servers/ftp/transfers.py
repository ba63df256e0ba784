"""What is transferred: files and listings, and the state of a transfer under way (RFC 959 4.1.3, RFC 3659 5 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_netconform.reference_servers.files import FileProblem, Names, Why
from pytest_netconform.reference_servers.ftp.data import Data, Task
from pytest_netconform.wire.ftp_commands import IMAGE, SyntaxProblem, path_text
from pytest_netconform.wire.ftp_listings import ascii_in

UNIQUE = b"unique"  # what STOU calls a file of no name
TRANSFERS = frozenset({"RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"})


class Transfers(Data):
    """The commands that move something."""

    # files to the client

    def answer_retr(self, argument: bytes) -> None:
        """From the marker that REST gave; one beyond the end is refused here (RFC 3659 5.3)."""
        content = self.outgoing(self.tree.file(self.path(argument)).content)
        begin = self.begin_of_retr()
        if begin > len(content):
            raise SyntaxProblem(554, "The restart marker is beyond the end")
        self.start(Task(content=content[begin:]))

    def begin_of_retr(self) -> int:
        """Where REST wants a file to begin."""
        return self.restart

    # files from the client

    def answer_stor(self, argument: bytes) -> None:
        """The file's contents are replaced when the new ones are whole, from REST's marker on (RFC 959 4.1.3)."""
        path, begin = self.target(argument), self.restart
        if begin > len(self.kept(path)):
            raise SyntaxProblem(554, "The restart marker is beyond the end")
        self.receive_file(path, lambda octets: self.store(path, octets, begin))

    def answer_appe(self, argument: bytes) -> None:
        path = self.target(argument)
        self.receive_file(path, lambda octets: self.append(path, octets))

    def answer_stou(self, argument: bytes) -> None:
        """A name that is free, said in the 150: `150 FILE: name` (RFC 1123 4.1.2.9)."""
        path = self.unique_path(argument or UNIQUE)
        self.tree.write(path, b"", self.now)  # from here on it is taken
        opening = self.stou_opening(path)
        self.receive_file(path, lambda octets: self.store(path, octets, 0), opening)

    def stou_opening(self, path: Names) -> bytes:
        """The 150 behind STOU."""
        return b"FILE: " + path_text(path)

    def unique_path(self, name: bytes) -> Names:
        """A pathname that nobody has yet."""
        return next(path for n in range(1, 1 << 20) if not self.tree.exists(path := self.target(b"%s.%d" % (name, n))))

    def target(self, argument: bytes) -> Names:
        """A pathname that a file can have."""
        path = self.path(argument)
        if not path:
            raise FileProblem(Why.ROOT)
        self.tree.directory(path[:-1])
        if self.tree.exists(path):
            self.tree.file(path)
        return path

    def receive_file(self, path: Names, taker: Callable[[bytes], None], opening: bytes = b"Send it") -> None:
        """An upload begins."""
        self.start(Task(taker=taker, largest=self.tree.room + len(self.kept(path)), opening=opening))

    def kept(self, path: Names) -> bytes:
        """What a file holds, nothing if it is not there."""
        return self.tree.file(path).content if self.tree.exists(path) else b""

    def incoming(self, octets: bytes) -> bytes:
        """What came, as it is kept: ASCII type brings CR LF for LF (3.1.1.1)."""
        return octets if self.kind is IMAGE else ascii_in(octets)

    def store(self, path: Names, octets: bytes, begin: int) -> None:
        """The new contents: all that came, or what REST skipped and that."""
        content = self.incoming(octets)
        old = self.kept(path) if begin else b""
        self.tree.write(path, old[:begin] + content + old[begin + len(content) :], self.now)

    def append(self, path: Names, octets: bytes) -> None:
        """The old contents, then what came."""
        self.tree.write(path, self.kept(path) + self.incoming(octets), self.now)

    # listings

    def answer_list(self, argument: bytes) -> None:
        self.send_lines(self.list_lines(self.list_path(argument)))

    def answer_nlst(self, argument: bytes) -> None:
        self.send_lines(self.nlst_lines(self.path(argument), argument))

    def answer_mlsd(self, argument: bytes) -> None:
        self.send_lines(self.require_directory(self.path(argument)))

    def send_lines(self, lines: Iterable[bytes]) -> None:
        """Lines that end CR LF, whatever type is set (RFC 1123 4.1.2.7, RFC 3659 7.2)."""
        self.start(Task(content=b"".join(line + b"\r\n" for line in lines)))

    # state

    def answer_stat(self, argument: bytes) -> None:
        """Of a pathname its listing, on the control connection; else of the session, or of the transfer (4.1.3)."""
        if argument:
            self.reply(213, "Status follows", self.list_lines(self.list_path(argument)), "End")
            return
        self.reply(211, "Status", self.status_lines(), "End")

    def status_lines(self) -> list[bytes]:
        """What there is to say."""
        lines = [
            f" {self.config.host}",
            f" Logged in as {self.user}",
            f" Type {self.kind.text}, structure File, mode Stream",
            f" The control connection is {'inside TLS' if self.is_secure else 'in clear'}",
        ]
        if self.task is not None:
            moved = self.task.moved or len(self.task.received)
            lines.append(f" A transfer {self.task.stage.value}, {moved} octets")
        return [line.encode() for line in lines]

    # a transfer that is refused takes its data connection with it

    def obey(self, line: bytes) -> None:
        super().obey(line)
        if self.verb in TRANSFERS and self.task is None and not self.closing:
            self.restart = 0
            self.drop_data()
