"""The dialogue: what a check says and what it expects to hear.

`Dialogue` is one connection of a visit, generic over a framer of `wire/`. It knows neither pytest nor any one protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar
from typing import Protocol as Shape

from pytest_netconform.codes import Code, code_pattern, fits, listed
from pytest_netconform.transcript import What
from pytest_netconform.transport import ClearText, Gone, Silence, TlsFailure, Unclosed
from pytest_netconform.verdict import Deviation, Inconclusive, NonConformity
from pytest_netconform.visit import NoConnection, Opener, Remarks, Visit

Say = str | bytes  # a str is one line, CRLF is added; bytes are sent as they are

ANSWER_OCTETS = 1 << 20


class Value(Shape):
    """One framed answer."""

    @property
    def code(self) -> Code | None:
        """What kind of answer it is; None when the octets could not be framed."""

    @property
    def raw(self) -> bytes:
        """The octets as they came."""

    @property
    def temporary(self) -> bool:
        """Whether it is a refusal that asks to try again later."""


V = TypeVar("V", bound=Value)
V_co = TypeVar("V_co", bound=Value, covariant=True)
D = TypeVar("D", bound="Dialogue[Any]")


class Framer(Shape[V_co]):
    """Octets in, answers out."""

    @property
    def pattern(self) -> bytes:
        """One whole answer as a regular expression, for the reproducer."""

    @property
    def grammar(self) -> str:
        """The requirement that judges answers that cannot be framed."""

    def feed(self, data: bytes) -> None:
        """Add octets."""

    def next(self) -> V_co | None:
        """The next whole answer, or None."""

    def rest(self) -> bytes:
        """What is no whole answer yet."""


class Dialogue(Remarks, Generic[V]):
    """One connection of a visit. Everything a check does goes through here, so that every expectation is recorded.

    `control` is an exchange that a healthy peer answers in any state that the check leaves: (command, codes).
    """

    control: ClassVar[tuple[Say, tuple[Code, ...]]] = ("", ())
    accepted: ClassVar[tuple[Code, ...]] = ("2yz", "3yz")
    refused: ClassVar[tuple[Code, ...]] = ("4yz", "5yz")
    longest: ClassVar[int] = ANSWER_OCTETS  # octets of an answer; one that has not ended by then has no end

    def __init__(self, visit: Visit, framer: Callable[[], Framer[V]]) -> None:
        self.visit = visit
        self.target = visit.target
        self.wire = visit.dial()
        self.reopen: Callable[[Visit], Dialogue[Any]] | None = None  # how the judge reached this state
        self.rung = ""  # and what that state is called
        self.over = False  # whether listening for an answer has met the end of the connection
        self.broken = False  # and whether that was no close, but a reset
        self._make_framer = framer
        self._framer = framer()
        self._said = "the connection"

    # -- saying

    def send(self, *what: Say) -> None:
        """Write everything in one go. A peer that broke the connection is noticed when its answer is read."""
        data = b"".join(w if isinstance(w, bytes) else w.encode() + b"\r\n" for w in what)
        self._said = self._shown(data)
        try:
            self.wire.send(data, self.wire.now() + self.target.patience)
        except Gone:
            pass
        except Silence:
            raise NonConformity(
                f"{self._said} to be read", f"nothing was taken for {self.target.patience:g} s", owed=True, passing=True
            ) from None

    def start_tls(self) -> None:
        """Shake hands on this connection, after the peer agreed. Raises NonConformity when that fails."""
        problem = self.try_tls()
        if problem:
            raise NonConformity("a TLS handshake", problem, owed=True, passing=True)

    def try_tls(self) -> str:
        """Shake hands where a failure would be as good: why it failed, or an empty text when TLS stands.

        Raises NonConformity for a word in clear behind the peer's go-ahead: its next word belongs to the handshake.
        """
        rest = self._framer.rest()
        self._framer = self._make_framer()
        self._await("tls", self.target.patience)
        try:
            if rest:
                raise ClearText(rest)
            self.wire.start_tls(self.wire.now() + self.target.patience)
        except ClearText as error:
            raise NonConformity("nothing but TLS behind the go-ahead", self._shown(error.octets), owed=True) from None
        except (TlsFailure, Silence, Gone) as error:
            return str(error)
        self._said = "the TLS handshake"
        return ""

    # -- hearing

    def reply(self, expected: str = "", *, within: float | None = None) -> V:
        """The next answer, whatever it says. `within` seconds replaces the target's patience.

        Raises NonConformity when the owed answer does not come, Inconclusive when it cannot be framed.
        """
        value = self.hear(expected, within=within)
        if value.code is None:
            raise Inconclusive(
                f"an answer that cannot be framed ({self._shown(value.raw)}); {self._framer.grammar} judges that"
            )
        return value

    def hear(self, expected: str = "", *, within: float | None = None) -> V:
        """Like `reply`, but an answer that cannot be framed is returned like any other (its code is None)."""
        expected = expected or f"an answer to {self._said}"
        patience = self.target.patience if within is None else within
        deadline = self.wire.now() + patience
        self._await("answer", patience, self._framer.pattern)
        octets = 0
        while (value := self._framer.next()) is None:
            try:
                data = self.wire.receive(deadline)
            except Silence:
                raise self._owed(expected, f"nothing for {patience:g} s") from None
            except (Gone, TlsFailure) as error:
                self.over, self.broken = True, not isinstance(error, Unclosed)
                raise self._owed(expected, f"the end of the connection ({error})") from None
            if not data:
                self.over = True
                if (value := self._ended_by_close()) is None:
                    raise self._owed(expected, "the connection was closed")
                break
            octets += len(data)
            if octets > self.longest:
                raise NonConformity(expected, f"an answer that has no end after {self.longest} octets", owed=True)
            self._framer.feed(data)
        self.wire.record(What.HEARD, value.raw)
        return value

    def early(self) -> V | None:
        """An answer that has come already, behind the last one that was read; nothing is waited for."""
        if (value := self._framer.next()) is not None:
            self.wire.record(What.HEARD, value.raw)
        return value

    def _ended_by_close(self) -> V | None:
        """The answer that the end of the connection completes, where that is a way to end one."""
        return None

    def heard(self, *, window: float | None = None) -> V | None:
        """The answer that arrives within one silence window, or None; then `over` tells whether the peer has closed.

        Only where no marker can follow.
        """
        try:
            return self.reply(within=self.target.window if window is None else window)
        except NonConformity:
            self.visit.evidence |= set() if self.over else {"silence"}
            return None

    def _await(self, what: str, seconds: float, pattern: bytes = b"") -> None:
        """Leave word for a reproducer: from here on we wait for this, at most so long."""
        self.wire.record(What.AWAIT, f"{what} {seconds:g} ".encode() + pattern)

    def unframed(self) -> bytes:
        """What arrived and is no whole answer yet."""
        return self._framer.rest()

    def _owed(self, expected: str, received: str) -> NonConformity:
        rest = self._framer.rest()
        if rest:
            received = f"{self._shown(rest)}, unfinished, then {received}"
        return NonConformity(expected, received, owed=True, passing=True)

    def expect(
        self,
        *codes: Code,
        tolerated: Mapping[Code, str] | None = None,
        noted: Mapping[Code, str] | None = None,
        to: str = "",
        within: float | None = None,
    ) -> V:
        """The next answer must be one of `codes`; `noted` ones pass with a note, `tolerated` ones are DEVIATIONs.

        An unlisted temporary refusal is Inconclusive: the peer has no time for us now.
        """
        expected = f"{listed(codes)} in answer to {to or self._said}"
        value = self.reply(expected, within=within)
        self.weigh(value, *codes, tolerated=tolerated, noted=noted, expected=expected)
        return value

    def weigh(
        self,
        value: V,
        *codes: Code,
        tolerated: Mapping[Code, str] | None = None,
        noted: Mapping[Code, str] | None = None,
        expected: str = "",
    ) -> None:
        """Judge an answer that was read already."""
        code = value.code
        assert code is not None
        if fits(code, codes):
            if all(fits(str(c).replace("y", "0").replace("z", "0"), self.refused) for c in codes):
                self.visit.evidence.add("refusal")
            return
        expected = expected or f"{listed(codes)} in answer to {self._said}"
        for pattern, text in (noted or {}).items():
            if fits(code, (pattern,)):
                self.visit.note(f"{code}: {text}")
                return
        for pattern, text in (tolerated or {}).items():
            if fits(code, (pattern,)):
                self.visit.deviations.append(Deviation(expected, self._shown(value.raw), text))
                return
        if value.temporary:
            raise Inconclusive(f"a temporary refusal, {self._shown(value.raw)}, where {expected} was asked")
        raise NonConformity(
            expected, self._shown(value.raw), pattern=code_pattern((*codes, *(noted or ()), *(tolerated or ())))
        )

    def exchange(
        self,
        command: Say,
        *codes: Code,
        tolerated: Mapping[Code, str] | None = None,
        noted: Mapping[Code, str] | None = None,
        within: float | None = None,
    ) -> V:
        """Say one thing and expect its answer."""
        self.send(command)
        return self.expect(*codes, tolerated=tolerated, noted=noted, within=within)

    # -- kinds of expectation, each with its evidence

    def given(self, *commands: Say) -> None:
        """Prerequisites: each is accepted, otherwise the check is Inconclusive and names the one that was not."""
        for command in commands:
            try:
                self.exchange(command, *self.accepted)
            except NonConformity as problem:
                raise Inconclusive(f"prerequisite not met: {problem}") from None
            self.visit.evidence.add("twin")

    def refuses(
        self,
        stimulus: Say,
        *codes: Code,
        twin: Sequence[Say],
        reset: Say | None = None,
        tolerated: Mapping[Code, str] | None = None,
        noted: Mapping[Code, str] | None = None,
        alive: bool = True,
    ) -> V:
        """`stimulus` is refused with one of `codes`, while `twin`, the same without the offence, is accepted first.

        The twin runs in this session when `reset` restores its state, else on a connection of its own. With `alive`
        the session must go on after the refusal.
        """
        if reset is None:
            self.sibling().given(*twin)
        else:
            self.given(*twin, reset)
        value = self.exchange(stimulus, *codes, tolerated=tolerated, noted=noted)
        if alive:
            self.alive()
        return value

    def alive(self) -> None:
        """The control exchange is answered: the session goes on, in step."""
        command, codes = self.control
        self.send(command)
        try:
            self.expect(*codes, to=f"{self._shown(_octets(command))} (the session goes on)")
        except NonConformity as problem:
            problem.owed = True
            raise
        self.visit.evidence.add("control")

    def replies_until(self, marker: Say, *codes: Code, or_close: bool = False) -> list[V]:
        """Every answer that arrives before the marker's own; the marker is a command whose answer is unmistakable.

        With `or_close` the end of the connection ends the list as well; then `over` is set.
        """
        self.visit.evidence.add("silence")
        self.send(marker)
        expected = f"{listed(codes)} in answer to {self._said}"
        before: list[V] = []
        while True:
            try:
                value = self.reply(expected)
            except NonConformity:
                if or_close and self.over:
                    return before
                raise
            assert value.code is not None
            if fits(value.code, codes):
                return before
            before.append(value)
            if len(before) > 1000:
                raise NonConformity(expected, "more than 1000 other answers", owed=True)

    def silent(self, what: str, *, window: float | None = None) -> None:
        """Nothing arrives within the silence window. Only where no marker can follow."""
        self.visit.evidence.add("silence")
        expected = f"silence {what}"
        window = self.target.window if window is None else window
        self._await("silence", window)
        if (value := self._framer.next()) is not None:
            raise NonConformity(expected, self._shown(value.raw), owed=True)
        try:
            data = self.wire.receive(self.wire.now() + window)
        except Silence:
            return
        except (Gone, TlsFailure) as error:
            raise NonConformity(expected, f"the end of the connection ({error})", owed=True, passing=True) from None
        if not data:
            raise NonConformity(expected, "the connection was closed", owed=True, passing=True)
        self._framer.feed(data)
        raise NonConformity(expected, self._shown(data), owed=True)

    def closes(self, why: str, *, within: float | None = None) -> None:
        """The peer ends the connection (a close, not a reset) and says nothing more before."""
        self.visit.evidence.add("close")
        expected = f"the connection to be closed {why}"
        patience = self.target.patience if within is None else within
        rest = self._framer.rest()
        self._await("close", patience)
        try:
            data = rest or self.wire.receive(self.wire.now() + patience)
        except Silence:
            raise NonConformity(expected, f"it is still open after {patience:g} s", passing=True) from None
        except TlsFailure as error:
            raise NonConformity(expected, str(error)) from None
        except Gone as error:
            self.visit.note(f"closed by {error}")
            return
        if data:
            raise NonConformity(expected, self._shown(data), owed=True)

    def ended(self) -> bool:
        """Whether the peer has closed, as far as one silence window shows; what it still says is passed over."""
        deadline = self.wire.now() + self.target.window
        self._await("end", self.target.window)
        try:
            while self.wire.receive(deadline):
                if self.wire.now() >= deadline:
                    return False
        except Silence:
            return False
        except (Gone, TlsFailure):
            return True
        return True

    # -- around the conversation

    def sibling(self: D) -> D:
        """Another connection, brought to the state in which this one came to the check; Inconclusive otherwise."""
        assert self.reopen is not None
        opened: D = reach(self.reopen, self.visit, self.rung)
        return opened

    def served_again(self: D, after: str) -> D:
        """Another connection like `sibling`, which the target owes us: none to be had is a NonConformity."""
        assert self.reopen is not None
        opener: Opener = self.reopen
        try:
            opened: D = opener(self.visit)
        except NoConnection as problem:
            expected = f"a new connection to be served {after}"
            raise NonConformity(expected, str(problem), owed=True, passing=True) from None
        return opened


def reach(opener: Opener, visit: Visit, rung: str) -> Any:
    """Open a rung of the ladder; whatever goes wrong on the way makes the check Inconclusive."""
    try:
        opened = opener(visit)
    except NonConformity as problem:
        raise Inconclusive(f"could not reach {rung}: {problem}") from None
    if isinstance(opened, Dialogue):
        opened.reopen, opened.rung = opener, rung
    return opened


def _octets(what: Say) -> bytes:
    return what if isinstance(what, bytes) else what.encode() + b"\r\n"
