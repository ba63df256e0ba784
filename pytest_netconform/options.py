"""Options: what a user can ask for on the command line or in his ini file. Everything is inert until asked.

This module knows names, defaults and the form of values, and nothing of what is done with them. It is loaded by every
run of pytest in an environment that has the plugin, so it imports nothing but pytest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

CONSENTS = ("slow", "write", "intrusive", "disposable")
STRICT = ("deviation", "inconclusive")
CUTS = ("whole", "octets", "tokens")
WAYS = ("tls", "ipv6")

N = TypeVar("N", int, float)

_BUDGET = re.compile(r"([0-9]{1,9}(?:\.[0-9]+)?)([smh]?)")
_SUITE_ARGUMENT = re.compile(r"[a-z0-9_]+(::.+)?", re.DOTALL)

#: option → the arguments of `addoption`
OPTIONS: dict[str, dict[str, Any]] = {
    "target": {
        "action": "append",
        "metavar": "TARGET",
        "help": "judge this server: [NAME=][SCHEME://][user:password@]HOST[:PORT][?option=value], or reference, or "
        "reference:PROTOCOL?option=value; may be repeated (ini: netconform_targets)",
    },
    "suite": {
        "action": "append",
        "metavar": "NAMES",
        "help": "run these suites only; beside paths, run these suites too (comma-separated)",
    },
    "select": {
        "action": "append",
        "metavar": "IDS",
        "help": "run only the checks of these requirements: exact ids, or prefixes that end before a . or a -",
    },
    "allow": {
        "action": "append",
        "metavar": "CONSENTS",
        "help": f"consent to checks that are {', '.join(CONSENTS)}; write and intrusive are implied on loopback",
    },
    "strict": {
        "nargs": "?",
        "const": ",".join(STRICT),
        "metavar": "VERDICTS",
        "help": "exit 1 for these verdicts too: deviation, inconclusive (default: both)",
    },
    "baseline": {
        "metavar": "FILE",
        "help": "known findings, by id with the expected text: they do not make the exit code 1; stale entries do",
    },
    "baseline-write": {"metavar": "FILE", "help": "write this run's findings as a baseline"},
    "json": {"metavar": "FILE", "help": "write every verdict as JSON (docs/json-schema.md)"},
    "reproducers": {
        "metavar": "FOLDER",
        "help": "write a standard-library script per failure that repeats it without this plugin",
    },
    "concurrency": {
        "metavar": "N",
        "help": "dialogues held at a time (default: up to 8 on loopback, as many as the target serves; 1 elsewhere)",
    },
    "delivery": {
        "action": "append",
        "metavar": "WAYS",
        "help": f"how what we say is delivered: {', '.join(CUTS)}; and to a reference, over {', '.join(WAYS)}",
    },
    "dialect": {
        "metavar": "FILE",
        "help": "what targets speak that no protocol of ours fits: a TOML file (docs/dialects.md), or a ready dialect",
    },
    "fuzz": {
        "nargs": "?",
        "const": "30s",
        "metavar": "BUDGET",
        "help": "explore what no fixed check thinks of: so many examples of each property (500), or for so long in all "
        "(30s, 10m; default 30s)",
    },
    "corpus": {
        "metavar": "FOLDER",
        "help": "keep what fuzzing finds in this folder, as named cases, and hold those that are there first",
    },
    "differential": {
        "metavar": "TARGET",
        "help": "say what fuzzing draws to this target too, and report where it answers otherwise (`reference`: ours)",
    },
    "serve": {
        "metavar": "COMMAND",
        "help": "start the target by this command and end it afterwards; {port} stands for its port on 127.0.0.1",
    },
}

#: the same for the authors of clients; none of these wants a target
CLIENT_OPTIONS: dict[str, dict[str, Any]] = {
    "weather": {
        "action": "append",
        "metavar": "NAMES",
        "help": "run every test that asks for a server of ours once in each of these weathers: names "
        "(comma-separated), harmless, harmful or all",
    },
    "client": {
        "metavar": "COMMAND",
        "help": "judge this client: run it in each weather, with each certificate and each mutant; no shell reads it; "
        "{url}, {host}, {port}, {path}, {ca}, {folder}, {username}, {password}, {domain} stand for what it is given",
    },
    "protocol": {"metavar": "NAME", "help": "what the client of --netconform-client speaks: NAME[?option=value]"},
    "seed": {"metavar": "N", "help": "what weathers leave to chance is drawn from this number (default 0)"},
    "wait": {
        "metavar": "SECONDS",
        "help": "how long a client may wait for what never comes before it is cut off and counts as hung (default 10)",
    },
}


def add(parser: pytest.Parser) -> None:
    """Register everything above."""
    group = parser.getgroup("netconform", "judging network servers by their standards")
    for name, arguments in (OPTIONS | CLIENT_OPTIONS).items():
        group.addoption(f"--netconform-{name}", **arguments)
    parser.addini("netconform_targets", "targets to judge, one a line, as in --netconform-target", "linelist")


@dataclass(frozen=True)
class FuzzBudget:
    """How long to explore each property: so many examples; or all of them together: so many seconds."""

    examples: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Settings:
    """What a user asked for, read and checked. from_ini: the targets come from the ini file."""

    targets: tuple[str, ...] = ()
    from_ini: bool = False
    suites: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    allow: frozenset[str] = frozenset()
    strict: frozenset[str] = frozenset()
    baseline: Path | None = None
    baseline_write: Path | None = None
    json: Path | None = None
    reproducers: Path | None = None
    concurrency: int | None = None
    delivery: frozenset[str] = field(default_factory=frozenset)
    serve: str = ""
    dialect: str = ""
    fuzz: FuzzBudget | None = None
    corpus: Path | None = None
    differential: str = ""

    @property
    def cut(self) -> str:
        """The cut that was asked for by name."""
        return next((cut for cut in CUTS if cut in self.delivery), "whole")


@dataclass(frozen=True)
class ClientSettings:
    """What an author of clients asked for, read and checked."""

    weather: tuple[str, ...] = ()
    client: str = ""
    protocol: str = ""
    seed: int = 0
    wait: float = 10.0


def asked(config: pytest.Config) -> bool:
    """Whether anything of ours was asked for, on the command line or in the ini file."""
    given = (getattr(config.option, f"netconform_{name.replace('-', '_')}") for name in OPTIONS)
    return any(value is not None for value in given) or bool(config.getini("netconform_targets"))


def of_clients(config: pytest.Config) -> bool:
    """Whether anything was asked for by an author of clients."""
    return any(getattr(config.option, f"netconform_{name}") is not None for name in CLIENT_OPTIONS)


def suites_named(config: pytest.Config) -> list[str]:
    """The arguments whose part before `::` is a suite (`smtp`, `smtp::test_…`), unless a file has the name."""
    found = [arg for arg in config.args if _SUITE_ARGUMENT.fullmatch(arg)]
    found = [arg for arg in found if "::" in arg or not (config.invocation_params.dir / arg).exists()]
    if found:
        from pytest_netconform.protocols import EVERY_SUITE

        found = [arg for arg in found if arg.partition("::")[0] in EVERY_SUITE]
    return found


def clients(config: pytest.Config) -> ClientSettings:
    """Read the options for the authors of clients. Raises UsageError that names the option and what it takes."""
    option = config.option
    return ClientSettings(
        weather=_words("weather", option.netconform_weather),
        client=option.netconform_client or "",
        protocol=option.netconform_protocol or "",
        seed=_number("seed", option.netconform_seed, int, 0),
        wait=_number("wait", option.netconform_wait, float, 10.0),
    )


def settings(config: pytest.Config) -> Settings:
    """Read all options. Raises UsageError that names the option and what it takes."""
    option = config.option
    targets = option.netconform_target or config.getini("netconform_targets")
    return Settings(
        targets=tuple(targets),
        from_ini=bool(targets) and not option.netconform_target,
        suites=_words("suite", option.netconform_suite),
        select=_words("select", option.netconform_select),
        allow=frozenset(_words("allow", option.netconform_allow, CONSENTS)),
        strict=frozenset(_words("strict", [option.netconform_strict], STRICT)),
        baseline=_path(config, option.netconform_baseline),
        baseline_write=_path(config, option.netconform_baseline_write),
        json=_path(config, option.netconform_json),
        reproducers=_path(config, option.netconform_reproducers),
        concurrency=_count(option.netconform_concurrency),
        delivery=_delivery(option.netconform_delivery),
        serve=option.netconform_serve or "",
        dialect=_dialect(config, option.netconform_dialect),
        fuzz=_budget(option.netconform_fuzz),
        corpus=_path(config, option.netconform_corpus),
        differential=_differential(option.netconform_differential, option.netconform_fuzz or option.netconform_corpus),
    )


def _words(option: str, values: list[str | None] | None, known: tuple[str, ...] = ()) -> tuple[str, ...]:
    words = [word.strip() for value in values or [] if value for word in value.split(",")]
    for word in words:
        if known and word not in known:
            raise pytest.UsageError(f"--netconform-{option}={word}: known are {', '.join(known)}")
    return tuple(dict.fromkeys(word for word in words if word))


def _delivery(values: list[str | None] | None) -> frozenset[str]:
    words = frozenset(_words("delivery", values, CUTS + WAYS))
    if len(words & set(CUTS)) > 1:
        raise pytest.UsageError(f"--netconform-delivery={','.join(sorted(words))}: only one of {', '.join(CUTS)}")
    return words


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and 0 < int(text) <= 256:
        return int(text)
    raise pytest.UsageError(f"--netconform-concurrency={text}: a number from 1 to 256 is asked for")


def _number(name: str, text: str | None, kind: type[N], default: N) -> N:
    try:
        number = default if text is None else kind(text)
    except ValueError:
        number = kind(-1)
    if not 0 <= number < 1e9:
        raise pytest.UsageError(f"--netconform-{name}={text}: a number from 0 on is asked for")
    return number


def _budget(text: str | None) -> FuzzBudget | None:
    if text is None:
        return None
    found = _BUDGET.fullmatch(text)
    if found is None or not float(found[1]) or ("." in found[1] and not found[2]):
        raise pytest.UsageError(
            f"--netconform-fuzz={text}: no budget; write how many examples (500), or how long (30s, 10m)"
        )
    if not found[2]:
        return FuzzBudget(examples=int(found[1]))
    return FuzzBudget(seconds=float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]])


def _differential(text: str | None, fuzzing: str | None) -> str:
    if text is not None and not fuzzing:
        raise pytest.UsageError(f"--netconform-differential={text} is for --netconform-fuzz or --netconform-corpus")
    return text or ""


def _dialect(config: pytest.Config, text: str | None) -> str:
    """A file's name from where pytest was started, wherever its tests are run; a ready dialect's as it is."""
    return str(_path(config, text)) if text and text.endswith(".toml") else text or ""


def _path(config: pytest.Config, text: str | None) -> Path | None:
    return config.invocation_params.dir / text if text else None
