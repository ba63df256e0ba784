"""What a model is: the states of one connection as a protocol's standard has them, moved by what was said and answered.

A model knows which words can be said in a state, and which answers the standard leaves open to them; where it leaves
the server free, the model follows the server. It must not know how octets travel, nor who draws the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

V = TypeVar("V")

EVERY_OCTET = (-1,)  # a cut after each of them

_NAME = re.compile(rb"%\{([a-z]+)\}")


@dataclass(frozen=True)
class Step:
    """One thing that is said on a walk.

    word: what the model takes it for (`MAIL`, `message`, `odd`). say: the octets; `%{name}` stands for what only the
    user of a target knows, such as `%{recipient}`. cut: the places where its segments end, or EVERY_OCTET. ahead: the
    next step is said in the same write, before this one is answered.
    """

    word: str
    say: bytes = b""
    cut: tuple[int, ...] = ()
    ahead: bool = False


def filled(octets: bytes, known: Mapping[str, bytes]) -> bytes:
    """The octets with what is known in place of its names."""
    return _NAME.sub(lambda found: known.get(found[1].decode(), found[0]), octets)


class Wrong(Exception):
    """The standard does not leave this answer open. rule: what it asks for, and where: the same text in every run."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Model(Generic[V]):
    """The states of one walk; a subclass per protocol."""

    #: words behind which more may be said before they are answered
    together: ClassVar[frozenset[str]] = frozenset()
    #: the word with which a client leaves, and its octets
    farewell: ClassVar[Step | None] = None

    def __init__(self) -> None:
        self.state = ""
        self.over = False  # the server has said that it leaves, so it closes
        self.secures = False  # it has agreed to a TLS handshake, which comes next
        self.begin()

    def begin(self) -> None:
        """A connection stands, and is greeted; what was stored by earlier ones is still known."""
        self.over = self.secures = False

    def secured(self) -> None:
        """The handshake is done."""
        self.secures = False

    def may_wait(self, word: str) -> bool:
        """Whether the answer to it may be waited for later, when more was said."""
        return word in self.together

    def possible(self, word: str) -> bool:
        """Whether that can be said now: whether the model would know what to think of its answer."""
        raise NotImplementedError

    def answers(self, step: Step) -> int:
        """How many answers are owed to a step."""
        return 1

    def unasked(self, answer: V) -> None:
        """An answer came although nothing was owed. Raises Wrong where the standard has no such thing."""
        raise Wrong("one answer comes to each command, and no more")

    def hear(self, step: Step, said: bytes, answer: V) -> None:
        """An answer came to what was said. Raises Wrong where the standard forbids it."""
        raise NotImplementedError
