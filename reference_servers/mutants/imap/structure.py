"""Mutants of structure: parts, envelopes and body structures are wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.imap.addresses import Address, parse_addresses
from pytest_netconform.reference_servers.imap.items import Section
from pytest_netconform.reference_servers.imap.mime import Part
from pytest_netconform.reference_servers.mailboxes import Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("part_numbering_in_rfc822", breaks=["IMAP-9051-6.4.5.1-a"], because="BODY[2.1] of")
class PartNumberingInRfc822(ImapSession):
    """Gives the multipart of a message inside a number of its own."""

    def part_of(self, root: Part, numbers: list[int]) -> Part | None:
        return super().part_of(root, [*numbers[:1], 1, *numbers[1:]] if len(numbers) > 1 else numbers)


@mutant("part_with_the_next_delimiter", breaks=["IMAP-9051-6.4.5.1-a"], because="BODY[1] of")
class PartWithTheNextDelimiter(ImapSession):
    """Counts the line end of a delimiter to the part before."""

    def part_section(self, part: Part, section: Section) -> bytes | None:
        octets = super().part_section(part, section)
        return octets + b"\r\n" if octets is not None and section.numbers and not section.text else octets


@mutant("missing_part_is_the_whole", breaks=["IMAP-9051-6.4.5.1-a"], because="which is not there")
class MissingPartIsTheWhole(ImapSession):
    """Gives everything where it does not find something."""

    def section_octets(self, message: Message, section: Section) -> bytes | None:
        octets = super().section_octets(message, section)
        return message.content if octets is None else octets


@mutant("envelope_sender_nil", breaks=["IMAP-9051-7.5.2-a"], because="sender")
class EnvelopeSenderNil(ImapSession):
    """Leaves it to the client who sent a message."""

    def default_people(self, values: dict[bytes, bytes]) -> bytes | None:
        return None


@mutant("envelope_unescaped_quote", breaks=["IMAP-9051-7.5.2-a"], because="by the grammar")
class EnvelopeUnescapedQuote(ImapSession):
    """Puts quotes around quotes."""

    def address(self, one: Address) -> bytes:
        return super().address(one).replace(b"\\", b"")


@mutant("envelope_without_groups", breaks=["IMAP-9051-7.5.2-a"], because="Friends")
class EnvelopeWithoutGroups(ImapSession):
    """Leaves marks of groups out."""

    def addresses(self, value: bytes | None) -> bytes:
        people = b"".join(self.address(one) for one in parse_addresses(value or b"") if one.host is not None)
        return b"(" + people + b")" if people else b"NIL"


@mutant("body_has_extension_data", breaks=["IMAP-9051-7.5.2-b"], because="no extension data in BODY")
class BodyHasExtensionData(ImapSession):
    """Tells all it knows."""

    def body(self, part: Part, extended: bool) -> bytes:
        return super().body(part, True)


@mutant("bodystructure_unbalanced", breaks=["IMAP-9051-7.5.2-b"], because="by the grammar")
class BodystructureUnbalanced(ImapSession):
    """Opens more than it closes."""

    def multipart_words(self, part: Part, extended: bool) -> bytes:
        return b"(" + super().multipart_words(part, extended)


@mutant("body_size_with_header", breaks=["IMAP-9051-7.5.2-b"], because="octets in BODY")
class BodySizeWithHeader(ImapSession):
    """Counts the header of a part, too."""

    def basic_words(self, part: Part) -> list[bytes]:
        return [*super().basic_words(part)[:-1], b"%d" % len(part.octets)]


@mutant("body_charset_utf8", breaks=["IMAP-9051-7.5.2-b"], because="no CHARSET, or US-ASCII")
class BodyCharsetUtf8(ImapSession):
    """Knows which charset everybody uses."""

    def params(self, params: tuple[tuple[bytes, bytes], ...]) -> bytes:
        return super().params(tuple((name, b"utf-8" if name == b"CHARSET" else value) for name, value in params))
