"""Mutants of access: somebody gets in who should not, or does not get out as he should."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.ftp import FtpSession
from pytest_netconform.reference_servers.ftp.core import COMMANDS, Answer
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("user_without_pass_230", breaks=["FTP-959-5.4-b"], because="without a password")
class UserWithoutPass230(FtpSession):
    """Asks nobody for a password."""

    def answer_user(self, argument: bytes) -> None:
        self.login(argument.decode("latin-1"))
        self.reply(230, "Logged in")


@mutant("login_230_and_not_in", breaks=["FTP-959-5.4-b"], because="530")
class Login230AndNotIn(FtpSession):
    """Says that it lets people in, and does not."""

    def login(self, user: str) -> None:
        """Nothing."""


@mutant("pass_without_user_230", breaks=["FTP-959-5.4-c"], because="230")
class PassWithoutUser230(FtpSession):
    """Takes who gives no name for nobody in particular."""

    def answer_pass(self, argument: bytes) -> None:
        if self.named:
            super().answer_pass(argument)
        else:
            self.login("anonymous")
            self.reply(230, "Logged in")


@mutant("command_before_login", breaks=["FTP-959-5.4-d"], because="257")
class CommandBeforeLogin(FtpSession):
    """Lets everybody ask where he is."""

    commands = {**COMMANDS, "PWD": replace(COMMANDS["PWD"], login=False)}


@mutant("site_cpfr_before_login", breaks=["FTP-959-5.4-d"], because="350")
class SiteCpfrBeforeLogin(FtpSession):
    """Copies files for everybody, as CVE-2015-3306 has it."""

    commands = {**COMMANDS, "SITE": replace(COMMANDS["SITE"], login=False)}

    def answer_site(self, argument: bytes) -> None:
        if argument.startswith(b"CPFR "):
            self.reply(350, "To which name?")
        else:
            super().answer_site(argument)


@mutant("failed_login_stays_logged_in", breaks=["FTP-959-5.4-e"], because="257")
class FailedLoginStaysLoggedIn(FtpSession):
    """Sets the user before it looks at the password."""

    def login_failed(self) -> None:
        self.login("alice")
        super().login_failed()


@mutant("one_login_a_connection", breaks=["FTP-959-5.4-e"], because="right password behind a wrong one")
class OneLoginAConnection(FtpSession):
    """Refuses whoever was refused."""

    def is_right(self, user: str, password: bytes) -> bool:
        return not self.attempts and super().is_right(user, password)


@mutant("no_login_limit", breaks=["FTP-2577-5-a"], because="10 refusals")
class NoLoginLimit(FtpSession):
    """Hears passwords for ever."""

    def login_failed(self) -> None:
        self.reply(530, "Login incorrect")


@mutant("login_limit_without_421", breaks=["FTP-2577-5-a"], because="closed without 421")
class LoginLimitWithout421(FtpSession):
    """Leaves without a word: legal, and remarkable."""

    def login_failed(self) -> None:
        self.attempts += 1
        if self.attempts < self.config.logins:
            self.reply(530, "Login incorrect")
        else:
            self.close()


@mutant("user_enumeration", breaks=["FTP-2577-7-a"], because="530")
class UserEnumeration(FtpSession):
    """Asks only those for a password whom it knows."""

    def answer_user(self, argument: bytes) -> None:
        if argument.decode("latin-1") in self.config.passwords:
            super().answer_user(argument)
        else:
            self.reply(530, "Nobody is called so")


@mutant("relogin_keeps_old_privileges", breaks=["FTP-959-5.4-f"], because="257 200")
class ReloginKeepsOldPrivileges(FtpSession):
    """Stays logged in as who was there before."""

    def logout(self) -> None:
        self.named = ""


@mutant("anonymous_may_write", breaks=["FTP-959-5.4-u"], because="MKD 257", anonymous="1")
class AnonymousMayWrite(FtpSession):
    """Lets anybody write anywhere."""

    def writable(self) -> bool:
        return True


@mutant("rein_keeps_login", breaks=["FTP-959-4.1.1-a"], because="257")
class ReinKeepsLogin(FtpSession):
    """Forgets everything but who is there."""

    def reinitialize(self) -> None:
        user = self.user
        super().reinitialize()
        self.user = user


@mutant("quit_keeps_open", breaks=["FTP-959-4.1.1-b"], because="still open")
class QuitKeepsOpen(FtpSession):
    """Leaves the end to the client."""

    def answer_quit(self, argument: bytes) -> None:
        self.reply(221, "Goodbye")


@mutant("quit_cuts_transfer", breaks=["FTP-959-4.1.1-c"], because="the whole file")
class QuitCutsTransfer(FtpSession):
    """Leaves at once, whatever is under way."""

    commands = {**COMMANDS, "QUIT": replace(COMMANDS["QUIT"], at_once=True)}


@mutant("quit_before_226", breaks=["FTP-959-4.1.1-c"], because="221")
class QuitBefore226(FtpSession):
    """Says goodbye in the middle of a transfer, and goes on with it."""

    def on_line(self, line: bytes) -> None:
        if line == b"QUIT" and self.task is not None:
            self.reply(221, "Goodbye")
        else:
            super().on_line(line)


@mutant("auth_unknown_234", breaks=["FTP-2228-3-a"], because="234")
class AuthUnknown234(FtpSession):
    """Agrees to any mechanism."""

    def auth_problem(self, argument: bytes) -> Answer | None:
        return None


@mutant("auth_refused_is_deaf", breaks=["FTP-2228-3-a"], because="530")
class AuthRefusedIsDeaf(FtpSession):
    """Lets nobody log in who asked for a mechanism that it does not have."""

    asked = False

    def answer_auth(self, argument: bytes) -> None:
        self.asked = self.auth_problem(argument) is not None
        super().answer_auth(argument)

    def answer_user(self, argument: bytes) -> None:
        if self.asked:
            self.reply(530, "Not in clear")
        else:
            super().answer_user(argument)
