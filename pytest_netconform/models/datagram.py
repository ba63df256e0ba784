"""What any dialect lets a server of datagrams answer: each request by one datagram, which is right, and to whom asked.

A datagram stands for itself, so there are no states. Datagrams that are no requests, or that come twice, are free to be
answered in any way, or not (RFC 8085 3.3 recommends, and no more); who comes next is served.
"""

from __future__ import annotations

from typing import Any

from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.models.messages import fitted, sample
from pytest_netconform.models.model import Model, Step

RULES = {
    "ask": "a request is answered by one datagram, the right one, to whoever asked (RFC 768, RFC 862)",
    "empty": "an empty datagram is answered as the rule says, or not at all (RFC 768: a length of 8)",
    "open": "nobody who sends a datagram is told that nobody listens (RFC 1122 4.1.3.1)",
}

ASKING = frozenset({"ask", "other"})


class DatagramModel(Model[Any]):
    """All the sockets of one client."""

    together = ASKING

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.count = 0
        self.answers_known = "known" in dialect.capabilities
        super().__init__()

    @property
    def ruled(self) -> bool:
        """Whether the rule says what an empty datagram is answered."""
        return bool(self.dialect.rule) and self.dialect.id is None

    def possible(self, word: str) -> bool:
        return self.answers_known or word not in ASKING

    def exchange(self, step: Step) -> Exchange:
        """The request of a step: one that carries its octets, or the sample that the first of them says."""
        self.count += 1
        made = fitted if self.dialect.rule else sample
        return made(self.dialect, step.say, self.count)
