"""What stands in HTTP fields (RFC 9110, 9111 5.2, 7617): values to be read, or None where the grammar is broken.

Every function takes the octets of one field value, or of all its lines joined as a list, and is strict: a recipient may
be lenient, but these are what senders must keep to. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from pytest_netconform.wire.http import CRLF, TOKEN, Breach, Fields, parse_fields, split_list

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

CENTURY = 75  # two digits of a year below this are of the 2000s: what seems 50 years ahead is past (RFC 9110 5.6.7)

# quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE   (RFC 9110 5.6.4)
QUOTED = re.compile(rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"')
# parameters = *( OWS ";" OWS [ token "=" ( token / quoted-string ) ] )   (RFC 9110 5.6.6)
_PARAMETER = re.compile(
    rb"[ \t]*;[ \t]*(?:(?P<name>" + TOKEN.pattern + rb")=(?P<value>" + TOKEN.pattern + rb"|" + QUOTED.pattern + rb"))?"
)
# entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; etagc = %x21 / %x23-7E / obs-text   (RFC 9110 8.8.3)
_ETAG = re.compile(rb'(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"')
_MONTHS = rb"(?P<month>" + "|".join(MONTHS).encode() + rb")"
_TIME = rb"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
# IMF-fixdate = day-name "," SP date1 SP time-of-day SP GMT; rfc850-date; asctime-date   (RFC 9110 5.6.7)
_IMF = re.compile(
    rb"(?P<name>[A-Z][a-z]{2}), (?P<day>[0-9]{2}) " + _MONTHS + rb" (?P<year>[0-9]{4}) " + _TIME + rb" GMT"
)
_RFC850 = re.compile(
    rb"(?P<name>[A-Z][a-z]+), (?P<day>[0-9]{2})-" + _MONTHS + rb"-(?P<year>[0-9]{2}) " + _TIME + rb" GMT"
)
_ASCTIME = re.compile(
    rb"(?P<name>[A-Z][a-z]{2}) " + _MONTHS + rb" (?P<day>[0-9]{2}| [0-9]) " + _TIME + rb" (?P<year>[0-9]{4})"
)
# Content-Range = range-unit SP ( range-resp / unsatisfied-range )   (RFC 9110 14.4)
_CONTENT_RANGE = re.compile(
    rb"(?P<unit>" + TOKEN.pattern + rb") (?:(?P<first>[0-9]{1,20})-(?P<last>[0-9]{1,20})|\*)/(?P<total>[0-9]{1,20}|\*)"
)
# challenge = auth-scheme [ 1*SP ( token68 / [ auth-param *( OWS "," OWS auth-param ) ] ) ]   (RFC 9110 11.3)
_SCHEME = re.compile(rb"(?P<scheme>" + TOKEN.pattern + rb")(?: +(?P<rest>.*))?", re.DOTALL)
_TOKEN68 = re.compile(rb"[0-9A-Za-z\-._~+/]+=*")
_AUTH_PARAM = re.compile(
    rb"(?P<name>" + TOKEN.pattern + rb")[ \t]*=[ \t]*(?P<value>" + TOKEN.pattern + rb"|" + QUOTED.pattern + rb")"
)
# product = token [ "/" token ]; comment = "(" *( ctext / quoted-pair / comment ) ")"   (RFC 9110 10.1.5, 10.2.4)
_PRODUCT = re.compile(TOKEN.pattern + rb"(?:/" + TOKEN.pattern + rb")?")
_COMMENT_TEXT = re.compile(rb"[\t \x21-\x27\x2a-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff]")
# URI-reference, as far as its characters go: no blanks, controls, quotes, <>\^`{|}   (RFC 3986 2)
_REFERENCE = re.compile(rb"(?:[!#$&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]|%[0-9A-Fa-f]{2})*")


# -- tokens, strings, parameters


def is_token(value: bytes) -> bool:
    """Whether it is a token (RFC 9110 5.6.2)."""
    return TOKEN.fullmatch(value) is not None


def is_token_list(value: bytes) -> bool:
    """Whether it is a list of tokens, perhaps empty (RFC 9110 5.6.1): Allow, Vary, Connection."""
    return all(map(is_token, split_list(value)))


def unquoted(value: bytes) -> bytes:
    """A quoted string's content (RFC 9110 5.6.4); anything else as it is."""
    return re.sub(rb"\\(.)", rb"\1", value[1:-1], flags=re.DOTALL) if QUOTED.fullmatch(value) else value


def parse_parameters(value: bytes) -> dict[str, bytes] | None:
    """`;name=value` again and again (RFC 9110 5.6.6): names in lower case, values without their quotes; or None."""
    found: dict[str, bytes] = {}
    place = 0
    while place < len(value):
        part = _PARAMETER.match(value, place)
        if part is None:
            return None
        if part["name"]:
            found[part["name"].decode().lower()] = unquoted(part["value"])
        place = part.end()
    return found


@dataclass(frozen=True)
class MediaType:
    """A media type (RFC 9110 8.3.1): `type/subtype` in lower case, and its parameters."""

    name: str
    parameters: dict[str, bytes]


def parse_media_type(value: bytes) -> MediaType | None:
    """Content-Type's value, or None."""
    name, _, _ = value.partition(b";")
    kind, slash, subtype = name.rstrip(b" \t").partition(b"/")
    parameters = parse_parameters(value[len(name.rstrip(b" \t")) :])
    if not slash or parameters is None or not is_token(kind) or not is_token(subtype):
        return None
    return MediaType(f"{kind.decode()}/{subtype.decode()}".lower(), parameters)


# -- dates


def parse_imf_date(value: bytes) -> datetime | None:
    """An IMF-fixdate (RFC 9110 5.6.7): the only form that is sent, its weekday right; or None."""
    return _dated(_IMF.fullmatch(value), DAYS)


def parse_date(value: bytes) -> datetime | None:
    """A date in any of the three forms that recipients read (RFC 9110 5.6.7), or None."""
    return (
        parse_imf_date(value) or _dated(_RFC850.fullmatch(value), LONG_DAYS) or _dated(_ASCTIME.fullmatch(value), DAYS)
    )


def _dated(found: re.Match[bytes] | None, names: tuple[str, ...]) -> datetime | None:
    if found is None:
        return None
    part = {name: text.decode() for name, text in found.groupdict().items()}
    year = int(part["year"])
    if len(part["year"]) == 2:
        year += 2000 if year < CENTURY else 1900
    try:
        moment = datetime(
            year,
            MONTHS.index(part["month"]) + 1,
            int(part["day"]),
            int(part["hour"]),
            int(part["minute"]),
            min(59, int(part["second"])) if part["second"] == "60" else int(part["second"]),
            tzinfo=timezone.utc,
        )
    except ValueError:
        return None
    return moment if names[moment.weekday()] == part["name"] else None


def imf_date(moment: datetime) -> str:
    """A date as it is sent: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    moment = moment.astimezone(timezone.utc)
    return (
        f"{DAYS[moment.weekday()]}, {moment.day:02} {MONTHS[moment.month - 1]} {moment.year:04} {moment:%H:%M:%S} GMT"
    )


def rfc850_date(moment: datetime) -> str:
    """The same in the obsolete form of RFC 850: `Sunday, 06-Nov-94 08:49:37 GMT`."""
    moment = moment.astimezone(timezone.utc)
    day = f"{moment.day:02}-{MONTHS[moment.month - 1]}-{moment.year % 100:02}"
    return f"{LONG_DAYS[moment.weekday()]}, {day} {moment:%H:%M:%S} GMT"


def asctime_date(moment: datetime) -> str:
    """The same in the obsolete form of asctime(): `Sun Nov  6 08:49:37 1994`."""
    moment = moment.astimezone(timezone.utc)
    return f"{DAYS[moment.weekday()]} {MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S} {moment.year:04}"


# -- validators and ranges


@dataclass(frozen=True)
class ETag:
    """An entity tag (RFC 9110 8.8.3)."""

    tag: bytes
    weak: bool = False


def parse_etag(value: bytes) -> ETag | None:
    """ETag's value, or None."""
    found = _ETAG.fullmatch(value)
    return ETag(found["tag"], bool(found["weak"])) if found else None


@dataclass(frozen=True)
class ContentRange:
    """A Content-Range (RFC 9110 14.4). first, last: None in `*/N`. total: None where it is not known."""

    unit: str
    first: int | None
    last: int | None
    total: int | None

    @property
    def length(self) -> int:
        """How many octets it speaks of."""
        return 0 if self.first is None or self.last is None else self.last - self.first + 1


def parse_content_range(value: bytes) -> ContentRange | None:
    """Content-Range's value, or None; also None where first, last and total do not fit (RFC 9110 14.4)."""
    found = _CONTENT_RANGE.fullmatch(value)
    if found is None:
        return None
    first, last = (int(found[name]) if found[name] else None for name in ("first", "last"))
    total = None if found["total"] == b"*" else int(found["total"])
    if first is None and total is None:
        return None
    if first is not None and last is not None and (last < first or (total is not None and last >= total)):
        return None
    return ContentRange(found["unit"].decode().lower(), first, last, total)


def ranges(*parts: str, unit: str = "bytes") -> str:
    """A Range field line (RFC 9110 14.1): `ranges("0-9", "-5")`."""
    return f"Range: {unit}={','.join(parts)}"


@dataclass(frozen=True)
class BodyPart:
    """A part of a multipart body: its fields, what is wrong about them, and its content."""

    fields: Fields
    content: bytes
    breaches: tuple[Breach, ...] = ()


def parse_multipart(body: bytes, boundary: bytes) -> list[BodyPart] | None:
    """The parts between boundaries (RFC 2046 5.1.1, RFC 9110 14.6); None where a boundary's line is not right."""
    marker = b"\r\n--" + boundary
    pieces = (CRLF + body).split(marker)
    if len(pieces) < 3 or not re.fullmatch(rb"--[ \t]*(?:\r\n.*)?", pieces[-1], re.DOTALL):
        return None
    parts = [_body_part(piece) for piece in pieces[1:-1]]
    return [part for part in parts if part is not None] if all(parts) else None


def _body_part(piece: bytes) -> BodyPart | None:
    found = re.match(rb"[ \t]*\r\n", piece)
    if found is None:
        return None
    head, blank, content = piece[found.end() - 2 :].partition(b"\r\n\r\n")
    if not blank:
        return None
    fields, breaches = parse_fields(head[2:] + CRLF if head[2:] else b"")
    return BodyPart(fields, content, tuple(breaches))


# -- caches


def parse_cache_control(value: bytes) -> dict[str, bytes | None] | None:
    """Directives (RFC 9111 5.2), names in lower case, arguments as they came, quotes and all; or None."""
    found: dict[str, bytes | None] = {}
    for member in split_list(value):
        name, equals, argument = member.partition(b"=")
        if not is_token(name) or (equals and not (is_token(argument) or QUOTED.fullmatch(argument))):
            return None
        found[name.decode().lower()] = argument if equals else None
    return found


# -- authentication


@dataclass(frozen=True)
class Challenge:
    """A challenge (RFC 9110 11.3): the scheme in lower case, its parameters without quotes, and as they came."""

    scheme: str
    parameters: dict[str, bytes]
    raw: dict[str, bytes]
    token68: bytes = b""


def parse_challenges(value: bytes) -> list[Challenge] | None:
    """WWW-Authenticate's challenges (RFC 9110 11.6.1), over all its lines joined; None where the grammar is broken."""
    found: list[Challenge] = []
    for member in split_list(value):
        parameter = _AUTH_PARAM.fullmatch(member)
        if parameter is not None and found:
            _add(found[-1], parameter)
            continue
        scheme = _SCHEME.fullmatch(member)
        if scheme is None:
            return None
        rest = scheme["rest"] or b""
        challenge = Challenge(scheme["scheme"].decode().lower(), {}, {}, rest if _TOKEN68.fullmatch(rest) else b"")
        if rest and not challenge.token68:
            parameter = _AUTH_PARAM.fullmatch(rest)
            if parameter is None:
                return None
            _add(challenge, parameter)
        found.append(challenge)
    return found or None


def _add(challenge: Challenge, parameter: re.Match[bytes]) -> None:
    name = parameter["name"].decode().lower()
    challenge.parameters[name] = unquoted(parameter["value"])
    challenge.raw[name] = parameter["value"]


# -- the others


def is_reference(value: bytes) -> bool:
    """Whether it is a URI reference as far as its characters go (RFC 3986 2, 4.1), and not empty."""
    return bool(value) and _REFERENCE.fullmatch(value) is not None


def is_products(value: bytes) -> bool:
    """Whether it is a list of products and comments (RFC 9110 10.1.5, 10.2.4): Server, User-Agent."""
    place = _past_product(value, 0)
    if place is None:
        return False
    while place < len(value):
        blanks = re.compile(rb"[ \t]+").match(value, place)
        if blanks is None:
            return False
        past = _past_comment if value[blanks.end() : blanks.end() + 1] == b"(" else _past_product
        place = past(value, blanks.end())
        if place is None:
            return False
    return True


def _past_product(value: bytes, place: int) -> int | None:
    found = _PRODUCT.match(value, place)
    return found.end() if found else None


def _past_comment(value: bytes, place: int) -> int | None:
    depth = 0
    while place < len(value):
        if value[place] == 0x28:
            depth, place = depth + 1, place + 1
        elif value[place] == 0x29:
            depth, place = depth - 1, place + 1
            if not depth:
                return place
        elif found := _COMMENT_TEXT.match(value, place):
            place = found.end()
        else:
            return None
    return None


#: By the name of a field, whether its value (all lines joined) is one that may be sent.
GRAMMAR: dict[str, Callable[[bytes], bool]] = {
    "Age": lambda value: value.isdigit(),
    "Allow": is_token_list,
    "Cache-Control": lambda value: parse_cache_control(value) is not None,
    "Connection": is_token_list,
    "Content-Range": lambda value: parse_content_range(value) is not None,
    "Content-Type": lambda value: parse_media_type(value) is not None,
    "Date": lambda value: parse_imf_date(value) is not None,
    "ETag": lambda value: parse_etag(value) is not None,
    "Last-Modified": lambda value: parse_imf_date(value) is not None,
    "Location": is_reference,
    "Retry-After": lambda value: value.isdigit() or parse_imf_date(value) is not None,
    "Server": is_products,
    "Vary": is_token_list,
    "WWW-Authenticate": lambda value: parse_challenges(value) is not None,
}
