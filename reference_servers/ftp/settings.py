"""What changes no file: representation types, features, help, and the commands that do little (RFC 959 4.1.2, 4.1.3).

Types I and L 8 are one; the only structure is F and the only mode S, as RFC 1123 4.1.2.13 asks for at least.
"""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.ftp.tree import FACTS, Tree
from pytest_netconform.wire.ftp_commands import parse_rest, parse_type

WORDS_PER_LINE = 8
_ALLO = re.compile(rb"[0-9]+(?: [Rr] [0-9]+)?")


class Settings(Tree):
    """Commands that are answered from what stands in the session."""

    # transfer parameters

    def answer_type(self, argument: bytes) -> None:
        self.kind = parse_type(argument)
        self.reply(200, f"Type is {self.kind.text}")

    def answer_stru(self, argument: bytes) -> None:
        self.choose(argument, b"F", b"RP", "Structure")

    def answer_mode(self, argument: bytes) -> None:
        self.choose(argument, b"S", b"BC", "Mode")

    def choose(self, argument: bytes, only: bytes, known: bytes, what: str) -> None:
        """The one letter that is served, those that the standard knows (504), and others (501)."""
        letter = argument.upper()
        if letter == only:
            self.reply(200, f"{what} is {only.decode()}")
        elif len(letter) == 1 and letter in known:
            self.reply(504, f"{what} {letter.decode()} is not served")
        else:
            self.reply(501, f"{what} is one letter")

    def answer_rest(self, argument: bytes) -> None:
        """Where the next transfer begins (RFC 3659 5)."""
        self.restart = parse_rest(argument)
        self.reply(350, f"The next transfer begins at {self.restart}")

    def answer_allo(self, argument: bytes) -> None:
        """No space is reserved here (RFC 959 4.1.3)."""
        if not _ALLO.fullmatch(argument):
            self.reply(501, "A number of octets is needed")
        else:
            self.reply(202, "Not needed here")

    # information

    def answer_feat(self, argument: bytes) -> None:
        """Beyond RFC 959, one feature a line behind one space (RFC 2389 3.2)."""
        lines = [b" " + line.encode() for line in self.feature_lines()]
        if lines:
            self.reply(211, "Features", lines, "End")
        else:
            self.reply(211, "No features")

    def feature_lines(self) -> list[str]:
        """The features that are on; the chosen facts carry a star (RFC 3659 7.8)."""
        facts = "".join(f"{name}{'*' if name in self.facts else ''};" for name in FACTS)
        lines = {"MLST": [f"MLST {facts}"], "REST": ["REST STREAM"], "TLS": ["AUTH TLS", "PBSZ", "PROT"]}
        on = self.config.features
        return [line for name in self.feature_names() if name in on for line in lines.get(name, [name])]

    def feature_names(self) -> tuple[str, ...]:
        """The features that FEAT speaks of."""
        return ("EPRT", "EPSV", "MDTM", "MLST", "REST", "SIZE", "UTF8", "TLS")

    def answer_syst(self, argument: bytes) -> None:
        self.reply(215, "UNIX Type: L8")

    def answer_help(self, argument: bytes) -> None:
        """The commands there are, or one of them."""
        if not argument:
            self.reply(214, "The commands are", self.help_lines(), "Ask for one by its name")
            return
        verb = self.verb_of(argument)
        if verb in self.commands:
            self.reply(214, f"{verb} takes {self.commands[verb].argument.value}")
        else:
            self.reply(501, "No such command")

    def help_lines(self) -> list[bytes]:
        """Verbs, some to a line."""
        verbs = sorted(self.commands)
        rows = [verbs[place : place + WORDS_PER_LINE] for place in range(0, len(verbs), WORDS_PER_LINE)]
        return [b" " + " ".join(row).encode() for row in rows]

    def answer_noop(self, argument: bytes) -> None:
        """Nothing; and what was said before stays as it is (RFC 959 4.1.3)."""
        self.reply(200, "Nothing done")

    def answer_site(self, argument: bytes) -> None:
        """There are no commands of our own, and so none that run programs (CA-93:06)."""
        if argument.upper() == b"HELP":
            self.reply(214, "There are no SITE commands here")
        else:
            self.reply(504, "No such SITE command")
