"""How an FTP client's files and listings move: what is agreed on before, and what must come of it.

(RFC 959 3.2 to 3.4, 4.1.2, 4.1.3, 5.4; RFC 2428; RFC 3659 5.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_netconform.models.ftp_files import PLAIN, FtpFiles
from pytest_netconform.models.ftp_rules import (
    DONE,
    EITHER,
    LISTINGS,
    REFUSED,
    RULES,
    UPLOADS,
    expect,
    expect_not,
    parsed,
)
from pytest_netconform.models.ftp_tree import (
    DIRECTORY,
    MISSING,
    Kind,
    Names,
    Node,
    joined,
    kept,
    overwritten,
    sent,
    unblocked,
)
from pytest_netconform.models.model import Wrong
from pytest_netconform.wire.ftp import FormProblem, Passive, Reply, parse_227, parse_229
from pytest_netconform.wire.ftp_listings import lines_of

NEVER, READY, GONE = "never", "ready", "gone"  # whether a data connection was agreed on
NOWHERE = ("0.0.0.0", "255.255.255.255")  # nobody can connect to these
_FILE = re.compile(rb"FILE: (.+)")


class FtpMoves(FtpFiles):
    """Parameters, places for data connections, and transfers."""

    network = 0  # how many octets of a transfer the network cannot hold; 0: unknown

    def begin(self) -> None:
        super().begin()
        self.only_epsv: bool | None = False  # EPSV ALL was said; None: perhaps that is forgotten

    def afresh(self) -> None:
        super().afresh()
        self.mode = "S"
        self.markers = frozenset({0})  # where the next transfer may begin
        self.prepared, self.place = NEVER, Passive("", 0)
        self.named: Names | None = None  # by STOU

    # -- before

    def _type(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        if code < 300:
            letter = argument[:1].decode("latin-1").upper()
            if letter not in "AILE":
                raise Wrong(RULES["TYPE Z"])
            self.kind = {"L": "I", "E": ""}.get(letter, letter)

    def _mode(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        if code < 300:
            if argument.upper() not in (b"S", b"B", b"C", b"Z"):  # Z: deflate, a draft's
                raise Wrong(RULES["TYPE Z"])
            self.mode = argument.decode("latin-1").upper()

    def _stru(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")

    def _rest(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, ("3yz", *REFUSED), "REST")
        self.markers = frozenset({int(argument)}) if code < 400 else self.markers | {0}

    def _pasv(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        if code < 300:
            if self.only_epsv:
                raise Wrong(RULES["EPSV ALL"])
            try:
                self.place, self.prepared = parse_227(answer), READY
            except FormProblem:
                raise Wrong(RULES["PASV"]) from None
            if self.place.host in NOWHERE:
                raise Wrong(RULES["PASV"])

    def _epsv(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        if code >= 300:
            return
        if argument.upper() == b"ALL":
            self.only_epsv = True
        elif argument == b"9":
            raise Wrong(RULES["EPSV 9"])
        else:
            try:
                self.place, self.prepared = parse_229(answer), READY
            except FormProblem:
                raise Wrong(RULES["EPSV"]) from None
            if self.place.deviations:
                raise Wrong(RULES["EPSV"])

    def _port(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, REFUSED, "EPSV ALL")

    _eprt = _port

    # -- transfers: their first answers

    def _retr(self, code: int, argument: bytes, answer: Reply) -> None:
        file = self.tree.look(self.path(argument)).kind is Kind.FILE
        if self._begins(code) and file and self.prepared == READY and self.markers == {0}:
            expect_not(code, ("5yz",), "RETR")
        self._ends(code)

    def _stor(self, code: int, argument: bytes, answer: Reply) -> None:
        if self._begins(code) and code < 500:
            self.tree.doubt(self.path(argument))
        self._ends(code)

    _appe = _stor

    def _list(self, code: int, argument: bytes, answer: Reply) -> None:
        self._begins(code)
        self._ends(code)

    _nlst = _list

    def _stou(self, code: int, argument: bytes, answer: Reply) -> None:
        if not self._begins(code):
            found = _FILE.fullmatch(answer.lines[0])
            if found is None:
                raise Wrong(RULES["STOU"])
            self.named = self._told(found[1])
            if self.named and self.tree.look(self.named).there:
                raise Wrong(RULES["STOU again"])
        self._ends(code)

    def _told(self, name: bytes) -> Names | None:
        """The path that a server calls so."""
        _, ours, rest = (b"/" + name).partition(b"/" + self.base + b"/")
        return self.path(self.folder + b"/" + rest) if ours else self.path(name) if b"/" not in name else None

    def _begins(self, code: int) -> bool:
        """Whether a transfer is refused before it begins."""
        expect(code, ("1yz", *REFUSED), "first")
        return code >= 400

    def _ends(self, code: int, *, listing: bool = False) -> None:
        """What the end of a transfer does to the next one; whether listings use up a marker is the server's choice."""
        if code >= 200:
            self.prepared = GONE if self.prepared == READY else self.prepared
            self.markers = frozenset({0}) if code < 300 and not listing else self.markers | {0}

    # -- and their ends

    def waits(self, said: bytes) -> bool:
        """Whether no end can come of this transfer while nobody reads: so much is under way."""
        verb, argument = parsed(said)
        file = self.tree.look(self.path(argument))
        much = (
            verb == "RETR"
            and file.contents is not None
            and all(len(content) >= self.network for content in file.contents)
        )
        return bool(self.network) and much and self.kind + self.mode == "IS" and self.markers == {0}

    def early(self, said: bytes, answer: Reply) -> None:
        """An answer came while a transfer waited."""
        raise Wrong(RULES["too soon"])

    def broke(self, said: bytes, answer: Reply, waited: bool) -> None:
        """The client broke the data connection, and this is the last answer; waited: before everything was sent."""
        code = self._last(answer)
        if waited:
            expect_not(code, DONE, "broken")
        verb, argument = parsed(said)
        if verb in UPLOADS:
            self.tree.doubt(self.named if verb == "STOU" else self.path(argument))
        self._ends(code)

    def aborted(self, said: bytes, answers: Sequence[Reply]) -> None:
        """A transfer to the client and an ABOR behind it were answered."""
        first, second = (self._last(answer) for answer in answers)
        expect(first, EITHER, "ABOR moving")
        expect(second, (225, 226, 500, 502), "ABOR moving")
        self._ends(450)

    def moved(self, said: bytes, given: bytes, data: bytes | None, orderly: bool, answer: Reply) -> None:
        """The last answer of a transfer. given: what we sent; data: what came, None over no data connection."""
        code = self._last(answer)
        verb, argument = parsed(said)
        path = self.named if verb == "STOU" else self.path(argument)
        if data is None:
            expect(code, REFUSED, "no data")
            self.tree.doubt(path if verb in UPLOADS else None)
        elif code < 300 and not orderly:
            raise Wrong(RULES["whole"])
        elif verb in UPLOADS:
            self._stored(verb, path, given, code)
        elif verb == "RETR":
            self._given(path, data, code)
        elif verb == "NLST" and code < 300:
            self._listed(path if argument else self.cwd, data)
        self._ends(code, listing=verb in LISTINGS)

    def _last(self, answer: Reply) -> int:
        code = answer.code
        assert code is not None
        expect(code, EITHER, "last")
        self.over = code == 421
        return code

    def _stored(self, verb: str, path: Names | None, given: bytes, code: int) -> None:
        if path is None or code >= 300 or self.mode != "S":
            self.tree.doubt(path)
            return
        node = self.tree.look(path)
        if node == DIRECTORY or self.tree.above(path).kind in (Kind.MISSING, Kind.FILE):
            raise Wrong(RULES["STOR nowhere"])
        data = kept(given, self.kind)
        old = frozenset((b"",)) if node == MISSING else node.contents
        if self.markers != {0}:
            marker = max(self.markers)
            sure = self.kind == "I" and verb == "STOR" and len(self.markers) == 1
            data = overwritten(old, given, marker) if sure else None
        elif verb == "APPE":
            data = joined(old, data)
        self.tree.put(path, Node(Kind.FILE, data))

    def _given(self, path: Names | None, data: bytes, code: int) -> None:
        node = self.tree.look(path)
        if code >= 300:
            if node.kind is Kind.FILE and self.markers == {0}:
                expect_not(code, ("5yz",), "RETR")
            return
        if node in (MISSING, DIRECTORY):
            raise Wrong(RULES["RETR missing"])
        content = unblocked(data) if self.mode == "B" else data
        if content is None:
            raise Wrong(RULES["blocks"])
        right = sent(node.contents, self.kind, self.markers) if self.mode in "SB" else None
        if right is not None and content not in right:
            raise Wrong(RULES["RETR octets"])
        if path and self.kind == "I" and self.markers == {0} and self.mode in "SB":
            self.tree.put(path, Node(Kind.FILE, frozenset((content,))))

    def _listed(self, path: Names | None, data: bytes) -> None:
        if path is None or self.tree.look(path) != DIRECTORY or self.mode != "S":
            return
        names = {line.rpartition(b"/")[2] for line in lines_of(data)}
        there = set(self.tree.inside(path))
        gone = {name for name in names if self.tree.look((*path, name)) == MISSING} - {b"", b".", b".."}
        if there - names or (gone if self.utf8 else {name for name in gone if PLAIN.fullmatch(name)}):
            raise Wrong(RULES["NLST"])
