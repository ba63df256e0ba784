"""Fuzzing: what we try in a second, side by side with boofuzz at the same server, in one run: `make bench`.

The server is our reference SMTP server in a process of its own, over sockets on loopback. boofuzz has a grammar of five
requests, of which each is fuzzed in turn behind the ones before it; it waits for every answer, logs to its data base
only, and does not sleep. We explore the dialogue with the same server. Both have a process of their own; their rounds
take turns. This module knows both; what boofuzz is told stands in `told_boofuzz`.

What an example is differs: to boofuzz a test case is one connection and one spoilt message, with the right ones before
it; ours is a walk of up to twenty commands, each held against the model. So what counts is messages that were sent and
answered, and examples stand beside it.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.replay import KINDS, Address, served

ROUNDS = 5
CASES = 100  # of boofuzz, for each of the requests that it fuzzes
SECONDS = 5.0  # of ours
FUZZED = ("ehlo", "mail", "rcpt", "message")
ENOUGH = 10**9  # failures that stop a fuzzer which is only measured


@dataclass(frozen=True)
class Tried:
    """One round: examples, messages that were sent and answered, and seconds on the wall and of its own processor."""

    examples: int
    messages: int
    wall: float
    cpu: float


def fuzzing() -> None:
    """Both in turn; the medians of their rates, and the ratio."""
    if find_spec("boofuzz") is None:
        print("fuzzing:     left out, as boofuzz is not installed (it is in the extra `bench`)")
        return
    with served("smtp") as address, tempfile.TemporaryDirectory() as folder:
        rounds = [(_tried("boofuzz", address, folder), _tried("ours", address, folder)) for _ in range(ROUNDS)]
    theirs, ours = zip(*rounds, strict=True)
    print("fuzzing:     the reference SMTP server over sockets")
    print(f"boofuzz:     {_rates(theirs)}")
    print(
        f"             a test case is one connection: a spoilt message, with up to {len(FUZZED)} right ones before it"
    )
    print(f"netconform:  {_rates(ours)}")
    print("             an example is a walk of up to 20 commands, each answer judged by the model")
    messages, examples, cpu = (
        statistics.median(rate(our) / rate(their) for their, our in rounds)
        for rate in (_messages, _examples, _messages_cpu)
    )
    print(f"             ratio of messages {messages:.2f} (aim: 5), for the same processor time {cpu:.2f};")
    print(f"             of examples {examples:.2f}")


def _rates(tried: Sequence[Tried]) -> str:
    messages, examples, cpu = (statistics.median(map(rate, tried)) for rate in (_messages, _examples, _messages_cpu))
    return f"{messages:.0f} messages a second, {examples:.0f} examples; {cpu:.0f} messages in one of its processor time"


def _messages(tried: Tried) -> float:
    return tried.messages / tried.wall


def _examples(tried: Tried) -> float:
    return tried.examples / tried.wall


def _messages_cpu(tried: Tried) -> float:
    return tried.messages / tried.cpu


def _tried(who: str, address: Address, folder: str) -> Tried:
    """A round in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("bench.py")), "--fuzz", who, *map(str, address)]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return Tried(**json.loads(done.stdout.splitlines()[-1]))


def fuzz(who: str, host: str, port: str) -> None:
    """One round, for another process: prints what it tried as JSON."""
    tried = {"boofuzz": _boofuzz, "ours": _ours}[who]((host, int(port)))
    print(json.dumps(asdict(tried)))


def _ours(address: Address) -> Tried:
    import hypothesis

    from pytest_netconform.fixtures.network import column_of, socket_target
    from pytest_netconform.fuzz.exploration import Budget, Exploration
    from pytest_netconform.judge import survey
    from pytest_netconform.protocols import PROTOCOLS
    from pytest_netconform.target import parse_target

    column = column_of(PROTOCOLS["smtp"])
    target = socket_target(parse_target(KINDS["smtp"].url(address)), allowed=frozenset({"write", "intrusive"}))
    survey(target, column)
    settings = hypothesis.settings(database=None)
    used = time.process_time()
    result = Exploration(target, column, "dialogue", Budget(seconds=SECONDS), seed=1, settings=settings).run()
    assert not result.findings, result.findings
    return Tried(result.examples, result.steps, result.seconds, time.process_time() - used)


def _boofuzz(address: Address) -> Tried:
    tried = [told_boofuzz(address, name) for name in FUZZED]
    return Tried(*(sum(values) for values in zip(*(asdict(each).values() for each in tried), strict=True)))


def told_boofuzz(address: Address, name: str) -> Tried:
    """All that boofuzz is told, and one session with it that fuzzes the request of this name."""
    import boofuzz as b

    counted = {"sent": 0, "answered": 0}

    class Connection(b.TCPSocketConnection):  # type: ignore[misc]
        def send(self, data: bytes) -> Any:
            counted["sent"] += 1
            return super().send(data)

        def recv(self, max_bytes: int) -> Any:
            data = super().recv(max_bytes)
            counted["answered"] += bool(data)
            return data

    def read_greeting(target: Any, *_: Any, **__: Any) -> None:
        target.recv()
        counted["answered"] -= 1

    end = b.Static("end", "\r\n")
    space = b.Delim("space", " ")
    ehlo = b.Request("ehlo", children=(b.String("verb", "EHLO"), space, b.String("name", "client.example.org"), end))
    mail = _named(b, "mail", "MAIL", "FROM:<", "anna@client.example.org")
    rcpt = _named(b, "rcpt", "RCPT", "TO:<", "alice@example.test")
    data = b.Request("data", children=(b.String("verb", "DATA"), end))
    header, dot = b.Static("header", "Subject: fuzz\r\n\r\n"), b.Static("end", "\r\n.\r\n")
    message = b.Request("message", children=(header, b.String("body", "text"), dot))
    session = b.Session(
        target=b.Target(connection=Connection(*address)),
        sleep_time=0,
        restart_sleep_time=0,
        web_port=None,
        keep_web_open=False,
        fuzz_loggers=[],
        receive_data_after_fuzz=True,
        pre_send_callbacks=[read_greeting],
        crash_threshold_request=ENOUGH,
        crash_threshold_element=ENOUGH,
        index_end=CASES,
        db_filename=os.path.join(os.getcwd(), f"{name}-{time.monotonic_ns()}.db"),
    )
    path = (ehlo, mail, rcpt, data, message)
    session.connect(ehlo)
    for before, behind in itertools.pairwise(path):
        session.connect(before, behind)
    names = [request.name for request in path]
    began, used = time.perf_counter(), time.process_time()
    session.fuzz(name="->".join(names[: names.index(name) + 1]))
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    return Tried(session.num_cases_actually_fuzzed, min(counted["sent"], counted["answered"]), wall, cpu)


def _named(b: Any, name: str, verb: str, mark: str, path: str) -> Any:
    parts = (b.String("verb", verb), b.Delim("space", " "), b.Static("mark", mark), b.String("path", path))
    return b.Request(name, children=(*parts, b.Static("end", ">\r\n")))
