"""FTP commands as a server reads them: addresses, types, numbers and pathnames (RFC 959 5.3, RFC 2428, RFC 3659).

Every parser is a pure function from octets to a value, or raises one `SyntaxProblem` that carries the reply it
deserves. What is legal by grammar and refused by policy (another's address, a file that is not there) is not decided
here.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

NETWORK_PROTOCOLS = {1: 4, 2: 6}  # RFC 2428 2: address family number → IP version
REST_DIGITS = 20  # no file is longer


class SyntaxProblem(ValueError):
    """A command that its grammar does not allow: the reply code it deserves, and why."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class HostPort(NamedTuple):
    """An address for a data connection."""

    host: str
    port: int


# host-port = h1,h2,h3,h4,p1,p2, each a decimal number of one octet   (RFC 959 5.3.2)
_SIX = re.compile(rb"[0-9]{1,3}(?:,[0-9]{1,3}){5}")


def parse_port(argument: bytes) -> HostPort:
    """PORT's argument."""
    if not _SIX.fullmatch(argument):
        raise SyntaxProblem(501, "Six numbers with commas between them are needed")
    numbers = [int(number) for number in argument.split(b",")]
    if max(numbers) > 255:
        raise SyntaxProblem(501, "A number above 255")
    return HostPort(".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])


def port_argument(host: str, port: int) -> str:
    """The six numbers that say an IPv4 address and a port."""
    return ",".join([*host.split("."), str(port // 256), str(port % 256)])


# EPRT <space> <d> net-prt <d> net-addr <d> tcp-port <d>; d is one of ASCII 33 to 126   (RFC 2428 2)
_EPRT = re.compile(rb"([!-~])(?P<family>[^\s]*?)\1(?P<host>[^\s]*?)\1(?P<port>[0-9]+)\1")


def parse_eprt(argument: bytes) -> HostPort:
    """EPRT's argument; a protocol that is not known is 522 with the list of those that are."""
    found = _EPRT.fullmatch(argument)
    if found is None or not found["family"].isdigit():
        raise SyntaxProblem(501, "Protocol, address and port between delimiters are needed")
    version = NETWORK_PROTOCOLS.get(int(found["family"][:6]))
    if version is None:
        raise SyntaxProblem(522, "Network protocol not supported, use (1,2)")
    try:
        address = ipaddress.ip_address(found["host"].decode("latin-1"))
    except ValueError:
        raise SyntaxProblem(501, "Not a network address") from None
    if address.version != version:
        raise SyntaxProblem(501, "The address is not of that protocol")
    port = int(found["port"][:6])
    if not 0 < port < 65536:
        raise SyntaxProblem(501, "Not a port")
    return HostPort(str(address), port)


def eprt_argument(host: str, port: int, delimiter: str = "|") -> str:
    """EPRT's argument for an address of either family."""
    family = 2 if ":" in host else 1
    return delimiter.join(["", str(family), host, str(port), ""])


def parse_epsv(argument: bytes) -> int | str | None:
    """EPSV's argument: a protocol number, `ALL`, or None."""
    if not argument:
        return None
    if argument.upper() == b"ALL":
        return "ALL"
    if not re.fullmatch(rb"[0-9]{1,5}", argument):
        raise SyntaxProblem(501, "A protocol number, ALL, or nothing is expected")
    return int(argument)


class Kind(NamedTuple):
    """A representation type: A or I, as which L 8 counts (RFC 1123 4.1.2.1)."""

    letter: str
    text: str


ASCII, IMAGE = Kind("A", "ASCII Non-print"), Kind("I", "Image")


def parse_type(argument: bytes) -> Kind:
    """TYPE's argument: A, A N, I, L 8 (RFC 959 5.3.2); other forms of the standard are 504, anything else 501."""
    words = argument.upper().split(b" ")
    if words in ([b"A"], [b"A", b"N"]):
        return ASCII
    if words in ([b"I"], [b"L", b"8"]):
        return IMAGE
    known = re.fullmatch(rb"[AE](?: [NTC])?|L [0-9]{1,3}", b" ".join(words))
    raise SyntaxProblem(504 if known else 501, "This type is not served" if known else "No such type")


def parse_rest(argument: bytes) -> int:
    """REST's marker in stream mode: an octet count, digits only (RFC 3659 5.2)."""
    if not argument.isdigit() or len(argument) > REST_DIGITS:
        raise SyntaxProblem(501, "A number of octets is needed")
    return int(argument)


# RFC 2640 3.1 gives names back as they came, so octets outside ASCII are nobody's business here; what would end a line
# of a reply, or a string of a C program, is.
_UNFIT = re.compile(rb"[\x00-\x1f\x7f]")


def parse_path(argument: bytes) -> bytes:
    """A pathname. Control characters are 553 (RFC 2640 3.1 lets them be refused by the file system)."""
    if _UNFIT.search(argument):
        raise SyntaxProblem(553, "Control characters are not allowed in names")
    return argument


def resolved(directory: tuple[bytes, ...], path: bytes) -> tuple[bytes, ...]:
    """The names that lead from the root to `path`, said in `directory`; nothing leads out of the root."""
    names = [] if path.startswith(b"/") else list(directory)
    for name in path.split(b"/"):
        if name == b"..":
            del names[-1:]
        elif name not in (b"", b"."):
            names.append(name)
    return tuple(names)


def path_text(names: tuple[bytes, ...]) -> bytes:
    """An absolute pathname."""
    return b"/" + b"/".join(names)
