"""Where an FTP client stands, and what his commands do to names (RFC 959 4.1.3, 5.4, Appendix II; RFC 3659 3 and 4)."""

from __future__ import annotations

import re

from pytest_netconform.models.ftp_rules import EITHER, REFUSED, RULES, expect, expect_not
from pytest_netconform.models.ftp_tree import DIRECTORY, MISSING, UNSURE, Kind, Names, Tree, sent
from pytest_netconform.models.model import Model, Wrong
from pytest_netconform.wire.ftp import FormProblem, Reply, parse_257

PLAIN = re.compile(rb"[a-z]+")  # a name that every server takes as it is


class FtpFiles(Model[Reply]):
    """A directory of the client's own, and commands about what is in it."""

    folder = b""  # its absolute pathname
    utf8 = True  # whether names are octets

    def __init__(self) -> None:
        self.base = self.folder.rpartition(b"/")[2]
        self.tree = Tree()
        super().__init__()

    def begin(self) -> None:
        super().begin()
        self.afresh()

    def afresh(self) -> None:
        """As on a new connection."""
        self.cwd: Names | None = None  # from our directory on; None: somewhere else, or nobody knows
        self.kind = "A"  # I, or empty where nobody knows
        self.renaming: frozenset[Names | None] = frozenset()  # what RNFR may have named
        self.old, self.right_behind = b"", False  # as it was said; nothing was said since

    # -- where the client stands

    def path(self, argument: bytes) -> Names | None:
        """The names that lead from our directory to a path; None where it leads elsewhere."""
        if self.folder and (argument + b"/").startswith(self.folder + b"/"):
            names, rest = [], argument[len(self.folder) :]
        elif argument.startswith(b"/") or self.cwd is None:
            return None
        else:
            names, rest = list(self.cwd), argument
        for name in rest.split(b"/"):
            if name == b".." and not names:
                return None
            if name == b"..":
                names.pop()
            elif name not in (b"", b"."):
                names.append(name)
        return tuple(names) if self.utf8 or all(map(PLAIN.fullmatch, names)) else None

    def _shows(self, answer: Reply, path: Names, rule: str) -> None:
        """A 257 names this path."""
        try:
            shown = parse_257(answer)
        except FormProblem:
            raise Wrong(RULES[rule]) from None
        if (
            not (b"/" + shown.lstrip(b"/")).endswith(b"/" + b"/".join((self.base, *path)))
            or shown[:1] != self.folder[:1]
        ):
            raise Wrong(RULES[rule])

    def _pwd(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        if self.cwd is not None:
            expect_not(code, ("5yz",), "PWD")
            if code < 300:
                self._shows(answer, self.cwd, "PWD")

    def _cwd(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        path = self.path(argument)
        node = self.tree.look(path)
        if code >= 300:
            if node == DIRECTORY:
                expect_not(code, ("5yz",), "CWD")
            return
        if node.kind in (Kind.MISSING, Kind.FILE):
            raise Wrong(RULES["CWD missing"])
        if path and node == UNSURE:
            self.tree.found(path)
        self.cwd = path

    def _cdup(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        if self.cwd:
            expect_not(code, ("5yz",), "CDUP")
        if code < 300:
            self.cwd = self.cwd[:-1] if self.cwd else None

    def _leaves(self, path: Names | None) -> None:
        """That path is something else now; who stands in it stands nowhere."""
        if path is None or (self.cwd is not None and self.cwd[: len(path)] == path):
            self.cwd = None

    # -- what is there

    def _mkd(self, code: int, argument: bytes, answer: Reply) -> None:
        path = self.path(argument)
        expect(code, EITHER, "answer")
        if code >= 300 or path is None:
            return
        if self.tree.look(path).there:
            raise Wrong(RULES["MKD there"])
        self._shows(answer, path, "MKD")
        self.tree.put(path, DIRECTORY)

    def _rmd(self, code: int, argument: bytes, answer: Reply) -> None:
        self._removes(code, argument, "RMD")

    def _dele(self, code: int, argument: bytes, answer: Reply) -> None:
        self._removes(code, argument, "DELE")

    def _removes(self, code: int, argument: bytes, verb: str) -> None:
        path = self.path(argument)
        expect(code, EITHER, "answer")
        if code >= 300 or not path:
            return
        if self.tree.look(path) == MISSING:
            raise Wrong(RULES[f"{verb} missing"])
        if self.tree.inside(path):
            raise Wrong(RULES[f"{verb} full"])
        self.tree.drop(path)
        self._leaves(path)

    def _rnfr(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, ("3yz", *REFUSED), "RNFR")
        if code < 400:
            self.renaming, self.old, self.right_behind = frozenset((self.path(argument),)), argument, True
        else:
            self.right_behind = False

    def _rnto(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        new = self.path(argument)
        if code < 300:
            self._renames(self.renaming | ({self.path(self.old)} if self.renaming else frozenset()), new)
            self.renaming = frozenset()
        elif self.right_behind and self._free(new) and all(self.tree.look(old).there for old in self.renaming):
            expect_not(code, (503,), "RNTO")

    def _free(self, path: Names | None) -> bool:
        return bool(path) and self.tree.look(path) == MISSING and self.tree.above(path or ()) == DIRECTORY

    def _renames(self, olds: frozenset[Names | None], new: Names | None) -> None:
        if not olds:
            raise Wrong(RULES["RNTO early"])
        if all(self.tree.look(old) == MISSING for old in olds):
            raise Wrong(RULES["RNTO missing"])
        old = next(iter(olds))
        if len(olds) > 1 or not old or not new or (self.tree.look(new) in (DIRECTORY, UNSURE) and new != old):
            for path in (*olds, new):
                self.tree.doubt(path)
                self._leaves(path)
            return
        self.tree.move(old, new)
        self._leaves(old)
        self._leaves(new)

    def _size(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        node = self.tree.look(self.path(argument))
        if code >= 300:
            if node.kind is Kind.FILE and self.kind == "I":
                expect(code, (500, 502, "4yz"), "SIZE")
            return
        if node == MISSING:
            raise Wrong(RULES["missing"])
        right = sent(node.contents, self.kind, frozenset({0})) if node.kind is Kind.FILE else None
        if right is not None and answer.text.strip() not in {str(len(data)) for data in right}:
            raise Wrong(RULES["SIZE"])

    def _mdtm(self, code: int, argument: bytes, answer: Reply) -> None:
        expect(code, EITHER, "answer")
        node = self.tree.look(self.path(argument))
        if code < 300 and node == MISSING:
            raise Wrong(RULES["missing"])
        if code < 300 and not re.fullmatch(r"[0-9]{14}(\.[0-9]+)?", answer.text.strip()):
            raise Wrong(RULES["MDTM"])
