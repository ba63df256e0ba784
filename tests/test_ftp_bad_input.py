"""FTP servers that say and do odd things: the whole suite comes to verdicts, in bounded time, by no error of ours.

Each kind of bad input, and who shows it:

- PASV answers with a foreign address: not connected to, and said why (test_data_wires);
- 227, 229 and 257 in odd forms: wire/test_ftp, test_data_wires (what is a finding then, what inconclusive), and here;
- listings in formats that nobody knows, names with CR, LF, IAC, quotes and invalid UTF-8 among them: here; of our own
  server's names: wire/test_ftp_commands, servers/test_ftp_session;
- a data connection that is never opened, that says nothing, or that does not end: here;
- a disk that is full, for the time being (452) or not (552): here; that of our own server: servers/test_ftp_transfers.

Whatever goes wrong, a check's directory goes, and so does every data connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from pytest_netconform.fixtures.ftp import planted
from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.files import FileTree
from pytest_netconform.reference_servers.ftp import FtpSession
from pytest_netconform.reference_servers.ftp.data import Task
from pytest_netconform.target import Target
from pytest_netconform.verdict import Verdict
from tests.gates import Case, cases

ODD_NAMES = [
    b"carriage\rreturn",
    b"line\nfeed",
    b"\xff\xf4interrupt",
    b'quo""te"',
    b"\xc3\x28\xff\xfe",
    b"\x1b]0;terminal\x07\x1b[2J",
    b"<script>alert(1)</script>",
    b"x" * 70_000,
    b"",
    b"..",
    b"/etc/passwd",
]
LISTINGS = {
    "vms": [b"Directory DISK$USERS:[ALICE]", b"", b"LOGIN.COM;1   2/3  20-NOV-2026 08:00:00  [ALICE] (RWED,RWED,RE,)"],
    "dos": [b"11-20-26  08:00AM       <DIR>          folder", b"11-20-26  08:00AM   12 file.txt"],
    "eplf": [b"+i8388621.29609,m824255902,/,\tdev", b"+i8388621.44468,m839956783,r,s10376,\tRFCEPLF"],
    "odd-names": [b"type=file;size=x; " + name for name in ODD_NAMES] + ODD_NAMES,
    "octets": [bytes(range(256)) * 4],
    "facts": [b"type=file;type=dir;size=-1;modify=99999999999999;; f", b"=; ", b";;;", b" ", b"modify=2026 f"],
}


class Odd(FtpSession):
    """Lists what it likes."""

    lines: Iterable[bytes] = ()

    def list_lines(self, path: tuple[bytes, ...]) -> list[bytes]:
        return list(self.lines)

    def nlst_lines(self, path: tuple[bytes, ...], argument: bytes) -> list[bytes]:
        return list(self.lines)

    def mlsd_lines(self, path: tuple[bytes, ...]) -> list[bytes]:
        return list(self.lines)


class NeverThere(FtpSession):
    """Never opens a data connection, and lets nobody in who comes to its own."""

    def start(self, task: Task) -> None:
        self.reply(150, "Wait for it")


class NeverSpeaks(FtpSession):
    """Opens data connections and then does nothing with them."""

    def move(self, task: Task) -> None:
        return


class OddPassive(FtpSession):
    """Names no address in 227, and no port in 229."""

    def pasv_numbers(self, port: int) -> str:
        return "999,0,0,1,-1,x"

    def epsv_fields(self, port: int) -> str:
        return f"|1|127.0.0.1|{port}|"


class NowhereToListen(FtpSession):
    """Names a port where nobody listens."""

    def pasv_numbers(self, port: int) -> str:
        return "127,0,0,1,0,0"

    def epsv_fields(self, port: int) -> str:
        return "|||1|"


def full(code: int) -> type[FtpSession]:
    """A server whose disk takes directories, and no octet of a file."""

    class Full(FtpSession):
        def begin(self, task: Task) -> None:
            if task.content is None:
                self.task = None
                self.drop_data()
                self.reply(code, "No space is left")
            else:
                super().begin(task)

    return Full


def outcomes(session: type[FtpSession]) -> dict[str, Outcome]:
    """Each case of the suite, and that nothing is left behind by it: no file, no directory, no port, no listener."""
    column = column_of(PROTOCOLS["ftp"])
    target = memory_target("ftp", {"patience": "2"}, session)
    survey(target, column)
    return {case.name: _judged(case, target) for case in cases("ftp")}


def _judged(case: Case, target: Target) -> Outcome:
    column = column_of(PROTOCOLS["ftp"])
    openers = {name: column.rungs[name] for name in case.rungs}
    outcome = judge(case.function, openers, case.values, target, column)
    network = target.carriage.network  # type: ignore[attr-defined]
    assert (network.doors, network.listeners) == ({}, {}), case.name
    return outcome


def fails(found: dict[str, Outcome]) -> list[str]:
    """The checks that a server failed."""
    return [name for name, outcome in found.items() if outcome.verdict is Verdict.FAIL]


@pytest.mark.parametrize("lines", LISTINGS.values(), ids=LISTINGS)
def test_listings_in_unknown_formats(lines: list[bytes]) -> None:
    """What LIST says has no form that a standard knows; that of MLSD and NLST has, and that is all that fails."""

    class Listing(Odd):
        pass

    Listing.lines = lines
    found = outcomes(Listing)
    assert [name for name, outcome in found.items() if outcome.verdict is Verdict.ERROR] == []
    assert sum(outcome.verdict is Verdict.PASS for outcome in found.values()) > 100


@pytest.mark.parametrize("session", [NeverThere, NeverSpeaks, OddPassive, NowhereToListen])
def test_data_connections_that_come_to_nothing(session: type[FtpSession]) -> None:
    """Checks that need data say that there are none; those about the control connection pass as ever."""
    found = outcomes(session)
    verdicts = Counter(outcome.verdict for outcome in found.values())
    assert verdicts[Verdict.ERROR] == 0
    assert verdicts[Verdict.PASS] > 60
    assert verdicts[Verdict.INCONCLUSIVE] + verdicts[Verdict.NOT_APPLICABLE] > 60


@pytest.mark.parametrize("code", [452, 552])
def test_a_full_disk_is_no_finding(code: int) -> None:
    """That nothing can be stored is said; whoever says so has broken no rule."""
    found = outcomes(full(code))
    said = [outcome for outcome in found.values() if str(code) in f"{outcome.reason} {outcome.received}"]
    assert fails(found) == []
    assert len(said) > 40
    assert [name for name, outcome in found.items() if outcome.verdict is Verdict.ERROR] == []


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the whole suite the tree is as it was, on the reference and where checks fail in the middle."""
    trees: list[FileTree] = []

    def kept() -> FileTree:
        trees.append(planted())
        return trees[-1]

    monkeypatch.setattr("pytest_netconform.fixtures.ftp.planted", kept)
    before = planted().files()
    for session in (FtpSession, NeverSpeaks, full(552)):
        assert outcomes(session)
        assert trees[-1].files() == before
        assert [name for name, _ in trees[-1].entries(())] == [b"pub"]
