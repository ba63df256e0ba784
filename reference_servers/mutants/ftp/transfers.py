"""Mutants of transfers: octets are lost, and replies come at the wrong time."""

from __future__ import annotations

from pytest_netconform.reference_servers.files import Names
from pytest_netconform.reference_servers.ftp import Answer, FtpSession, Task
from pytest_netconform.reference_servers.ftp.data import PORTION
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("stor_truncates_to_buffer", breaks=["FTP-959-5.4-n"], because="65536")
class StorTruncatesToBuffer(FtpSession):
    """Keeps what one buffer holds."""

    def store(self, path: Names, octets: bytes, begin: int) -> None:
        super().store(path, octets[:PORTION], begin)


@mutant("stor_stops_at_0x1a", breaks=["FTP-959-5.4-n"], because="213 65537")
class StorStopsAt0x1a(FtpSession):
    """Takes an old end-of-file mark for the end."""

    def store(self, path: Names, octets: bytes, begin: int) -> None:
        super().store(path, octets.partition(b"\x1a")[0], begin)


@mutant("retr_226_before_data_end", breaks=["FTP-959-5.4-m"], because="no last reply")
class Retr226BeforeDataEnd(FtpSession):
    """Reports success as soon as it has begun."""

    def move(self, task: Task) -> None:
        if task.content is not None:
            self.answer(super().success())
        super().move(task)

    def finish(self, *answers: Answer) -> None:
        sent = self.task is not None and self.task.content is not None
        super().finish(*(answer for answer in answers if not (sent and answer.code == 226)))


@mutant("retr_drops_last_buffer", breaks=["FTP-959-5.4-m"], because="first difference")
class RetrDropsLastBuffer(FtpSession):
    """Ends with the last whole portion of a file that has several."""

    def send_portion(self, task: Task) -> None:
        assert task.content is not None
        if len(task.content) > PORTION and len(task.content) - task.moved < PORTION:
            task.moved = len(task.content)
        super().send_portion(task)


@mutant("port_octet_wraps", breaks=["FTP-959-4.1.2-b"], because="PORT 256")
class PortOctetWraps(FtpSession):
    """Counts modulo 256, as a C program with an unsigned char does."""

    def answer_port(self, argument: bytes) -> None:
        words = [word if not word.isdigit() else b"%d" % (int(word) % 256) for word in argument.split(b",")]
        super().answer_port(b",".join(words))

    def is_client(self, host: str) -> bool:
        return host.startswith(("0.", "127."))
