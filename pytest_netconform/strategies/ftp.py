"""What FTP clients say, and nearly say: logins, names from a small set, transfers with and without a data connection.

Names stand in a directory of the walk's own: relative ones (`near`) are said where the client stands in it, absolute
ones (`file`) anywhere. A step may be several lines; contents stand behind the line of an upload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from pytest_netconform.models.model import Step
from pytest_netconform.strategies.octets import ANY_END, cuts, ended, noise, spoilt, steps

LONGEST = 400  # octets of a line that everybody reads to its end
LOGIN = b"USER %{user}\r\nPASS %{password}\r\n"
ENTER = b"CWD %{folder}\r\n"
NAMES = (b"a",) * 8 + (b"d",) * 4 + (b"d/a",) * 3 + (b"b", b"d/d", b"stra\xc3\x9fe", b" s")

_NEAR, _FAR = NAMES, tuple(b"%{folder}/" + name for name in NAMES)
_PLACES = tuple(b"d,..,.,d/d,a,../%{base},%{folder}/d,%{folder}".split(b","))

_PREPARED = (
    (b"EPSV\r\n",) * 8
    + (b"PASV\r\n",) * 8
    + (b"PASV\r\nPASV\r\n", b"EPSV\r\nPASV\r\n", b"PASV\r\nEPSV\r\n", b"EPSV\r\nNOOP\r\n", b"PASV\r\nTYPE I\r\n")
    + (b"EPSV\r\nREST 0\r\n", b"REST 2\r\nPASV\r\n", b"PASV\r\nREST 2\r\n", b"EPSV\r\nREST 1000\r\n")
)
_OCTETS = (b"", b"x", b"0123456789", b"one\ntwo\n", b"one\r\ntwo\r\n", b"a\x1ab", b"\xff\xf4\xff\xff", b"226 done\r\n")
_CONTENT = st.one_of(st.sampled_from((*_OCTETS, b"%{long}", b"%{big}")), st.binary(max_size=12))

Lines = Sequence[bytes]  # one of which is drawn; who stands there twice is drawn more often


def _lines(verbs: bytes, names: Lines) -> list[bytes]:
    """Every verb with every name."""
    return [verb + b" " + name + b"\r\n" for verb in verbs.split() for name in names]


def _drawn(*parts: Lines | st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """One of each, together."""
    return st.tuples(*(part if isinstance(part, st.SearchStrategy) else st.sampled_from(part) for part in parts)).map(
        b"".join
    )


def _changes(names: Lines) -> list[bytes]:
    """A change, and perhaps a look at what came of it."""
    looks = (b"", b"SIZE %s\r\n", b"EPSV\r\nNLST\r\n", b"PASV\r\nRETR %s\r\n", b"CWD %s\r\n")
    verbs = b"MKD mkd RMD DELE DELE".split()
    changes = [
        verb + b" " + name + b"\r\n" + look.replace(b"%s", name) for verb in verbs for look in looks for name in names
    ]
    return changes + _lines(b"MKD RMD", [name for name in names if name[-1:] == b"d"]) * (len(changes) // 16)


def _asks(names: Lines) -> list[bytes]:
    return _lines(b"SIZE SIZE MDTM STAT", names)


def _stores(names: Lines) -> st.SearchStrategy[bytes]:
    """An upload, perhaps after the directory of some names is made."""
    made = _lines(b"MKD", [name for name in names if name[-1:] == b"d"])
    return _drawn((*(b"",) * 2 * len(made), *made), _PREPARED, _lines(b"STOR STOR APPE", names), _CONTENT)


def _fetches(names: Lines) -> st.SearchStrategy[bytes]:
    return _drawn(_PREPARED, _lines(b"RETR RETR RETR NLST", names))


#: what may stand between RNFR and RNTO
_INTERLUDE = (b"",) * 6 + (b"NOOP\r\n", b"PWD\r\n", *(b"REIN\r\n" + LOGIN + ENTER,) * 2)


def _renames(names: Lines) -> st.SearchStrategy[bytes]:
    both = _drawn(_lines(b"RNFR", names), _INTERLUDE, _lines(b"RNTO", names))
    return st.one_of(both, st.sampled_from(_lines(b"RNFR RNTO RNTO", names)))


#: somewhere, perhaps to a directory that is made first; and perhaps a look where that is
_WAYS = _drawn(
    (b"", b"MKD d\r\n"),
    (*_lines(b"CWD", _PLACES), *(b"CWD d\r\n", b"CDUP\r\n") * 4),
    (b"", b"PWD\r\n", b"PWD\r\n", b"CDUP\r\nPWD\r\n"),
)
_LISTS = _drawn(_PREPARED, (b"NLST\r\n", b"NLST\r\n", b"LIST\r\n", b"STOU\r\nnc", b"STOU a\r\nunique"))
#: a transfer that ABOR ends, or the end of the data connection
_CUT = _drawn(_PREPARED, (*_lines(b"RETR RETR LIST", _FAR), *_lines(b"STOR", _FAR[-4:])), (b"", b"ABOR\r\n"))
_SET = st.sampled_from(
    (b"TYPE I",) * 4
    + (b"TYPE A", b"TYPE A N", b"TYPE L 8", b"type i", b"TYPE Z", b"TYPE")
    + (b"MODE S", b"MODE Q", b"STRU F", b"ALLO 100", b"REST 1", b"SITE HELP")
)
_BLOCKS = _drawn((b"MODE B\r\n",), _PREPARED, _lines(b"RETR", _FAR), (b"MODE S\r\n",))
_PREPARES = st.sampled_from((b"EPSV", b"PASV", b"EPSV 9", b"EPSV ALL\r\nPASV", b"PASV\r\nPASV", b"ABOR"))
_BARE = st.sampled_from(_lines(b"RETR STOR LIST NLST", _FAR))  # over whatever was agreed on
_ACTIVE = st.sampled_from((b"PORT 127,0,0,1,200,1", b"EPRT |1|127.0.0.1|51201|", b"PASV"))
_EARLY = st.sampled_from(
    b"PWD,LIST,EPSV,PASV,CDUP,RETR a,STOR a,MKD a,SIZE a,CWD /,DELE a,RNFR a,SITE CPFR /etc/passwd".split(b",")
)
_FREE = st.sampled_from((b"NOOP", b"noop", b"SYST", b"HELP", b"HELP NOOP", b"FEAT", b"STAT", b"ABOR", b"ALLO 1"))
_UNKNOWN = st.sampled_from((b"XYZZY", b"XYZZY a b", b"QUITE", b"RETRR a", b"US"))
_HARMLESS = st.sampled_from((b"PWD", b"TYPE I", b"SIZE a", b"NOOP", b"HELP NOOP", b"CWD d", b"SYST", b"USER %{user}"))


def _heard(line: bytes) -> bytes:
    """A line that is one: blank ones are nothing to some, at long ones they leave, and 255 begins a Telnet command."""
    return line[:LONGEST].replace(b"\xff", b"\xfe") if line.strip(b" \t\0\xff") else b"?"


_SELDOM = st.one_of(
    steps("free", ended(_FREE)),
    steps("free", ended(_FREE)),
    steps("unknown", ended(_UNKNOWN)),
    steps("odd", ended(st.one_of(spoilt(_HARMLESS), noise).map(_heard))),
    steps("guess", b"USER nc-nobody\r\nPASS nc-no-such-password\r\n"),
    steps(
        "again", st.sampled_from((b"USER %{user}\r\n", LOGIN, b"PASS %{password}\r\n", b"AUTH XBOGUS\r\n", b"AUTH\r\n"))
    ),
    steps("anew", st.sampled_from((b"REIN\r\n", b"REIN\r\nPWD\r\n", b"REIN\r\n" + LOGIN + ENTER))),
    steps("QUIT", ended(st.sampled_from((b"QUIT", b"quit")))),
)

#: word → its steps; `near make`: more of them; `seldom`: words of which few should come
RULES: Mapping[str, st.SearchStrategy[Step]] = {
    "login": steps("login", st.sampled_from((LOGIN + ENTER, LOGIN + ENTER + b"TYPE I\r\n"))),
    "login home": steps("login", st.sampled_from((LOGIN + b"TYPE I\r\n" + ENTER, LOGIN))),
    "early": steps("early", ended(_EARLY)),
    "enter": steps("enter", ENTER),
    "near make": steps("near", st.sampled_from(_changes(_NEAR))),
    "near go": steps("near", _WAYS),
    "near store": steps("near", _stores(_NEAR)),
    "near fetch": steps("near", _fetches(_NEAR)),
    "near look": steps("near", st.one_of(st.sampled_from(_asks(_NEAR)), _LISTS)),
    "near rename": steps("near", _renames(_NEAR)),
    "file": steps("file", st.one_of(st.sampled_from((*_changes(_FAR), *_asks(_FAR))), _renames(_FAR))),
    "file move": steps("file", st.one_of(_stores(_FAR), _fetches(_FAR), _BLOCKS)),
    "in": steps("in", st.one_of(ended(_SET), ended(_PREPARES))),
    "ready": steps("ready", _BARE),
    "cut": steps("cut", _CUT),
    "active": steps("active", ended(_ACTIVE)),
    "seldom": _SELDOM,
}

#: none that makes a name: nobody could remove what comes of it when it is spoilt
_COMMANDS = st.sampled_from(
    [
        line.removesuffix(b"\r\n")
        for line in (
            *_lines(b"RMD DELE RNFR CWD SIZE RETR MDTM STAT NLST", _NEAR),
            *_lines(b"USER PASS TYPE REST EPSV PORT", (b"a", b"1", b"I", b"ALL")) * 3,
            *(b"PWD", b"PASV", b"ABOR", b"FEAT", b"SYST", b"LIST", b"QUIT", b"REIN") * 6,
        )
    ]
)
_BAD = st.one_of(
    ended(spoilt(_COMMANDS), ANY_END), ended(noise, ANY_END), ended(_COMMANDS, ANY_END), st.just(b"\r\nMKD d\r\n")
)
_MANY = st.lists(_BAD, min_size=1, max_size=4).map(b"".join)

#: before the login, or behind it in the directory of the walk (`entry` is that, where something may be spoilt)
HOSTILE: st.SearchStrategy[Step] = st.builds(
    Step, word=st.just("hostile"), say=_drawn((b"", b"%{entry}"), _MANY), cut=cuts
)
