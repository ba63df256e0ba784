"""Mutants of the login: who is let in, and in which words, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Pop3Session


@mutant("pass_split_at_space", breaks=["POP3-1939-7-d"], because="-ERR", username="bob", password="tr es")
class PassSplitAtSpace(Pop3Session):
    """Takes the first word of a password for the whole."""

    def read_password(self, argument: bytes) -> str:
        return super().read_password(argument).partition(" ")[0]


@mutant("pass_without_user_ok", breaks=["POP3-1939-7-e"], because="+OK")
class PassWithoutUserOk(Pop3Session):
    """Asks for a password, and never mind whose."""

    def answer_pass(self, password: bytes) -> None:
        self.named = self.named or "alice"
        super().answer_pass(password)


@mutant("name_kept_over_capa", breaks=["POP3-1939-7-e"], because="kept over CAPA")
class NameKeptOverCapa(Pop3Session):
    """Remembers a name, as Dovecot does."""

    def forget_name(self) -> None:
        """It stays."""


@mutant("user_enumeration", breaks=["POP3-1939-7-f"], because="No such user")
class UserEnumeration(Pop3Session):
    """Tells which users there are."""

    def refuse_login(self, name: str) -> None:
        if name in self.config.passwords:
            super().refuse_login(name)
        else:
            self.refuse("No such user", "AUTH")


@mutant("auth_code_missing", breaks=["POP3-1939-7-f"], because="[AUTH]")
class AuthCodeMissing(Pop3Session):
    """Promises AUTH-RESP-CODE and does not say [AUTH]."""

    def refuse_login(self, name: str) -> None:
        self.refuse("Authentication failed")


@mutant("apop_constant_timestamp", breaks=["POP3-1939-7-g"], because="timestamp of its own")
class ApopConstantTimestamp(Pop3Session):
    """Has one timestamp for all."""

    def new_stamp(self) -> str:
        return f"<1.2@{self.config.host}>"


@mutant("apop_right_digest_refused", breaks=["POP3-1939-7-g"], because="-ERR")
class ApopRightDigestRefused(Pop3Session):
    """Leaves the brackets out of the digest."""

    def is_digest(self, name: str, digest: bytes) -> bool:
        self.stamp, stamp = self.stamp.strip("<>"), self.stamp
        try:
            return super().is_digest(name, digest)
        finally:
            self.stamp = stamp


@mutant("apop_any_digest", breaks=["POP3-1939-7-g"], because="+OK")
class ApopAnyDigest(Pop3Session):
    """Looks at the name and not at the digest."""

    def is_digest(self, name: str, digest: bytes) -> bool:
        return name in self.config.passwords
