"""The core of an FTP session: its state, its command table, the one gate before every command, and its replies.

What a command does stands in the modules beside this one. Octets pass the Telnet layer first (RFC 959 5.3, RFC 1123
4.1.2.12); commands that arrive while something is under way wait for their turn, but for those that may not.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from pytest_netconform.reference_servers.files import FileProblem, FileTree, Names, Why
from pytest_netconform.reference_servers.ftp.config import FtpConfig
from pytest_netconform.reference_servers.lines import LineSession
from pytest_netconform.wire.ftp_commands import ASCII, Kind, SyntaxProblem, parse_path, resolved
from pytest_netconform.wire.telnet import Telnet, doubled


class Argument(Enum):
    """What may stand behind a verb."""

    NONE = "no argument"
    OPTIONAL = "an argument or none"
    NEEDED = "an argument"


class Answer(NamedTuple):
    """A reply of one line."""

    code: int
    text: str


@dataclass(frozen=True)
class Command:
    """One row of the command table.

    answer: the method's name. login: only for who is logged in. in_clear: allowed before TLS on a server that demands
    TLS. feature: must be on. at_once: answered in the middle of a transfer. writes: not for who may only read. patient:
    leaves what RNFR named as it is.
    """

    answer: str
    argument: Argument = Argument.NONE
    login: bool = True
    in_clear: bool = False
    feature: str = ""
    at_once: bool = False
    writes: bool = False
    patient: bool = False


_NEEDED, _OPTIONAL = Argument.NEEDED, Argument.OPTIONAL

COMMANDS: dict[str, Command] = {
    # access (RFC 959 4.1.1; RFC 2228 3, RFC 4217)
    "USER": Command("answer_user", _NEEDED, login=False),
    "PASS": Command("answer_pass", _OPTIONAL, login=False),
    "ACCT": Command("answer_acct", _NEEDED),
    "REIN": Command("answer_rein", login=False),
    "QUIT": Command("answer_quit", login=False, in_clear=True),
    "AUTH": Command("answer_auth", _NEEDED, login=False, in_clear=True, feature="TLS"),
    "PBSZ": Command("answer_pbsz", _NEEDED, login=False, in_clear=True, feature="TLS"),
    "PROT": Command("answer_prot", _NEEDED, login=False, in_clear=True, feature="TLS"),
    "CCC": Command("answer_ccc", feature="TLS"),
    # files and directories (RFC 959 4.1.1, 4.1.3; RFC 3659)
    "CWD": Command("answer_cwd", _NEEDED),
    "CDUP": Command("answer_cdup"),
    "PWD": Command("answer_pwd"),
    "MKD": Command("answer_mkd", _NEEDED, writes=True),
    "RMD": Command("answer_rmd", _NEEDED, writes=True),
    "DELE": Command("answer_dele", _NEEDED, writes=True),
    "RNFR": Command("answer_rnfr", _NEEDED, writes=True),
    "RNTO": Command("answer_rnto", _NEEDED, writes=True, patient=True),
    "SIZE": Command("answer_size", _NEEDED, feature="SIZE"),
    "MDTM": Command("answer_mdtm", _NEEDED, feature="MDTM"),
    "MLST": Command("answer_mlst", _OPTIONAL, feature="MLST"),
    # transfer parameters (RFC 959 4.1.2; RFC 2428)
    "TYPE": Command("answer_type", _NEEDED),
    "STRU": Command("answer_stru", _NEEDED),
    "MODE": Command("answer_mode", _NEEDED),
    "PORT": Command("answer_port", _NEEDED),
    "PASV": Command("answer_pasv"),
    "EPRT": Command("answer_eprt", _NEEDED, feature="EPRT"),
    "EPSV": Command("answer_epsv", _OPTIONAL, feature="EPSV"),
    "REST": Command("answer_rest", _NEEDED, feature="REST"),
    "ALLO": Command("answer_allo", _NEEDED),
    # transfers (RFC 959 4.1.3)
    "RETR": Command("answer_retr", _NEEDED),
    "STOR": Command("answer_stor", _NEEDED, writes=True),
    "APPE": Command("answer_appe", _NEEDED, writes=True),
    "STOU": Command("answer_stou", _OPTIONAL, writes=True),
    "LIST": Command("answer_list", _OPTIONAL),
    "NLST": Command("answer_nlst", _OPTIONAL),
    "MLSD": Command("answer_mlsd", _OPTIONAL, feature="MLST"),
    "ABOR": Command("answer_abor", at_once=True),
    # information
    "STAT": Command("answer_stat", _OPTIONAL, at_once=True, patient=True),
    "FEAT": Command("answer_feat", login=False, in_clear=True),
    "OPTS": Command("answer_opts", _NEEDED),
    "SYST": Command("answer_syst", login=False),
    "HELP": Command("answer_help", _OPTIONAL, login=False, in_clear=True),
    "NOOP": Command("answer_noop", login=False, in_clear=True, patient=True),
    "SITE": Command("answer_site", _NEEDED),
}

#: older spellings (RFC 1123 4.1.3.1)
ALIASES = {"XMKD": "MKD", "XRMD": "RMD", "XPWD": "PWD", "XCUP": "CDUP", "XCWD": "CWD"}

#: verbs that the standards know and this server does not serve: 502, where an unknown word gets 500 (RFC 959 5.4)
NOT_IMPLEMENTED = frozenset({"SMNT", "ADAT", "CONF", "ENC", "MIC", "LANG", "LPRT", "LPSV", "HOST", "MFMT", "MFCT"})

# A web browser or a page in one is at the other end: what it says must not be taken for commands.
_FOREIGN = re.compile(rb"[A-Z]+ \S+ HTTP/[0-9.]+")

#: what the tree's refusals are answered with (RFC 959 4.2, 5.4)
REFUSALS = {Why.NAME: 553, Why.FULL: 552}


class FtpCore(LineSession):
    """State, gate and replies. Whatever is worth being wrong about is a small method, an attribute or a table row."""

    commands: Mapping[str, Command] = COMMANDS
    aliases: Mapping[str, str] = ALIASES
    reply_end: bytes = b"\r\n"
    foreign: re.Pattern[bytes] = _FOREIGN
    urgent_inline = True

    def __init__(self, config: FtpConfig | None = None, tree: FileTree | None = None) -> None:
        super().__init__()
        self.config = config or FtpConfig()
        self.tree = tree if tree is not None else FileTree()
        self.telnet = Telnet()
        self.verb = ""  # of the command that is being answered
        self.is_secure = False
        self.handshaking = False  # TLS is on its way, or on its way out
        self.errors = 0
        self.waiting: deque[Callable[[], None]] = deque()  # what came while something was under way
        self.named = ""  # the user of USER, as long as PASS is awaited
        self.user = ""  # who is logged in
        self.directory: Names = ()
        self.renaming: Names | None = None
        self.restart = 0
        self.kind: Kind = ASCII

    # what arrives

    def on_data(self, data: bytes) -> None:
        """Octets: Telnet commands are taken out, and every option is refused (RFC 1123 3.2.1)."""
        if self.handshaking:
            return
        text = self.telnet.feed(data)
        for command in self.telnet.commands():
            if command.refusal and not self.closing:
                self.send(command.refusal)
        super().on_data(text)

    def on_line(self, line: bytes) -> None:
        """A command, now or when its turn comes."""
        line = self.without_padding(line)
        if self.busy() and not self.may_interrupt(line):
            self.defer(lambda: self.obey(line))
        else:
            self.obey(line)

    def on_long_line(self, head: bytes) -> None:
        """One refusal for the whole line."""
        if self.busy():
            self.defer(self.refuse_long_line)
        else:
            self.refuse_long_line()

    def refuse_long_line(self) -> None:
        """500 also says that a line is too long (RFC 959 4.2.1)."""
        self.verb = ""
        self.reply(500, "The line is too long")

    def without_padding(self, line: bytes) -> bytes:
        """A CR inside a line is sent as CR NUL (RFC 854, RFC 2640 3.1)."""
        return line.replace(b"\r\0", b"\r")

    def longest_line(self) -> int:
        return self.config.line

    def busy(self) -> bool:
        """Whether a command is under way that has not had its last reply."""
        return self.handshaking

    def may_interrupt(self, line: bytes) -> bool:
        """Whether a command is answered while another is under way (RFC 959 4.1.3: ABOR and STAT)."""
        command = self.commands.get(self.verb_of(self.split_command(line)[0]))
        return command is not None and command.at_once

    def defer(self, work: Callable[[], None]) -> None:
        """Keep a command for its turn; whoever sends too many of them is sent away."""
        if len(self.waiting) < self.config.queue:
            self.waiting.append(work)
            return
        self.reply(421, "Too many commands at once; closing")
        self.close()

    def go_on(self) -> None:
        """The command that was under way is done: those that waited have their turn."""
        while self.waiting and not self.busy() and not self.closing:
            self.waiting.popleft()()

    # the gate

    def obey(self, line: bytes) -> None:
        """A command: through the gate, then to its method."""
        if self.foreign.fullmatch(line):
            self.verb = ""
            self.reply(421, "This is no web server; closing")
            self.close()
            return
        word, argument = self.split_command(line)
        self.verb = self.verb_of(word)
        refusal = self.gate(argument)
        if self.verb in self.commands and not self.commands[self.verb].patient:
            self.renaming = None
        if refusal is not None:
            self.answer(refusal)
            return
        try:
            getattr(self, self.commands[self.verb].answer)(argument)
        except SyntaxProblem as problem:
            self.reply(problem.code, problem.text)
        except FileProblem as problem:
            self.reply(REFUSALS.get(problem.why, 550), str(problem))

    def split_command(self, line: bytes) -> tuple[bytes, bytes]:
        """The verb, and what stands behind one space: all of it, for a name may begin or end with spaces."""
        word, _, argument = line.partition(b" ")
        return word, argument

    def verb_of(self, word: bytes) -> str:
        """A verb in upper case: verbs are not case sensitive (RFC 959 5.3); older spellings are what they stand for."""
        verb = word.upper().decode("latin-1")
        return self.aliases.get(verb, verb)

    def gate(self, argument: bytes) -> Answer | None:
        """Why the command is refused before it is looked at, or None."""
        checks = (self.unknown_verb, self.in_clear, self.not_logged_in, self.argument_problem, self.may_not_write)
        return next((answer for check in checks if (answer := check(argument)) is not None), None)

    def unknown_verb(self, argument: bytes) -> Answer | None:
        """500 for a word that is no command, 502 for a command of the standards that is not served."""
        command = self.commands.get(self.verb)
        if command is not None and (not command.feature or command.feature in self.config.features):
            return None
        if command is not None or self.verb in NOT_IMPLEMENTED:
            return Answer(502, "Command not implemented")
        return Answer(500, "Command not recognized")

    def in_clear(self, argument: bytes) -> Answer | None:
        """530 where TLS is demanded and not there (RFC 4217 10.1)."""
        if self.config.require_tls and not self.is_secure and not self.commands[self.verb].in_clear:
            return Answer(530, "AUTH TLS first")
        return None

    def not_logged_in(self, argument: bytes) -> Answer | None:
        """530 for a command that wants a login."""
        if self.commands[self.verb].login and not self.user:
            return Answer(530, "Not logged in")
        return None

    def argument_problem(self, argument: bytes) -> Answer | None:
        """501 for an argument too many or too few."""
        rule = self.commands[self.verb].argument
        if rule is (Argument.NEEDED if not argument else Argument.NONE):
            return Answer(501, f"{self.verb} takes {rule.value}")
        return None

    def may_not_write(self, argument: bytes) -> Answer | None:
        """550 for who may only read."""
        if self.commands[self.verb].writes and not self.writable():
            return Answer(550, "Permission denied")
        return None

    def writable(self) -> bool:
        """Whether this user may change anything."""
        return not self.config.readonly and self.user != "anonymous"

    # names

    def path(self, argument: bytes) -> Names:
        """The pathname of a command; without one, the working directory."""
        return resolved(self.directory, parse_path(argument))

    # replies

    def answer(self, answer: Answer) -> None:
        """A reply of one line."""
        self.reply(answer.code, answer.text)

    def reply(self, code: int, text: str | bytes, inner: Sequence[bytes] = (), last: str | bytes | None = None) -> None:
        """One reply; with `last` it has several lines. Errors are counted: one too many is 421 and the close."""
        self.errors += code >= 500
        if self.errors > self.config.errors and code >= 500:
            self.send(self.format_reply(421, [b"Too many errors; closing"]))
            self.close()
            return
        lines = [_octets(text), *inner, *([] if last is None else [_octets(last)])]
        self.send(self.format_reply(code, lines))

    def format_reply(self, code: int, lines: Sequence[bytes]) -> bytes:
        """The octets of a reply (RFC 959 4.2): the code and a hyphen, then lines, then the code and a space."""
        if len(lines) == 1:
            return self.format_line(b"%d " % code, lines[0])
        inner = [self.format_line(b"", self.padded(line)) for line in lines[1:-1]]
        return b"".join([self.format_line(b"%d-" % code, lines[0]), *inner, self.format_line(b"%d " % code, lines[-1])])

    def format_line(self, head: bytes, text: bytes) -> bytes:
        """One line of a reply."""
        return head + doubled(self.clean_text(text)) + self.reply_end

    def padded(self, line: bytes) -> bytes:
        """An inner line that begins with a number would look like the last one (4.2)."""
        return b" " + line if re.match(rb"[0-9]{3}", line) else line

    def clean_text(self, text: bytes) -> bytes:
        """A reply's text as it may travel: whatever could end the line is gone."""
        return re.sub(rb"[\x00-\x1f\x7f]", b"?", text)


def _octets(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
