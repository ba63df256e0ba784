"""Mutants of structure: parts, words and names that IMAP finds where they are not."""

from __future__ import annotations

import re
from email.header import decode_header

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.imap.mime import Parser, Part, fields, unfolded
from pytest_netconform.reference_servers.mutants.mutant import mutant


class _KeepsFinalCrlf(Parser):
    def piece_end(self, delimiter: re.Match[bytes]) -> int:
        return delimiter.start() + 2


@mutant("part_keeps_final_crlf", breaks=["MSG-2046-5.1-a"], because="BODY[1] of")
class PartKeepsFinalCrlf(ImapSession):
    """Counts a delimiter's line end to the part before it."""

    def parser(self) -> Parser:
        return _KeepsFinalCrlf(self.config.nesting)


class _WithoutPadding(Parser):
    def delimiter(self, boundary: bytes) -> re.Pattern[bytes]:
        return re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(?P<close>--)?(?=\r?\n|\Z)")


@mutant("transport_padding_breaks_delimiter", breaks=["MSG-2046-5.1-a"], because="three parts")
class TransportPaddingBreaksDelimiter(ImapSession):
    """Knows a delimiter only without blanks behind it."""

    def parser(self) -> Parser:
        return _WithoutPadding(self.config.nesting)


class _ByPrefix(Parser):
    def delimiter(self, boundary: bytes) -> re.Pattern[bytes]:
        return re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(?P<close>--)?[^\r\n]*(?=\r?\n|\Z)")


@mutant("boundary_prefix_match", breaks=["MSG-2046-5.1-b"], because="prefixes")
class BoundaryPrefixMatch(ImapSession):
    """Looks at the beginning of a line alone, which is allowed."""

    def parser(self) -> Parser:
        return _ByPrefix(self.config.nesting)


@mutant("rfc822_in_rfc822_wrong_part", breaks=["MSG-2046-5.2-a"], because="BODY[1.1.HEADER]")
class Rfc822InRfc822WrongPart(ImapSession):
    """Counts a message in a message once."""

    def part_of(self, root: Part, numbers: list[int]) -> Part | None:
        return super().part_of(root, numbers[:1] if numbers == [1, 1] else numbers)


@mutant("envelope_decodes_words", breaks=["MSG-2047-5-a"], because="Subject in ENVELOPE")
class EnvelopeDecodesWords(ImapSession):
    """Does the client's work."""

    def envelope_text(self, value: bytes | None) -> bytes | None:
        if value is None or b"?utf-8?" not in value or not value.endswith(b"?="):
            return value
        parts = decode_header(value.decode("latin-1"))
        return b"".join(text if isinstance(text, bytes) else text.encode() for text, _ in parts)


@mutant("rfc2231_loses_part", breaks=["MSG-2231-3-a"], because="utf-8''a%20")
class Rfc2231LosesPart(ImapSession):
    """Takes the first piece for the whole."""

    def params(self, params: tuple[tuple[bytes, bytes], ...]) -> bytes:
        return super().params(tuple(pair for pair in params if not re.search(rb"\*[1-9]", pair[0])))


@mutant("envelope_uses_last_from", breaks=["MSG-5322-3.6-a"], because="the last")
class EnvelopeUsesLastFrom(ImapSession):
    """Keeps the last of two fields: it is noted, not failed."""

    def first_values(self, header: bytes) -> dict[bytes, bytes]:
        return {name.lower(): unfolded(value) for name, value in fields(header)}


@mutant("envelope_shows_both_froms", breaks=["MSG-5322-3.6-a"], because="both")
class EnvelopeShowsBothFroms(ImapSession):
    """Makes one list of two fields: it is noted, not failed."""

    def first_values(self, header: bytes) -> dict[bytes, bytes]:
        every = [unfolded(value) for name, value in fields(header) if name.lower() == b"from"]
        return {**super().first_values(header), b"from": b", ".join(every)}


@mutant("envelope_mixes_two_froms", breaks=["MSG-5322-3.6-a"], because="as they stand in the From fields")
class EnvelopeMixesTwoFroms(ImapSession):
    """Takes the name from one field, and the address from the other."""

    def first_values(self, header: bytes) -> dict[bytes, bytes]:
        every = [unfolded(value) for name, value in fields(header) if name.lower() == b"from"]
        mixed = every[0].partition(b"<")[0] + b"<" + every[-1].partition(b"<")[2] if every else b""
        return {**super().first_values(header), b"from": mixed}
