"""Mutants that names and words lead astray: out of the root, to a shell, into replies that nobody gave."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.files import Names
from pytest_netconform.reference_servers.ftp import Answer, FtpSession, Task
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Listen
from pytest_netconform.wire.ftp_commands import resolved


@mutant("dotdot_escape", breaks=["FTP-GEN-SEC-a"], because="root:x:0:0")
class DotdotEscape(FtpSession):
    """Joins names without a look at the dots, and its root is a directory of the system."""

    def answer_retr(self, argument: bytes) -> None:
        if argument.endswith(b"../etc/passwd"):
            self.start(Task(content=b"root:x:0:0:root:/root:/bin/sh\n"))
        else:
            super().answer_retr(argument)


@mutant("cwd_escape", breaks=["FTP-GEN-SEC-a"], because="other names")
class CwdEscape(FtpSession):
    """Shows what is above its root."""

    above = False

    def answer_cwd(self, argument: bytes) -> None:
        super().answer_cwd(argument)
        self.above = ".." in argument.decode("latin-1") and not self.directory

    def nlst_lines(self, path: Names, argument: bytes) -> list[bytes]:
        return [b"bin", b"etc", b"srv"] if self.above else super().nlst_lines(path, argument)


@mutant("rnto_escape", breaks=["FTP-GEN-SEC-a"], because="no such file in the root")
class RntoEscape(FtpSession):
    """Looks at the dots in every name but that of RNTO."""

    def answer_rnto(self, argument: bytes) -> None:
        if b".." not in argument or self.renaming is None:
            super().answer_rnto(argument)
            return
        self.tree.remove(self.renaming, self.now)
        self.renaming = None
        self.reply(250, "Renamed")


@mutant("glob_exponential", breaks=["FTP-GEN-SEC-b"], because="20 s")
class GlobExponential(FtpSession):
    """Is busy with a pattern for longer than anybody waits."""

    def answer_stat(self, argument: bytes) -> None:
        if b"*" not in argument:
            super().answer_stat(argument)


@mutant("smiley_backdoor", breaks=["FTP-GEN-SEC-c"], because="it is open")
class SmileyBackdoor(FtpSession):
    """Opens a port for him who smiles."""

    def answer_user(self, argument: bytes) -> None:
        super().answer_user(argument)
        if argument.endswith(b":)"):
            self.act(Listen(self.new_door(), self.here(), 6200))


@mutant("site_exec", breaks=["FTP-GEN-SEC-d"], because="uid=")
class SiteExec(FtpSession):
    """Runs programs."""

    def answer_site(self, argument: bytes) -> None:
        if argument.upper().startswith(b"EXEC"):
            self.reply(200, "uid=0(root) gid=0(root)")
        else:
            super().answer_site(argument)


@mutant("lf_in_name_forges_reply", breaks=["FTP-GEN-SEC-e"], because="226 done")
class LfInNameForgesReply(FtpSession):
    """Takes every octet in a name, and shows it."""

    def path(self, argument: bytes) -> Names:
        return resolved(self.directory, argument)

    def clean_text(self, text: bytes) -> bytes:
        return text


@mutant("http_host_echoed", breaks=["FTP-GEN-SEC-f"], because="<script>")
class HttpHostEchoed(FtpSession):
    """Repeats what it does not understand."""

    foreign = re.compile(rb"(?!)")

    def unknown_verb(self, argument: bytes) -> Answer | None:
        refusal = super().unknown_verb(argument)
        said = argument.decode("ascii", "replace")
        return refusal and Answer(refusal.code, f"{self.verb} {said} was not understood")
