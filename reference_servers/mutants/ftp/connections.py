"""Mutants of data connections: wrong addresses, deaf ears while somebody is awaited, and transfers that end wrongly."""

from __future__ import annotations

from pytest_netconform.reference_servers.ftp import Answer, FtpSession, Task
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Address, Ending
from pytest_netconform.wire.ftp import text_227
from pytest_netconform.wire.ftp_commands import SyntaxProblem


@mutant("pasv_host_zero", breaks=["FTP-959-4.1.2-a"], because="0.0.0.0")
class PasvHostZero(FtpSession):
    """Names the address to which it is bound."""

    def pasv_numbers(self, port: int) -> str:
        return text_227("0.0.0.0", port)


@mutant("pasv_numbers_over_255", breaks=["FTP-959-4.1.2-a"], because="a number above 255")
class PasvNumbersOver255(FtpSession):
    """Does not divide the port."""

    def pasv_numbers(self, port: int) -> str:
        return f"127,0,0,1,0,{port}"


@mutant("pasv_second_port_dead", breaks=["FTP-1123-4.1.2.6-a"], because="Connection refused")
class PasvSecondPortDead(FtpSession):
    """Promises another port while the first is open, and listens at the first alone."""

    def answer_pasv(self, argument: bytes) -> None:
        if self.door is not None:
            self.reply(227, f"Connect to ({self.pasv_numbers(1999)})")
        else:
            super().answer_pasv(argument)


@mutant("pasv_first_port_stays", breaks=["FTP-959-4.1.2-c"], because="the first of two ports: open")
class PasvFirstPortStays(FtpSession):
    """Forgets to close the port that it gives up."""

    def drop_data(self) -> None:
        self.door = None
        super().drop_data()


@mutant("pasv_blocks_control", breaks=["FTP-959-4.1.2-d"], because="nothing for")
class PasvBlocksControl(FtpSession):
    """Hears nothing until somebody came to the port."""

    def busy(self) -> bool:
        return super().busy() or (self.door is not None and self.channel is None)

    def on_joined(self, door: int, channel: int, peer: Address) -> None:
        super().on_joined(door, channel, peer)
        self.go_on()


@mutant("epsv_with_address", breaks=["FTP-2428-3-a"], because="field is not empty")
class EpsvWithAddress(FtpSession):
    """Fills in what must be empty."""

    def epsv_fields(self, port: int) -> str:
        return f"(|1|{self.here()}|{port}|)"


@mutant("epsv_9_229", breaks=["FTP-2428-3-b"], because="229 ")
class Epsv9229(FtpSession):
    """Does not look at the protocol."""

    def family_refused(self, asked: int, family: int) -> Answer | None:
        return None


@mutant("epsv_522_without_list", breaks=["FTP-2428-3-b"], because="522 with a list")
class Epsv522WithoutList(FtpSession):
    """Says no, and not what else."""

    def family_refused(self, asked: int, family: int) -> Answer | None:
        refusal = super().family_refused(asked, family)
        return refusal and Answer(refusal.code, "Network protocol not supported")


@mutant("epsv_all_ignored", breaks=["FTP-2428-3-c"], because="PASV")
class EpsvAllIgnored(FtpSession):
    """Agrees to EPSV ALL, and goes on as before."""

    def other_way_refused(self) -> Answer | None:
        return None


@mutant("eprt_delimiter_fixed", breaks=["FTP-2428-2-a"], because="501 ")
class EprtDelimiterFixed(FtpSession):
    """Knows the bar only."""

    def answer_eprt(self, argument: bytes) -> None:
        if not argument.startswith(b"|"):
            raise SyntaxProblem(501, "A bar is needed")
        super().answer_eprt(argument)


@mutant("eprt_port_wraps", breaks=["FTP-2428-2-a"], because="200 ")
class EprtPortWraps(FtpSession):
    """Puts the port into sixteen bits without a look."""

    def answer_eprt(self, argument: bytes) -> None:
        head, port, end = argument.rsplit(argument[:1], 2)
        super().answer_eprt(argument[:1].join([head, b"%d" % (int(port) % 65536), end]))


@mutant("eprt_af9_200", breaks=["FTP-2428-2-b"], because="200 ")
class EprtAf9200(FtpSession):
    """Takes every protocol for IPv4."""

    def answer_eprt(self, argument: bytes) -> None:
        super().answer_eprt(argument.replace(b"|9|", b"|1|", 1))


@mutant("data_from_other_address", breaks=["FTP-1123-4.1.2.12-a"], because="127.0.0.2")
class DataFromOtherAddress(FtpSession):
    """Connects from whichever address the system has."""

    def source(self) -> str:
        return "127.0.0.2"


@mutant("pasv_on_ipv6_garbage", breaks=["FTP-GEN-IP6-a"], because="0.0.0.0", ipv6="1")
class PasvOnIpv6Garbage(FtpSession):
    """Answers PASV with an address that it does not have."""

    def answer_pasv(self, argument: bytes) -> None:
        self.listen(None, lambda port: self.reply(227, f"Connect to ({text_227('0.0.0.0', port)})"))


@mutant("data_accept_blocks_control_forever", breaks=["FTP-959-5.4-q"], because="Connection refused")
class DataAcceptBlocksControlForever(FtpSession):
    """Listens no more after a while, and waits for ever all the same."""

    def on_appointment(self) -> None:
        self.due = None
        self.shut()


@mutant("retr_abort_226", breaks=["FTP-959-5.4-r"], because="226 ")
class RetrAbort226(FtpSession):
    """Does not look at what became of the data."""

    def loss(self, task: Task, how: Ending) -> Answer:
        return self.success()


@mutant("abor_extra_reply_desync", breaks=["FTP-959-4.1.3-d"], because="426, 226, 226")
class AborExtraReplyDesync(FtpSession):
    """Answers ABOR twice."""

    def answer_abor(self, argument: bytes) -> None:
        aborted = self.task is not None
        super().answer_abor(argument)
        if aborted:
            self.reply(226, "Aborted")


@mutant("abor_is_not_heard", breaks=["FTP-959-4.1.3-d"], because="nothing for")
class AborIsNotHeard(FtpSession):
    """Takes ABOR behind an urgent mark for something else, and says nothing."""

    def answer_abor(self, argument: bytes) -> None:
        if self.task is None:
            super().answer_abor(argument)
