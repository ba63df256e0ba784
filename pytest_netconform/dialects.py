"""Ready dialects: the small services of old, the protocols of the textbooks, and one for each way of framing.

Values and nothing else; each is what a dialect file would say. What the standards say beyond framing and samples (the
value of the time, the pattern of characters) is for their checks.
"""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.dialect import Dialect, Exchange, IdField
from pytest_netconform.wire.framing import (
    Blocks,
    Checked,
    Compressed,
    Datagram,
    Delimited,
    Fixed,
    Flow,
    Lines,
    Netstring,
    Prefixed,
    UntilClose,
    Varint,
    ZlibStream,
)

_ANY = rb"(?s:.)"
_SAMPLES = (b"", b"anything at all")  # what is said to a service that does not listen
_DATE = Exchange(pattern=rb"[ -~\r\n]+", example=b"Tuesday, February 22, 1982 17:37:43-PST\r\n")  # (RFC 867)
_TIME = Exchange(pattern=_ANY + rb"{4}", example=b"\x83\xaa\x7e\x80")  # 2208988800: the year 1970 (RFC 868)
_QUOTE = Exchange(pattern=_ANY + rb"+", example=b"Simple is better than complex.\r\n")  # (RFC 865)
_USERS = Exchange(
    pattern=rb"(?s:(?!HTTP/).+)", example=b"Login  Name   Tty\r\nanna   Anna   tty1\r\n"
)  # (RFC 866, RFC 1288)
_CHARACTERS = Exchange(pattern=_ANY + rb"*", example=bytes(range(32, 104)) + b"\r\n")  # (RFC 864)


def _ports(ours: int, theirs: int) -> Exchange:
    """A question about a pair of ports; an error, or a user, is the answer (RFC 1413 4, 5)."""
    pair = rb"%d[ \t]*,[ \t]*%d" % (ours, theirs)
    return Exchange(
        b"%d, %d\r\n" % (ours, theirs),
        pattern=rb"[ \t]*" + pair + rb"[ \t]*:[ \t]*(?:ERROR|USERID)[ \t]*:[^\r\n]+\r\n",
        example=b"%d, %d : ERROR : NO-USER\r\n" % (ours, theirs),
    )


def _speaker(name: str, standard: str, what: Exchange) -> tuple[Dialect, Dialect]:
    """A service that says one thing and closes; over UDP, any datagram is answered with it."""
    return (
        Dialect(name, Flow(), UntilClose(), greeting=what, unasked="once", standard=standard),
        Dialect(
            f"{name}-udp",
            Datagram(),
            transport="udp",
            exchanges=tuple(replace(what, say=say) for say in _SAMPLES),
            unknown=replace(what, say=b"something else"),
            standard=standard,
        ),
    )


#: Beautiful is better than ugly: questions and answers of the Zen of Python (PEP 20).
APHORISMS = {
    b"Beautiful is better than?": b"Ugly.",
    b"Explicit is better than?": b"Implicit.",
    b"Simple is better than?": b"Complex.",
}
_SILENT = tuple(Exchange(say, silence=True) for say in (b"anything", b"at all"))

_CLASSIC = (
    Dialect("echo", Flow(), rule="echo", standard="rfc862"),
    Dialect("echo-udp", Datagram(), transport="udp", rule="echo", standard="rfc862"),
    Dialect("upper", Flow(), rule="upper"),
    Dialect("upper-udp", Datagram(), transport="udp", rule="upper"),
    Dialect("discard", Flow(), exchanges=_SILENT, standard="rfc863"),
    Dialect("discard-udp", Datagram(), transport="udp", exchanges=_SILENT, standard="rfc863"),
    # what is no date, and no time, is for the checks to say
    replace(_speaker("daytime", "rfc867", _DATE)[0], greeting=replace(_DATE, pattern=rb"(?s:.*[!-~].*)")),
    _speaker("daytime", "rfc867", _DATE)[1],
    replace(_speaker("time", "rfc868", _TIME)[0], greeting=replace(_TIME, pattern=_ANY + rb"{4,}")),
    _speaker("time", "rfc868", _TIME)[1],
    *_speaker("qotd", "rfc865", _QUOTE),
    Dialect("chargen", Flow(), unasked="stream", standard="rfc864"),
    _speaker("chargen", "rfc864", _CHARACTERS)[1],
    _speaker("systat", "rfc866", _USERS)[0],
    Dialect(
        "finger",
        Lines(),
        UntilClose(),
        exchanges=(replace(_USERS, say=b"", pattern=rb"(?s:(?!HTTP/).*)"), replace(_USERS, say=b"root")),
        unknown=replace(_USERS, say=b"nosuch", example=b"nosuch: no such user.\r\n"),
        standard="rfc1288",
    ),
    # our half-close tells a server that would answer more than one question that there is none
    Dialect("ident", UntilClose(), exchanges=(_ports(6191, 23), _ports(23, 6191)), standard="rfc1413"),
)

_SENTENCES = (
    Dialect(
        "zen",
        Delimited(b"?", kept=True),
        Delimited(b".", kept=True),
        exchanges=tuple(Exchange(question, answer) for question, answer in APHORISMS.items()),
        unknown=Exchange(b"Foo?", b"Error: unknown aphorism."),
        encoding="ascii",
        standard="fpnp7",
    ),
    Dialect(
        "numbered",
        Datagram(),
        transport="udp",
        exchanges=tuple(
            Exchange(number.to_bytes(2, "big") + question, number.to_bytes(2, "big") + answer)
            for number, (question, answer) in enumerate(APHORISMS.items(), 1)
        ),
        unknown=Exchange(b"\x00\x04Foo?", b"\x00\x04Error: unknown aphorism."),
        encoding="ascii",
        id=IdField(0, 2),
    ),
    Dialect("terse", Datagram(), transport="udp", rule="echo", largest_reply=512),
    Dialect(
        "memcached-udp",
        Datagram(),
        transport="udp",
        exchanges=tuple(
            Exchange(
                head + b"\x00\x00\x00\x01\x00\x00version\r\n",
                pattern=rb"(?s:..)\x00\x00\x00\x01\x00\x00VERSION [ -~]+\r\n",
                example=head + b"\x00\x00\x00\x01\x00\x00VERSION 1.6.0\r\n",
            )
            for head in (b"\x00\x01", b"\x00\x02")
        ),
        id=IdField(0, 2),
        standard="memcached",
    ),
    Dialect("lines", Lines(), rule="echo", encoding="utf-8", exchanges=(Exchange("Größe".encode(), "Größe".encode()),)),
    Dialect("escaped", Delimited(b".", escape=b"\\"), rule="echo"),
    Dialect(
        "json-lines",
        Lines("lf"),
        exchanges=(Exchange(b'{"add": [1, 2]}', b'{"sum": 3}'), Exchange(b'{"add": [20, 3]}', b'{"sum": 23}')),
        unknown=Exchange(b"{}", pattern=rb'\{"error": .*\}', example=b'{"error": "what?"}'),
        encoding="utf-8",
    ),
)

_FRAMES = (
    Dialect("sixteen", Fixed(16), rule="echo"),
    Dialect("prefixed", Prefixed("!I"), rule="echo"),
    Dialect("prefixed-octet", Prefixed("!B"), rule="echo"),
    Dialect("prefixed-text", Prefixed("!I"), rule="echo", encoding="utf-8"),
    Dialect("varint", Varint(), rule="echo"),
    Dialect("blocks", Blocks("!I"), rule="echo"),
    Dialect("netstring", Netstring(), rule="echo"),
    Dialect("until-close", UntilClose(), rule="echo"),
    Dialect("checked", Checked(Prefixed("!I")), rule="echo"),
    Dialect("zlib-prefixed", Compressed(Prefixed("!I")), rule="echo"),
    Dialect("zlib", ZlibStream(), rule="echo"),
)

#: Every dialect that is ready, by its name.
READY: dict[str, Dialect] = {dialect.name: dialect for dialect in (*_CLASSIC, *_SENTENCES, *_FRAMES)}
