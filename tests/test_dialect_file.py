"""Dialect files: every key arrives where it belongs; what is wrong is told by file, line and key."""

from __future__ import annotations

import pytest

from pytest_netconform.dialect import Dialect, DialectProblem, Exchange, parse_dialect
from pytest_netconform.wire.framing import (
    Blocks,
    Checked,
    Compressed,
    Delimited,
    Framing,
    Lines,
    Prefixed,
)
from tests.test_dialect_page import FILES

ZEN = FILES["zen.toml"]
HEAD = '[framing]\nkind = "lines"\n[[exchange]]\n'


def test_a_file_becomes_a_dialect() -> None:
    """Every key of the first example arrives where it belongs."""
    assert parse_dialect(FILES["zen.toml"], "some/where/zen.toml") == Dialect(
        "zen",
        Delimited(b"?", kept=True),
        Delimited(b".", kept=True),
        exchanges=(
            Exchange(b"Beautiful is better than?", b"Ugly."),
            Exchange(b"Simple is better than?", b"Complex."),
        ),
        unknown=Exchange(b"Foo?", pattern=rb"Error: .*\.", example=b"Error: unknown aphorism."),
        encoding="ascii",
    )


@pytest.mark.parametrize(
    ("text", "framing"),
    [
        ('kind = "lines"', Lines("crlf")),
        ('kind = "lines"\nend = "any"', Lines("any")),
        ('kind = "delimited"\nmark_hex = "0d 00"', Delimited(b"\r\x00")),
        ('kind = "prefixed"', Prefixed("!I")),
        ('kind = "blocks"\nformat = "<H"\nsize = 9', Blocks("<H", 9)),
        ('kind = "prefixed"\nlayers = ["adler32"]\nchecksum_format = "<I"', Checked(Prefixed(), "adler32", "<I")),
        ('kind = "prefixed"\nlayers = ["zlib", "crc32"]', Compressed(Checked(Prefixed()))),
        ('kind = "prefixed"\nlayers = ["crc32", "zlib"]', Checked(Compressed(Prefixed()))),
    ],
)
def test_framings_of_files(text: str, framing: Framing) -> None:
    """Keys and defaults of a framing; what is done to a payload first is the outermost layer."""
    dialect = parse_dialect(f'rule = "echo"\n[framing]\n{text}\n')
    assert dialect.requests == dialect.replies == framing


def test_a_rule_fills_in_what_is_heard() -> None:
    """A sample may leave out what the rule says."""
    assert parse_dialect(FILES["dots.toml"]).exchanges == (Exchange(b"a.b\\c", b"A.B\\C"),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # the file
        ("[framing\n", "line 1: no TOML: Expected ']'"),
        ('transport = "tcp"\nname = \n', "line 2: no TOML: Invalid value"),
        ('name = "tcp', "line 1: no TOML: "),
        ("#" * (1 << 18) + "\n", ": a dialect of more than 262144 characters"),
        ("", "framing: missing: how are messages told apart?"),
        # keys
        (ZEN.replace("encoding", "encodin"), "line 3, encodin: unknown key; did you mean 'encoding'?"),
        (ZEN.replace("[requests]\nkind", "[requests]\nknd"), "line 6, requests.knd: unknown key; did you mean 'kind'?"),
        (
            ZEN.replace('hear = "Complex', 'heer = "Complex'),
            "line 21, exchange[2].heer: unknown key; did you mean 'hear'?",
        ),
        (ZEN.replace("[unknown]", "[unknwn]"), "line 23, unknwn: unknown key; did you mean 'unknown'?"),
        (ZEN.replace("[[exchange]]", "[[exchanges]]"), "line 15, exchanges: unknown key; did you mean 'exchange'?"),
        (HEAD + 'say = "a"\nsay_hex = "61"', "line 5, exchange[1].say_hex: both say and say_hex"),
        (HEAD + 'hear = "a"', 'line 3, exchange[1].say: missing; say = "" says nothing'),
        (
            '[exchange]\nsay = "a"\n[framing]\nkind = "lines"',
            "line 1, exchange: is written [[exchange]], once for every",
        ),
        ('[[framing]]\nkind = "lines"', "line 1, framing: is a table: write [framing], once"),
        ('unknown = "a"\n[framing]\nkind = "lines"', "line 1, unknown: is a table: write [unknown], once"),
        ('exchange = ["a"]\n[framing]\nkind = "lines"', "exchange[1]: is no table"),
        # types
        ("transport = 4", "line 1, transport: 4 is not a text"),
        ("largest_request = true", "line 1, largest_request: True is not a whole number"),
        ('[framing]\nkind = "fixed"\nsize = "4"', "line 3, framing.size: '4' is not a whole number"),
        ('[framing]\nkind = "fixed"\nsize = 4.0', "line 3, framing.size: 4.0 is not a whole number"),
        ('[framing]\nkind = "prefixed"\nlayers = "zlib"', "line 3, framing.layers: 'zlib' is not a list of texts"),
        (
            '[framing]\nkind = "prefixed"\nlayers = [\n  "zlib",\n  1,\n]',
            "line 3, framing.layers: ['zlib', 1] is not a list",
        ),
        (HEAD + 'say_hex = "6"', "line 4, exchange[1].say_hex: '6' is no hex: two digits an octet are"),
        (HEAD + 'say = "a"\nsilence = 1', "line 5, exchange[1].silence: 1 is not true or false"),
        ('encoding = "ascii"\n' + HEAD + 'say = "ä"', "line 5, exchange[1].say: 'ä' is not ascii"),
        # words
        (
            'transport = "sctp"\n' + HEAD + 'say = ""\nhear = ""',
            "line 1, transport: unknown transport 'sctp'; known are tcp, unix",
        ),
        ('rule = "ecko"\n' + HEAD + 'say = ""\nhear = ""', "line 1, rule: unknown rule 'ecko'; did you mean 'echo'?"),
        (
            'serves = "all"\n' + HEAD + 'say = ""\nhear = ""',
            "line 1, serves: unknown serves 'all'; known are many, one-at",
        ),
        (
            'encoding = "utf8"\n' + HEAD + 'say = ""\nhear = ""',
            "line 1, encoding: unknown encoding 'utf8'; did you mean 'utf-8'",
        ),
        (
            'unasked = "yes"\n' + HEAD + 'say = ""\nhear = ""',
            "line 1, unasked: unknown unasked 'yes'; known are once, stream",
        ),
        # framing
        ('[framing]\nmark = "?"', "line 1, framing.kind: missing"),
        ('[framing]\nkind = "delimted"', "line 2, framing.kind: unknown kind 'delimted'; did you mean 'delimited'?"),
        ('[framing]\nkind = "delimited"', "line 1, framing.mark: missing; kind 'delimited' needs it"),
        (
            '[framing]\nkind = "lines"\nmark = "?"',
            "line 3, framing.mark: not for kind 'lines', which takes end and layers",
        ),
        (
            '[framing]\nkind = "prefixed"\nformat = "I"',
            "line 3, framing.format: 'I' has no byte order; write '!I' or '<I'",
        ),
        ('[framing]\nkind = "prefixed"\nformat = "!f"', "line 3, framing.format: '!f' is no length: a byte order"),
        ('[framing]\nkind = "fixed"\nsize = 0', "line 3, framing.size: a fixed size of 0 octets is not between 1 and"),
        ('[framing]\nkind = "delimited"\nmark = ""', "line 3, framing.mark: a delimiter needs at least one octet"),
        (
            '[framing]\nkind = "delimited"\nmark_hex = ""',
            "line 3, framing.mark_hex: a delimiter needs at least one octet",
        ),
        (
            '[framing]\nkind = "lines"\nlayers = ["zlib"]',
            "line 3, framing.layers: zlib makes any octet, and lines that end",
        ),
        (
            '[framing]\nkind = "prefixed"\nlayers = ["crc"]',
            "line 3, framing.layers: unknown layer 'crc'; did you mean 'crc32'?",
        ),
        (
            '[framing]\nkind = "prefixed"\nchecksum_format = "!I"',
            "line 3, framing.checksum_format: there is no checksum among",
        ),
        ('[requests]\nkind = "lines"', "replies: missing: requests and replies belong together"),
        (
            '[framing]\nkind = "lines"\n[replies]\nkind = "lines"',
            "line 1, framing: holds for both directions; leave it out",
        ),
        (
            'transport = "udp"\nrule = "echo"\n[framing]\nkind = "lines"',
            "line 3, framing: lines that end in CR LF: that is no",
        ),
        (
            'rule = "echo"\n[framing]\nkind = "datagram"',
            "line 2, framing: a datagram each: that is no framing over tcp",
        ),
        # samples
        (
            ZEN.replace("Beautiful is", "Beautiful? Is"),
            "line 16, exchange[1].say: the delimiter b'?' occurs inside b'Beautiful?",
        ),
        (
            ZEN.replace('"Complex."', '"Complex"'),
            "line 21, exchange[2].hear: b'Complex' does not end in b'.', which is kept",
        ),
        (
            '[framing]\nkind = "fixed"\nsize = 4\n[[exchange]]\nsay = "1234"\nhear_hex = "00"',
            "line 6, exchange[1].hear_hex: b'\\x00' has 1 octets; the fixed size is 4",
        ),
        (
            '[framing]\nkind = "prefixed"\nformat = "!B"\n[[exchange]]\nsay = """\n' + "x" * 300 + '"""\nhear = ""',
            "line 5, exchange[1].say: 300 does not fit a length of the format '!B'",
        ),
        ('[framing]\nkind = "lines"', "exchange: a dialect needs at least one exchange, or a rule"),
        (HEAD + 'say = "a"', "line 3, exchange[1]: one of hear, hear_pattern and silence is needed, not none"),
        (
            HEAD + 'say = "a"\nhear = "b"\nsilence = true',
            "line 3, exchange[1]: one of hear, hear_pattern and silence is needed, not hear and silence",
        ),
        (
            HEAD + 'say = "a"\nhear_pattern = "("',
            "line 5, exchange[1].hear_pattern: b'(' is no regular expression: missing )",
        ),
        (
            HEAD + 'say = "a"\nhear_pattern = "b"\nexample = "c"',
            "line 6, exchange[1].example: b'c' does not match the hear_pattern",
        ),
        (
            HEAD + 'say = "a"\nhear = "b"\nexample = "b"',
            "line 6, exchange[1].example: an example belongs to a hear_pattern",
        ),
        (
            HEAD + 'say = "a"\nhear = "b"\n[[exchange]]\nsay_hex = "61"\nhear = "c"',
            "line 7, exchange[2].say_hex: exchange[1] says b'a' already",
        ),
        (
            'encoding = "utf-8"\n' + HEAD + 'say_hex = "c0af"\nhear = ""',
            "line 5, exchange[1].say_hex: b'\\xc0\\xaf' is not utf-8",
        ),
        (
            "largest_request = 2\n" + HEAD + 'say = "abc"\nhear = ""',
            "line 5, exchange[1].say: 3 octets; the largest is declared",
        ),
        ("largest_reply = -1\n" + HEAD + 'say = "abc"\nhear = ""', "line 1, largest_reply: -1 octets are no size"),
        (
            'rule = "echo"\nlargest_reply = 300\n[framing]\nkind = "prefixed"\nformat = "!B"',
            "line 2, largest_reply: 300 octets; messages behind their length (one octet) hold at most 255",
        ),
        # rules
        (
            'rule = "upper"\n' + HEAD + 'say = "a"\nhear = "a"',
            "line 6, exchange[1].hear: b'a'; by the rule 'upper' it is b'A'",
        ),
        (
            'rule = "echo"\n' + HEAD + 'say = "a"\nsilence = true',
            "line 6, exchange[1].silence: silence; by the rule 'echo' it",
        ),
        (
            'rule = "echo"\n' + HEAD + 'say = "a"\n[unknown]\nsay = "b"\nhear = "b"',
            "line 6, unknown: by the rule 'echo' no request",
        ),
        (
            'rule = "echo"\n' + ZEN[ZEN.index("[requests]") : ZEN.index("[[")],
            "line 1, rule: what 'echo' makes of a request cannot be framed: b'aaaaaaaa?' does not end in b'.'",
        ),
        (
            'rule = "echo"\n[framing]\nkind = "delimited"\nmark = "abcdefghijklmnopqrstuvwxyz012345678"',
            "line 1, rule: the delimiters leave no letters to make requests of",
        ),
        (
            '[framing]\nkind = "flow"\n[[exchange]]\nsay = "a"\nhear = "b"',
            "line 3, exchange: a stream without messages is answered by",
        ),
        (
            ZEN.replace('"Foo?"', '"Simple is better than?"'),
            "line 24, unknown.say: exchange[2] knows b'Simple is better than?'",
        ),
        # greetings, and what is not asked
        (
            HEAD.replace("[[", '[greeting]\nsay = "a"\n[[') + 'say = "a"\nhear = "a"',
            "line 4, greeting.say: unknown key",
        ),
        (
            'transport = "udp"\nrule = "echo"\n[greeting]\nhear = "a"',
            "line 3, greeting: over udp nobody speaks without being asked",
        ),
        ('transport = "udp"\nunasked = "once"', "line 2, unasked: over udp nobody speaks without being asked"),
        (
            'rule = "echo"\n[framing]\nkind = "until-close"\n[greeting]\nhear = "a"',
            "line 4, greeting: one message up to the end of the stream: where a greeting ends there, nobody can tell",
        ),
        ('unasked = "once"\n[framing]\nkind = "lines"', "line 1, unasked: what the server says belongs into greeting"),
        (
            'unasked = "stream"\n' + HEAD + 'say = "a"\nhear = "a"',
            "line 1, unasked: a server that speaks without being asked",
        ),
        # ids
        ('transport = "udp"\nrule = "echo"\n[id]\noffset = 0', "line 3, id.width: missing"),
        (
            'transport = "udp"\nrule = "echo"\n[id]\nwidth = 0',
            "line 4, id.width: an id of 0 octets is not between 1 and 8",
        ),
        ('transport = "udp"\nrule = "echo"\nid = { offset = -1, width = 1 }', "line 3, id.offset: -1 is no offset"),
        (
            'rule = "echo"\n[framing]\nkind = "lines"\n[id]\nwidth = 2',
            "line 4, id: an id may hold any octet; lines that end in",
        ),
        (
            'transport = "udp"\nid.width = 2\n[[exchange]]\nsay = "1"\nhear = "11"',
            "line 4, exchange[1].say: b'1' has no room for",
        ),
        (
            'transport = "udp"\nid.width = 2\n[[exchange]]\nsay = "12a"\nhear = "13a"',
            "line 5, exchange[1].hear: the id is b'13', and b'12' in the request",
        ),
    ],
)
def test_problems_name_file_line_and_key(text: str, problem: str) -> None:
    """Whatever is wrong with a file is one line: the file, the line, the key, and what is wrong there."""
    with pytest.raises(DialectProblem) as caught:
        parse_dialect(text, "my.toml")
    assert str(caught.value).startswith(f"my.toml{problem}" if problem.startswith(":") else f"my.toml, {problem}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('x = """\n[framing]\n"""\n\n[framing]\nkind = "lines"\nend = "cr"', "line 7, framing.end"),
        ('framing = { kind = "lines", end = "cr" }', "line 1, framing.end"),
        ('framing.kind = "lines"\nframing.end = "cr"', "line 2, framing.end"),
        ('[framing] # here\nkind = "lines" # "\n\n  end = \'cr\'', "line 4, framing.end"),
        ('[ framing ]\r\nkind = "lines"\r\nend = "cr"\r\n', "line 3, framing.end"),
    ],
)
def test_lines_are_found_however_they_are_written(text: str, line: str) -> None:
    """Texts over several lines, inline tables, dotted keys, comments, indentation and CR LF do not mislead."""
    with pytest.raises(DialectProblem) as caught:
        parse_dialect(text.replace("x = ", "name = "), "my.toml")
    assert str(caught.value).startswith(f"my.toml, {line}: 'cr' ends no line")
