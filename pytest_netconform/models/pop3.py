"""What RFC 1939 lets a POP3 server answer: the states of a session, and what each command does in them.

A refused login is left open: a maildrop may be in use, and a server may have had enough. What a maildrop shows is the
affair of `pop3_maildrop`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from pytest_netconform.models.model import Model, Step, Wrong
from pytest_netconform.models.pop3_maildrop import RULES as MAILDROP
from pytest_netconform.models.pop3_maildrop import Kept, Maildrop
from pytest_netconform.wire.pop3 import ERR, OK, Reply, parse_capabilities, parse_drop, parse_scan, parse_unique

T = TypeVar("T")

NEW, EXCHANGE, OPEN = "new", "exchange", "open"
LOGINS = frozenset({"USER", "PASS", "AUTH", "begin", "APOP", "wrong", "response"})

#: `mark`: DELE; `post`: a letter arrives; `break`: the client is gone; `begin`, `response`, `cancel`: of AUTH; `early`,
#: `relogin`: what belongs on the other side of the login. Word → the states in which it can be said; other words: ANY
STATES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*LOGINS - {"response"}, "UTF8", "early"), frozenset({NEW})),
    **dict.fromkeys(("response", "cancel"), frozenset({EXCHANGE})),
    **dict.fromkeys(("STAT", "LIST", "UIDL", "RETR", "TOP", "mark", "RSET", "NOOP"), frozenset({OPEN})),
    **dict.fromkeys(("malformed", "relogin", "post", "over"), frozenset({OPEN})),
    **dict.fromkeys(("break", "seldom"), frozenset({NEW, EXCHANGE, OPEN})),
}
ANY = frozenset({NEW, OPEN})

LOGIN_ONLY = {"STLS", "SASL", "USER"}  # tags that may go with the login; the last two by what the field does

#: word → what the standard asks of its answer
RULES = {
    "status": "a command is answered +OK or -ERR, and by a challenge in an exchange only (RFC 1939 3, RFC 5034 4)",
    "PASS": "PASS is in order behind a successful USER only (RFC 1939 7)",
    "wrong": "a wrong password or digest lets nobody in (RFC 1939 7, 13)",
    "cancel": "an exchange that is cancelled with * is answered -ERR (RFC 5034 4)",
    "response": "an exchange of PLAIN ends with its one response (RFC 5034 4, RFC 4616 2)",
    "stamp": "each greeting has a timestamp of its own (RFC 1939 7)",
    "early": "a command that wants a login is answered -ERR before it (RFC 1939 3)",
    "late": "a command of the login is answered -ERR behind it (RFC 1939 3, RFC 2595 4, RFC 5034 4)",
    "unknown": "a command that nobody knows is answered -ERR (RFC 1939 3)",
    "malformed": "a malformed command is answered -ERR (RFC 1939 3, 5)",
    "STLS": "STLS is answered -ERR where TLS is active already (RFC 2595 4)",
    "CAPA": "CAPA is known before the login and behind it (RFC 2449 5)",
    "tags": "what CAPA lists before the login it lists behind it (RFC 2449 5)",
    "STAT": "STAT is answered +OK, a count and a size (RFC 1939 5)",
    "LIST": "LIST is answered +OK, and a number and a size a line (RFC 1939 5)",
    "UIDL": "UIDL gives a number and an id of 1 to 70 octets from 0x21 to 0x7E a line (RFC 1939 7)",
    "served": "STAT, LIST, RSET and NOOP are served behind the login, and UIDL where it is listed (RFC 1939 5, 7)",
    "lines": "every line of a message ends in CR LF (RFC 1939 3, 11)",
    "header": "without UTF8, no header is given out in UTF-8 (RFC 6856 2.1)",
    "QUIT": "QUIT is answered +OK, or -ERR where something was to be removed (RFC 1939 5, 6)",
}
ENOUGH = 3  # refusals after which a server may close (Dovecot does, before the login)


class Pop3Model(Model[Reply]):
    """One client of one account. offer: what CAPA listed last on this connection; listed: all that it ever did.

    account: there is one to log in with. expendable: messages may be removed. disposable: wrong passwords may be shown.
    private: passwords are shown inside TLS only, where STLS is offered. kept: what the sessions before have left.
    """

    # RFC 2449 6.6; what ends a session, and the login, stands alone or at the end
    together: ClassVar[frozenset[str]] = frozenset({"STAT", "LIST", "UIDL", "RETR", "TOP", "mark", "RSET", "NOOP"})
    farewell: ClassVar[Step | None] = Step("QUIT", b"QUIT\r\n")

    def __init__(
        self, *, account: bool = False, expendable: bool = False, disposable: bool = False, private: bool = False
    ) -> None:
        self.account = account
        self.expendable = expendable
        self.disposable = disposable
        self.private = private
        self.kept = Kept()
        self.stamps: set[bytes] = set()
        self.greeted: Mapping[str, tuple[str, ...]] = {}  # what a new connection offers, as far as the last one tells
        super().__init__()

    def begin(self) -> None:
        super().begin()
        self.state = NEW
        self.secure = self.utf8 = False
        self.named = ""  # by a successful USER: `ours`, or another
        self.refusals = 0
        self.drop = Maildrop(self.kept)
        self.offer, self.listed = dict(self.greeted), set(self.greeted)

    def met(self, stamp: bytes | None, offer: Mapping[str, tuple[str, ...]], *, secure: bool) -> None:
        """A connection was greeted and asked for its capabilities. Raises Wrong for a timestamp that was there once."""
        if stamp is not None and stamp in self.stamps:
            raise Wrong(RULES["stamp"])
        self.stamps |= {stamp} if stamp is not None else set()
        self.greeted = offer
        self.offer, self.listed, self.secure = dict(offer), set(offer), secure

    def secured(self) -> None:
        super().secured()
        self.state, self.secure, self.utf8 = NEW, True, False
        self.listed = {"STLS"}

    def broken(self) -> None:
        """The client has gone without QUIT: nothing is removed."""
        if self.state == OPEN:
            self._closed(updated=False)
        self.begin()

    def may_wait(self, word: str) -> bool:
        return word in self.together and "PIPELINING" in self.offer

    def possible(self, word: str) -> bool:
        if self.state not in STATES.get(word, ANY):
            return False
        if word in LOGINS and not (self.account and (self.secure or not self.private or "STLS" not in self.offer)):
            return False
        permitted = {
            "PASS": self.named in ("", "ours"),
            "AUTH": "PLAIN" in self.offer.get("SASL", ()),
            "begin": "PLAIN" in self.offer.get("SASL", ()),
            "APOP": bool(self.stamps),
            "wrong": self.disposable,
            "STLS": "STLS" in self.listed,
            "UTF8": "UTF8" in self.offer,
            "mark": self.expendable,
            "post": self.expendable,
        }
        return permitted.get(word, True)

    def answers(self, step: Step) -> int:
        return 0 if step.word in ("break", "post") else 1

    def unasked(self, answer: Reply) -> None:
        if answer.code != ERR or self.refusals < ENOUGH:  # a last word to who was refused too often: Dovecot has one
            super().unasked(answer)

    def hear(self, step: Step, said: bytes, answer: Reply) -> None:
        if answer.code == "+" and step.word != "begin":
            raise Wrong(RULES["response" if step.word == "response" else "status"])
        self.refusals += answer.code == ERR
        getattr(self, f"_{step.word.lower()}")(said, answer)

    # -- the login

    def _user(self, said: bytes, answer: Reply) -> None:
        if answer.code == OK:
            self.named = "ours"

    def _pass(self, said: bytes, answer: Reply) -> None:
        """Right behind USER, says the RFC; a name that outlives another command is noted in the field."""
        if not self.named:
            _expect(answer, ERR, "PASS")
        self._entered(answer)

    def _auth(self, said: bytes, answer: Reply) -> None:
        self._entered(answer)

    _apop = _auth

    def _begin(self, said: bytes, answer: Reply) -> None:
        _expect_not(answer, OK, "response")
        if answer.code == "+":
            self.state = EXCHANGE

    def _response(self, said: bytes, answer: Reply) -> None:
        self.state = NEW
        self._entered(answer)

    def _cancel(self, said: bytes, answer: Reply) -> None:
        _expect(answer, ERR, "cancel")
        self.state = NEW

    def _wrong(self, said: bytes, answer: Reply) -> None:
        _expect(answer, ERR, "wrong")

    def _entered(self, answer: Reply) -> None:
        if answer.code == OK:
            self.state, self.drop = OPEN, Maildrop(self.kept)

    def _utf8(self, said: bytes, answer: Reply) -> None:
        """What is shown from here on need not be what was shown before (RFC 6856 2.1)."""
        if answer.code == OK:
            self.utf8 = True
            self.kept = self.kept.bare

    def _stls(self, said: bytes, answer: Reply) -> None:
        if self.state == OPEN:
            _expect(answer, ERR, "late")
        elif self.secure:
            _expect(answer, ERR, "STLS")
        self.secures = answer.code == OK

    # -- in any state

    def _capa(self, said: bytes, answer: Reply) -> None:
        if self.offer:
            _expect(answer, OK, "CAPA")
        self.offer = parse_capabilities(answer)
        if self.state == OPEN and self.listed - self.offer.keys() - LOGIN_ONLY:
            raise Wrong(RULES["tags"])
        self.listed |= self.offer.keys()

    def _early(self, said: bytes, answer: Reply) -> None:
        _expect(answer, ERR, "early")

    def _relogin(self, said: bytes, answer: Reply) -> None:
        _expect(answer, ERR, "late")

    def _unknown(self, said: bytes, answer: Reply) -> None:
        _expect(answer, ERR, "unknown")

    def _malformed(self, said: bytes, answer: Reply) -> None:
        _expect(answer, ERR, "malformed")

    def _odd(self, said: bytes, answer: Reply) -> None:
        """Nearly a command: whatever the server makes of it is followed."""
        if answer.code == OK and said[:4].upper() == b"USER":
            self.named = "another"

    def _quit(self, said: bytes, answer: Reply) -> None:
        if self.state == NEW:
            _expect(answer, OK, "QUIT")
        else:
            if not self.drop.marked:
                _expect(answer, OK, "QUIT")
            self._closed(updated=True, sure=answer.code == OK)
        self.over = True

    def _closed(self, *, updated: bool, sure: bool = True) -> None:
        """The session has ended. What was retrieved may expire; in another mode messages may look otherwise."""
        kept = self.drop.left(updated=updated, sure=sure)
        if self.offer.get("EXPIRE", ("NEVER",))[:1] != ("NEVER",):  # RFC 2449 6.7: the site removes what was read
            kept = Kept(gone=kept.gone)
        self.kept = kept.bare if self.utf8 else kept

    # -- the maildrop

    def _stat(self, said: bytes, answer: Reply) -> None:
        if not _served(answer):
            return
        found = _read(parse_drop(answer.text), "STAT")
        self.drop.counted(found[0])
        self.drop.summed(found[1])

    def _list(self, said: bytes, answer: Reply) -> None:
        if (number := _number(said)) is not None:
            if self._one(number, answer):
                listing = _read(parse_scan(answer.text), "LIST")
                self._about(listing.number, number)
                self.drop.sized(listing)
        elif _served(answer):
            self._scanned(answer)

    def _scanned(self, answer: Reply) -> None:
        listings = [_read(parse_scan(line), "LIST") for line in answer.lines]
        self.drop.listed([listing.number for listing in listings])
        for listing in listings:
            self.drop.sized(listing)

    def _uidl(self, said: bytes, answer: Reply) -> None:
        if answer.code == ERR and "UIDL" not in self.listed:
            return
        if (number := _number(said)) is not None:
            if self._one(number, answer):
                found = _read(parse_unique(answer.text), "UIDL")
                self._about(found[0], number)
                self.drop.identified(*found)
        elif _served(answer):
            self._identified(answer)

    def _identified(self, answer: Reply) -> None:
        uniques = [_read(parse_unique(line), "UIDL") for line in answer.lines]
        self.drop.listed([number for number, _ in uniques])
        for number, unique in uniques:
            self.drop.identified(number, unique)
        self.drop.all_identified()

    def _one(self, number: int, answer: Reply) -> bool:
        """A line of a listing: refused exactly where there is no such message."""
        if answer.code == OK:
            self.drop.served(number)
        elif not answer.temporary:
            self.drop.refused(number)
        return answer.code == OK

    def _about(self, got: int, asked: int) -> None:
        if got != asked:
            raise Wrong(MAILDROP["one"])

    def _retr(self, said: bytes, answer: Reply) -> None:
        """A message may be refused (RFC 6856 2.1), but not one that was given out before."""
        number = _number(said) or 0
        if self._given(number, answer):
            self.drop.retrieved(number, answer.content)
        elif self.drop.exists(number) and self.drop.message(number).content is not None and not answer.response_code:
            raise Wrong(MAILDROP["content"])

    def _top(self, said: bytes, answer: Reply) -> None:
        if self._given(_number(said) or 0, answer):
            self.drop.topped(_number(said) or 0, int(said.split()[2]), answer.content)

    def _given(self, number: int, answer: Reply) -> bool:
        if answer.code == OK:
            self.drop.served(number)
            if any("bare LF" in deviation for deviation in answer.deviations):
                raise Wrong(RULES["lines"])
            header = (answer.body or b"").partition(b"\r\n\r\n")[0]
            if "UTF8" in self.offer and not self.utf8 and not header.isascii():
                raise Wrong(RULES["header"])
        return answer.code == OK

    def _mark(self, said: bytes, answer: Reply) -> None:
        if answer.code == OK:
            number = _number(said) or 0
            self.drop.served(number)
            self.drop.message(number).marked = True

    def _rset(self, said: bytes, answer: Reply) -> None:
        if not _served(answer):
            return
        for message in self.drop.messages.values():
            message.marked = False

    def _noop(self, said: bytes, answer: Reply) -> None:
        _served(answer)


def _number(said: bytes) -> int | None:
    """The message number behind the keyword; None where there is none."""
    words = said.split()
    return int(words[1]) if len(words) > 1 else None


def _expect(answer: Reply, code: str, rule: str) -> None:
    if answer.code != code:
        raise Wrong(RULES[rule])


def _expect_not(answer: Reply, code: str, rule: str) -> None:
    if answer.code == code:
        raise Wrong(RULES[rule])


def _served(answer: Reply) -> bool:
    if answer.code != OK and not answer.temporary:
        raise Wrong(RULES["served"])
    return answer.code == OK


def _read(found: T | None, rule: str) -> T:
    if found is None:
        raise Wrong(RULES[rule])
    return found
