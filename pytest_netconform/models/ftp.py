"""What RFC 959 and its heirs let an FTP server answer: who is in, where he stands, what is there, and how it is moved.

The client works in a directory of his own, `folder`. Any command may be refused for want of something (4yz), and what
would change something by policy (5yz); what was accepted is done, and what is there is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from pytest_netconform.codes import fits
from pytest_netconform.models.ftp_moves import GONE, NEVER, READY, FtpMoves
from pytest_netconform.models.ftp_rules import (
    BETWEEN,
    DONE,
    EITHER,
    ENTRY,
    GUARDED,
    REFUSED,
    RULES,
    TRANSFERS,
    expect,
    expect_not,
    parsed,
)
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.wire.ftp import Reply

NEW, NAMED, IN, DOUBT = "new", "named", "in", "doubt"


class FtpModel(FtpMoves):
    """One FTP connection, and what is in the client's directory.

    folder: its absolute pathname, empty where nothing may be written. guesses: wrong passwords that may be tried on one
    connection. utf8: whether names are octets. network: octets of a transfer that the network cannot hold, 0: unknown.
    """

    farewell: ClassVar[Step | None] = Step("QUIT", b"QUIT\r\n")

    def __init__(
        self,
        *,
        folder: bytes = b"",
        account: bool = True,
        guesses: int = 2,
        utf8: bool = True,
        secure: bool = False,
        network: int = 0,
    ) -> None:
        self.folder, self.account, self.most_guesses = folder, account, guesses
        self.utf8, self.secure, self.network = utf8, secure, network
        super().__init__()

    def begin(self) -> None:
        super().begin()
        self.state, self.guesses, self.pressing = NEW, 0, False  # pressing: PASS would stand right behind USER

    def possible(self, word: str) -> bool:
        where = POSSIBLE.get(word)
        return where is None or where(self)

    @property
    def may_transfer(self) -> bool:
        """Whether it is known what a transfer would use for its data."""
        return self.prepared in (NEVER, READY)

    def may_say(self, word: str, line: bytes) -> bool:
        """Whether a further line of a step makes sense, whatever the lines before it came to."""
        if word == "near" and self.cwd is None:
            return False
        return parsed(line)[0] not in TRANSFERS or self.state != IN or self.prepared == READY

    def hear(self, step: Step, said: bytes, answer: Reply) -> None:
        """An answer to one line; of a transfer, the first one (`moved` hears the last)."""
        code = answer.code
        assert code is not None
        verb, argument = parsed(said)
        if code == 421:
            self.over = True
            return
        if step.word in ("odd", "unknown"):
            self._strange(step.word, code, verb)
            return
        if step.word == "guess":
            self._guessed(verb, code)
            return
        if self.state == IN and code == 530 and verb not in ENTRY:
            raise Wrong(RULES["in"])
        if verb in GUARDED and self.state in (NEW, NAMED):
            expect(code, REFUSED, "guarded")
        elif verb in GUARDED and self.state == DOUBT:
            self._tries(verb, argument, code)
        else:
            getattr(self, f"_{verb.lower()}")(code, argument, answer)
        self._passes(verb)

    def _passes(self, verb: str) -> None:
        """What any command does to what must stand right before another."""
        if verb not in BETWEEN | TRANSFERS:
            self.markers |= {0}
        if verb != "RNFR":
            self.right_behind = False
        self.pressing = self.pressing and verb == "USER"

    def _strange(self, word: str, code: int, verb: str) -> None:
        """Nearly a command: whatever the server makes of it is followed."""
        password = (331, 332) if verb == "USER" else ()
        expect(code, REFUSED if word == "unknown" else (*EITHER, *password), word)
        self._passes(verb)
        if code < 400:
            self.cwd, self.kind, self.prepared = None, "", GONE
            self.state = self.state if verb not in ENTRY else DOUBT

    def _tries(self, verb: str, argument: bytes, code: int) -> None:
        """Nobody knows who is in, whatever PASS was answered; whoever gets into our directory is we."""
        if verb == "CWD" and fits(code, DONE) and self.folder and self.path(argument) == ():
            self.state, self.cwd = IN, ()

    # -- who is in

    def _user(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, (*DONE, 331, 332, *REFUSED), "USER")
        if self.state in (IN, DOUBT):
            self._doubts()
            return
        if self.account:
            expect_not(code, ("5yz",), "USER")
        self._enters(code) if code < 300 else self._named(code)

    def _named(self, code: int) -> None:
        self.state, self.pressing = (NAMED, True) if code == 331 else (NEW, False)

    def _pass(self, code: int, argument: bytes, answer: Reply) -> None:
        if self.state == NEW:
            expect(code, (332, *REFUSED), "PASS early")
            return
        expect(code, (*DONE, 332, *REFUSED), "PASS")
        if self.state == NAMED and self.pressing:
            expect_not(code, ("5yz",), "PASS")
        if self.state == NAMED:
            self._enters(code)

    def _enters(self, code: int) -> None:
        """Behind a password, or without one."""
        if code < 300:
            self.state = IN
        elif self.state == NAMED:
            self.state = NEW if code >= 400 else DOUBT

    def _doubts(self) -> None:
        """The login begins anew, perhaps."""
        self.state, self.cwd, self.kind, self.prepared = DOUBT, None, "", GONE
        self.markers |= {0}

    def _guessed(self, verb: str, code: int) -> None:
        """An answer to who has no account: a name that nobody has, and a password that is none."""
        expect(code, (*DONE, 331, 332, *REFUSED), "USER")
        self.guesses += verb == "PASS"
        if code < 300:
            self._doubts()
        elif self.state == NAMED or code < 400:
            self.state = DOUBT if code == 332 else NEW
        self.pressing = False

    def _rein(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "REIN")
        if code < 300:
            self.afresh()
            self.state, self.prepared = NEW, GONE
            self.only_epsv = None if self.only_epsv else False

    def _quit(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, DONE, "QUIT")
        self.over = True

    def _auth(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, REFUSED, "AUTH")

    # -- what changes nothing

    def _noop(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, (*DONE, "4yz") if self.state == IN else EITHER, "NOOP")

    def _stat(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "STAT")
        expect_not(code, (425,), "STAT")

    def _ask(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")

    _syst = _help = _feat = _allo = _acct = _site = _ask

    def _abor(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "ABOR")
        self.prepared = GONE if self.prepared == READY else self.prepared


#: word → where its steps can be taken; others can everywhere
POSSIBLE: Mapping[str, Callable[[FtpModel], bool]] = {
    "login": lambda model: model.account and model.state != IN,
    "early": lambda model: model.state in (NEW, NAMED),
    "guess": lambda model: model.state in (NEW, NAMED) and model.guesses < model.most_guesses,
    "enter": lambda model: model.state == IN and model.cwd is None,
    "in": lambda model: model.state == IN,
    "anew": lambda model: model.state == IN and not model.secure,
    "file": lambda model: model.state == IN and bool(model.folder),
    "near": lambda model: model.state == IN and model.cwd is not None,
    "ready": lambda model: model.state == IN and bool(model.folder) and model.may_transfer,
    "cut": lambda model: model.state == IN and bool(model.folder),
    "active": lambda model: model.state == IN and model.only_epsv is True,
}
