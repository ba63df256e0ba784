"""Mutants of TLS: what was said in clear is remembered, and what should be protected is not."""

from __future__ import annotations

from pytest_netconform.reference_servers.ftp import Answer, FtpSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import ChannelEnd, Ending


@mutant("auth_tls_stays_plain", breaks=["FTP-4217-4-a"], because="a TLS handshake")
class AuthTlsStaysPlain(FtpSession):
    """Agrees, and goes on in clear."""

    def begin_tls(self) -> None:
        """Nothing begins."""


@mutant("auth_tls_buffer_kept", breaks=["FTP-4217-4-b"], because="331 ")
class AuthTlsBufferKept(FtpSession):
    """Keeps what had arrived in clear, and obeys it inside TLS."""

    def behind_auth(self, octets: bytes) -> bytes:
        return octets


@mutant("auth_tls_keeps_user", breaks=["FTP-4217-4-c"], because="230 ")
class AuthTlsKeepsUser(FtpSession):
    """Remembers the USER that it heard in clear."""

    def forget(self) -> None:
        named = self.named
        super().forget()
        self.named = named


@mutant("auth_tls_keeps_login", breaks=["FTP-4217-4-d"], because="257 ")
class AuthTlsKeepsLogin(FtpSession):
    """Who was logged in stays so."""

    def forget(self) -> None:
        user = self.user
        super().forget()
        self.user = user


@mutant("auth_tls_case_sensitive", breaks=["FTP-4217-17-a"], because="504 ")
class AuthTlsCaseSensitive(FtpSession):
    """Knows the mechanism in capital letters only."""

    def auth_problem(self, argument: bytes) -> Answer | None:
        return super().auth_problem(argument) if argument == argument.upper() else Answer(504, "Mechanism not known")


@mutant("ccc_plain_200", breaks=["FTP-4217-5-a"], because="200 in clear")
class CccPlain200(FtpSession):
    """Ends what had not begun."""

    def not_logged_in(self, argument: bytes) -> Answer | None:
        return None if self.verb == "CCC" else super().not_logged_in(argument)

    def answer_ccc(self, argument: bytes) -> None:
        if self.is_secure:
            super().answer_ccc(argument)
        else:
            self.reply(200, "In clear from here on")


@mutant("tls_required_not_enforced", breaks=["FTP-4217-2-a"], because="230 ", require_tls="1")
class TlsRequiredNotEnforced(FtpSession):
    """Demands TLS in its settings alone."""

    def in_clear(self, argument: bytes) -> Answer | None:
        return None


@mutant("prot_without_pbsz", breaks=["FTP-4217-9-a"], because="200 ")
class ProtWithoutPbsz(FtpSession):
    """Does not wait for PBSZ."""

    def may_protect(self) -> bool:
        return True


@mutant("prot_x_200", breaks=["FTP-4217-9-a"], because="PROT X")
class ProtX200(FtpSession):
    """Takes any word for C."""

    def answer_prot(self, argument: bytes) -> None:
        super().answer_prot(argument if argument.upper() in (b"C", b"P", b"S", b"E") else b"C")


@mutant("pbsz_plain_200", breaks=["FTP-4217-9-b"], because="200 ")
class PbszPlain200(FtpSession):
    """Agrees on a buffer for a protection that is not there."""

    def answer_pbsz(self, argument: bytes) -> None:
        self.sized = True
        self.reply(200, "PBSZ=0")


@mutant("data_tls_by_default", breaks=["FTP-4217-9-c"], because="the end of the data")
class DataTlsByDefault(FtpSession):
    """Protects data connections unasked."""

    def inside_tls(self) -> bool:
        return self.is_secure


@mutant("prot_p_ignored_on_stor", breaks=["FTP-4217-9-d"], because="226 ")
class ProtPIgnoredOnStor(FtpSession):
    """Takes uploads in clear."""

    def inside_tls(self) -> bool:
        return super().inside_tls() and self.task is not None and self.task.content is not None


@mutant("prot_p_ignored_on_list", breaks=["FTP-4217-9-d"], because="no octet on the data connection")
class ProtPIgnoredOnList(FtpSession):
    """Sends listings in clear."""

    def inside_tls(self) -> bool:
        return super().inside_tls() and self.verb != "LIST"


@mutant("tls_no_close_notify", breaks=["FTP-4217-9-e"], because="without close_notify")
class TlsNoCloseNotify(FtpSession):
    """Ends protected data by the end of the connection alone."""

    def say_end(self) -> None:
        assert self.channel is not None
        self.act(ChannelEnd(self.channel, goodbye=False))


@mutant("tls_truncation_226", breaks=["FTP-4217-9-f"], because="226 ")
class TlsTruncation226(FtpSession):
    """Takes a cut for the end."""

    def on_channel_ended(self, channel: int, how: Ending) -> None:
        super().on_channel_ended(channel, Ending.CLEAN if how is Ending.CUT else how)
