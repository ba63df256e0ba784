"""Judging HTTP/1.1 (RFC 9112): answers are counted, and judged by what follows them.

How a server framed a request is told by a *probe* behind it: a request of its own whose answer is known. A *canary* is
a request hidden in a stimulus that nobody may ever answer. There is never more than one connection at a time, unless a
check opens more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_netconform.dialogues.http_fates import NO, NO_ANSWER_BEHIND, UNDERSTOOD, Answers, End, Fate, told
from pytest_netconform.dialogues.http_pairs import Pair
from pytest_netconform.dialogues.http_talk import HttpTalk
from pytest_netconform.tour import Tour
from pytest_netconform.verdict import Deviation, Inconclusive, NonConformity
from pytest_netconform.visit import Visit, shown
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_echo import Echo, parse_echo

CANARY = re.compile(rb"nc-smug-[0-9a-f]{16}")
NOWHERE = Fate(0)
UNWANTED = (405, 501)  # statuses by which a method is refused
MOST = 200  # final responses that one stimulus may bring

HttpTour = Tour[Response]


class Http(HttpTalk):
    """One HTTP connection, opened again by itself where the server has closed it as it may.

    Where a proxy answers (`?via=proxy`), a refusal may be its own or that of the server behind it, whose connection is
    another one (RFC 9110 7.6.1, RFC 9112 9.3): the close of that need not be the close of this, and 502 tells of it.
    With `?origin=` the same is said to that server too (`http_pairs`).
    """

    # -- counting

    def count(
        self,
        *stimulus: bytes,
        requests: int | None = None,
        codes: tuple[int, ...] = (400,),
        right: int = 501,
        within: float | None = None,
        probe: bool = True,
    ) -> Answers:
        """Send a stimulus with a probe behind it, and hear everything up to the end.

        Each argument is one request, unless `requests` counts them otherwise. within: seconds for an answer that need
        not come, in place of the target's patience.
        """
        wanted = len(stimulus) if requests is None else requests
        codes = (*codes, NO_ANSWER_BEHIND) if self.proxied else codes
        self.send(*stimulus, *([self.probe()] if probe else []))
        finals: list[Response] = []
        interim: list[Response] = []
        end = End.OPEN
        self._said = self._shown(b"".join(stimulus))
        self._await("end", self.target.patience if within is None else within)
        self._counting = True  # no answer is owed one by one
        while len(finals) < MOST:
            enough = len(finals) > wanted if probe else len(finals) >= wanted
            try:
                value = self.hear("an answer, or the end", within=self.target.window if enough else within)
            except NonConformity as problem:
                if not problem.passing:
                    raise
                end = (End.RESET if self.broken else End.CLOSED) if self.over else End.OPEN
                break
            (finals if value.final else interim).append(value)
            if self.framer.stuck:
                break
        self._counting = False
        probed = probe and self._is_probe(finals, wanted)
        hidden = self._hidden(finals[wanted : -1 if probed else None])
        return Answers(tuple(finals), tuple(interim), end, wanted, probe, probed, hidden, codes, right, self.proxied)

    def _is_probe(self, finals: list[Response], wanted: int) -> bool:
        """Whether the last answer is the probe's: it repeats its word, or is what that always gets, in its place."""
        if not finals:
            return False
        if self.target.options.get("echo"):
            echo = parse_echo(finals[-1].body)
            return echo is not None and echo.target.endswith(self._probe.decode())
        if self._probe in finals[-1].raw:
            return True
        return len(finals) > wanted and finals[-1].status == self.usual("unknown")

    def _hidden(self, extra: list[Response]) -> Response | None:
        """The answer to a canary among those that were not asked for."""
        for response in extra:
            if CANARY.search(response.raw):
                return response
            if self._hiding and response.status == self.usual("root") != self.usual("unknown"):
                return response
        return None

    # -- kinds of expectation, each with its evidence

    def known(self) -> None:
        """The target still gives its usual answers to the root, to the unknown and to a probe. Inconclusive otherwise.

        Whoever gives one answer to everything is found out here.
        """
        if "control" in self.visit.evidence:
            return
        for what, stimulus in (("root", self.get("Connection: close")), ("unknown", self.nowhere())):
            self.renew()
            self.send(stimulus)
            try:
                status = self.answer().status
            except NonConformity as problem:
                raise Inconclusive(f"prerequisite not met: {problem}") from None
            if status != self.usual(what):
                raise Inconclusive(f"{status} where {self.usual(what)} is the usual answer to the {what}")
        self.renew()
        if not self.count(requests=0).probed:
            raise Inconclusive("a probe was not answered as it usually is")
        self.visit.evidence.add("control")

    def understood(self, *twin: bytes) -> Answers:
        """The twin of a stimulus: on a connection of its own it is answered, and the probe behind it too.

        Inconclusive where it is not: then a refusal of the stimulus would mean nothing. What follows is said on a fresh
        connection; there is never more than one, so that who serves one client at a time is judged like any other.
        """
        self.known()
        self.renew()
        answers = self.count(*twin)
        if answers.fate not in UNDERSTOOD:
            raise Inconclusive(f"the twin, {shown(b''.join(twin))}, was not understood: {answers}")
        self.visit.evidence.add("twin")
        self.renew()
        return answers

    def meets(
        self,
        stimulus: bytes,
        fates: Fate,
        *codes: int,
        twin: bytes | tuple[bytes, ...],
        tolerated: Mapping[int | Fate, str] | None = None,
        noted: Mapping[int | Fate, str] | None = None,
        requests: int = 1,
        within: float | None = None,
        probe: bool = True,
    ) -> Answers:
        """The stimulus, with a probe behind it, meets one of these fates, while its twin is understood.

        codes: the statuses that are a refusal (400 alone by default), but for that which the twin gets. `tolerated` and
        `noted` name statuses of the first answer, or fates. Where waiting is right, it lasts a silence window.
        """
        pair = twin if isinstance(twin, tuple) else (twin,)
        good = self.understood(*pair)
        right = good.own[-1].status
        codes = tuple(code for code in codes or (400,) if code != right)
        if not codes:
            raise Inconclusive(f"the twin gets {right}, so that a refusal by that says nothing")
        patient = None if Fate.WAITING not in fates and Fate.SWALLOWED not in fates else self.target.window
        within = patient if within is None else within
        answers = self.count(stimulus, requests=requests, codes=codes, right=right, within=within, probe=probe)
        if answers.fate not in fates and answers.fate is Fate.SERVED_CLOSED and Fate.SERVED in fates:
            self.renew()  # the close may have crossed the probe (RFC 9112 9.5)
            answers = self.count(stimulus, requests=requests, codes=codes, right=right, within=within, probe=probe)
        if right in UNWANTED and answers.fate not in fates and _alike(answers, good):
            raise Inconclusive(f"{right} and the close, as for the twin: its method is refused before anything else")
        self._pair(stimulus, pair, answers)
        self._weigh_fate(stimulus, answers, fates, tolerated or {}, noted or {})
        return answers

    def _pair(self, stimulus: bytes, twin: tuple[bytes, ...], answers: Answers) -> None:
        """Observe where the server behind a proxy cuts the same octets otherwise (`?origin=`)."""
        if not self.target.options.get("origin"):
            return
        try:
            difference = Pair(self, self._another).difference(stimulus, twin, answers)
        except (NonConformity, Inconclusive) as problem:
            self.note(f"the server at ?origin= was not heard: {problem}")
            return
        if difference:
            self.observe(f"cut otherwise behind the proxy: {difference}")

    def _another(self, visit: Visit) -> Http:
        """A dialogue with another server, which is to be told the same."""
        other = Http(visit)
        other._hiding = self._hiding
        return other

    def learn(self) -> None:
        """Hear what the root and the unknown usually get, where no sanity dialogue has."""
        facts = self.target.survey.facts
        if "root" not in facts:
            facts["root"] = self.ask(self.get()).status
            facts["unknown"] = self.ask(self.nowhere()).status
        self.renew()

    def _kept_by_proxy(self, answers: Answers, fates: Fate) -> bool:
        """Whether a refusal came over a connection that the proxy keeps, where the server behind it may have closed."""
        kept = self.proxied and answers.fate is Fate.REFUSED_OPEN and Fate.REFUSED in fates
        if kept:
            self.note(f"{answers}: the proxy's connection is another than that of the server behind it")
        return kept

    def _weigh_fate(
        self,
        stimulus: bytes,
        answers: Answers,
        fates: Fate,
        tolerated: Mapping[int | Fate, str],
        noted: Mapping[int | Fate, str],
    ) -> None:
        fate = answers.fate
        first = answers.first.status if answers.first else 0
        expected = f"{told(fates, answers.codes)}, in answer to {self._shown(stimulus)}"
        if fate in fates or self._kept_by_proxy(answers, fates):
            self.visit.evidence |= _evidence(fate)
            return
        for given, remember in ((noted, self._note_fate), (tolerated, self._tolerate_fate)):
            for key in (fate, first):
                if key in given and (key is fate or fate not in OUT_OF_STEP):
                    remember(expected, answers, given[key])
                    return
        if first in (429, 503):
            raise Inconclusive(f"a temporary refusal, {first}, where {expected} was asked")
        lost = fate in (Fate.WAITING, Fate.SWALLOWED, Fate.DROPPED)
        raise NonConformity(expected, str(answers), owed=fate in WRONG_AT_ANY_LEVEL, passing=lost)

    def _note_fate(self, expected: str, answers: Answers, text: str) -> None:
        self.visit.note(f"{answers}: {text}")

    def _tolerate_fate(self, expected: str, answers: Answers, text: str) -> None:
        self.visit.deviations.append(Deviation(expected, str(answers), text))

    def is_refused(
        self,
        stimulus: bytes,
        *codes: int,
        twin: bytes | tuple[bytes, ...],
        fates: Fate = NO,
        tolerated: Mapping[int | Fate, str] | None = None,
        noted: Mapping[int | Fate, str] | None = None,
    ) -> Answers:
        """`meets` for what is refused: with one of `codes` and the close, or with the close alone."""
        return self.meets(stimulus, fates, *codes, twin=twin, tolerated=tolerated, noted=noted)

    def seen(self, answers: Answers) -> Echo | None:
        """What the application saw of a stimulus, by the echo; None where it never got there.

        Inconclusive where it was served and no echo says as what: give `?echo=`.
        """
        if answers.echo is not None or answers.fate not in UNDERSTOOD:
            return answers.echo
        raise Inconclusive(f"{answers}: served, and without ?echo= nobody can say as what")

    def lacks(self, echo: Echo, name: str) -> None:
        """The application saw no such field."""
        value = echo.fields.get(name)
        self.require(value is None, f"no field {name} in answer to {self._said}", f"{name}: ".encode() + (value or b""))

    def bodiless(self, answers: Answers) -> None:
        """The application saw no body: what stands behind a request was not taken for one, even where none followed."""
        if answers.echo is not None:
            self.require(not answers.echo.body, f"no body in answer to {self._said}", answers.echo.body)

    def carried(self, answers: Answers, body: bytes) -> None:
        """The application saw this body, where the echo says what it saw of a request that was served."""
        if answers.echo is not None:
            self.require(answers.echo.body == body, f"the body of {self._said}", answers.echo.body)

    def framed(self, *requests: bytes, within: float | None = None) -> Response:
        """A good request gets its answer, framed as it says: the next answer begins right behind it, or nothing does.

        Returns the (last) answer.
        """
        self.known()
        self.renew()
        answers = self.count(*requests, within=within)
        said = self._shown(b"".join(requests))
        owed = answers.fate in WRONG_AT_ANY_LEVEL
        if answers.fate not in UNDERSTOOD:
            expected = f"an answer to {said}, and right behind it the probe's, or the close"
            raise NonConformity(expected, str(answers), owed=owed, passing=not answers.finals)
        self.visit.evidence.add("silence")
        self.visit.evidence.add("twin")
        return answers.own[-1]

    def closes_behind(self, request: bytes, *, twin: bytes) -> Response:
        """The connection ends behind the answer to this request, and stays behind the answer to its twin.

        Who closes behind every answer closes here too; that is noted.
        """
        self.known()
        self.renew()
        if self.count(twin).fate is not Fate.SERVED:
            self.note("the connection is closed behind any answer")
        self.renew()
        self.visit.evidence.add("twin")
        self.send(request)
        value = self.answer()
        self.closes(f"behind the answer to {self._said}")
        return value

    def alive(self) -> None:
        """The root gives its usual answer, on this connection or, where it was closed, on another."""
        status = self.ask(self.get()).status
        usual = self.usual("root")
        if status != usual:
            raise NonConformity(f"{usual} to GET for the root, as always", str(status), owed=True)
        self.visit.evidence.add("control")

    def same_as(self, stimulus: bytes, plain: bytes, *codes: int, fates: Fate = NOWHERE, body: bool = False) -> Answers:
        """The stimulus gets the status (and the body) that the plain request gets; `fates` are as good.

        codes: the statuses that are a refusal (400 alone by default).
        """
        right = self.understood(plain)
        codes = codes or (400,)
        answers = self.count(stimulus, codes=codes)
        self._pair(stimulus, (plain,), answers)
        if answers.fate in fates or self._kept_by_proxy(answers, fates):
            self.visit.evidence |= _evidence(answers.fate)
            return answers
        wanted, found = right.first, answers.first
        assert wanted is not None
        expected = f"{wanted.status} in answer to {self._shown(stimulus)}, as for {self._shown(plain)}"
        expected += f"; {told(fates, codes)} would do" if fates else ""
        self._same(found is not None and found.status == wanted.status, expected, answers)
        assert found is not None
        if body:
            self._same(found.body == wanted.body, expected + ", with the same body", answers, self._shown(found.body))
        self._same(answers.fate in UNDERSTOOD, expected + ", and the probe's answer", answers)
        return answers

    def _same(self, truth: bool, expected: str, answers: Answers, received: str = "") -> None:
        if not truth:
            owed, lost = answers.fate in WRONG_AT_ANY_LEVEL, not answers.finals
            raise NonConformity(expected, received or str(answers), owed=owed, passing=lost)


#: What no status excuses: more, fewer or other answers than there were requests.
OUT_OF_STEP = Fate.SMUGGLED | Fate.SPLIT | Fate.SWALLOWED | Fate.MISFRAMED | Fate.GARBAGE
#: What fails at any level: a second answer, or an owed one that never comes.
WRONG_AT_ANY_LEVEL = Fate.SMUGGLED | Fate.SPLIT | Fate.SWALLOWED | Fate.WAITING


def _alike(answers: Answers, others: Answers) -> bool:
    """Whether both were one answer of the same status, and then the close."""
    both = answers.fate is others.fate is Fate.SERVED_CLOSED
    return both and [answer.status for answer in answers.finals] == [answer.status for answer in others.finals]


def _evidence(fate: Fate) -> set[str]:
    if fate in Fate.REFUSED | Fate.REFUSED_OPEN:
        return {"refusal"}
    return {"close"} if fate is Fate.DROPPED else {"silence"}
