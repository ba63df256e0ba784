"""Several suites a target, several protocols a suite, and dialects: by options, in files and from fixtures."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from pytest_netconform.dialects import READY
from pytest_netconform.fixtures.network import reference_of
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.datagram_host import DatagramHost, serving_datagrams
from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.host import Host, serving

SPLIT = "streams::test_one_octet_a_segment"
BOTH = ("--netconform-target=reference:smtp", "--netconform-target=reference:stream")
#: Checks of a project's own: one that needs a dialect, one that holds for anything, one for datagrams.
HOUSE = """
import pytest
from pytest_netconform.requirement import MUST, needs, requirement

@needs("exact")
@requirement("TCP-HOUSE-ask", MUST, "house rules", "What is asked is answered.")
def test_ask(stream):
    stream.ask(stream.probe(1))

@needs("any")
@requirement("TCP-HOUSE-any", MUST, "house rules", "Whoever comes is served.")
def test_any(stream):
    stream.served()
"""
UDP = """
from pytest_netconform.requirement import MUST, requirement

@requirement("UDP-HOUSE-ask", MUST, "house rules", "What is asked is answered.")
def test_ask(datagram):
    datagram.ask(datagram.sample())
"""
UDP_SERVER = """
import socketserver
import sys

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request[1].sendto(self.request[0], self.client_address)

if __name__ == "__main__":
    socketserver.UDPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""
PING = """
transport = "{transport}"
{framing}
[[exchange]]
say = "PING"
hear = "PING"

[[exchange]]
say = "PANG"
hear = "PANG"
"""


@pytest.fixture
def lines() -> Iterator[Host]:
    """A server of lines on loopback, which echoes."""
    with serving(lambda: DialectSession(READY["lines"])) as host:
        yield host


@pytest.fixture
def datagrams() -> Iterator[DatagramHost]:
    """An echo of datagrams on loopback."""
    with serving_datagrams(reference_of(PROTOCOLS["datagram"], {}).make_session) as host:
        yield host


@pytest.fixture
def ping(pytester: pytest.Pytester) -> str:
    """A dialect file for the server of lines."""
    framing = "[framing]\nkind = 'lines'"
    return str(pytester.makefile(".toml", ping=PING.format(transport="tcp", framing=framing)))


def ids(result: pytest.RunResult) -> list[str]:
    """What `--co -q` lists."""
    return [line for line in result.outlines if "::" in line]


# -- suites


def test_a_standard_protocol_has_its_own_suite_and_the_streams(pytester: pytest.Pytester) -> None:
    """An SMTP target is asked both; --netconform-suite and arguments choose."""
    collect = ("--netconform-target=reference:smtp", "--co", "-q")
    every = ids(pytester.runpytest(*collect))
    assert {id.partition("::")[0] for id in every} == {"smtp", "streams"} and SPLIT in every
    only = ids(pytester.runpytest(*collect, "--netconform-suite=streams"))
    assert only and all(id.startswith("streams::") for id in only)
    assert ids(pytester.runpytest(*collect, SPLIT)) == [SPLIT]


def test_a_shared_suite_is_asked_of_every_protocol(pytester: pytest.Pytester) -> None:
    """A rung is opened as the column of each target opens it, one after the other and on workers."""
    for more in ((), ("-n2",), ("--netconform-concurrency=1",)):
        result = pytester.runpytest(*BOTH, SPLIT, "-v", *more)
        assert result.parseoutcomes() == {"passed": 2}
        result.stdout.fnmatch_lines(["*netconform: reference-smtp*", "*netconform: reference-stream*"])
    one = pytester.runpytest(*BOTH, f"{SPLIT}[reference-stream]", "-v")
    one.stdout.fnmatch_lines([f"{SPLIT}[[]reference-stream] PASSED*"])
    assert one.parseoutcomes() == {"passed": 1}


def test_each_target_is_asked_what_it_has_the_state_for(pytester: pytest.Pytester) -> None:
    """A check of SMTP has one target here, and needs no name of it; checks of a shared suite have two."""
    found = ids(pytester.runpytest(*BOTH, "--co", "-q"))
    assert "smtp::test_rcpt_before_mail" in found
    assert {f"{SPLIT}[reference-smtp]", f"{SPLIT}[reference-stream]"} <= set(found)


def test_a_check_without_its_state_is_not_applicable(pytester: pytest.Pytester) -> None:
    """A check for datagrams cannot be held with a stream, and says so."""
    pytester.makepyfile(test_house=UDP.replace("UDP-", "CL-"))
    result = pytester.runpytest("--netconform-target=reference:stream", "test_house.py", "-rs")
    assert result.parseoutcomes() == {"skipped": 1}
    result.stdout.fnmatch_lines(["*datagram is no state of a target of the kind Stream*"])


def test_selecting_over_several_suites(pytester: pytest.Pytester) -> None:
    """An id is looked for in all suites of the run."""
    both = ("--netconform-target=reference:smtp", "--co", "-q")
    chosen = "--netconform-select=SMTP-5321-4.1.4-d,TCP-9293-3.1-stream-split"
    assert {id.partition("::")[0] for id in ids(pytester.runpytest(*both, chosen))} == {"smtp", "streams"}
    result = pytester.runpytest(*both, "--netconform-select=UDP-768-boundary")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*UDP-768-boundary: no check of this session has this id*"])


def test_a_suite_without_a_target(pytester: pytest.Pytester) -> None:
    """Which targets it could have is said."""
    result = pytester.runpytest("--netconform-target=reference:smtp", "--netconform-suite=datagrams")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the suite datagrams has no target; give it --netconform-target=udp://HOST*"])


def test_the_reference_alone_is_all_of_them(pytester: pytest.Pytester) -> None:
    """Every protocol with its default dialect; a check of a project's own finds those that it is for."""
    pytester.makepyfile(test_house=HOUSE, test_udp=UDP)
    result = pytester.runpytest("--netconform-target=reference", "test_house.py", "test_udp.py", "-v")
    assert result.parseoutcomes() == {"passed": 4, "skipped": 1}  # no reply of SMTP is exact
    result.stdout.fnmatch_lines(
        ["reference:smtp*", "reference:stream*", "speaks lines over tcp*", "reference:datagram*"]
    )


# -- dialects


def test_a_dialect_file(pytester: pytest.Pytester, lines: Host, ping: str) -> None:
    """A bare address and a file are enough; the line that repeats a check names both."""
    pytester.makepyfile(test_house=HOUSE.replace("stream.probe(1)", "stream.probe(1), stream.probe(1)"))
    target = f"--netconform-target={lines.host}:{lines.port}"
    for more in ((), ("-n2",)):
        result = pytester.runpytest(target, "--netconform-dialect=ping.toml", "test_house.py", *more)
        assert result.parseoutcomes() == {"passed": 2}
        result.stdout.fnmatch_lines([f"tcp://{lines.host}:{lines.port}[?]dialect=*", "speaks ping over tcp*"])
    named = pytester.runpytest(f"{target}?dialect={ping}", "test_house.py")
    assert named.parseoutcomes() == {"passed": 2}


@pytest.mark.parametrize(
    ("target", "dialect", "told"),
    [
        ("tcp://127.0.0.1:1", "none.toml", "cannot read the dialect *none.toml: No such file or directory"),
        (
            "tcp://127.0.0.1:1",
            "bad.toml",
            "*bad.toml, line 2, framing.kind: unknown kind 'line'; did you mean 'lines'?",
        ),
        ("tcp://127.0.0.1:1", "zne", "unknown dialect 'zne'; did you mean 'zen'?*"),
        ("smtp://127.0.0.1:1", "zen", "--netconform-dialect=zen: no target of this run is a stream without a dialect"),
        ("tcp://127.0.0.1:1", "numbered", "*no target of this run is datagrams without a dialect"),
    ],
)
def test_dialects_that_cannot_be(pytester: pytest.Pytester, target: str, dialect: str, told: str) -> None:
    """Before anybody is dialled, in one line, with exit code 4."""
    pytester.makefile(".toml", bad="[framing]\nkind = 'line'")
    result = pytester.runpytest(f"--netconform-target={target}", f"--netconform-dialect={dialect}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])


def test_what_nobody_recognises_is_asked_what_holds_for_anything(pytester: pytest.Pytester, lines: Host) -> None:
    """A stranger is a stream that nobody described, and one line says how to describe it."""
    pytester.makepyfile(test_house=HOUSE)
    result = pytester.runpytest(f"--netconform-target=tcp://{lines.host}:{lines.port}", "test_house.py")
    assert result.parseoutcomes() == {"passed": 1, "skipped": 1} and result.ret == 0
    how = "it is asked what holds for any server; for more, name a dialect, * --netconform-dialect=FILE.toml*"
    result.stdout.fnmatch_lines([f"nobody says what tcp://{lines.host}:{lines.port} speaks; {how}"])


def test_a_stranger_on_a_bare_port(pytester: pytest.Pytester) -> None:
    """What it said is repeated; its other options must be those of a stream."""
    pytester.makepyfile(test_house=HOUSE)
    with serving(lambda: DialectSession(READY["daytime"])) as host:
        target = f"--netconform-target={host.host}:{host.port}"
        result = pytester.runpytest(target, "test_house.py", "-k", "any")
        assert result.parseoutcomes() == {"passed": 1, "deselected": 1}
        result.stdout.fnmatch_lines(["*is of no known kind: it greets with *; it is asked what holds for any server*"])
        wrong = pytester.runpytest(f"{target}?recipient=a@b", "test_house.py")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["*is of no known kind: it greets with *"])


def test_the_reference_speaks_a_dialect_of_ones_own(pytester: pytest.Pytester, ping: str) -> None:
    """Our own server is started with a file, over the transport that the file names; a contradiction is told."""
    pytester.makepyfile(test_house=HOUSE)
    unix = PING.format(transport="unix", framing="framing = { kind = 'prefixed' }")
    pytester.makefile(".toml", local=unix)
    for dialect, transport in (("ping", "tcp"), ("local", "unix")):
        result = pytester.runpytest(f"--netconform-target=reference:stream?dialect={dialect}.toml", "test_house.py")
        assert result.parseoutcomes() == {"passed": 2}
        result.stdout.fnmatch_lines([f"speaks {dialect} over {transport}: *"])
    wrong = pytester.runpytest("--netconform-target=reference:stream?dialect=echo-udp")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["ERROR: reference:stream: the dialect echo-udp travels over udp; *"])


def test_a_dialect_made_in_python(pytester: pytest.Pytester, lines: Host) -> None:
    """Door 3: the fixture returns a URL and a dialect, and checks run ahead and on workers all the same."""
    url = f"tcp://{lines.host}:{lines.port}"
    pytester.makepyfile(
        test_mine=f"""
        import pytest
        from pytest_netconform.dialect import Dialect
        from pytest_netconform.suites.streams import *
        from pytest_netconform.wire.framing import Lines

        @pytest.fixture(scope="session")
        def netconform_target():
            return {url!r}, Dialect("mine", Lines(), rule="echo", encoding="ascii")
        """
    )
    for more in ((), ("-n2",)):
        result = pytester.runpytest("test_mine.py", "-k", "segment", *more)
        assert result.ret == 0 and result.parseoutcomes()["passed"] > 1
        result.stdout.fnmatch_lines([f"tcp://{lines.host}:{lines.port}  Stream*", "speaks mine over tcp*"])


def test_the_dialect_of_a_run_reaches_the_targets_of_fixtures(pytester: pytest.Pytester, lines: Host) -> None:
    """A target that a fixture names takes it where nothing else describes it, and else leaves it alone."""
    door = """
    import pytest

    @pytest.fixture(scope="session")
    def netconform_target():
        return {!r}
    """
    both = pytester.makepyfile(test_house=HOUSE), "--netconform-dialect=lines"
    for url, outcomes in {
        f"{lines.host}:{lines.port}": {"passed": 2},
        f"tcp://{lines.host}:{lines.port}": {"passed": 2},
        "reference:smtp": {"passed": 1, "skipped": 1},
    }.items():
        pytester.makeconftest(door.format(url))
        assert pytester.runpytest(*both).parseoutcomes() == outcomes


# -- over other transports


def test_a_socket_file(pytester: pytest.Pytester) -> None:
    """A server behind a Unix socket is judged like any other; a file that is none is told."""
    pytester.makepyfile(test_house=HOUSE)
    path = pytester.path / "s.sock"
    with serving(lambda: DialectSession(READY["netstring"]), path=str(path)):
        result = pytester.runpytest(f"--netconform-target=unix://{path}?dialect=netstring", "test_house.py")
    assert result.parseoutcomes() == {"passed": 2}
    result.stdout.fnmatch_lines(["speaks netstring over unix*"])
    gone = pytester.runpytest(f"--netconform-target=unix://{path}?dialect=netstring")
    assert gone.ret == pytest.ExitCode.USAGE_ERROR
    gone.stderr.fnmatch_lines(["ERROR: unix://*/s.sock[?]dialect=netstring: No such file or directory"])


def test_datagrams(pytester: pytest.Pytester, datagrams: DatagramHost) -> None:
    """A UDP target, by its scheme and by a dialect file."""
    pytester.makepyfile(test_house=UDP)
    pytester.makefile(".toml", ping=PING.format(transport="udp", framing=""))
    place = f"{datagrams.host}:{datagrams.port}"
    for target in (
        [f"echo+udp://{place}"],
        [place, "--netconform-dialect=ping.toml"],
        [f"udp://{place}?dialect=ping.toml"],
    ):
        result = pytester.runpytest(f"--netconform-target={target[0]}", *target[1:], "test_house.py")
        assert result.parseoutcomes() == {"passed": 1}


@pytest.mark.parametrize(
    "arguments", [["--netconform-target=echo+udp://127.0.0.1:{port}"], ["--netconform-dialect=echo-udp"]], ids=str
)
def test_a_command_may_serve_datagrams(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """Door 4 waits until the port is bound, where there is nothing to connect to."""
    pytester.makepyfile(test_house=UDP, server=UDP_SERVER)
    command = f"--netconform-serve={sys.executable} server.py {{port}}"
    result = pytester.runpytest(command, *arguments, "test_house.py")
    assert result.parseoutcomes() == {"passed": 1}
    result.stdout.fnmatch_lines(["speaks echo-udp over udp*"])


def test_a_datagram_target_where_nobody_listens(pytester: pytest.Pytester) -> None:
    """A refusal by the system and silence are two lines, and neither is a run of green skips."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{mute.getsockname()[1]}"
        silent = pytester.runpytest(f"--netconform-target=echo+udp://{place}?patience=1")
        plain = pytester.runpytest(f"--netconform-target=udp://{place}")
    refused = pytester.runpytest(f"--netconform-target=echo+udp://{place}")
    assert {silent.ret, plain.ret, refused.ret} == {pytest.ExitCode.USAGE_ERROR}
    silent.stderr.fnmatch_lines([f"ERROR: {place} is silent: nobody listens there, datagrams are lost *"])
    plain.stderr.fnmatch_lines([f"ERROR: udp://{place} does not say what can be asked there; name a dialect, *"])
    refused.stderr.fnmatch_lines([f"ERROR: nobody listens on {place}: *refused (ICMP port unreachable)"])
