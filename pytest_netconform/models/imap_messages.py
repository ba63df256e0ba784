"""What IMAP's answers tell of messages, and what its commands do to them: APPEND, COPY, FETCH, STORE, EXPUNGE, SEARCH.

The states of a session, and its other commands, are in `imap`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_netconform.models.imap_mailboxes import (
    DELETED,
    NONE,
    RECENT,
    SEEN,
    Entry,
    Flags,
    Mailbox,
    Message,
    Shelf,
    View,
    changed,
    wrong,
)
from pytest_netconform.models.imap_rules import broken, may_stay, missing, refusable, same, served
from pytest_netconform.models.imap_said import Call, fits, items, lower, numbers_named, resolved
from pytest_netconform.models.model import Model
from pytest_netconform.wire.imap import BAD, NO, OK, Answer, Response
from pytest_netconform.wire.imap_data import AppendUid, CopyUid, Numbers
from pytest_netconform.wire.imap_fetch import Fetched


class Messages(Model[Answer]):
    """One client and the mailbox that it has selected (`view`). shelf: the walk's mailboxes. offered: capabilities."""

    def __init__(self, shelf: Shelf, offered: Iterable[str] = ()) -> None:
        self.shelf = shelf
        self.offered = frozenset(offered)
        self.view: View | None = None
        self.got: dict[int, set[str]] = {}  # the items that this answer has told, by entry
        super().__init__()

    @property
    def _seen(self) -> View:
        assert self.view is not None
        return self.view

    # -- untagged responses

    def _absorb(self, answer: Answer, call: Call, goes: Callable[[Entry], bool] = lambda entry: False) -> None:
        """What any answer may tell of the selected mailbox; `goes`: what this command may remove."""
        for response in answer.untagged:
            if response.code in ("EXISTS", "EXPUNGE", "FETCH"):
                if self.view is None:
                    raise broken("nothing")
                self._tell(self.view, response, call, goes)

    def _tell(self, view: View, response: Response, call: Call, goes: Callable[[Entry], bool]) -> None:
        if response.code == "EXISTS":
            view.exists(response.number or 0)
        elif response.code == "EXPUNGE":
            if call.verb in ("FETCH", "STORE", "SEARCH") and not call.by_uid:
                raise broken("numbers")
            entry = view.at(response.number)
            if entry.message.there and entry.known and not goes(entry):
                raise broken("EXPUNGE")
            view.drop(entry)
        elif isinstance(response.data, Fetched):
            self._fetched(view, view.at(response.number), response.data)

    def _fetched(self, view: View, entry: Entry, told: Fetched) -> None:
        if told.uid is not None:
            view.name_entry(entry, told.uid)
        for name in told.items:
            self.got.setdefault(id(entry), set()).add(name)
        flags = told.items.get("FLAGS")
        if isinstance(flags, tuple):
            entry.tell(view.box, flags)
        content, octets = entry.message.content, told.octets("BODY[]")
        if octets is not None and content is not None and not same(content, octets):
            raise wrong("content")
        if octets is not None and content != octets:
            entry.message.content = octets  # with the fields that were added
        size = told.items.get("RFC822.SIZE")
        if isinstance(size, int) and octets is not None and size != len(octets):
            raise wrong("size")

    # -- messages that come

    def _append(self, call: Call, answer: Answer) -> None:
        box = self._target(call, answer, 0)
        if box is not None:
            given = lower(items(call.words[1])) if len(call.words) > 2 else NONE
            message = box.add(call.octets, {given, NONE} if given else {NONE})  # flags SHOULD be kept
            value = answer.codes()["APPENDUID"].value if "APPENDUID" in answer.codes() else None
            if isinstance(value, AppendUid):
                box.validate(self._valid(box, value.validity))
                if len(value.uids) != 1:
                    raise broken("APPENDUID")
                box.name(message, value.uids.numbers[0])
        self._absorb(answer, call)

    def _target(self, call: Call, answer: Answer, place: int) -> Mailbox | None:
        """Where messages were put; None where they were not."""
        box = self.shelf.boxes.get(call.name(place))
        if box is None:
            missing(answer)
            if answer.code == NO and answer.says != "TRYCREATE" and not answer.temporary:
                raise broken("try")
            return None
        return box if answer.code == OK else None

    def _valid(self, box: Mailbox, validity: int) -> int:
        if box.validity not in (None, validity) and not box.moved:
            raise broken("APPENDUID")
        return validity

    def _copy(self, call: Call, answer: Answer) -> None:
        asked, exact = self._asked(call)
        if call.name(1) in self.shelf.boxes:
            refusable(answer, exact, asked, no=True)
        box = self._target(call, answer, 1) if asked and exact else self.shelf.boxes.get(call.name(1))
        if box is not None and answer.code == OK:
            sure = all(entry.known and entry.message.there for entry in asked)
            copies = [self._copied(box, entry.message) for entry in asked]
            for copy in copies:
                copy.doubtful = not sure
            self._learn_copies(box, answer, asked, copies)
        self._absorb(answer, call)

    def _copied(self, box: Mailbox, message: Message) -> Message:
        """Flags SHOULD be kept."""
        return box.add(message.content, None if message.truth is None else message.truth | {NONE})

    def _learn_copies(self, box: Mailbox, answer: Answer, asked: list[Entry], copies: list[Message]) -> None:
        value = answer.codes()["COPYUID"].value if "COPYUID" in answer.codes() else None
        if not isinstance(value, CopyUid):
            return
        box.validate(self._valid(box, value.validity))
        source, there = value.source.numbers, value.copies.numbers
        if len(source) != len(there):
            raise broken("APPENDUID")
        pairs = dict(zip(source, there, strict=True))
        if len(pairs) != len(asked) or any(entry.message.uid is None for entry in asked):
            return
        if any(entry.message.uid not in pairs for entry in asked):
            raise broken("APPENDUID")
        in_order = [pairs[entry.message.uid or 0] for entry in asked]
        if in_order == sorted(in_order):
            for copy, uid in zip(copies, in_order, strict=True):
                box.name(copy, uid)
        else:  # copies may come in any order
            for copy in copies:
                copy.content, copy.truth = None, None

    # -- messages that are there

    def _asked(self, call: Call) -> tuple[list[Entry], bool]:
        """The messages that a command means, and whether each number that it names is there; UIDs may be none."""
        view, text = self._seen, call.atom(0)
        if not call.by_uid:
            numbers, exact = resolved(text, len(view))
            return [view.entries[number - 1] for number in sorted(numbers) if 0 < number <= len(view)], exact
        uids = [entry.message.uid for entry in view]
        found, _ = resolved(text, max((uid or 0 for uid in uids), default=0))
        return [entry for entry, uid in zip(view, uids, strict=True) if uid in found], True

    def _fetch(self, call: Call, answer: Answer) -> None:
        view = self._seen
        asked, exact = self._asked(call)
        names = {name.upper().replace(".PEEK", "") for name in items(call.words[1])} | (
            {"UID"} if call.by_uid else set()
        )
        reads = "BODY[]" in {name.upper() for name in items(call.words[1])} and not view.read_only
        if reads and answer.code != BAD:
            for entry in asked:
                self._change(entry, "+", frozenset({SEEN}), sure=answer.code == OK)
        self._absorb(answer, call)
        refusable(answer, exact, asked)
        for entry in asked if answer.code == OK else ():
            if entry.message.there and entry.known and not names <= self.got.get(id(entry), set()):
                raise broken("FETCH")
            if reads and entry.may is not None and answer.code == OK:
                entry.may = {flags | {SEEN} for flags in entry.may}

    def _store(self, call: Call, answer: Answer) -> None:
        view = self._seen
        asked, exact = self._asked(call)
        item = call.atom(1).upper()
        sign, silent = item[0].strip("F"), item.endswith(".SILENT")
        given = lower(flag for word in call.words[2:] for flag in items(word))
        flags = given - {RECENT}
        allowed = RECENT not in given and all(view.box.kept(flag) for flag in flags)
        stored: dict[int, set[Flags] | None] = {}
        same = {id(entry): may_stay(entry, sign, flags) for entry in asked}
        if not view.read_only and answer.code != BAD:
            for entry in asked:
                stored[id(entry)] = self._change(entry, sign, flags, sure=answer.code == OK and RECENT not in given)
        for entry in asked:
            entry.told = None
        self._absorb(answer, call)
        if not view.read_only and allowed:
            refusable(answer, exact, asked, no=True)
        if view.read_only or answer.code != OK:
            return
        for entry in asked:
            self._stored(view, entry, stored[id(entry)], silent=silent or same[id(entry)])

    def _change(self, entry: Entry, sign: str, flags: Flags, *, sure: bool) -> set[Flags] | None:
        """A client has changed flags: what he may be told of them. sure: there is no doubt that he has."""
        self._blurred(entry)
        may, truth = entry.may, entry.message.truth
        after, told = changed(truth, sign, flags), changed(may, sign, flags)
        new = None if told is None or after is None else told | after
        if not sure:
            after = None if after is None or truth is None else after | truth
            new = None if new is None or may is None else new | may
        entry.message.change(after)
        entry.may = None if may is None or new is None else may | new
        return new

    def _blurred(self, entry: Entry) -> None:
        """Where it is not known which message that is, it may be any."""
        if not entry.known:
            for message in self._seen.box.messages:
                message.change(None)

    def _stored(self, view: View, entry: Entry, new: set[Flags] | None, *, silent: bool) -> None:
        if not entry.message.there or not entry.known:
            return
        if entry.told is None:
            if not silent:
                raise broken("STORE")
            entry.may = new
        elif new is not None and view.box.sure(entry.told) not in {view.box.sure(one) for one in new}:
            raise wrong("flags")

    def _expunge(self, call: Call, answer: Answer) -> None:
        view = self._seen
        named, _ = self._asked(call) if call.by_uid else (list(view), True)
        asked = [entry for entry in named if not view.read_only]
        marks = {id(entry): (entry.marked(view.box, DELETED), entry.message.marked(DELETED)) for entry in asked}

        def goes(entry: Entry) -> bool:
            return answer.code == OK and marks.get(id(entry), (False, False)) != (False, False)

        self._absorb(answer, call, goes)
        if view.read_only:  # where it is refused, or has no effect
            return
        served(answer)
        if answer.code == OK:
            left = {id(entry) for entry in view}
            if any(id(entry) in left and marks[id(entry)] == (True, True) and entry.message.there for entry in asked):
                raise broken("goes")
            self._unseen_went(view, call)

    def _unseen_went(self, view: View, call: Call) -> None:
        """Messages that this client was never told of may have gone, too."""
        seen = {id(entry.message) for entry in view}
        for message in view.box.messages:
            if id(message) not in seen and not message.gone and message.marked(DELETED) is not False:
                message.doubtful = True

    def _search(self, call: Call, answer: Answer) -> None:
        view = self._seen
        exact = numbers_named(call.words, len(view))
        wanted = [(entry, self._names(call, entry), fits(call.words, entry, view)) for entry in view]
        self._absorb(answer, call)
        refusable(answer, exact)
        if answer.code != OK:
            return
        found = [one for one in answer.values("SEARCH") if isinstance(one, Numbers)]
        if len(found) != 1:
            raise broken("SEARCH")
        numbers = set(found[0].numbers)
        for entry, name, value in wanted:
            if value is not None and value is not (name in numbers) and entry.message.there and entry.known:
                raise broken("SEARCH")
        if not numbers <= {name for _, name, _ in wanted} | {self._names(call, entry) for entry in view}:
            raise broken("SEARCH")

    def _names(self, call: Call, entry: Entry) -> int | None:
        """What a command calls a message."""
        return entry.message.uid if call.by_uid else self._seen.entries.index(entry) + 1

    # -- what cannot be judged

    def declines(self, call: Call) -> bool:
        """Whether it names messages by UIDs that are not known, or copies what may be marked: are the copies?"""
        if self.view is None:
            return False
        if any(entry.message.uid is None for entry in self.view) and (call.by_uid or "UID" in call.words):
            return True
        return call.verb == "COPY" and any(entry.message.marked(DELETED) is not False for entry in self._asked(call)[0])
