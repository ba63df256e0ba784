"""FTP commands as a server reads them, and what servers write about files."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.ftp import FormProblem
from pytest_netconform.wire.ftp_commands import (
    ASCII,
    IMAGE,
    HostPort,
    SyntaxProblem,
    eprt_argument,
    parse_eprt,
    parse_epsv,
    parse_path,
    parse_port,
    parse_rest,
    parse_type,
    path_text,
    port_argument,
    resolved,
)
from pytest_netconform.wire.ftp_listings import (
    Entry,
    ascii_in,
    ascii_out,
    entry_line,
    lines_of,
    list_line,
    parse_entry,
    parse_time,
    time_text,
)

NOON = datetime(2026, 5, 4, 12, 34, 56, tzinfo=timezone.utc)


def code_of(problem: pytest.ExceptionInfo[SyntaxProblem]) -> int:
    return problem.value.code


@pytest.mark.parametrize(
    ("argument", "address"),
    [(b"127,0,0,1,200,1", HostPort("127.0.0.1", 51201)), (b"10,1,2,3,0,21", HostPort("10.1.2.3", 21))],
)
def test_port(argument: bytes, address: HostPort) -> None:
    """Six octets are an address and a port, and say the same when they are written again."""
    assert parse_port(argument) == address
    assert port_argument(*address).encode() == argument


@pytest.mark.parametrize(
    "argument", [b"", b"1,2,3", b"256,0,0,1,1,1", b"a,b,c,d,e,f", b"1,2,3,4,5,6,7", b"1,2,3,4,5,-6", b"1, 2,3,4,5,6"]
)
def test_no_port(argument: bytes) -> None:
    """Anything else is 501."""
    with pytest.raises(SyntaxProblem) as problem:
        parse_port(argument)
    assert code_of(problem) == 501


@pytest.mark.parametrize("delimiter", list("|!~-"))
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_eprt(host: str, delimiter: str) -> None:
    """Either family, any delimiter, there and back."""
    assert parse_eprt(eprt_argument(host, 5000, delimiter).encode()) == HostPort(host, 5000)


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        (b"|9|127.0.0.1|5000|", 522),
        (b"|1|1.2.3|5000|", 501),
        (b"|1|::1|5000|", 501),
        (b"|2|127.0.0.1|5000|", 501),
        (b"|1|127.0.0.1|99999|", 501),
        (b"|1|127.0.0.1|0|", 501),
        (b"|1|127.0.0.1|5000", 501),
        (b"127.0.0.1", 501),
        (b"||127.0.0.1|5000|", 501),
        (b"|1|127.0.0.1|" + b"9" * 5000 + b"|", 501),
    ],
)
def test_no_eprt(argument: bytes, code: int) -> None:
    """A protocol that nobody knows is 522 with the list, everything else 501."""
    with pytest.raises(SyntaxProblem) as problem:
        parse_eprt(argument)
    assert code_of(problem) == code
    assert "(1,2)" in problem.value.text or code == 501


def test_epsv() -> None:
    """Nothing, a number, or ALL in any case."""
    assert [parse_epsv(text) for text in (b"", b"1", b"2", b"9", b"ALL", b"all")] == [None, 1, 2, 9, "ALL", "ALL"]
    for text in (b"x", b"-1", b"1 ", b"999999"):
        with pytest.raises(SyntaxProblem):
            parse_epsv(text)


@pytest.mark.parametrize(
    ("argument", "kind"),
    [(b"A", ASCII), (b"a", ASCII), (b"A N", ASCII), (b"a n", ASCII), (b"I", IMAGE), (b"i", IMAGE), (b"L 8", IMAGE)],
)
def test_types(argument: bytes, kind: object) -> None:
    """What RFC 1123 4.1.2.13 asks for, and L 8, which is I."""
    assert parse_type(argument) == kind


@pytest.mark.parametrize(
    ("argument", "code"),
    [(b"E", 504), (b"A T", 504), (b"L 7", 504), (b"L 36", 504), (b"Z", 501), (b"II", 501), (b"L", 501), (b" I", 501)],
)
def test_no_types(argument: bytes, code: int) -> None:
    """Other types of the standard are 504, other words 501."""
    with pytest.raises(SyntaxProblem) as problem:
        parse_type(argument)
    assert code_of(problem) == code


def test_rest() -> None:
    """Digits only; a number that no file reaches is still a number."""
    assert parse_rest(b"0") == 0
    assert parse_rest(b"9" * 20) == 10**20 - 1
    for text in (b"", b"abc", b"-5", b"+5", b" 5", b"5 ", b"9" * 21, "٣".encode()):
        with pytest.raises(SyntaxProblem):
            parse_rest(text)


@pytest.mark.parametrize("name", [b"a\rb", b"a\nb", b"a\0b", b"a\x1bb", b"\x7f"])
def test_control_characters_are_no_names(name: bytes) -> None:
    """What could end a line or a string is refused as a name."""
    with pytest.raises(SyntaxProblem) as problem:
        parse_path(name)
    assert code_of(problem) == 553


def test_other_octets_are_names() -> None:
    """UTF-8, what is none, spaces and quotes are nobody's business."""
    name = b' \xc3\xa9\xff"x '
    assert parse_path(name) == name


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (b"x", (b"a", b"b", b"x")),
        (b"/x", (b"x",)),
        (b"", (b"a", b"b")),
        (b".", (b"a", b"b")),
        (b"..", (b"a",)),
        (b"../../../..", ()),
        (b"/..//../x/./y/", (b"x", b"y")),
        (b"..\\..", (b"a", b"b", b"..\\..")),
    ],
)
def test_paths(path: bytes, names: tuple[bytes, ...]) -> None:
    """Nothing leads out of the root; a backslash leads nowhere."""
    assert resolved((b"a", b"b"), path) == names
    assert resolved((), path_text(names)) == names


@given(st.binary(max_size=60))
def test_no_path_leads_out(path: bytes) -> None:
    """Whatever is said, no name of the result is one that leads upwards."""
    assert not {b"..", b".", b""} & set(resolved((b"a",), path))


def test_times() -> None:
    """A time-val is UTC, with a fraction or none; anything else is none."""
    assert parse_time("20260504123456") == NOON
    assert parse_time("20260504123456.25") == NOON + timedelta(milliseconds=250)
    assert parse_time("20161231235960") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    assert time_text(NOON.astimezone(timezone(timedelta(hours=2)))) == "20260504123456"
    for text in ("", "2026050412345", "202605041234567", "20260504123456.", "20261304123456", "x" * 14):
        with pytest.raises(FormProblem):
            parse_time(text)


def test_entries() -> None:
    """Facts by name without regard to case; the name is all that follows the one space."""
    assert parse_entry(b"Type=file;size=3; a b ") == Entry({"type": "file", "size": "3"}, b"a b ")
    assert parse_entry(b" x") == Entry({}, b"x")
    assert parse_entry(b"type=dir;  x").name == b" x"
    assert parse_entry(b"type=DIR; x").kind == "dir"
    assert entry_line({"type": "file", "size": "3"}, b"a") == b"type=file;size=3; a"
    for line in (b"total 5", b"type=file; ".strip(), b"x"):
        with pytest.raises(FormProblem):
            parse_entry(line)
    assert len(parse_entry(b"type;size=3; x").deviations) == 1


def test_list_lines() -> None:
    """What most clients read: the time of a young file, the year of an old one."""
    young = list_line(b"a b", directory=False, size=12, modified=NOON, now=NOON)
    assert young == b"-rw-r--r--   1 ftp      ftp                12 May  4 12:34 a b"
    old = list_line(b"d", directory=True, size=4096, modified=NOON, now=NOON + timedelta(days=400))
    assert old == b"drwxr-xr-x   1 ftp      ftp              4096 May  4  2026 d"


def test_ascii_type() -> None:
    """Lines end CR LF on the wire and LF where they are kept; there and back nothing doubles."""
    assert ascii_out(b"a\nb\r\nc\n\n") == b"a\r\nb\r\nc\r\n\r\n"
    assert ascii_in(b"a\r\nb\r\n") == b"a\nb\n"
    assert ascii_out(b"lone\rcr") == b"lone\rcr"


@given(st.text("ab\n", max_size=30))
def test_text_survives_ascii_type(text: str) -> None:
    """What has no CR is the same after both conversions."""
    assert ascii_in(ascii_out(text.encode())) == text.encode()


def test_lines_of_a_listing() -> None:
    """Either line end; a last line without one counts."""
    assert lines_of(b"") == []
    assert lines_of(b"a\r\nb\r\n") == [b"a", b"b"]
    assert lines_of(b"a\nb") == [b"a", b"b"]
