"""Files and directories over the control connection (RFC 959 4.1.3 and Appendix II, RFC 3659 3, 4 and 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_netconform.reference_servers.files import Directory, File, Names, Node
from pytest_netconform.reference_servers.ftp.core import FtpCore
from pytest_netconform.wire.ftp import quoted
from pytest_netconform.wire.ftp_commands import IMAGE, SyntaxProblem, path_text
from pytest_netconform.wire.ftp_listings import ascii_out, entry_line, list_line, time_text

FACTS = ("type", "size", "modify", "perm", "unique")


class Tree(FtpCore):
    """Where the client stands, what is there, and what becomes of it."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self.facts: tuple[str, ...] = FACTS  # what OPTS MLST chose

    # directories

    def answer_cwd(self, argument: bytes) -> None:
        self.enter(self.path(argument))
        self.reply(250, "Changed")

    def answer_cdup(self, argument: bytes) -> None:
        """200 by RFC 959 5.4, 250 in its Appendix II; as CWD."""
        self.enter(self.directory[:-1])
        self.reply(250, "Changed")

    def enter(self, path: Names) -> None:
        """A directory becomes the working directory."""
        self.tree.directory(path)
        self.directory = path

    def answer_pwd(self, argument: bytes) -> None:
        self.reply(257, self.quoted(path_text(self.directory)) + b" is the working directory")

    def answer_mkd(self, argument: bytes) -> None:
        """The 257 holds the absolute pathname, so that CWD takes it from anywhere (Appendix II)."""
        path = self.path(argument)
        self.tree.make(path, self.now)
        self.reply(257, self.quoted(self.made(path, argument)) + b" was made")

    def made(self, path: Names, argument: bytes) -> bytes:
        """The new directory's name as MKD's reply shows it."""
        return path_text(path)

    def quoted(self, path: bytes) -> bytes:
        """A pathname in quotes, quotes inside it doubled (Appendix II)."""
        return quoted(path)

    def answer_rmd(self, argument: bytes) -> None:
        self.tree.remove_directory(self.path(argument), self.now)
        self.reply(250, "Removed")

    # files

    def answer_dele(self, argument: bytes) -> None:
        self.tree.remove(self.path(argument), self.now)
        self.reply(250, "Deleted")

    def answer_rnfr(self, argument: bytes) -> None:
        path = self.path(argument)
        self.tree.node(path)
        self.renaming = path
        self.reply(350, "To which name?")

    def answer_rnto(self, argument: bytes) -> None:
        """Right behind RNFR, once (4.1.3)."""
        old, self.renaming = self.renaming, None
        if old is None:
            self.reply(503, "RNFR first")
            return
        self.tree.rename(old, self.path(argument), self.now)
        self.reply(250, "Renamed")

    def answer_size(self, argument: bytes) -> None:
        """The octets that a RETR would bring now (RFC 3659 4)."""
        self.reply(213, str(self.size_in_transfer(self.tree.file(self.path(argument)))))

    def size_in_transfer(self, file: File) -> int:
        """Exact in every type."""
        return len(self.outgoing(file.content))

    def outgoing(self, content: bytes) -> bytes:
        """A file's content as the current type sends it."""
        return content if self.kind is IMAGE else ascii_out(content)

    def answer_mdtm(self, argument: bytes) -> None:
        """UTC (RFC 3659 2.3, 3)."""
        self.reply(213, self.modified(self.tree.file(self.path(argument))))

    def modified(self, node: Node) -> str:
        """When it was changed last, as a time-val."""
        return time_text(self.config.date(node.modified))

    # facts

    def answer_mlst(self, argument: bytes) -> None:
        """One entry on the control connection, behind one space (RFC 3659 7.2)."""
        path = self.path(argument)
        entry = entry_line(self.facts_of(self.tree.node(path), "dir"), path_text(path))
        self.reply(250, "Listing follows", [b" " + entry], "End")

    def facts_of(self, node: Node, directory: str) -> Mapping[str, str]:
        """The chosen facts of an entry; `directory` is the type of a directory here: dir, cdir or pdir."""
        facts = {"type": directory if isinstance(node, Directory) else "file"}
        if isinstance(node, File):
            facts["size"] = str(len(node.content))
        facts |= {"modify": self.modified(node), "perm": self.permissions(node), "unique": f"{node.number:x}"}
        return {name: value for name, value in facts.items() if name in self.facts}

    def permissions(self, node: Node) -> str:
        """What the user may do (RFC 3659 7.5.5)."""
        if isinstance(node, Directory):
            return "cdeflmp" if self.writable() else "el"
        return "adfrw" if self.writable() else "r"

    def mlsd_lines(self, path: Names) -> list[bytes]:
        """A directory for MLSD: itself and its parent, which are told from the rest by their type only, then the rest.

        (RFC 3659 7.5.1.)
        """
        lines = []
        if self.shows_itself():
            lines.append(entry_line(self.facts_of(self.tree.node(path), "cdir"), b"."))
            if path:
                lines.append(entry_line(self.facts_of(self.tree.node(path[:-1]), "pdir"), b".."))
        return lines + [entry_line(self.facts_of(node, "dir"), name) for name, node in self.tree.entries(path)]

    def shows_itself(self) -> bool:
        """cdir and pdir must not be there without the type fact (7.5.1.2)."""
        return "type" in self.facts

    def answer_opts(self, argument: bytes) -> None:
        """OPTS MLST chooses facts (RFC 3659 7.9); OPTS UTF8 ON is a draft's, and was never off here."""
        word, _, rest = argument.partition(b" ")
        option = word.upper().decode("latin-1")
        if option == "MLST" and "MLST" in self.config.features:
            self.choose_facts(rest)
        elif option == "UTF8" and rest.upper() == b"ON" and "UTF8" in self.config.features:
            self.reply(200, "UTF-8 it is")
        else:
            self.reply(501, "No such option")

    def choose_facts(self, text: bytes) -> None:
        """The facts of the list that are known, in our order; none at all is a choice too."""
        chosen = {name.lower() for name in text.decode("latin-1").split(";")}
        self.facts = tuple(name for name in FACTS if name in chosen)
        shown = "".join(f"{name};" for name in self.facts)
        self.reply(200, f"MLST OPTS {shown}".rstrip())

    # listings

    def list_lines(self, path: Names) -> list[bytes]:
        """A directory or one file for LIST and STAT."""
        node = self.tree.node(path)
        if isinstance(node, File):
            return [self.list_line(path[-1], node)]
        return [self.list_line(name, entry) for name, entry in self.tree.entries(path)]

    def list_line(self, name: bytes, node: Node) -> bytes:
        """One entry, as `ls -l` would show it."""
        return list_line(
            name,
            directory=isinstance(node, Directory),
            size=len(node.content) if isinstance(node, File) else 4096,
            modified=self.config.date(node.modified),
            now=self.config.date(self.now),
        )

    def nlst_lines(self, path: Names, argument: bytes) -> list[bytes]:
        """Bare names; those of another directory with the name that leads there, so that RETR takes them as they are.

        (RFC 1123 4.1.2.7.)
        """
        if isinstance(self.tree.node(path), File):
            return [argument]
        lead = argument + (b"" if argument.endswith(b"/") or not argument else b"/")
        return [lead + name for name, _ in self.tree.entries(path)]

    def list_path(self, argument: bytes) -> Names:
        """LIST's pathname: options of ls in front of it are nothing that we know, unless a file is called so."""
        path = self.path(argument)
        if argument.startswith(b"-") and not self.tree.exists(path):
            _, _, rest = argument.partition(b" ")
            return self.list_path(rest.lstrip(b" "))
        return path

    def require_directory(self, path: Names) -> Sequence[bytes]:
        """MLSD's lines; of a file 501 is owed (RFC 3659 7.2.1)."""
        if isinstance(self.tree.node(path), File):
            raise SyntaxProblem(501, "Not a directory")
        return self.mlsd_lines(path)
