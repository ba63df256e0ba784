"""What the gates share: every case of a protocol, run in memory against the reference, a mutant or a null server.

A case is a check with one set of parameters. A protocol is at home in the suite of its name and in those that no other
holds, else in all of its suites; what it is a guest in is tried with its reference only. Each case gets a target of its
own, so no case can disturb another; what the sanity dialogue learned is taken over from one dialogue per server.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator, KeysView, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import product
from typing import Any

from pytest_netconform.dialects import READY
from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS, SUITES, speaking
from pytest_netconform.reference_servers.mutants.mutant import Mutant
from pytest_netconform.reference_servers.session import DatagramSession, Session
from pytest_netconform.requirement import Check, check_of
from pytest_netconform.verdict import Verdict

#: The named configurations of each reference server: together they let every check run.
CONFIGURATIONS: dict[str, dict[str, dict[str, str]]] = {
    "smtp": {
        "plain": {},
        "refusing": {"greeting": "554"},
        "submission": {"submission": "1"},
        "outside": {"vantage": "outside"},
        "sparse": {"without": "AUTH,STARTTLS,PIPELINING,BINARYMIME"},
        "implicit-tls": {"tls": "implicit"},
        "wrong-recipient": {"recipient": "nobody@example.test"},
        "wrong-password": {"password": "guess"},
        "demanding-tls": {"require_tls": "1"},
        "submission-outside": {"submission": "1", "vantage": "outside"},
    },
    "pop3": {
        "plain": {},
        "empty": {"seeds": "0"},
        "unlocked": {"lock": "0"},
        "outside": {"vantage": "outside"},
        "sparse": {"without": "SASL,STLS,PIPELINING,UTF8,APOP,AUTH-RESP-CODE"},
        "bare": {"without": "CAPA,TOP,UIDL,SASL,STLS,UTF8,APOP,RESP-CODES"},
        "implicit-tls": {"tls": "implicit"},
        "spaces": {"username": "bob", "password": "tr es"},
        "wrong-password": {"password": "guess"},
    },
    "imap": {
        "plain": {},
        "outside": {"vantage": "outside"},
        "sparse": {"without": "IMAP4REV2,LITERAL+,LITERAL-,SASL-IR,STARTTLS,ID,ENABLE,IDLE,NAMESPACE,UIDPLUS,UNSELECT"},
        "rev2": {"without": "IMAP4REV1"},
        "literal-minus": {"without": "LITERAL+"},
        "no-keywords": {"without": "KEYWORDS"},
        "implicit-tls": {"tls": "implicit"},
        "preauth": {"greeting": "PREAUTH", "tls": "implicit"},
        "busy": {"greeting": "BYE"},
        "wrong-password": {"password": "guess"},
    },
    "mail": {
        "imap": {},
        "pop3": {"reader": "pop3"},
        "append": {"sender": "append"},
        "implicit-tls": {"tls": "implicit"},
    },
    "ftp": {
        "plain": {},
        "ipv6": {"ipv6": "1"},
        "implicit-tls": {"tls": "implicit"},
        "demanding-tls": {"require_tls": "1"},
        "anonymous": {"anonymous": "1"},
        "readonly": {"readonly": "1"},
        "slow-greeting": {"greeting": "120"},
        "sparse": {"without": "EPRT,MDTM,MLST,REST,SIZE,UTF8,TLS"},
    },
    "http": {
        "plain": {},
        "bare": {"bare": "1"},
        "implicit-tls": {"tls": "implicit", "password": "s3:cr:et"},  # colons: RFC 7617 2
        "closing": {"persistent": "0"},
        "http10": {"http10": "1"},
        "cache": {"cache": "1"},
        "upgrading": {"switches": "nc-echo"},
        "sparse": {"without": "ranges,etag,gzip,chunked,trailers,write,auth,redirect,options"},
    },
    "jsonrpc": {
        "plain": {},
        "bare": {"bare": "1"},
        "closing": {"persistent": "0"},
        "implicit-tls": {"tls": "implicit"},
    },
    "jsonrpctcp": {
        "plain": {},
        "headers": {"framing": "headers"},
        "bare": {"bare": "1"},
        "implicit-tls": {"tls": "implicit"},
    },
    "xmlrpc": {
        "plain": {},
        "bare": {"bare": "1"},
        "closing": {"persistent": "0"},
        "implicit-tls": {"tls": "implicit"},
    },
    "oncrpc": {
        "plain": {},
        "portmapper": {"program": "0x186a0", "version": "2", "echo": ""},
        "version-asked-for": {"version": ""},
        "sparse": {"without": "PORTMAPPER"},
        "implicit-tls": {"tls": "implicit"},
    },
    "oncrpcudp": {
        "plain": {},
        "portmapper": {"program": "100000", "version": "2", "echo": ""},
        "version-asked-for": {"version": ""},
        "sparse": {"without": "PORTMAPPER"},
    },
    "stream": {
        **{name: {"dialect": name} for name, dialect in READY.items() if dialect.streams},
        "one-at-a-time": {"dialect": "zen", "serves": "one-at-a-time"},
        "unix": {"dialect": "lines", "transport": "unix"},
        "largest": {"dialect": "prefixed", "largest": "1000"},
        "implicit-tls": {"dialect": "lines", "tls": "implicit"},
    },
    "datagram": {
        **{name: {"dialect": name} for name, dialect in READY.items() if not dialect.streams},
        "outside": {"vantage": "outside"},
        "network": {"broadcast": "127.255.255.255", "group": "239.1.2.3"},
    },
}

#: Suites of which a reference by itself has nothing to show: POP3 is given no messages. They are tried as `mail`.
NOT_ALONE: Mapping[str, tuple[str, ...]] = defaultdict(tuple, pop3=("message",))


@dataclass(frozen=True)
class Case:
    """A check with its parameters; `name` is what pytest calls it, without the suite."""

    name: str
    function: Callable[..., object]
    check: Check
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The requirement's id."""
        return self.check.requirement.id

    @property
    def rungs(self) -> KeysView[str]:
        """The states that it asks for, by the names of its arguments, in their order, which is that of opening."""
        asked = (name for name in inspect.signature(self.function).parameters if name not in self.values)
        return dict.fromkeys(asked).keys()


def homes(protocol: str) -> tuple[str, ...]:
    """The suites in which a protocol is at home."""
    suites = PROTOCOLS[protocol].suites
    if protocol not in suites:
        return suites
    return (protocol, *(suite for suite in suites if suite != protocol and len(speaking(suite)) == 1))


def inhabitants(suite: str) -> list[str]:
    """The protocols that are at home in a suite."""
    return [row.name for row in speaking(suite) if suite in homes(row.name)]


def cases(protocol: str) -> list[Case]:
    """Every case of the suites in which a protocol is at home, as far as it has the state that a case begins in."""
    rungs = column_of(PROTOCOLS[protocol]).rungs
    return [case for suite in homes(protocol) for case in cases_of(suite) if case.rungs <= rungs.keys()]


def guests(protocol: str) -> list[Case]:
    """Every case of the generic suites that a protocol is judged by too, as far as it has the state for it."""
    rungs = column_of(PROTOCOLS[protocol]).rungs
    suites = [suite for suite in PROTOCOLS[protocol].suites if suite not in (*homes(protocol), *NOT_ALONE[protocol])]
    return [case for suite in suites for case in cases_of(suite) if case.rungs <= rungs.keys()]


def cases_of(suite: str) -> list[Case]:
    """Every case of a suite."""
    module = import_module(SUITES[suite].module)
    functions = [value for name, value in vars(module).items() if name.startswith("test_") and check_of(value)]
    return [case for function in functions for case in _parametrized(function)]


def _parametrized(function: Callable[..., object]) -> Iterator[Case]:
    check = check_of(function)
    assert check is not None
    marks = [m for m in getattr(function, "pytestmark", []) if m.name == "parametrize"]
    if not marks:
        yield Case(function.__name__, function, check)
        return
    for choice in product(*(_choices(mark) for mark in marks)):
        values = {name: value for part, _ in choice for name, value in part.items()}
        yield Case(f"{function.__name__}[{'-'.join(id for _, id in choice)}]", function, check, values)


def _choices(mark: Any) -> Iterator[tuple[dict[str, Any], str]]:
    names = [n.strip() for n in mark.args[0].split(",")] if isinstance(mark.args[0], str) else list(mark.args[0])
    ids = mark.kwargs.get("ids")
    for place, given in enumerate(mark.args[1]):
        param = getattr(given, "values", None)  # pytest.param
        values = param if isinstance(param, tuple) else (given if len(names) > 1 else (given,))
        own = getattr(given, "id", None) if isinstance(param, tuple) else None
        id = own or (ids[place] if ids else "-".join(map(str, values)))
        yield dict(zip(names, values, strict=True)), id


class Gate:
    """One server in memory, ready to be judged case by case."""

    def __init__(
        self,
        protocol: str,
        options: Mapping[str, str] | None = None,
        session: type[Session] | type[DatagramSession] | None = None,
        make_session: Callable[[], Session] | Callable[[], DatagramSession] | None = None,
    ) -> None:
        self.protocol, self.options, self.session, self.make_session = protocol, options or {}, session, make_session
        self.column = column_of(PROTOCOLS[protocol])
        first = self._target()
        survey(first, self.column)
        self.survey, self.lost = first.survey, first.lost if make_session else ""

    def _target(self) -> Any:
        return memory_target(self.protocol, self.options, self.session, make_session=self.make_session)

    def judge(self, case: Case) -> Outcome:
        """The outcome of one case on a fresh server of this kind."""
        target = self._target()
        target.survey, target.lost = deepcopy(self.survey), self.lost
        openers = {name: self.column.rungs[name] for name in case.rungs}
        return judge(case.function, openers, case.values, target, self.column)


def essence(outcome: Outcome) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What must differ from the clean reference for a mutant to be noticed."""
    return outcome.verdict.value, outcome.observed, outcome.notes


NEVER_KILLS = (Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.NOT_APPLICABLE)


@dataclass
class Effect:
    """What one mutant does to the whole suite: the cases that notice it, and what they say."""

    mutant: Mutant
    kills: dict[str, Outcome]


Options = tuple[tuple[str, str], ...]


@cache
def _reference(protocol: str, options: Options) -> Gate:
    return Gate(protocol, dict(options))


@cache
def clean(protocol: str, options: Options, name: str) -> Outcome:
    """One case, by its name, on the reference server in one configuration."""
    return _reference(protocol, options).judge(_by_name(protocol)[name])


@cache
def _by_name(protocol: str) -> dict[str, Case]:
    return {case.name: case for case in cases(protocol)}


def effect(protocol: str, mutant: Mutant, only: Callable[[Case], bool] = lambda case: True) -> Effect:
    """One mutant against every case (or those `only`), each compared with the clean reference so configured."""
    options = tuple(sorted(mutant.options.items()))
    gate = Gate(protocol, mutant.options, mutant.session)
    kills = {}
    for case in filter(only, _by_name(protocol).values()):
        outcome = gate.judge(case)
        if outcome.verdict not in NEVER_KILLS and essence(outcome) != essence(clean(protocol, options, case.name)):
            kills[case.name] = outcome
    return Effect(mutant, kills)
