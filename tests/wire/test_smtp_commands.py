"""The grammar of SMTP commands: what each rule takes, what it refuses, and with which reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire import smtp_commands as wire
from pytest_netconform.wire.smtp_commands import MAIL_PARAMETERS, RCPT_PARAMETERS, Chunk, Mailbox, Path, SyntaxProblem

ALL = {"SIZE", "8BITMIME", "SMTPUTF8", "DSN", "AUTH", "CHUNKING"}


def code_of(parse: object, *arguments: object) -> int:
    """The reply code that a parser's problem asks for."""
    assert callable(parse)
    with pytest.raises(SyntaxProblem) as caught:
        parse(*arguments)
    assert caught.value.status[0] == str(caught.value.code)[0]
    assert caught.value.text.isascii()
    return caught.value.code


@pytest.mark.parametrize(
    ("argument", "local", "domain", "rest"),
    [
        (b"FROM:<smith@bar.com>", "smith", "bar.com", ""),
        (b"from:<Smith@BAR.com> SIZE=1", "Smith", "BAR.com", " SIZE=1"),
        (b"FROM:<a.b+c@d>", "a.b+c", "d", ""),
        (b"FROM:<!#$%&'*+-/=?^_`{|}~@d.e>", "!#$%&'*+-/=?^_`{|}~", "d.e", ""),
        (b'FROM:<"a b@c>d"@bar.com>', "a b@c>d", "bar.com", ""),
        (b'FROM:<"a\\"b\\\\c"@bar.com>', 'a"b\\c', "bar.com", ""),
        (b'FROM:<""@bar.com>', "", "bar.com", ""),
        (b"FROM:<a@[192.0.2.1]>", "a", "[192.0.2.1]", ""),
        (b"FROM:<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]", ""),
        (b"FROM:<@one.example,@two.example:joe@three.example>", "joe", "three.example", ""),
        ("FROM:<josé@exämple.test>".encode(), "josé", "exämple.test", ""),
        (b"FROM:<" + b"a" * 64 + b"@b>", "a" * 64, "b", ""),
    ],
)
def test_paths(argument: bytes, local: str, domain: str, rest: str) -> None:
    """What RFC 5321 4.1.2 (and 6531 3.3) calls a path is one."""
    path, behind = wire.parse_from(argument)
    assert (path.mailbox, behind) == (Mailbox(local, domain), rest)


@pytest.mark.parametrize(
    "argument",
    [
        b"",
        b"FROM",
        b"FROM:",
        b"FROM: <a@b>",
        b"FROM :<a@b>",
        b"TO:<a@b>",
        b"FROM:a@b",
        b"FROM:<a@b",
        b"FROM:<a>",
        b"FROM:<@b>",
        b"FROM:<a@>",
        b"FROM:<a..b@c>",
        b"FROM:<.a@c>",
        b"FROM:<a.@c>",
        b"FROM:<a b@c>",
        b"FROM:<;sleep 7;>",
        b"FROM:<;id;@c>",
        b"FROM:<a@-b>",
        b"FROM:<a@b->",
        b"FROM:<a@b..c>",
        b"FROM:<a@b.>",
        b"FROM:<a@b_c>",
        b"FROM:<pr\x07obe@c>",
        b"FROM:<pr\x00obe@c>",
        b'FROM:<"a\tb"@c>',
        b'FROM:<"a"b"@c>',
        b'FROM:<"a@b>',
        b'FROM:<"victim@foreign.example.net">',
        b"FROM:<a@[]>",
        b"FROM:<a@[1.2.3]>",
        b"FROM:<a@[1.2.3.256]>",
        b"FROM:<a@[2001:db8::1]>",
        b"FROM:<a@[IPv6:2001:db8::1%eth0]>",
        b"FROM:<a@[IPv6:2001:db8:::1]>",
        b"FROM:<a@[x400:y]>",
        b"FROM:<@a,b@c>",
        b"FROM:<@:b@c>",
        b"FROM:<jos\xe9@c>",
        b"FROM:<\xc0\xaf@c>",
        b"FROM:<\xed\xa0\x80@c>",
        b"FROM:<\xc3@c>",
        b"FROM:<" + b"a" * 65 + b"@b>",
        b"FROM:<a@" + b".".join([b"a" * 63] * 4) + b">",
    ],
)
def test_no_paths(argument: bytes) -> None:
    """What the grammar does not allow is 501, and so is UTF-8 that is none (RFC 3629)."""
    assert code_of(wire.parse_from, argument) == 501


def test_longest_domain() -> None:
    """250 octets of domain in a path of 256 are served (4.5.3.1.2, 4.5.3.1.3)."""
    domain = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 58])
    path, _ = wire.parse_from(f"FROM:<a@{domain}>".encode())
    assert path.text == f"a@{domain}"


def test_null_sender() -> None:
    """<> is a sender and no recipient."""
    assert wire.parse_from(b"FROM:<> RET=HDRS") == (Path(None), " RET=HDRS")
    assert code_of(wire.parse_to, b"TO:<>") == 501


@pytest.mark.parametrize("name", ["Postmaster", "postmaster", "pOsTmAsTeR"])
def test_bare_postmaster(name: str) -> None:
    """Postmaster needs no domain, in any case of letters (4.1.1.3, 4.5.1)."""
    path, rest = wire.parse_to(f"TO:<{name}> NOTIFY=NEVER".encode())
    assert (path.mailbox, rest) == (Mailbox(name, ""), " NOTIFY=NEVER")
    assert code_of(wire.parse_to, b"TO:<nobody>") == 501


@pytest.mark.parametrize(
    ("written", "shortest"),
    [('"alice"', "alice"), ('"al\\ice"', "alice"), ('"a b"', '"a b"'), ('"a\\"b"', '"a\\"b"'), ('""', '""')],
)
def test_quoting_does_not_matter(written: str, shortest: str) -> None:
    """Forms that differ only in their quoting are one mailbox (4.1.2)."""
    assert wire.parse_mailbox(f"{written}@example.com").text == f"{shortest}@example.com"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_mailbox_text_round_trip(local: str) -> None:
    """A mailbox's text parses to the same mailbox, whatever its local-part is."""
    mailbox = Mailbox(local, "example.com")
    assert wire.parse_mailbox(mailbox.text) == mailbox


@given(st.text(max_size=40))
def test_any_text_is_a_path_or_a_problem(text: str) -> None:
    """No text makes the parser fail in another way than its own."""
    for parse in (wire.parse_from, wire.parse_to):
        try:
            parse(f"FROM:<{text}>".encode("utf-8", "surrogatepass"))
        except SyntaxProblem as problem:
            assert problem.code == 501


@pytest.mark.parametrize(
    "name", ["client.example.org", "localhost", "a-b.c", "[127.0.0.1]", "[IPv6:::1]", "[IPV6:2001:db8::1]"]
)
def test_hello(name: str) -> None:
    """Domains and address literals are names (4.1.1.1, 4.1.3)."""
    assert wire.parse_hello(name.encode()) == name


@pytest.mark.parametrize(
    "name", [b"", b"a b", b"-a", b"a_b", b"[1.2.3]", b"[::1]", "jos\u00e9".encode(), b"\xff", b"[]", b"["]
)
def test_no_hello(name: bytes) -> None:
    """Anything else is 501, also a name beyond ASCII: nothing is announced yet (RFC 6531 3.7.1)."""
    assert code_of(wire.parse_hello, name) == 501


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        (b"alice", (Mailbox("alice", ""), False)),
        (b'"a b"', (Mailbox("a b", ""), False)),
        (b"alice@example.com", (Mailbox("alice", "example.com"), False)),
        (b"<alice@example.com>", (Mailbox("alice", "example.com"), False)),
        ("josé smtputf8".encode(), (Mailbox("josé", ""), True)),
    ],
)
def test_vrfy(argument: bytes, found: tuple[Mailbox, bool]) -> None:
    """A user or a mailbox, and the parameter of RFC 6531 3.7.4.2."""
    assert wire.parse_vrfy(argument) == found


@pytest.mark.parametrize(
    ("text", "encoded"), [("a=b+c", "a+3Db+2Bc"), ("QQ314159", "QQ314159"), ("a b", "a+20b"), ("", "")]
)
def test_xtext(text: str, encoded: str) -> None:
    """Plus, equals and what is not printable are hexadecimal (RFC 3461 4)."""
    assert wire.xtext_encoded(text) == encoded
    assert wire.xtext_decoded(encoded) == text


@pytest.mark.parametrize("text", ["+", "+3", "+3d", "+GG", "a=b", "a b", "é"])
def test_no_xtext(text: str) -> None:
    """Hexadecimal digits come in twos and upper case."""
    assert code_of(wire.xtext_decoded, text) == 501


@given(st.text(st.characters(max_codepoint=127)))
def test_xtext_round_trip(text: str) -> None:
    """Any ASCII text survives xtext."""
    assert wire.xtext_decoded(wire.xtext_encoded(text)) == text


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        (" SIZE=1000", {"SIZE": 1000}),
        (" size=99999999999999999999", {"SIZE": 99999999999999999999}),
        (" body=8bitmime SMTPUTF8", {"BODY": "8BITMIME", "SMTPUTF8": True}),
        (" RET=hdrs ENVID=QQ314159+3D", {"RET": "HDRS", "ENVID": "QQ314159="}),
        (" AUTH=<>", {"AUTH": None}),
        (" AUTH=e+3Dmc2@example.com", {"AUTH": Mailbox("e=mc2", "example.com")}),
    ],
)
def test_mail_parameters(text: str, values: dict[str, object]) -> None:
    """Parameters in any order and case, with the values that their standards give."""
    assert wire.parse_parameters(text, MAIL_PARAMETERS, ALL) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (" NOTIFY=never", {"NOTIFY": ("NEVER",)}),
        (" NOTIFY=SUCCESS,failure,DELAY", {"NOTIFY": ("SUCCESS", "FAILURE", "DELAY")}),
        (" ORCPT=rfc822;Dana@Ivory.EDU", {"ORCPT": ("rfc822", "Dana@Ivory.EDU")}),
        (" ORCPT=utf-8;josé@exämple.test", {"ORCPT": ("utf-8", "josé@exämple.test")}),
    ],
)
def test_rcpt_parameters(text: str, values: dict[str, object]) -> None:
    """DSN's parameters of a recipient (RFC 3461 4.1, 4.2; RFC 6533 3)."""
    assert wire.parse_parameters(text, RCPT_PARAMETERS, ALL) == values


@pytest.mark.parametrize(
    "text",
    [
        "x",
        " ",
        " SIZE=1 ",
        " SIZE=1  BODY=7BIT",
        " SIZE",
        " SIZE=",
        " SIZE=abc",
        " SIZE=-1",
        " SIZE=123456789012345678901",
        " SIZE=1 SIZE=2",
        " BODY",
        " BODY=",
        " BODY=bogus",
        " SMTPUTF8=YES",
        " RET=FULL RET=HDRS",
        " RET=BOTH",
        " ENVID=x+0D+0Ay",
        " ENVID=" + "x" * 101,
        " AUTH",
        " AUTH=a+0Ab@c",
        " AUTH=nobody",
        " =1",
        " -A=1",
        " A==1",
    ],
)
def test_bad_mail_parameters(text: str) -> None:
    """A parameter that is known and malformed, or given twice, is 501."""
    assert code_of(wire.parse_parameters, text, MAIL_PARAMETERS, ALL) == 501


@pytest.mark.parametrize(
    "text",
    [
        " NOTIFY",
        " NOTIFY=",
        " NOTIFY=FOO",
        " NOTIFY=NEVER,SUCCESS",
        " NOTIFY=SUCCESS,",
        " NOTIFY=NEVER NOTIFY=NEVER",
        " ORCPT=rfc822",
        " ORCPT=;a@b",
        " ORCPT=rfc822;u+0A+0Dv@x",
        " ORCPT=rfc822;josé@x",
        " ORCPT=rfc822;" + "x" * 500,
    ],
)
def test_bad_rcpt_parameters(text: str) -> None:
    """Likewise for a recipient's; NEVER stands alone (RFC 3461 4.1)."""
    assert code_of(wire.parse_parameters, text, RCPT_PARAMETERS, ALL) == 501


def test_unknown_parameters() -> None:
    """A parameter that nobody knows, or whose extension is off, is 555 (4.1.1.11)."""
    assert code_of(wire.parse_parameters, " X-BOGUS=1", MAIL_PARAMETERS, ALL) == 555
    assert code_of(wire.parse_parameters, " SIZE=1", MAIL_PARAMETERS, ALL - {"SIZE"}) == 555
    assert code_of(wire.parse_parameters, " SIZE=1", RCPT_PARAMETERS, ALL) == 555


@pytest.mark.parametrize(
    ("argument", "chunk"), [(b"0 LAST", Chunk(0, True)), (b"30", Chunk(30, False)), (b"007 last", Chunk(7, True))]
)
def test_bdat(argument: bytes, chunk: Chunk) -> None:
    """A size, and LAST or nothing (RFC 3030 2)."""
    assert wire.parse_bdat(argument) == chunk
    assert wire.announced_octets(argument) == chunk.size


@pytest.mark.parametrize(
    ("argument", "announced"),
    [(b"", None), (b"x", None), (b"-1", None), (b"4 FIRST", 4), (b"4  LAST", 4), (b"4LAST", None), (b"LAST", None)],
)
def test_bad_bdat(argument: bytes, announced: int | None) -> None:
    """A bad BDAT is 501; what it announces is known if its size is."""
    assert code_of(wire.parse_bdat, argument) == 501
    assert wire.announced_octets(argument) == announced


def test_huge_sizes() -> None:
    """No size wraps round, and endless digits cost nothing."""
    assert wire.parse_bdat(b"18446744073709551617 LAST").size == 2**64 + 1
    assert wire.parse_bdat(b"9" * 2000).size >= 10**40
