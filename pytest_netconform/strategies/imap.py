"""What IMAP clients say, and nearly say: commands in any order, in a few mailboxes of the walk's own, by one or by two.

Commands have neither tag nor line end, but where they are hostile. Only what changes nothing is said nearly right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, product

from hypothesis import strategies as st

from pytest_netconform.models.model import Step
from pytest_netconform.strategies.octets import hostile, spoilt, steps

Octets = st.SearchStrategy[bytes]


def _all(*parts: Iterable[bytes] | bytes) -> tuple[bytes, ...]:
    """Every choice of these parts, one behind the other: drawn at once, which is quicker than part by part."""
    choices = [(part,) if isinstance(part, bytes) else tuple(part) for part in parts]
    return tuple(b"".join(chosen) for chosen in product(*choices))


def _one(*says: Iterable[bytes]) -> Octets:
    return st.sampled_from(tuple(chain(*says)))


MAILBOX = b"%{mailbox}"
_OTHERS = (b"%{mailbox}-b", b"%{mailbox}-c")
_NAMES = (MAILBOX, MAILBOX, MAILBOX, *_OTHERS)
_INBOX = (b"INBOX", b"inbox", b'"iNbOx"')
_SETS = (b"1", b"2", b"1:*", b"3", b"1:2", b"3:2", b"*", b"1,3", b"2:*", b"4", b"1,2,4")
_UIDS = (b"%{first}", b"%{second}", b"%{last}", b"%{first}:%{last}", b"1:*", b"%{first},%{last}", b"*")
_FLAGS = (b"\\Seen", b"\\Deleted", b"\\Flagged", b"\\Answered", b"\\Draft", b"nc-keyword", b"$Forwarded")
_LISTS = tuple(b"(%s)" % flags for flags in (*_FLAGS, b"\\Seen \\Draft", b"\\Flagged nc-keyword", b"", b"\\Recent"))
_MARKS = (b"+FLAGS ", b"-FLAGS ", b"FLAGS ", b"+FLAGS.SILENT ", b"-flags.silent ", b"FLAGS.SILENT ")
_MARKED = _all(_MARKS, (*_LISTS, *_FLAGS))
_GOING = (b"+FLAGS (\\Deleted)", b"+FLAGS.SILENT \\Deleted", b"+FLAGS (\\Deleted)", b"+FLAGS (\\Recent)")
_ITEMS = (b"FLAGS", b"(UID FLAGS)", b"(UID)", b"(RFC822.SIZE BODY.PEEK[])", b"(BODY[])", b"(UID FLAGS BODY[])")
_KEYS = (
    *(b"ALL", b"SEEN", b"UNSEEN", b"DELETED", b"UNDELETED", b"FLAGGED", b"NOT ANSWERED", b"2:* UNSEEN", b"1 SEEN"),
    *(b"KEYWORD nc-keyword", b"UNKEYWORD $Forwarded", b"OR SEEN DELETED", b"(DRAFT UNFLAGGED)", b"UID %{second}:*"),
)
_LINES = (b"", b".", b"..", b"From here", b">From there", b" \t blank \t", b"\xc3\xa9 \xff", b"* OK", b"y" * 90)
_CONTENTS = tuple(b"Subject: walk\r\n\r\n%s" % text for text in (*_all(_LINES, b"\r\n"), b"no end", b"a\r\nFrom b\r\n"))
_GIVEN = (b"", b"", b" (\\Seen)", b" (\\Flagged nc-keyword)", b" ()")


def _appended(announced: bytes) -> Octets:
    """APPEND, with a literal that is announced in this way."""
    literals = [announced % len(content) + b"\r\n" + content for content in _CONTENTS]
    return _one(_all(b"APPEND ", _NAMES, _GIVEN, b" ", literals))


_SELECT, _EXAMINE = _one(_all((b"SELECT ", b"select "), _NAMES)), _one(_all((b"EXAMINE ", b"Examine "), _NAMES))
_FETCH = _one(_all(b"FETCH ", _SETS, b" ", _ITEMS), _all(b"UID FETCH ", _UIDS, b" ", _ITEMS))
_STORE = _one(_all(b"STORE ", _SETS, b" ", _MARKED), _all(b"UID STORE ", _UIDS, b" ", _MARKED))
_MARK = _one(_all(b"STORE ", _SETS, b" ", _GOING), _all(b"UID STORE ", _UIDS, b" ", _GOING))
_COPY = _one(_all(b"COPY ", _SETS, b" ", _NAMES), _all(b"UID COPY ", _UIDS, b" ", _NAMES))
_SEARCH = _one(_all((b"SEARCH ", b"UID SEARCH ", b"search "), _KEYS))
_COUNTS = (b"(MESSAGES)", b"(UIDNEXT UIDVALIDITY)", b"(MESSAGES UNSEEN)")
_STATUS = _one(_all(b"STATUS ", _NAMES, b" ", _COUNTS), _all(b"STATUS ", _INBOX, b" (UIDVALIDITY)"))
_LIST = (b'LIST "" %{mailbox}*',)
_IDLE = (b"NOOP", b"noop", b"CHECK")

#: what is said by another client of the account, which has the first mailbox selected
_BESIDE = _one(
    (b"EXPUNGE", b"EXPUNGE", *_all(b"STORE ", (b"1", b"2", b"*", b"1:2"), b" +FLAGS (\\Deleted)\r\nEXPUNGE")),
    (b"STORE 1 +FLAGS (\\Deleted)", b"STORE 2 +FLAGS.SILENT (\\Deleted)", b"STORE 1:* +FLAGS (\\Deleted)"),
    (b"STORE * FLAGS (\\Flagged)", b"UID STORE %{second} +FLAGS (nc-keyword)", b"STORE 1 -FLAGS (\\Seen \\Deleted)"),
    (
        b"CLOSE",
        b"NOOP",
        b"FETCH 1:* (UID FLAGS)",
        b"FETCH 1:* FLAGS\r\nSTORE 1:* +FLAGS (\\Recent)",
        b"SEARCH DELETED",
        b"SEARCH ALL",
    ),
    (b"APPEND %{mailbox} {15}\r\nSubject: x\r\n\r\nx", b"COPY 1 %{mailbox}"),
)

#: commands of every state, none of which does harm where it is in order
_ANYWHERE = _one(
    (b"SELECT %{mailbox}", b"EXAMINE %{mailbox}", *_LIST, b"FETCH 1 (FLAGS)", b"%{login}", b"STARTTLS"),
    (b"STATUS %{mailbox} (MESSAGES)", b"STORE 1 +FLAGS (\\Flagged)", b"EXPUNGE", b"CLOSE", b"UNSELECT", b"CHECK"),
    (b"SEARCH ALL", b"UID FETCH 1:* (FLAGS)", b"COPY 1 %{mailbox}", b"CREATE iNBOX", b"CREATE %{mailbox}"),
)
_UNKNOWN = _one((b"XYZZY", b"UID NOOP", b"FETCHED 1 (FLAGS)", b"NOO", b"* NOOP"))
_HARMLESS = _one(
    _all(b"FETCH ", _SETS, b" (UID FLAGS)"),
    _all((b"SEARCH ", b"UID SEARCH "), _KEYS),
    (*_IDLE, *_LIST, b"CAPABILITY", b"STATUS %{mailbox} (MESSAGES)", b"UID FETCH 1:* (BODY.PEEK[])"),
)


def _words(*choices: tuple[str, Octets]) -> st.SearchStrategy[Step]:
    return st.one_of(*(steps(word, say) for word, say in choices))


_STRANGER = _words(("LOGIN", st.just(b"%{login}")), ("stranger", _ANYWHERE))
_FOLDERS = _words(
    ("CREATE", _one(_all(b"CREATE ", (*_OTHERS, *_OTHERS, MAILBOX)))),
    ("DELETE", _one(_all(b"DELETE ", _OTHERS))),
    ("RENAME", _one(_all(b"RENAME ", _OTHERS, b" ", (*_OTHERS, MAILBOX)))),
    ("LIST", _one(_LIST)),
)
_SELDOM = _words(
    ("odd", spoilt(_HARMLESS)),
    ("unknown", _UNKNOWN),
    ("CAPABILITY", _one((b"CAPABILITY", b"capability"))),
    ("IDLE", st.just(b"IDLE\r\nDONE")),
    ("LOGOUT", _one((b"LOGOUT", b"logout"))),
)

#: word → its steps; `STORE deleted`: more of them; `seldom`, `folders`: words of which few should come. `a stranger`
#: comes first, and is passed over where somebody has logged in: the simplest walk of all says nothing
RULES: Mapping[str, st.SearchStrategy[Step]] = {
    "a stranger": _STRANGER,
    "LOGIN": steps("LOGIN", b"%{login}"),
    "LOGOUT": steps("LOGOUT", b"LOGOUT"),
    "SELECT": steps("SELECT", _SELECT),
    "SELECT first": steps("SELECT", b"SELECT %{mailbox}"),
    "EXAMINE": steps("EXAMINE", _EXAMINE),
    "FETCH": steps("FETCH", _FETCH),
    "STORE": steps("STORE", _STORE),
    "STORE deleted": steps("STORE", _MARK),
    "EXPUNGE": steps("EXPUNGE", _one((b"EXPUNGE", b"expunge"))),
    "purge": steps("purge", _one(_all(b"UID EXPUNGE ", _UIDS))),
    "CLOSE": steps("CLOSE", b"CLOSE"),
    "UNSELECT": steps("UNSELECT", b"UNSELECT"),
    "APPEND": steps("APPEND", _appended(b"{%d}")),
    "pressing": steps("pressing", _appended(b"{%d+}")),
    "COPY": steps("COPY", _COPY),
    "SEARCH": steps("SEARCH", _SEARCH),
    "STATUS": steps("STATUS", _STATUS),
    "NOOP": steps("NOOP", _one(_IDLE), ahead=True),
    "beside": steps("beside", _BESIDE),
    "beside again": steps("beside", _BESIDE),
    "notice": steps("notice", b"NOOP"),
    "misplaced": steps("misplaced", _ANYWHERE),
    "folders": _FOLDERS,
    "seldom": _SELDOM,
}

_BARE = _one((b"IDLE", b"DONE", b"LOGOUT", b"CAPABILITY", b"AUTHENTICATE PLAIN", b"EXPUNGE", b"UID", b"NOOP {3}"))
_COMMANDS = st.one_of(_SELECT, _FETCH, _STORE, _SEARCH, _STATUS, _one(_LIST), _appended(b"{%d+}"), _BARE)

#: nothing of it makes a mailbox, wherever it is cut: every mailbox that is made must be found again, and removed
HOSTILE: st.SearchStrategy[Step] = hostile(st.tuples(st.sampled_from((b"a1 ", b"B ", b"7 ")), _COMMANDS).map(b"".join))
