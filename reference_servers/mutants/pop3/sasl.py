"""Mutants of AUTH: the exchange goes wrong in one way each."""

from __future__ import annotations

import base64
from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import COMMANDS, Pop3Session, State
from pytest_netconform.wire.sasl import SaslProblem


@mutant("auth_challenge_text", breaks=["POP3-5034-4-a"], because="+ Go on")
class AuthChallengeText(Pop3Session):
    """Writes words where a challenge belongs."""

    def send_challenge(self, challenge: bytes) -> None:
        if challenge:
            super().send_challenge(challenge)
        else:
            self.send(b"+ Go on\r\n")


@mutant("auth_challenge_bare", breaks=["POP3-5034-4-a"], because="+")
class AuthChallengeBare(Pop3Session):
    """Leaves out the space before an empty challenge."""

    def send_challenge(self, challenge: bytes) -> None:
        if challenge:
            super().send_challenge(challenge)
        else:
            self.send(b"+\r\n")


@mutant("auth_initial_response_ignored", breaks=["POP3-5034-4-a"], because="+")
class AuthInitialResponseIgnored(Pop3Session):
    """Overhears the initial response and asks for it again."""

    def answer_auth(self, name: bytes, initial: bytes = b"") -> None:
        super().answer_auth(name)


@mutant("auth_cancel_hangs", breaks=["POP3-5034-4-b"], because="nothing for")
class AuthCancelHangs(Pop3Session):
    """Does not hear that the client has thought better of it."""

    def cancelled(self) -> None:
        """Waits for the response."""


@mutant("auth_cancel_ok", breaks=["POP3-5034-4-b"], because="+OK")
class AuthCancelOk(Pop3Session):
    """Agrees to a cancellation."""

    def cancelled(self) -> None:
        self.exchange = None
        self.agree("Cancelled")


@mutant("base64_lenient", breaks=["POP3-5034-4-c"], because="+OK")
class Base64Lenient(Pop3Session):
    """Passes over what is no base64."""

    def decode_response(self, text: bytes) -> bytes:
        try:
            return base64.b64decode(text)
        except ValueError as error:
            raise SaslProblem(str(error)) from None


@mutant("auth_undecodable_hangs", breaks=["POP3-5034-4-c"], because="nothing for")
class AuthUndecodableHangs(Pop3Session):
    """Waits for a response that it can read."""

    def on_line(self, line: bytes) -> None:
        if self.exchange is None or b"#" not in line:
            super().on_line(line)


@mutant("auth_after_login", breaks=["POP3-5034-4-d"], because="+OK")
class AuthAfterLogin(Pop3Session):
    """Lets in who is in."""

    commands = {**COMMANDS, "AUTH": replace(COMMANDS["AUTH"], states=frozenset(State))}

    def claim(self, name: str) -> bool:
        return self.drop is not None or super().claim(name)


@mutant("auth_unknown_mechanism_begins", breaks=["POP3-5034-4-d"], because="+")
class AuthUnknownMechanismBegins(Pop3Session):
    """Takes PLAIN for whatever it does not know."""

    def answer_auth(self, name: bytes, initial: bytes = b"") -> None:
        known = name.decode("ascii").upper() in self.mechanisms()
        super().answer_auth(name if known else b"PLAIN", initial)


@mutant("failed_auth_sticks", breaks=["POP3-5034-4-e"], because="-ERR")
class FailedAuthSticks(Pop3Session):
    """Bears a grudge."""

    grudge = False

    def refuse_login(self, name: str) -> None:
        self.grudge = True
        super().refuse_login(name)

    def is_password(self, name: str, password: str) -> bool:
        return not self.grudge and super().is_password(name, password)


@mutant("auth_long_line_split", breaks=["POP3-5034-4-e"], because="replies")
class AuthLongLineSplit(Pop3Session):
    """Reads a response in pieces of a command's length, and answers each."""

    def longest_line(self) -> int:
        return self.config.line

    def on_long_line(self, head: bytes) -> None:
        super().on_long_line(head)
        self.refuse("Unknown command")
