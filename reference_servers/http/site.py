"""The site: what all sessions of a server share. Fixed pages, files that were put there, forms, notes, logins.

Threads may share a site. All of it is in memory and bounded; who brings too much is refused (`SiteFull`). It must not
know how it is asked, nor any clock: whoever changes something says the time.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from pytest_netconform.reference_servers.http.request import Request

ROOM = 1 << 26  # octets of all files
FILES = 1000
ENTRIES = 200  # entries of a list; the oldest makes room
TEXT = 4096  # characters of an entry or a note; the rest is not kept
SUBMISSIONS = 16  # forms, each as large as a body may be
CACHED, VARIANTS = 100, 4  # stored answers, and those of one of them
SESSIONS = 500  # likewise
RECEIVED, RECEIVED_OCTETS = 1000, 1 << 26  # requests that are remembered

#: when the fixed pages were last modified
MODIFIED = datetime(2025, 6, 1, 12, 30, 15, tzinfo=timezone.utc)

HELLO = b"".join(b"Hello number %03d, from a text that stays the same.\n" % number for number in range(1, 25))
BIG = hashlib.shake_128(b"netconform").digest(1 << 20)


class SiteFull(Exception):
    """There is no room for more."""


@dataclass(frozen=True)
class Stored:
    """A file that somebody has put there."""

    content: bytes
    kind: str
    modified: datetime


@dataclass(frozen=True)
class Note:
    """Somebody's note, for nobody else to see."""

    number: int
    owner: str
    text: str


class Site:
    """What changes, and the fixed pages. secret: what tokens are made from."""

    def __init__(self, secret: bytes = b"netconform") -> None:
        self._lock = threading.RLock()
        self._secret = secret
        self._number = 0
        self._files: dict[str, Stored] = {}
        self._entries: deque[str] = deque(maxlen=ENTRIES)
        self._submissions: dict[int, object] = {}
        self._cached: dict[str, list[object]] = {}
        self._notes: dict[int, Note] = {}
        self._sessions: dict[str, str] = {}
        self._received: deque[Request] = deque()
        self._received_octets = 0
        for owner in ("alice", "bob"):
            self.add_note(owner, f"The first note of {owner}")

    def number(self) -> int:
        """A number that was not given before."""
        with self._lock:
            self._number += 1
            return self._number

    # what was asked

    def record(self, request: Request) -> None:
        """Remember a request; the oldest make room."""
        with self._lock:
            self._received.append(request)
            self._received_octets += len(request.body)
            while len(self._received) > RECEIVED or self._received_octets > RECEIVED_OCTETS:
                self._received_octets -= len(self._received.popleft().body)

    @property
    def received(self) -> Sequence[Request]:
        """The requests that were complete, oldest first."""
        with self._lock:
            return tuple(self._received)

    # files

    def file(self, path: str) -> Stored | None:
        """A file that was put there."""
        with self._lock:
            return self._files.get(path)

    def files(self) -> dict[str, bytes]:
        """All of them, by path."""
        with self._lock:
            return {path: stored.content for path, stored in sorted(self._files.items())}

    def put(self, path: str, stored: Stored) -> bool:
        """Put a file there, whatever was there before; whether it is new. Raises SiteFull."""
        with self._lock:
            new = path not in self._files
            taken = sum(len(file.content) for name, file in self._files.items() if name != path)
            if taken + len(stored.content) > ROOM or (new and len(self._files) >= FILES):
                raise SiteFull(path)
            self._files[path] = stored
            return new

    def remove(self, path: str) -> bool:
        """Take a file away; False if there was none."""
        with self._lock:
            return self._files.pop(path, None) is not None

    # a list that everybody may write to

    def add_submission(self, shown: object, texts: Sequence[str]) -> int:
        """A form was posted: what to show under the number that it gets, and its texts for the list."""
        with self._lock:
            number = self.number()
            self._submissions[number] = shown
            self._entries.extend(text[:TEXT] for text in texts)
            while len(self._submissions) > SUBMISSIONS:
                del self._submissions[next(iter(self._submissions))]
            return number

    def submission(self, number: int) -> object:
        """What was posted under a number; None if nothing was, or long ago."""
        with self._lock:
            return self._submissions.get(number)

    def clear_entries(self) -> None:
        """The list is empty."""
        with self._lock:
            self._entries.clear()

    def entries(self) -> Sequence[str]:
        """All of them, oldest first."""
        with self._lock:
            return tuple(self._entries)

    # stored answers

    def cache_add(self, key: str, kept: object) -> None:
        """Store an answer; the oldest make room."""
        with self._lock:
            self._cached[key] = [kept, *self._cached.pop(key, [])][:VARIANTS]
            while len(self._cached) > CACHED:
                del self._cached[next(iter(self._cached))]

    def cached(self, key: str) -> Sequence[object]:
        """The stored answers under a key, newest first."""
        with self._lock:
            return tuple(self._cached.get(key, ()))

    # notes

    def add_note(self, owner: str, text: str) -> Note:
        """One more note."""
        with self._lock:
            note = Note(self.number(), owner, text[:TEXT])
            self._notes[note.number] = note
            while len(self._notes) > ENTRIES:
                del self._notes[next(iter(self._notes))]
            return note

    def notes(self, owner: str) -> Sequence[Note]:
        """Somebody's notes."""
        with self._lock:
            return tuple(note for note in self._notes.values() if note.owner == owner)

    def note(self, number: int) -> Note | None:
        """A note, whoever it belongs to."""
        with self._lock:
            return self._notes.get(number)

    def remove_note(self, number: int) -> None:
        """A note goes."""
        with self._lock:
            self._notes.pop(number, None)

    # logins

    def token(self, *words: str) -> str:
        """What nobody can guess who does not know the secret."""
        return hmac.new(self._secret, "\0".join(words).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def begin_session(self, user: str) -> str:
        """A new session of somebody who has proved who he is; the oldest makes room."""
        with self._lock:
            token = self.token("session", str(self.number()))
            self._sessions[token] = user
            while len(self._sessions) > SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            return token

    def keep_session(self, token: str, user: str) -> None:
        """Bind a session to a user under a token that is there already."""
        with self._lock:
            self._sessions[token] = user

    def session_user(self, token: str) -> str | None:
        """Whose session it is."""
        with self._lock:
            return self._sessions.get(token)

    def end_session(self, token: str) -> None:
        """The session is over, whoever still has its token."""
        with self._lock:
            self._sessions.pop(token, None)
