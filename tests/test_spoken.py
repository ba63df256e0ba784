"""Which dialect a target speaks: by its scheme, a name, a file, a value; and every mistake with its one line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pytest_netconform.dialects import READY
from pytest_netconform.fixtures.network import carriage_to, socket_target
from pytest_netconform.protocols import PROTOCOLS, SUITES, speaking
from pytest_netconform.spoken import dialect_named, fitted, named_by, placed, spoken, takes
from pytest_netconform.target import Spec, TargetError, parse_target
from pytest_netconform.transcript import Transcript
from pytest_netconform.transport import Unreachable
from pytest_netconform.wire.cuts import whole

PING = """
[framing]
kind = "lines"

[[exchange]]
say = "PING"
hear = "PONG"
"""


@pytest.fixture
def ping(tmp_path: Path) -> str:
    """A file that describes a dialect."""
    path = tmp_path / "ping.toml"
    path.write_text(PING, encoding="utf-8")
    return str(path)


def spoken_at(text: str) -> str:
    """The dialect of a target, described."""
    dialect = spoken(parse_target(text))
    return "" if dialect is None else dialect.describe()


# -- the tables


def test_schemes_imply_ready_dialects() -> None:
    """What a scheme implies is ready, and travels as the scheme says."""
    for row in PROTOCOLS.values():
        for scheme, way in row.schemes.items():
            assert not way.dialect or READY[way.dialect].transport == way.transport, scheme
            assert way.datagrams is row.datagrams


def test_services_have_the_ports_of_their_standards() -> None:
    """Ports are those that IANA gave; zen has the book's."""
    ports = {"echo": 7, "discard": 9, "daytime": 13, "qotd": 17, "chargen": 19, "time": 37}
    for name, port in ports.items():
        assert parse_target(f"{name}://h").port == parse_target(f"{name}+udp://h").port == port
    assert parse_target("zen://h").port == 1060


def test_suites_are_held_by_somebody() -> None:
    """Every suite has a protocol that can hold it, and every protocol's suites are there."""
    assert all(speaking(suite) for suite in SUITES)
    assert {suite for row in PROTOCOLS.values() for suite in row.suites} == set(SUITES)


# -- what is spoken


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("echo://h", "echo over tcp: a stream without messages"),
        ("daytime+udp://h", "daytime-udp over udp: a datagram each"),
        ("tcp://h:1?dialect=netstring", "netstring over tcp: netstrings"),
        ("tcps://h:1?dialect=netstring", "netstring over tcp: netstrings"),
        ("unix:///run/x?dialect=netstring", "netstring over unix: netstrings"),
        ("udp://h:1?dialect=numbered", "numbered over udp: a datagram each"),
        ("unixgram:///run/x?dialect=numbered", "numbered over unix-dgram: a datagram each"),
        ("tcp://h:1", ""),
        ("unix:///run/x", ""),
        ("smtp://h", ""),
    ],
)
def test_a_dialect_is_known_by_scheme_or_name(text: str, described: str) -> None:
    """A scheme may imply it, the option names it; it travels over what the target is reached by."""
    assert spoken_at(text) == described


def test_a_file_is_a_dialect(ping: str) -> None:
    """The option takes a file, and a file that is called as a ready dialect is not meant by that name."""
    assert spoken_at(f"tcp://h:1?dialect={ping}") == "ping over tcp: lines that end in CR LF"
    assert dialect_named("echo") is READY["echo"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tcp://h:1?dialect=linse", "unknown dialect 'linse'; did you mean 'lines'?; or name a file, FILE.toml"),
        ("tcp://h:1?dialect=none.toml", "cannot read the dialect none.toml: No such file or directory"),
        ("tcp://h:1?dialect=/", "cannot read the dialect /: Is a directory"),
        ("echo://h?dialect=zen", "echo:// says what h:7 speaks; leave dialect=zen out"),
        ("udp://h:1?dialect=zen", "the dialect zen wants a stream, which udp://h:1?dialect=zen is not"),
        ("tcp://h:1?dialect=echo-udp", "the dialect echo-udp wants datagrams, which tcp://h:1?dialect=echo-udp is not"),
        ("unix:///x?dialect=echo-udp", "wants datagrams, which unix:///x?dialect=echo-udp is not"),
    ],
)
def test_every_mistake_has_its_line(text: str, told: str) -> None:
    """No name that we know, no file, two answers to one question, or the wrong kind of transport."""
    with pytest.raises(TargetError) as caught:
        spoken(parse_target(text))
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (PING.replace("PONG", "PO\\nNG").encode(), "line 7, exchange[1].hear: a line end occurs inside"),
        (b"[framing]\nkind = 'prefixed'\nformat = '!Z'\n", "line 3, framing.format: "),
        (b"[framing]\nkind = 'lines'\n", "exchange: a dialect needs at least one exchange, or a rule"),
        (b"x = \xff", "line 1: a dialect is written in UTF-8"),
        (b"kind lines", "line 1: no TOML"),
        (b"#" * (1 << 20), "a dialect of more than"),
        (b"", "framing: missing"),
    ],
)
def test_a_bad_file_is_told_with_its_name(tmp_path: Path, content: bytes, told: str) -> None:
    """File, line and key, in one line."""
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(TargetError) as caught:
        dialect_named(str(path))
    text = str(caught.value)
    assert str(path) in text and told in text and "\n" not in text


# -- for a whole run, and from fixtures


def test_a_bare_address_is_what_its_dialect_says() -> None:
    """Where a dialect is known nothing has to be found out."""
    assert placed(parse_target("h:1"), READY["zen"]).url == "tcp://h:1"
    assert placed(parse_target("h:1"), READY["echo-udp"]).url == "udp://h:1"
    named = parse_target("smtp://h")
    assert placed(named, READY["zen"]) is named


def test_a_dialect_over_a_path_needs_one(tmp_path: Path) -> None:
    """A host and a port are no socket file."""
    for transport, scheme in (("unix", "unix"), ("unix-dgram", "unixgram")):
        path = tmp_path / "x.toml"
        framing = "" if scheme == "unixgram" else "[framing]\nkind = 'lines'"
        path.write_text(f"transport = '{transport}'\nrule = 'echo'\n{framing}")
        with pytest.raises(TargetError, match=rf"travels over {transport}; for h:1 write {scheme}:///PATH"):
            placed(parse_target("h:1"), dialect_named(str(path)))


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("h:1", True),
        ("tcp://h:1", True),
        ("unix:///x", True),
        ("reference:stream", True),
        ("tcp://h:1?dialect=echo", False),
        ("echo://h", False),
        ("udp://h:1", False),
        ("smtp://h", False),
        ("reference:smtp", False),
    ],
)
def test_the_dialect_of_a_run_is_for_those_without_one(text: str, taken: bool) -> None:
    """Who says what he speaks keeps it; standard protocols and the other kind of transport are not meant."""
    assert takes(parse_target(text), READY["zen"]) is taken


def test_a_fixture_may_return_a_value() -> None:
    """A URL alone, or with a dialect made in Python; nothing else."""
    assert named_by("tcp://h:1") == ("tcp://h:1", None)
    assert named_by(("tcp://h:1", READY["zen"])) == ("tcp://h:1", READY["zen"])
    for value in (None, 25, ("tcp://h:1", "zen"), ("tcp://h:1", READY["zen"], 1), ["tcp://h:1"]):
        with pytest.raises(TargetError, match="a URL is asked for, or"):
            named_by(value)


def test_a_value_is_fitted_like_a_name() -> None:
    """A dialect made in Python travels as the target does."""
    assert fitted(parse_target("unix:///x"), READY["zen"]).transport == "unix"
    with pytest.raises(TargetError, match="wants datagrams"):
        fitted(parse_target("tcp://h:1"), READY["echo-udp"])


# -- socket files


def socket_at(path: Path, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A socket bound to a path, not yet listening."""
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(str(path))
    return sock


def unreachable(spec: Spec) -> str:
    """Why nobody can be reached there."""
    target = socket_target(spec)
    with pytest.raises(Unreachable) as caught:
        target.carriage.connect(Transcript(), 1, 0.0, whole)
    return str(caught.value)


def test_what_is_no_socket_is_told(tmp_path: Path) -> None:
    """A path that is missing, a plain file and a folder, each in a line, before anybody is dialled."""
    (tmp_path / "plain").touch()
    lines = {"none": ": No such file or directory", "plain": " is a plain file and no socket"}
    for name, told in lines.items():
        url = f"unix://{tmp_path}/{name}"
        with pytest.raises(TargetError) as caught:
            carriage_to(parse_target(url))
        assert str(caught.value) == url + told
    with pytest.raises(TargetError, match=r"is a folder and no socket$"):
        carriage_to(parse_target(f"unixgram://{tmp_path}"))
    with pytest.raises(TargetError, match="Not a directory"):
        carriage_to(parse_target(f"unix://{tmp_path}/plain/x"))


def test_a_socket_without_a_server_is_told(tmp_path: Path) -> None:
    """A file that a server left behind, and a socket for datagrams, refuse a stream in a line of their own."""
    socket_at(tmp_path / "stale").close()
    assert unreachable(parse_target(f"unix://{tmp_path}/stale")).endswith("/stale: Connection refused")
    with socket_at(tmp_path / "other", socket.SOCK_DGRAM):
        assert unreachable(parse_target(f"unix://{tmp_path}/other")).endswith("/other: Protocol wrong type for socket")


def test_a_socket_with_a_server_is_reached(tmp_path: Path) -> None:
    """A path with a blank in it, escaped in the URL, leads to the server."""
    with socket_at(tmp_path / "a b") as listener:
        listener.listen()
        target = socket_target(parse_target(f"unix://{tmp_path}/a%20b?dialect=lines"))
        target.carriage.connect(Transcript(), 1, 0.0, whole).close()
    assert target.dialect is not None and "unix" in target.claims
    assert target.spec.at_home and not target.stranger
