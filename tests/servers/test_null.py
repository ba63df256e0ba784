"""The null servers: each is present in its own way, and understands nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from pytest_netconform.reference_servers.host import Host, Loop, serving
from pytest_netconform.reference_servers.null import NULLS, PAGE, UNASKED, UNASKED_EVERY, Late
from pytest_netconform.reference_servers.session import Action, Close, Peer, Reset, Send, Session, WakeAt

PATIENCE = 10.0  # seconds for what is owed; never used up when all is well
GREETING, ANSWER = b"220 ready\r\n", b"250 fine\r\n"
SAID = [b"EHLO client\r\nNO", b"OP\r\n"]  # two reads, two lines


def history(session: Session) -> list[Action]:
    """All that a session asks for, over the same dialogue for every null."""
    actions = session.open(Peer(), 0.0)
    for at, data in enumerate(SAID, start=1):
        actions += session.receive(data, float(at))
    return actions + session.end(3.0)


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def dial(server: Host) -> socket.socket:
    return socket.create_connection(server.address, timeout=PATIENCE)


HISTORIES: dict[str, list[Action]] = {
    "close": [Send(GREETING), Close(), Close()],
    "reset": [Send(GREETING), Reset(), Close()],
    "silent": [Send(GREETING), Close()],
    "echo": [Send(GREETING), Send(SAID[0]), Send(SAID[1]), Close()],
    "same-per-read": [Send(GREETING), Send(ANSWER), Send(ANSWER), Close()],
    "same-per-line": [Send(GREETING), Send(ANSWER), Send(ANSWER), Close()],
    "unasked": [Send(GREETING), Send(ANSWER), WakeAt(UNASKED_EVERY), Close()],
    "echo-but-the-last": [Send(GREETING), Send(SAID[0][:-1]), Send(SAID[1][:-1]), Close()],
    "staying": [Send(GREETING)],
    "web-page": [Send(GREETING), Send(PAGE), Close(), Send(PAGE), Close(), Close()],
}


@pytest.mark.parametrize("name", NULLS)
def test_what_each_null_says(name: str) -> None:
    """Known answers, whole, with and without a greeting."""
    assert history(NULLS[name](GREETING, ANSWER)) == HISTORIES[name]
    assert history(NULLS[name](b"", ANSWER)) == HISTORIES[name][1:]


def test_reads_and_lines_differ() -> None:
    """Per read: one answer to two lines. Per line: one answer to one line in two reads, two to two lines in one."""
    by_read, by_line = NULLS["same-per-read"](b"", ANSWER), NULLS["same-per-line"](b"", ANSWER)
    for session in (by_read, by_line):
        session.open(Peer(), 0.0)
    assert by_read.receive(b"A\r\nB\r\n", 1.0) == [Send(ANSWER)]
    assert by_line.receive(b"A\r\nB\r\n", 1.0) == [Send(ANSWER * 2)]
    assert by_read.receive(b"A", 2.0) == [Send(ANSWER)]
    assert by_line.receive(b"A", 2.0) == []


def test_the_talker_stops() -> None:
    """Its answers are counted: a test that waits for the end of them gets there."""
    session = NULLS["unasked"](GREETING, ANSWER)
    actions, now = session.open(Peer(), 0.0), 0.0
    said = actions.count(Send(ANSWER))
    while isinstance(wish := actions[-1], WakeAt) and wish.at is not None:
        assert wish.at > now
        now = wish.at
        actions = session.wake(now)
        said += actions.count(Send(ANSWER))
    assert said == UNASKED


@pytest.mark.parametrize("name", [name for name in NULLS if name != "staying"])
def test_each_null_stands_on_a_socket(loop: Loop, name: str) -> None:
    """No null raises, and every one lets go of its client."""
    with serving(lambda: NULLS[name](GREETING, ANSWER), loop=loop) as server:
        received = b""
        try:
            with dial(server) as client:
                client.sendall(SAID[0])
                client.shutdown(socket.SHUT_WR)
                while data := client.recv(1 << 16):
                    received += data
        except OSError:  # the reset can be seen as early as by connect
            assert name == "reset"
        assert server.idle()
        assert server.errors == []
    if name != "reset":
        assert received.startswith(GREETING)


def test_late_is_right_at_first(loop: Loop) -> None:
    """The first two connections get the proper session, all others the null."""

    class Proper(Session):
        def on_open(self) -> None:
            self.send(b"proper\r\n")
            self.act(Close())

    late = Late(Proper, lambda: NULLS["close"](GREETING, ANSWER), after=2)
    with serving(late, loop=loop) as server:
        heard = []
        for _ in range(4):
            with dial(server) as client:
                heard.append(client.makefile("rb").read())
    assert heard == [b"proper\r\n", b"proper\r\n", GREETING, GREETING]
