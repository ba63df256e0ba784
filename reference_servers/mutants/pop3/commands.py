"""Mutants of commands: keywords, states and numbers are read wrongly in one way each."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import COMMANDS, Pop3Session, State

ANY = frozenset(State)


@mutant("case_sensitive_verbs", breaks=["POP3-1939-3-c"], because="-ERR")
class CaseSensitiveVerbs(Pop3Session):
    """Knows keywords in capitals only."""

    def verb_of(self, word: bytes) -> str:
        return word.decode("latin-1")


@mutant("unknown_verb_ok", breaks=["POP3-1939-3-d"], because="+OK", without="CAPA")
class UnknownVerbOk(Pop3Session):
    """Agrees to what it does not know, but for what any client says first."""

    def unknown_verb(self) -> None:
        if self.verb == "XYZZY" and self.drop is None and not self.seen():
            super().unknown_verb()
        self.commands = {**COMMANDS, self.verb: self.commands.get(self.verb, replace(COMMANDS["NOOP"], states=ANY))}

    def seen(self) -> bool:
        """Whether this is not the first connection to this store."""
        return self.store.number() > 2


@mutant("unknown_verb_closes", breaks=["POP3-1939-3-d"], because="closed")
class UnknownVerbCloses(Pop3Session):
    """Has no patience behind the login."""

    def refuse(self, text: str, code: str = "") -> None:
        closes = self.drop is not None and self.verb == "XYZZY"
        super().refuse(text, code)
        if closes:
            self.close()


@mutant("stat_before_login", breaks=["POP3-1939-3-e"], because="+OK 0 0")
class StatBeforeLogin(Pop3Session):
    """Counts nobody's messages."""

    commands = {**COMMANDS, "STAT": replace(COMMANDS["STAT"], states=ANY)}

    def answer_stat(self) -> None:
        if self.drop is None:
            self.agree("0 0")
        else:
            super().answer_stat()


@mutant("noop_before_login", breaks=["POP3-1939-3-e"], because="+OK")
class NoopBeforeLogin(Pop3Session):
    """Does nothing for anybody."""

    commands = {**COMMANDS, "NOOP": replace(COMMANDS["NOOP"], states=ANY)}


@mutant("relogin_in_transaction", breaks=["POP3-1939-3-f"], because="+OK")
class ReloginInTransaction(Pop3Session):
    """Takes a name at any time."""

    commands = {**COMMANDS, "USER": replace(COMMANDS["USER"], states=ANY)}


@mutant("stls_in_transaction", breaks=["POP3-1939-3-f"], because="+OK", vantage="inside")
class StlsInTransaction(Pop3Session):
    """Agrees to STLS at any time."""

    commands = {**COMMANDS, "STLS": replace(COMMANDS["STLS"], states=ANY)}

    def answer_stls(self) -> None:
        if self.drop is not None:
            self.agree("Ready for TLS, some other day")
        else:
            super().answer_stls()


@mutant("msgnum_wraps_32bit", breaks=["POP3-1939-3-g"], because="+OK")
class MsgnumWraps32bit(Pop3Session):
    """Counts in 32 bits."""

    def number(self, argument: bytes) -> int:
        return super().number(argument) & 0xFFFFFFFF


@mutant("msgnum_atoi", breaks=["POP3-1939-3-g"], because="+OK")
class MsgnumAtoi(Pop3Session):
    """Reads as many digits as there are, and does not look behind them."""

    def number(self, argument: bytes) -> int:
        found = re.match(rb"[0-9]+", argument)
        return super().number(found[0] if found else argument)


@mutant("msgnum_zero_is_last", breaks=["POP3-1939-3-g"], because="+OK")
class MsgnumZeroIsLast(Pop3Session):
    """Has an array that begins at its end."""

    def number(self, argument: bytes) -> int:
        return super().number(argument) or 1


@mutant("top_without_count", breaks=["POP3-1939-3-g"], because="+OK")
class TopWithoutCount(Pop3Session):
    """Gives the header alone when nobody says how many lines."""

    commands = {**COMMANDS, "TOP": replace(COMMANDS["TOP"], least=1)}

    def answer_top(self, argument: bytes, lines: bytes = b"0") -> None:
        super().answer_top(argument, lines)


@mutant("odd_spaces_taken", breaks=["POP3-1939-3-h"], because="+OK")
class OddSpacesTaken(Pop3Session):
    """Is generous with spaces, as many servers are."""

    def split_command(self, line: bytes) -> tuple[bytes, bytes | None]:
        word, _, rest = b" ".join(line.split()).partition(b" ")
        return word, rest or None


@mutant("line_limit_40", breaks=["POP3-1939-3-i"], because="closed")
class LineLimit40(Pop3Session):
    """Has a buffer of forty octets, and no way on behind it."""

    def longest_line(self) -> int:
        return 40 if self.exchange is None else super().longest_line()

    def on_long_line(self, head: bytes) -> None:
        super().on_long_line(head)
        self.close()
