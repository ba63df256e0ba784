"""The FTP client's walk: steps are lines, said one by one; a transfer among them moves over a data connection.

What stands behind the line of an upload is what is sent. In a step called `cut` the transfer does not come to its end:
ABOR is said while it is under way, where that is the next line; else the client breaks the data connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from pytest_netconform.dialogues.ftp import ORDERLY, Ftp
from pytest_netconform.dialogues.ftp_control import TLS_FIRST
from pytest_netconform.models.ftp import FtpModel
from pytest_netconform.models.ftp_moves import READY
from pytest_netconform.models.ftp_rules import TRANSFERS, UPLOADS, parsed
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.transport import Wire
from pytest_netconform.verdict import NonConformity
from pytest_netconform.walks.walk import UNFRAMED, Walk
from pytest_netconform.wire.ftp import Reply

DIALLING = 6  # times the patience: in which a server may find that nobody listens at the default data port
OWED = "an answer is owed"
OPEN = "the port that was named is open (RFC 959 4.1.2, RFC 2428 3)"
ENDS = "the data of a transfer have an end (RFC 959 3.4)"
CUT = "cut"


class FtpWalk(Walk[Ftp]):
    """One FTP client, in a directory of his own."""

    model: FtpModel
    blurred = False  # whether what is answered from here on may depend on the moment

    def say(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        """Nothing yet: `hear` says each line when the one before it was answered."""

    def hear(self, step: Step, said: bytes) -> None:
        """Say every line of a step, and hold what comes against the model."""
        lines, content = split(said)
        for place, line in enumerate(lines):
            if place and not self.model.may_say(step.word, line):
                return
            self._line(step, line, content, lines[place + 1 :])
            if self.model.over or (step.word == CUT and parsed(line)[0] in TRANSFERS):
                return

    def _line(self, step: Step, line: bytes, content: bytes, behind: Sequence[bytes]) -> None:
        verb = parsed(line)[0]
        moves = verb in TRANSFERS
        way = self._dialled() if moves and self.model.prepared == READY else None
        self._write(step, line)
        first = self._reply(self.dialogue.long if verb in ("USER", "PASS") else None)
        if verb == "REIN" and first.preliminary:
            first = self._reply(self.dialogue.long)
        self._hold(line, first, lambda: self.model.hear(step, line, first))
        if verb == "PASS" and first.code in (230, 202) and TLS_FIRST in self.visit.target.claims:
            self.dialogue.protect()
        if not (moves and first.preliminary):
            if way is not None:
                way.close()
            return
        if way is None:
            self._to_nowhere(line)
        elif step.word == CUT and behind and verb not in UPLOADS:
            self._abort(step, line, way, behind)
        elif step.word == CUT:
            self._break(line, way, content)
        else:
            self._move(line, way, content)

    # -- data connections

    def _dialled(self) -> Wire:
        self._blame(OPEN)
        return self.dialogue.dial(self.model.place)

    def _shaken(self, way: Wire) -> Wire:
        if self.dialogue.protected:
            self._blame("a TLS handshake follows on the data connection")
            self.dialogue.shake(way)
        return way

    def _to_nowhere(self, line: bytes) -> None:
        """1yz where no data connection was agreed on: it comes to nothing."""
        last = self._reply(DIALLING * self.visit.target.patience)
        self._hold(line, last, lambda: self.model.moved(line, b"", None, True, last))

    def _move(self, line: bytes, way: Wire, content: bytes) -> None:
        """The whole of a transfer."""
        self._shaken(way)
        self._blame(ENDS)
        upload = parsed(line)[0] in UPLOADS
        if upload:
            data, ending = b"", self.dialogue.supply(way, content)
        else:
            data, ending = self.dialogue.drain(way)
            way.close()
        last = self._reply()
        way.close()
        if parsed(line)[0] == "RETR" and not self.blurred:
            self.answers.append(f"{len(data)} octets {sha256(data).hexdigest()[:8]}")
        self._hold(line, last, lambda: self.model.moved(line, content, data, ending in ORDERLY, last))

    def _abort(self, step: Step, line: bytes, way: Wire, behind: Sequence[bytes]) -> None:
        """ABOR while a file is on its way to us: two answers, whichever of the two was faster."""
        self._shaken(way)
        self._write(step, b"".join(behind))
        self._blame(ENDS)
        self.dialogue.drain(way)
        way.close()
        answers = [self._reply(blur=True) for _ in range(2)]
        self._hold(line, answers[0], lambda: self.model.aborted(line, answers))

    def _break(self, line: bytes, way: Wire, content: bytes) -> None:
        """The client breaks the data connection in the middle."""
        self._shaken(way)
        waits = False
        if parsed(line)[0] in UPLOADS:
            self.dialogue.supply(way, content, end=False)
            self.blurred = True
        elif waits := self.model.waits(line):
            early = self.dialogue.heard()
            if early is not None:
                self._hold(line, early, lambda: self.model.early(line, early))
        way.reset()
        last = self._reply(blur=True)
        self._hold(line, last, lambda: self.model.broke(line, last, waits))

    # -- the control connection

    def _write(self, step: Step, line: bytes) -> None:
        self._blame(OWED)
        self._cut(step.cut)
        self.dialogue.send(line)

    def _reply(self, within: float | None = None, *, blur: bool = False) -> Reply:
        """The next answer. blur: two servers that understand the same may differ in it."""
        self._blame(OWED)
        answer = self.dialogue.hear(within=within)
        self._blame(UNFRAMED)
        if answer.code is None:
            raise NonConformity(UNFRAMED, self.shown(answer.raw), owed=True)
        if not (blur or self.blurred):
            self.answers.append(self.kind(answer))
        return answer

    def _hold(self, line: bytes, answer: Reply, hear: Callable[[], None]) -> None:
        """Let the model hear."""
        try:
            hear()
        except Wrong as wrong:
            self._blame(wrong.rule)
            expected = f"in answer to {self.shown(line)}: {wrong.rule}"
            raise NonConformity(expected, self.shown(answer.raw), owed=True) from None


def split(said: bytes) -> tuple[list[bytes], bytes]:
    """The lines of a step, and what stands behind the line of an upload."""
    lines = []
    while said:
        line, end, said = said.partition(b"\r\n")
        lines.append(line + end)
        if parsed(line)[0] in UPLOADS:
            break
    return lines, said
