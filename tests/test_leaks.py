"""What is left when a test is over: no thread, task, socket or file, also when it failed in the middle; and crowds."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.servers import server

CROWD = 1000

CONFTEST = """
import asyncio
import os
import threading

import pytest


def left():
    opened = []
    for number in os.listdir("/proc/self/fd"):
        try:
            opened.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            pass
    return sorted(each for each in opened if each.startswith(("socket:", "/tmp"))), threading.active_count()


def tasks():
    from pytest_netconform.reference_servers.host import LOOP

    async def count():
        return len(asyncio.all_tasks()) - 1

    return LOOP.run(count())


@pytest.fixture(scope="session", autouse=True)
def warm(netconform_ca):
    from pytest_netconform.fixtures.servers import server

    with server("smtp", netconform_ca):  # the loop of all servers runs from here on
        pass


@pytest.fixture(autouse=True)
def nothing_left(warm):
    before = left()
    yield
    assert (left(), tasks()) == (before, 0)


@pytest.hookimpl(wrapper=True)
def pytest_unconfigure():
    yield
    with open("left", "w") as file:
        names = {thread.name for thread in threading.enumerate()}
        print(*[name for name in names if "netconform" in name], file=file)
"""

TESTS = """
import smtplib
import socket

import pytest

SMTP = dict(timeout=1)


def send(server):
    with smtplib.SMTP(server.host, server.port, timeout=1) as client:
        client.sendmail("me@client.example", ["you@elsewhere.example"], "Subject: x\\r\\n\\r\\nx\\r\\n")


def test_whole(netconform_smtp_server):
    send(netconform_smtp_server)


def test_fails_in_the_middle(netconform_smtp_server):
    client = socket.create_connection((netconform_smtp_server.host, netconform_smtp_server.port))
    with client:
        assert client.recv(10)
        assert False, "on purpose"


def test_several(netconform_smtp_servers, netconform_pop3_server, netconform_ftp_server, netconform_stream_server):
    for _ in range(3):
        send(netconform_smtp_servers())
    netconform_smtp_servers(path=True)


def test_a_proxy(netconform_smtp_server, netconform_proxy):
    send(netconform_proxy(netconform_smtp_server.url, "slow"))
    netconform_proxy("udp://127.0.0.1:9")
"""


def test_nothing_is_left(pytester: pytest.Pytester) -> None:
    """Test by test, in every weather, pass or fail; and the thread of all servers goes with the session."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    arguments = ("-p", "no:cacheprovider", "-p", "no:xdist", "--netconform-wait=1")
    plain = pytester.runpytest_subprocess(*arguments)
    plain.assert_outcomes(passed=3, failed=1)
    assert (pytester.path / "left").read_text().strip() == ""
    every = pytester.runpytest_subprocess(*arguments, "--netconform-weather=all", "-k", "middle or rough or unresolved")
    assert every.parseoutcomes().get("errors", 0) == 0, every.stdout.str()[-3000:]
    assert (pytester.path / "left").read_text().strip() == ""


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Both ends of a crowd are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CROWD + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"{wanted} descriptors are needed, and {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _line(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readline(), 60)


@pytest.mark.usefixtures("many_descriptors")
def test_a_thousand_connections_at_once() -> None:
    """All are held open, all are answered, and every message is delivered."""
    together = 0

    async def deliver(number: int, host: str, port: int, everybody: asyncio.Event) -> bytes:
        nonlocal together
        reader, writer = await asyncio.open_connection(host, port)
        assert (await _line(reader)).startswith(b"220 ")
        together += 1
        if together == CROWD:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 60)
        for line in (
            "HELO me",
            f"MAIL FROM:<a{number}@b.example>",
            "RCPT TO:<you@elsewhere.example>",
            "DATA",
            "x\r\n.",
        ):
            writer.write(f"{line}\r\n".encode())
            answer = await _line(reader)
        writer.close()
        await writer.wait_closed()
        return answer

    async def crowd(host: str, port: int) -> list[bytes]:
        everybody = asyncio.Event()
        return await asyncio.gather(*(deliver(number, host, port, everybody) for number in range(CROWD)))

    with Authority() as authority, server("smtp", authority) as started:
        answers = asyncio.run(crowd(started.host, started.port))
        assert len(answers) == CROWD and all(answer.startswith(b"250") for answer in answers)
        senders = {message.sender for message in started.messages}  # type: ignore[attr-defined]
        assert senders == {f"a{number}@b.example" for number in range(CROWD)}
        assert started.connections == CROWD and started.idle()
