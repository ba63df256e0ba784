"""A proxy and the server behind it: whether both cut the same octets into the same requests (RFC 9112 11.2).

Each of two lenient servers may be right by itself, and both together open a door: what the one takes for a body is a
request to the other. With `?origin=URL` whatever is said to a target is said to that server too, past the proxy; where
neither refuses it and they differ, the check that said it has something to observe. Its verdict is the proxy's alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from pytest_netconform.dialogues.http_fates import UNDERSTOOD, Answers, cut_otherwise
from pytest_netconform.dialogues.http_talk import HttpTalk
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.target import Spec, Target, TargetError, parse_target
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.visit import Visit

BEHIND_SECONDS = 2.0  # for what the server behind may be waiting for


class Counting(Protocol):
    """What is asked of the dialogue with the server behind."""

    def learn(self) -> None:
        """Its usual answers."""

    def renew(self) -> None:
        """A fresh connection."""

    def count(
        self,
        *stimulus: bytes,
        requests: int | None = None,
        codes: tuple[int, ...] = (400,),
        right: int = 501,
        within: float | None = None,
        probe: bool = True,
    ) -> Answers:
        """What becomes of octets."""


class Pair:
    """Both ends of a proxy. front: the dialogue with it; make: makes one with the server behind."""

    def __init__(self, front: HttpTalk, make: Callable[[Visit], Counting]) -> None:
        self._front, self._make = front, make

    def difference(self, stimulus: bytes, twin: tuple[bytes, ...], answers: Answers) -> str:
        """How the server behind cuts the stimulus otherwise; empty where it does not.

        Raises Inconclusive where it does not understand the twin, and NonConformity where it says nothing.
        """
        visit = Visit(self._front.target.once("origin", lambda: behind(self._front)))
        try:
            back = self._make(visit)
            back.learn()
            if back.count(*twin).fate not in UNDERSTOOD:
                raise Inconclusive("it does not understand the twin")
            back.renew()
            return cut_otherwise(answers, self._said(back, stimulus, answers))
        finally:
            visit.close()

    @staticmethod
    def _said(back: Counting, stimulus: bytes, answers: Answers) -> Answers:
        """The same, as it was said to the proxy."""
        return back.count(
            stimulus,
            requests=answers.requests,
            codes=answers.codes,
            right=answers.right,
            within=BEHIND_SECONDS,
            probe=answers.probing,
        )


def behind(front: HttpTalk) -> Target:
    """The server behind a proxy, which is asked under the proxy's name. Raises Inconclusive for what is none."""
    url = front.target.options["origin"]
    try:
        spec = parse_target(url)
    except TargetError as error:
        raise Inconclusive(str(error)) from None
    carriage = front.target.carriage
    if spec.protocol is not front.target.spec.protocol or not isinstance(carriage, SocketCarriage):
        raise Inconclusive(f"?origin={url} is no URL of HTTP")
    if front.target.spec.at_home and not spec.at_home:
        raise Inconclusive(f"?origin={url} is not on this machine, as the proxy is")
    return Target(spec, _way(spec, carriage), options=_options(front), allowed=front.target.allowed)


def _way(spec: Spec, carriage: SocketCarriage) -> SocketCarriage:
    return replace(carriage, host=spec.host, port=spec.port, implicit_tls=spec.implicit_tls)


def _options(front: HttpTalk) -> dict[str, str]:
    """The same octets are said, so the name and the echo are those of the proxy."""
    kept = {name: value for name, value in front.target.options.items() if name in ("echo", "patience")}
    return {**kept, "host": front.host}
