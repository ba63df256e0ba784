"""What the standards ask of the answers of FTP servers, in words that are the same in every run; kinds of commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_netconform.codes import Code, fits
from pytest_netconform.models.model import Wrong

DONE: tuple[Code, ...] = ("2yz",)
REFUSED: tuple[Code, ...] = ("4yz", "5yz")
EITHER: tuple[Code, ...] = (*DONE, *REFUSED)

UPLOADS = frozenset({"STOR", "APPE", "STOU"})
LISTINGS = frozenset({"LIST", "NLST"})
TRANSFERS = UPLOADS | LISTINGS | {"RETR"}
#: what is not served before a login (RFC 959 5.4: 530)
GUARDED = TRANSFERS | frozenset(
    ["PWD", "CWD", "CDUP", "MKD", "RMD", "DELE", "RNFR", "RNTO", "SIZE", "MDTM", "EPSV", "PASV", "SITE"]
)
ENTRY = frozenset({"USER", "PASS", "AUTH", "ACCT", "QUIT", "REIN"})
#: commands that may stand between REST and its transfer
BETWEEN = frozenset({"REST", "PASV", "EPSV"})

#: what → what is asked, and where
RULES: Mapping[str, str] = {
    "USER": "USER is answered 331, or by who needs no password 230 (RFC 959 5.4)",
    "PASS": "the right password lets in who has given his name (RFC 959 5.4)",
    "PASS early": "PASS with no USER before it lets nobody in (RFC 959 4.1.1, 5.4)",
    "guarded": "nobody is served before the login (RFC 959 5.4)",
    "in": "who has logged in is served, and not told to log in (RFC 959 5.4)",
    "REIN": "REIN is answered 220, or not served (RFC 959 4.1.1, 5.4)",
    "QUIT": "QUIT is answered 221 (RFC 959 4.1.1, 5.4)",
    "AUTH": "AUTH with an unknown mechanism is refused (RFC 2228 3)",
    "answer": "a command that moves nothing has one answer, 2yz, 4yz or 5yz (RFC 959 4.2, 5.4)",
    "NOOP": "NOOP is accepted (RFC 959 5.4)",
    "STAT": "STAT is answered on the control connection (RFC 959 4.1.3)",
    "unknown": "a command that nobody knows is refused (RFC 959 4.2, 5.4)",
    "odd": "a command is answered once, and by 1yz and 3yz only where they are its own (RFC 959 5.4)",
    "PWD": "PWD names the working directory (RFC 959 4.1.3, Appendix II)",
    "CWD": "CWD leads to a directory that is there (RFC 959 4.1.1)",
    "CWD missing": "CWD to what is no directory is refused (RFC 959 5.4)",
    "CDUP": "CDUP leads to the directory above (RFC 959 4.1.1)",
    "MKD": "the 257 of MKD holds the absolute pathname (RFC 959 Appendix II)",
    "MKD there": "MKD of what is there is refused (RFC 959 5.4)",
    "RMD missing": "RMD of what is not there is refused (RFC 959 5.4)",
    "RMD full": "RMD of a directory that is not empty is refused (RFC 959 5.4)",
    "DELE missing": "DELE of what is not there is refused (RFC 959 5.4)",
    "DELE full": "DELE of a directory with something in it is refused (RFC 959 4.1.3, 5.4)",
    "RNFR": "RNFR is answered 350, or refused (RFC 959 5.4)",
    "RNTO early": "RNTO is refused where no RNFR stands before it (RFC 959 4.1.3, 5.4)",
    "RNTO": "RNTO is in order right behind RNFR (RFC 959 4.1.3)",
    "RNTO missing": "what is not there is not renamed (RFC 959 5.4)",
    "SIZE": "SIZE is answered 213 with the octets of the file (RFC 3659 4)",
    "missing": "what is not there is refused (RFC 959 5.4)",
    "MDTM": "MDTM is answered 213 with fourteen digits (RFC 3659 3)",
    "TYPE Z": "a type, a mode or a structure that there is not is refused (RFC 959 5.4)",
    "REST": "REST is answered 350, or refused (RFC 959 5.4, RFC 3659 5.3)",
    "PASV": "227 names an address where the server listens (RFC 959 4.1.2, RFC 1123 4.1.2.6)",
    "EPSV": "229 names a port, and nothing else, between delimiters (RFC 2428 3)",
    "EPSV 9": "EPSV of a protocol that there is not is refused (RFC 2428 3)",
    "EPSV ALL": "behind EPSV ALL every other way to a data connection is refused (RFC 2428 4)",
    "ABOR": "ABOR is answered 225 or 226, or not served (RFC 959 5.4)",
    "ABOR moving": "a transfer and its ABOR have one answer each (RFC 959 4.1.3, 5.4)",
    "first": "a transfer begins with 1yz, or is refused (RFC 959 5.4)",
    "last": "a transfer ends with 2yz, 4yz or 5yz (RFC 959 5.4)",
    "no data": "a transfer to nowhere is refused (RFC 959 5.4)",
    "whole": "the data of a transfer that ended well came to an orderly end (RFC 959 3.4, 5.4)",
    "too soon": "no end is announced of data that nobody has read (RFC 959 5.2, 5.4)",
    "broken": "a data connection that broke is reported, never called complete (RFC 959 5.4)",
    "RETR": "what was stored is given (RFC 959 4.1.3)",
    "RETR octets": "what was stored comes back octet for octet (RFC 959 4.1.3, 5.4)",
    "RETR missing": "RETR of what is no file is refused (RFC 959 5.4)",
    "blocks": "files come in blocks with headers behind 200 to MODE B (RFC 959 3.4.2)",
    "STOR nowhere": "what has no place is not stored (RFC 959 5.4)",
    "STOU": "STOU names its file in the 1yz: FILE: and the name (RFC 1123 4.1.2.9)",
    "STOU again": "the file of STOU has a name that no file had (RFC 959 4.1.3)",
    "NLST": "NLST names what is there, octet for octet, and nothing else (RFC 959 4.1.3, RFC 2640 3.1)",
}


def parsed(said: bytes) -> tuple[str, bytes]:
    """The verb of a line, in capitals, and its argument."""
    verb, _, argument = said.removesuffix(b"\r\n").partition(b" ")
    return verb.decode("latin-1").upper(), argument


def expect(code: int, codes: Sequence[Code], rule: str) -> None:
    """Raise Wrong for any other code."""
    if not fits(code, codes):
        raise Wrong(RULES[rule])


def expect_not(code: int, codes: Sequence[Code], rule: str) -> None:
    """Raise Wrong for one of these codes."""
    if fits(code, codes):
        raise Wrong(RULES[rule])
