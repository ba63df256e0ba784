"""Messages in a few words: ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 7.5.2)."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap.addresses import Address, parse_addresses
from pytest_netconform.reference_servers.imap.core import ImapCore
from pytest_netconform.reference_servers.imap.mime import Parser, Part, fields, lines_in, unfolded, with_params
from pytest_netconform.reference_servers.mailboxes import Message


class Structure(ImapCore):
    """What a FETCH tells of a message's header and parts."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._parsed: tuple[Message, Part] | None = None

    def parser(self) -> Parser:
        """What takes messages apart."""
        return Parser(self.config.nesting)

    def parsed(self, message: Message) -> Part:
        """A message taken apart; the last one is remembered."""
        if self._parsed is None or self._parsed[0] is not message:
            self._parsed = (message, self.parser().parse(message.content))
        return self._parsed[1]

    def header_octets(self, content: bytes) -> bytes:
        """A message's header with the blank line behind it."""
        return content[: self.parser().header_end(content, 0, len(content))]

    # envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc
    #            SP env-in-reply-to SP env-message-id ")"

    def envelope(self, header: bytes) -> bytes:
        """Ten fields of a header."""
        values = self.first_values(header)
        text = {name: self.nstring(self.envelope_text(values.get(name))) for name in (b"date", b"subject")}
        late = [self.nstring(values.get(name)) for name in (b"in-reply-to", b"message-id")]
        people = [self.addresses(self.people(values, name)) for name in (b"from", b"sender", b"reply-to")]
        people += [self.addresses(values.get(name)) for name in (b"to", b"cc", b"bcc")]
        return b"(" + b" ".join([text[b"date"], text[b"subject"], *people, *late]) + b")"

    def first_values(self, header: bytes) -> dict[bytes, bytes]:
        """The values of a header's fields by name, unfolded; the first counts."""
        values: dict[bytes, bytes] = {}
        for name, value in fields(header):
            values.setdefault(name.lower(), unfolded(value))
        return values

    def envelope_text(self, value: bytes | None) -> bytes | None:
        """Text as it was written, encoded words and all (RFC 2047 stays the client's affair)."""
        return value

    def people(self, values: dict[bytes, bytes], name: bytes) -> bytes | None:
        """Who writes: Sender and Reply-To are who From is, where they are not there or empty (RFC 9051 7.5.2)."""
        value = values.get(name)
        return value if value else self.default_people(values)

    def default_people(self, values: dict[bytes, bytes]) -> bytes | None:
        """What stands for Sender and Reply-To."""
        return values.get(b"from")

    def addresses(self, value: bytes | None) -> bytes:
        """A list of addresses, or NIL where there is none."""
        found = [] if value is None else parse_addresses(value)
        return b"(" + b"".join(self.address(one) for one in found) + b")" if found else b"NIL"

    # address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
    def address(self, one: Address) -> bytes:
        """An address, or a mark of a group."""
        return b"(" + b" ".join(map(self.nstring, (one.name, one.route, one.mailbox, one.host))) + b")"

    # body = "(" (body-type-1part / body-type-mpart) ")"

    def body(self, part: Part, extended: bool) -> bytes:
        """BODYSTRUCTURE, or BODY without the extension data."""
        words = self.multipart_words(part, extended) if part.parts else self.leaf_words(part, extended)
        return b"(" + words + b")"

    def multipart_words(self, part: Part, extended: bool) -> bytes:
        """The parts in a row, and their type."""
        parts = b"".join(self.body(inner, extended) for inner in part.parts)
        words = [parts, self.string(part.media.minor)]
        if extended:
            words += [self.params(part.media.params), *self.extension(part)]
        return b" ".join(words)

    # body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
    def leaf_words(self, part: Part, extended: bool) -> bytes:
        """One part that is no multipart."""
        words = [self.string(part.media.major), self.string(part.media.minor), *self.basic_words(part)]
        if part.message is not None:
            inner = part.message
            words += [self.envelope(inner.header_octets), self.body(inner, extended)]
        if part.message is not None or part.media.major == b"TEXT":
            words.append(b"%d" % self.lines(part))
        if extended:
            words += [self.nstring(part.value(b"content-md5")), *self.extension(part)]
        return b" ".join(words)

    # body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
    def basic_words(self, part: Part) -> list[bytes]:
        """Parameters, id, description, encoding, size."""
        about = [self.nstring(part.value(name)) for name in (b"content-id", b"content-description")]
        size = b"%d" % len(part.body_octets)
        return [self.params(part.media.params), *about, self.string(self.encoding(part)), size]

    def encoding(self, part: Part) -> bytes:
        """How the body is encoded; 7BIT unless it is said (RFC 2045 6.1)."""
        return with_params(part.value(b"content-transfer-encoding") or b"")[0].upper() or b"7BIT"

    def lines(self, part: Part) -> int:
        """The lines of a part's body."""
        return lines_in(part.body_octets)

    def params(self, params: tuple[tuple[bytes, bytes], ...]) -> bytes:
        """Names and values, as they were written; NIL where there are none."""
        words = [self.string(word) for pair in params for word in pair]
        return b"(" + b" ".join(words) + b")" if words else b"NIL"

    # body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
    def extension(self, part: Part) -> list[bytes]:
        """Disposition, languages, location."""
        return [self.disposition(part), self.languages(part), self.nstring(part.value(b"content-location"))]

    def disposition(self, part: Part) -> bytes:
        """Inline or attachment, and its parameters (RFC 2183)."""
        kind, params = with_params(part.value(b"content-disposition") or b"")
        return b"(" + self.string(kind.upper()) + b" " + self.params(params) + b")" if kind else b"NIL"

    def languages(self, part: Part) -> bytes:
        """The languages of a part (RFC 3282)."""
        text = with_params(part.value(b"content-language") or b"")[0]
        words = [self.string(word.strip()) for word in text.split(b",") if word.strip()]
        return b"(" + b" ".join(words) + b")" if words else b"NIL"
