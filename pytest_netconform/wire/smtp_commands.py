"""SMTP commands as a server reads them: paths, parameters and chunk sizes (RFC 5321 4.1, and its extensions).

Every parser is a pure function from text to a value, or raises one `SyntaxProblem` that carries the reply it deserves.
What is legal by grammar and refused by policy (unknown user, too large, UTF-8 that was not asked for) is not decided
here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

LOCAL_PART_LIMIT = 64  # octets (RFC 5321 4.5.3.1.1)
DOMAIN_LIMIT = 255  # octets (4.5.3.1.2)
PATH_LIMIT = 256  # octets with the angle brackets (4.5.3.1.3)
ENVID_LIMIT = 100  # characters (RFC 3461 4.4)
ORCPT_LIMIT = 500  # characters (RFC 3461 4.2)


class SyntaxProblem(ValueError):
    """A command that its grammar does not allow: the reply code and enhanced status it deserves, and why."""

    def __init__(self, code: int, status: str, text: str) -> None:
        super().__init__(text)
        self.code, self.status, self.text = code, status, text


def _wrong(text: str, status: str = "5.5.4") -> SyntaxProblem:
    return SyntaxProblem(501, status, text)


def as_text(octets: bytes) -> str:
    """A command's octets as text. UTF-8 may stand here whether or not it was announced, other octets may not."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise SyntaxProblem(501, "5.5.2", "Neither ASCII nor UTF-8") from None


# Mailbox        = Local-part "@" ( Domain / address-literal )                            (RFC 5321 4.1.2)
# Local-part     = Dot-string / Quoted-string
# Dot-string     = Atom *("." Atom);  Atom = 1*atext
# Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
# QcontentSMTP   = qtextSMTP / quoted-pairSMTP
# qtextSMTP      = %d32-33 / %d35-91 / %d93-126;  quoted-pairSMTP = %d92 %d32-126
# Domain         = sub-domain *("." sub-domain);  sub-domain = Let-dig [Ldh-str]
# RFC 6531 3.3 adds UTF8-non-ascii to atext, qtextSMTP and sub-domain.
def _or_beyond(ascii: str) -> str:
    """A class of these ASCII characters and all beyond ASCII, said by what it leaves out: that compiles fast."""
    return "[^" + "".join(re.escape(chr(o)) for o in range(128) if not re.match(f"[{ascii}]", chr(o))) + "]"


_ATOM = _or_beyond(r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-") + "+"
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"
_QTEXT = _or_beyond(r" !#-\[\]-~")
_QUOTED_STRING = rf'"(?:{_QTEXT}|\\[ -~])*"'
_LET_DIG = _or_beyond("A-Za-z0-9")
_SUB_DOMAIN = rf"{_LET_DIG}(?:{_or_beyond('A-Za-z0-9-')}*{_LET_DIG})?"
_DOMAIN = rf"{_SUB_DOMAIN}(?:\.{_SUB_DOMAIN})*"
_LITERAL = r"\[[!-Z^-~]+\]"
_MAILBOX = rf"(?P<local>{_DOT_STRING}|{_QUOTED_STRING})@(?P<domain>{_DOMAIN}|{_LITERAL})"

# Path           = "<" [ A-d-l ":" ] Mailbox ">"
# A-d-l          = At-domain *( "," At-domain );  At-domain = "@" Domain
_PATH_PATTERN = re.compile(rf"<(?:(?P<route>@{_DOMAIN}(?:,@{_DOMAIN})*):)?{_MAILBOX}>")
_MAILBOX_PATTERN = re.compile(_MAILBOX)
_DOMAIN_PATTERN = re.compile(_DOMAIN)
_DOT_STRING_PATTERN = re.compile(_DOT_STRING)
_QUOTED_STRING_PATTERN = re.compile(_QUOTED_STRING)
_POSTMASTER = re.compile("<postmaster>", re.IGNORECASE)


@dataclass(frozen=True)
class Mailbox:
    """Local-part, quotes and backslashes removed and case kept, and domain (empty for the bare Postmaster)."""

    local: str
    domain: str

    @property
    def text(self) -> str:
        """The mailbox in its shortest written form: quoted only where it must be (RFC 5321 4.1.2)."""
        local = self.local
        if not _DOT_STRING_PATTERN.fullmatch(local):
            local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
        return f"{local}@{self.domain}" if self.domain else local


@dataclass(frozen=True)
class Path:
    """A reverse or forward path: the mailbox (None for `<>`), and the source route that a server may ignore."""

    mailbox: Mailbox | None
    route: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The mailbox as text, without the route and the angle brackets; empty for `<>`."""
        return self.mailbox.text if self.mailbox else ""

    @property
    def international(self) -> bool:
        """Whether it takes SMTPUTF8 to say it."""
        return not (self.text.isascii() and "".join(self.route).isascii())


def parse_path(text: str, status: str = "5.1.3") -> tuple[Path, str]:
    """The path that `text` begins with, and what stands behind it. `status` is what a bad address is answered with."""
    found = _PATH_PATTERN.match(text)
    if found is None:
        raise _wrong("Not a path: <mailbox> is expected", status)
    if len(found[0].encode()) > PATH_LIMIT:
        raise _wrong(f"A path of more than {PATH_LIMIT} octets", status)
    route = tuple(hop[1:] for hop in found["route"].split(",")) if found["route"] else ()
    return Path(_mailbox(found, status), route), text[found.end() :]


def parse_mailbox(text: str, status: str = "5.1.3") -> Mailbox:
    """A mailbox without angle brackets."""
    found = _MAILBOX_PATTERN.fullmatch(text)
    if found is None:
        raise _wrong("Not a mailbox", status)
    return _mailbox(found, status)


def _mailbox(found: re.Match[str], status: str) -> Mailbox:
    local, domain = found["local"], found["domain"]
    if len(local.encode()) > LOCAL_PART_LIMIT:
        raise _wrong(f"A local-part of more than {LOCAL_PART_LIMIT} octets", status)
    if len(domain.encode()) > DOMAIN_LIMIT:
        raise _wrong(f"A domain of more than {DOMAIN_LIMIT} octets", status)
    if domain.startswith("["):
        check_literal(domain, status)
    if local.startswith('"'):
        local = _unquoted(local)
    return Mailbox(local, domain)


def _unquoted(text: str) -> str:
    # forms that differ only in their quoting name the same mailbox (RFC 5321 4.1.2)
    return re.sub(r"\\(.)", r"\1", text[1:-1])


# address-literal      = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"    (4.1.3)
# IPv4-address-literal = Snum 3("." Snum);  Snum = 1*3DIGIT, 0 to 255;  IPv6-address-literal = "IPv6:" IPv6-addr
# General-address-literal wants a tag that is registered, and none but IPv6 is.
def check_literal(text: str, status: str = "5.1.3") -> None:
    """Nothing, or a problem: `text` is an address literal with its brackets."""
    inner = text[1:-1]
    tag, colon, address = inner.partition(":")
    if colon and tag.upper() == "IPV6" and _is_ipv6(address):
        return
    numbers = inner.split(".")
    if len(numbers) == 4 and all(re.fullmatch("[0-9]{1,3}", n) and int(n) < 256 for n in numbers):
        return
    raise _wrong("Not an address literal: [192.0.2.1] or [IPv6:2001:db8::1] is expected", status)


def _is_ipv6(address: str) -> bool:
    if "%" in address:  # a zone, which ipaddress understands and the grammar does not
        return False
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return True


# ehlo = "EHLO" SP ( Domain / address-literal ) CRLF;  helo = "HELO" SP Domain CRLF                         (4.1.1.1)
def parse_hello(argument: bytes) -> str:
    """The name a client gives itself in EHLO or HELO; non-ASCII names are not announced yet (RFC 6531 3.7.1)."""
    text = as_text(argument)
    if text.startswith("[") and text.endswith("]") and len(text) > 2:
        check_literal(text, "5.5.4")
    elif not text.isascii() or not _DOMAIN_PATTERN.fullmatch(text) or len(text) > DOMAIN_LIMIT:
        raise _wrong("Not a domain or an address literal")
    return text


# mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF;  Reverse-path = Path / "<>"                   (4.1.1.2)
def parse_from(argument: bytes) -> tuple[Path, str]:
    """MAIL's path, and the text of its parameters with the space before it. No space may stand at the colon (3.3)."""
    text = _behind("FROM:", as_text(argument))
    if text.startswith("<>"):
        return Path(None), text[2:]
    return parse_path(text, "5.1.7")


# rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF (4.1.1.3)
def parse_to(argument: bytes) -> tuple[Path, str]:
    """RCPT's path, and the text of its parameters with the space before it."""
    text = _behind("TO:", as_text(argument))
    found = _POSTMASTER.match(text)
    if found:
        return Path(Mailbox(found[0][1:-1], "")), text[found.end() :]
    return parse_path(text, "5.1.3")


def _behind(word: str, text: str) -> str:
    if text[: len(word)].upper() != word:
        raise _wrong(f"{word}<mailbox> is expected")
    return text[len(word) :]


# vrfy = "VRFY" SP String CRLF (4.1.1.6), and with SMTPUTF8 a parameter of that name behind it (RFC 6531 3.7.4.2)
def parse_vrfy(argument: bytes) -> tuple[Mailbox, bool]:
    """Whom VRFY asks for (the domain is empty for a bare user name), and whether the SMTPUTF8 parameter was given."""
    text = as_text(argument)
    name = re.sub(" SMTPUTF8$", "", text, flags=re.IGNORECASE)
    bare = name[1:-1] if name.startswith("<") and name.endswith(">") else name
    if _DOT_STRING_PATTERN.fullmatch(bare):
        return Mailbox(bare, ""), name != text
    if _QUOTED_STRING_PATTERN.fullmatch(bare):
        return Mailbox(_unquoted(bare), ""), name != text
    return parse_mailbox(bare), name != text


# xtext = *( xchar / hexchar );  xchar = %d33-126 but "+" and "=";  hexchar = "+" 2 upper-case hexadecimal digits
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")  # (RFC 3461 4)


def xtext_decoded(text: str) -> str:
    """What an xtext stands for, octet by octet."""
    if not _XTEXT.fullmatch(text):
        raise _wrong("Not xtext")
    return re.sub(r"\+(..)", lambda found: chr(int(found[1], 16)), text)


def xtext_encoded(text: str) -> str:
    """ASCII text as xtext."""
    return re.sub(r"[^!-*,-<>-~]", lambda found: f"+{ord(found[0]):02X}", text)


def _printable_xtext(text: str, what: str) -> str:
    # a decoded line break would end up in somebody's header or reply
    value = xtext_decoded(text)
    if not re.fullmatch("[ -~]*", value):
        raise _wrong(f"{what} holds more than printable ASCII")
    return value


# esmtp-param   = esmtp-keyword ["=" esmtp-value]                                                          (4.1.2)
# esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-");  esmtp-value = 1*(%d33-60 / %d62-126)
# With SMTPUTF8 a value may be UTF-8 where its own grammar says so (RFC 6533 3: ORCPT=utf-8;…).
_VALUE = _or_beyond("!-<>-~")
_PARAMETER = re.compile(rf"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>{_VALUE}+))?")


@dataclass(frozen=True)
class Parameter:
    """A parameter of MAIL or RCPT: the extension that must be on, and the grammar of its value (None: no value)."""

    extension: str
    parse: Callable[[str | None], object]


def parse_words(text: str) -> list[tuple[str, str | None]]:
    """The parameters behind a path: keywords in upper case with their values."""
    if not text:
        return []
    if not text.startswith(" "):
        raise _wrong("Text behind the path")
    words = [_PARAMETER.fullmatch(word) for word in text[1:].split(" ")]
    found = [word for word in words if word is not None]
    if len(found) < len(words):
        raise _wrong("Not a parameter: keyword or keyword=value is expected")
    return [(word["keyword"].upper(), word["value"]) for word in found]


def parse_parameters(text: str, known: Mapping[str, Parameter], on: Container[str]) -> dict[str, object]:
    """The values of the parameters, by keyword; each must be known, on, well formed (4.1.1.11), and given once."""
    values: dict[str, object] = {}
    for keyword, value in parse_words(text):
        parameter = known.get(keyword)
        if parameter is None or parameter.extension not in on:
            raise SyntaxProblem(555, "5.5.4", "Parameter not recognized or not implemented")
        if keyword in values:
            raise _wrong(f"{keyword} given twice")
        values[keyword] = parameter.parse(value)
    return values


# size-value = 1*20DIGIT   (RFC 1870 3)
def parse_size(value: str | None) -> int:
    """SIZE's number of octets."""
    if value is None or not re.fullmatch("[0-9]{1,20}", value):
        raise _wrong("SIZE takes a number of 1 to 20 digits")
    return int(value)


def choice(keyword: str, *allowed: str) -> Callable[[str | None], str]:
    """The parser of a parameter whose value is one of a few words, in any case."""

    def parse(value: str | None) -> str:
        if value is None or value.upper() not in allowed:
            raise _wrong(f"{keyword} is one of {', '.join(allowed)}")
        return value.upper()

    return parse


def no_value(value: str | None) -> bool:
    """The parser of a parameter that takes no value."""
    if value is not None:
        raise _wrong("The parameter takes no value")
    return True


# envid-parameter = "ENVID=" xtext, at most 100 characters, printable when decoded   (RFC 3461 4.4)
def parse_envid(value: str | None) -> str:
    """The envelope's identifier, decoded."""
    if value is None or len(value) > ENVID_LIMIT:
        raise _wrong(f"ENVID takes up to {ENVID_LIMIT} characters of xtext")
    return _printable_xtext(value, "ENVID")


# notify-esmtp-value = "NEVER" / 1#notify-list-element;  element = "SUCCESS" / "FAILURE" / "DELAY"   (RFC 3461 4.1)
def parse_notify(value: str | None) -> tuple[str, ...]:
    """When the sender wants to hear: NEVER alone, or a list."""
    words = tuple((value or "").upper().split(","))
    if words != ("NEVER",) and not set(words) <= {"SUCCESS", "FAILURE", "DELAY"}:
        raise _wrong("NOTIFY is NEVER, or a list of SUCCESS, FAILURE, DELAY")
    return words


# original-recipient-address = addr-type ";" xtext;  addr-type = atom   (RFC 3461 4.2)
# utf-8-enc-addr = utf-8-addr-xtext / utf-8-addr-unitext   (RFC 6533 3)
_ORCPT = re.compile(r"(?P<type>[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+);(?P<address>.+)")


def parse_orcpt(value: str | None) -> tuple[str, str]:
    """(address type in lower case, original recipient decoded)."""
    found = _ORCPT.fullmatch(value or "")
    if found is None or len(found[0].encode()) > ORCPT_LIMIT:
        raise _wrong(f"ORCPT is a type, a semicolon and xtext, at most {ORCPT_LIMIT} characters")
    kind, address = found["type"].lower(), found["address"]
    if kind == "utf-8" and not address.isascii():
        return kind, address
    return kind, _printable_xtext(address, "ORCPT")


# auth-param = "AUTH=" ( xtext of a mailbox / "<>" )   (RFC 4954 5)
def parse_auth_parameter(value: str | None) -> Mailbox | None:
    """Who submitted the message first, None for `<>`: unknown or not trusted."""
    if value is None:
        raise _wrong("AUTH takes a mailbox in xtext, or <>")
    if value == "<>":
        return None
    return parse_mailbox(_printable_xtext(value, "AUTH"), "5.5.4")


MAIL_PARAMETERS: dict[str, Parameter] = {
    "SIZE": Parameter("SIZE", parse_size),
    "BODY": Parameter("8BITMIME", choice("BODY", "7BIT", "8BITMIME", "BINARYMIME")),  # RFC 6152 2, RFC 3030 3
    "SMTPUTF8": Parameter("SMTPUTF8", no_value),
    "RET": Parameter("DSN", choice("RET", "FULL", "HDRS")),
    "ENVID": Parameter("DSN", parse_envid),
    "AUTH": Parameter("AUTH", parse_auth_parameter),
}
RCPT_PARAMETERS: dict[str, Parameter] = {
    "NOTIFY": Parameter("DSN", parse_notify),
    "ORCPT": Parameter("DSN", parse_orcpt),
}


# bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF;  chunk-size = 1*DIGIT;  end-marker = "LAST"   (RFC 3030 2)
_BDAT = re.compile(rb"(?P<size>[0-9]+)(?P<last> LAST)?", re.IGNORECASE)


@dataclass(frozen=True)
class Chunk:
    """BDAT's argument: octets that follow the command, and whether they end the message."""

    size: int
    last: bool


def parse_bdat(argument: bytes) -> Chunk:
    """BDAT's argument, whole."""
    found = _BDAT.fullmatch(argument)
    if found is None:
        raise _wrong("BDAT takes a size, and LAST or nothing")
    return Chunk(_number(found["size"]), found["last"] is not None)


def announced_octets(argument: bytes) -> int | None:
    """Octets that follow a BDAT command, be the rest of it right or wrong; None where that cannot be known."""
    found = re.match(rb"[0-9]+(?= |\Z)", argument)
    return _number(found[0]) if found else None


def _number(digits: bytes) -> int:
    # no size is so large, and endless digits cost more than they are worth
    return int(digits) if len(digits) < 40 else 10**40
