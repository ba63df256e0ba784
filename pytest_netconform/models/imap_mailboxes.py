"""What IMAP's mailboxes hold, as far as their clients can know: messages, their UIDs and flags, and each client's view.

Where the standard leaves open what became of something, several values stand side by side until one is told. This
module knows no commands; it raises Wrong for what no mailbox can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pytest_netconform.models.model import Wrong

Flags = frozenset[str]  # in small letters, without \recent

DELETED, SEEN, RECENT = "\\deleted", "\\seen", "\\recent"
NONE: Flags = frozenset()

RULES = {
    "uid": "UIDs ascend, stay what they are, and never come again (RFC 3501 2.3.1.1)",
    "uidnext": "UIDNEXT is greater than any UID, and never falls (RFC 3501 2.3.1.1)",
    "uidvalidity": "UIDVALIDITY is told, and stays or grows (RFC 3501 2.3.1.1, 6.3.1)",
    "again": "a mailbox made anew never repeats a UIDVALIDITY and UID of its name (RFC 3501 2.3.1.1, 6.3.3)",
    "exists": "EXISTS is how many messages there are; EXPUNGE alone lets it fall (RFC 3501 7.3.1)",
    "number": "a message number is that of a message that there is (RFC 3501 2.3.1.2)",
    "flags": "flags are as they were last set (RFC 3501 2.3.2, 6.4.6)",
    "recent": "no client sets \\Recent, nor does it come to a message that had none (RFC 3501 2.3.2)",
    "content": "a message comes back with the octets that were appended (RFC 3501 6.3.11)",
    "size": "RFC822.SIZE counts the octets of the message (RFC 3501 2.3.4)",
}


def wrong(rule: str) -> Wrong:
    """The breach of a rule about what mailboxes hold."""
    return Wrong(RULES[rule])


@dataclass(eq=False)
class Message:
    """A message. content, uid: None while they are not known. truth: what its flags may be now; None: anything.

    least, most: what the UID must not be below, and must be below. doubtful: whether it is still there is not known.
    """

    content: bytes | None = None
    truth: set[Flags] | None = field(default_factory=lambda: {NONE})
    uid: int | None = None
    least: int = 1
    most: int | None = None
    gone: bool = False
    doubtful: bool = False
    log: list[set[Flags] | None] = field(default_factory=list)  # what `truth` became, one change after another

    def change(self, truth: set[Flags] | None) -> None:
        """The flags were changed."""
        self.truth = truth
        self.log.append(truth)

    @property
    def there(self) -> bool:
        """Whether it is surely there."""
        return not (self.gone or self.doubtful)

    def marked(self, flag: str) -> bool | None:
        """Whether it has a flag; None where that is not known."""
        return one_answer(self.truth, lambda flags: flag in flags)


def one_answer(values: Iterable[Flags] | None, ask: Callable[[Flags], bool]) -> bool | None:
    """What all of these flags say, or None where they do not agree."""
    found = {ask(flags) for flags in values} if values is not None else set[bool]()
    return found.pop() if len(found) == 1 else None


def changed(values: Iterable[Flags] | None, sign: str, flags: Flags) -> set[Flags] | None:
    """What STORE makes of flags: adds, takes away, or replaces them."""
    if not sign:
        return {flags}
    if values is None:
        return None
    return {old | flags if sign == "+" else old - flags for old in values}


class Mailbox:
    """A mailbox. messages: all that it ever had, in the order of their UIDs. permanent: flags that are kept."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.validity: int | None = None
        self.moved = False  # by RENAME, after which UIDs may be other ones
        self.next = 1  # no new message has a lesser UID
        self.permanent: Flags | None = None
        self.graves: dict[int, int] = {}  # UIDVALIDITY → the first UID that a mailbox of this name had not used up

    def add(self, content: bytes | None, truth: set[Flags] | None, uid: int | None = None) -> Message:
        """A message has arrived."""
        message = Message(content, truth, least=self.next)
        self.messages.append(message)
        if uid is not None:
            self.name(message, uid)
        return message

    def name(self, message: Message, uid: int) -> None:
        """The UID of a message was told."""
        if message.uid is None:
            place = self.messages.index(message)
            before = max((one.uid or 0 for one in self.messages[:place]), default=0)
            behind = min((one.uid for one in self.messages[place + 1 :] if one.uid), default=uid + 1)
            if uid < message.least or not before < uid < behind or (message.most or uid + 1) <= uid:
                raise wrong("uid")
            message.uid = uid
            self.next = max(self.next, uid + 1)
        elif message.uid != uid:
            raise wrong("uid")

    def follow(self, following: int) -> None:
        """UIDNEXT was told."""
        if following < self.next:
            raise wrong("uidnext")
        self.next = following
        for message in self.messages:
            message.most = following if message.most is None else min(message.most, following)

    def validate(self, validity: int) -> None:
        """UIDVALIDITY was told: by another one the UIDs from before are worth nothing."""
        if self.validity not in (None, validity):
            assert self.validity is not None
            if validity < self.validity and not self.moved:
                raise wrong("uidvalidity")
            self.next = 1
            for message in self.messages:
                message.uid, message.least, message.most = None, 1, None
        self.validity, self.moved = validity, False
        least = self.graves.get(validity, 1)
        if any(message.uid is not None and message.uid < least for message in self.messages):
            raise wrong("again")
        self.next = max(self.next, least)
        for message in self.messages:
            message.least = max(message.least, least)

    def present(self) -> list[Message] | None:
        """The messages that are there, or None while that is not known."""
        if any(message.doubtful for message in self.messages):
            return None
        return [message for message in self.messages if not message.gone]

    def kept(self, flag: str) -> bool:
        """Whether a flag that is set stays set."""
        permanent = self.permanent
        return permanent is None or flag in permanent or ("\\*" in permanent and not flag.startswith("\\"))

    def sure(self, flags: Flags) -> Flags:
        """Those of the flags that are kept."""
        return frozenset(flag for flag in flags if self.kept(flag))


class Shelf:
    """Every mailbox of a walk, by name; `graves` remembers those that were removed."""

    def __init__(self) -> None:
        self.boxes: dict[bytes, Mailbox] = {}
        self.graves: dict[bytes, dict[int, int]] = {}
        self.inbox: int | None = None  # its UIDVALIDITY

    def make(self, name: bytes) -> Mailbox:
        """A new mailbox."""
        box = self.boxes[name] = Mailbox()
        box.graves = self.graves.setdefault(name, {})
        return box

    def remove(self, name: bytes) -> Mailbox:
        """A mailbox is no longer there under its name."""
        box = self.boxes.pop(name)
        if box.validity is not None:
            graves = self.graves.setdefault(name, {})
            graves[box.validity] = max(graves.get(box.validity, 1), box.next)
        return box

    def move(self, old: bytes, new: bytes) -> None:
        """RENAME."""
        box = self.boxes[new] = self.remove(old)
        box.graves, box.moved = self.graves.setdefault(new, {}), True


class Entry:
    """A message in one client's view. may: what its flags may be told as; None: anything."""

    def __init__(self, message: Message | None) -> None:
        self.message = message or Message(truth=None)  # one that is not known yet is nobody's
        self.known = message is not None
        self.recent: bool | None = None
        self.told: Flags | None = None  # in answer to the command that is going on
        self._may: set[Flags] | None = None if self.message.truth is None else set(self.message.truth)
        self._read = len(self.message.log)

    @property
    def may(self) -> set[Flags] | None:
        """What was known, and whatever others have made of it since."""
        for truth in self.message.log[self._read :]:
            self._may = None if truth is None or self._may is None else self._may | truth
        self._read = len(self.message.log)
        return self._may

    @may.setter
    def may(self, values: set[Flags] | None) -> None:
        self._may, self._read = values, len(self.message.log)

    def marked(self, box: Mailbox, flag: str) -> bool | None:
        """Whether this client can know of a flag that it is set, or not."""
        return one_answer(self.may, lambda flags: flag in flags) if box.kept(flag) else None

    def tell(self, box: Mailbox, told: Iterable[str]) -> None:
        """FLAGS was told."""
        names = {flag.lower() for flag in told}
        recent, flags = RECENT in names, frozenset(names - {RECENT})
        if recent and self.recent is False:
            raise wrong("recent")
        self.recent, self.told = recent, flags
        may, message = self.may, self.message
        if may is not None and box.sure(flags) not in {box.sure(one) for one in may} and not message.gone:
            raise wrong("flags")
        if may is None or message.truth is None or may == message.truth:
            message.truth = {flags}
            self.may = {flags}
        else:
            self.may = {flags} | message.truth


class View:
    """A selected mailbox as one client sees it; entries by message number, from 1."""

    def __init__(self, name: bytes, box: Mailbox, read_only: bool, count: int) -> None:
        self.name, self.box, self.read_only = name, box, read_only
        self.entries: list[Entry] = []
        there = box.present()
        if there is not None and len(there) != count:
            raise wrong("exists")
        if count > len(box.messages):
            raise wrong("exists")
        self.entries = [Entry(message) for message in there] if there is not None else _strangers(count)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def at(self, number: int | None) -> Entry:
        """The message of a number."""
        if number is None or not 1 <= number <= len(self.entries):
            raise wrong("number")
        return self.entries[number - 1]

    def exists(self, count: int) -> None:
        """EXISTS was told: there may be new messages."""
        more = count - len(self.entries)
        if more < 0:
            raise wrong("exists")
        new = self._behind()
        if more > len(new):
            raise wrong("exists")
        sure = all(entry.known for entry in self) and all(message.there for message in new)
        self.entries += [Entry(message) for message in new[:more]] if sure else _strangers(more)

    def _behind(self) -> list[Message]:
        seen = {id(entry.message) for entry in self}
        places = [place for place, message in enumerate(self.box.messages) if id(message) in seen]
        return self.box.messages[places[-1] + 1 if places else 0 :]

    def drop(self, entry: Entry) -> None:
        """EXPUNGE was told."""
        entry.message.gone, entry.message.doubtful = True, False
        self.entries.remove(entry)

    def name_entry(self, entry: Entry, uid: int) -> None:
        """The UID of a number was told; who was not known may be by that."""
        place = self.entries.index(entry)
        before = max((one.message.uid or 0 for one in self.entries[:place]), default=0)
        if uid <= before:
            raise wrong("uid")
        if entry.known:
            self.box.name(entry.message, uid)
            return
        found = next((one for one in self.box.messages if one.uid == uid), None)
        if found is None:
            entry.message.uid = uid
        else:
            entry.message, entry.known, found.doubtful = found, True, False
            entry.may = None

    def uid(self, number: int) -> bytes:
        """The UID of a number, or the number itself where there is none, or it is not known."""
        uid = self.entries[number - 1].message.uid if 0 < number <= len(self.entries) else None
        return b"%d" % (uid or max(number, 1))

    @property
    def settled(self) -> bool:
        """Whether this client has been told of everything."""
        there = self.box.present()
        if there is None or not all(entry.known for entry in self):
            return True
        return [entry.message for entry in self] == there


def _strangers(count: int) -> list[Entry]:
    return [Entry(None) for _ in range(count)]
