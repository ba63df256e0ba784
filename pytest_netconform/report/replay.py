"""Replay: the part that all reproducers share; `reproducer.py` copies it below the steps of one finding.

It must need nothing but Python 3.8 and its standard library, and know nothing of this package: a reproducer is sent to
people who have neither. Steps are tuples: a connection's number, what to do, and with what.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import re
import socket
import ssl
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

CONNECT_SECONDS = 5.0
ANSWER_OCTETS = 1 << 20  # an answer that has not ended by then has no end
SEGMENT_SECONDS, SEND_SECONDS = 0.01, 2.0  # between two segments, so that they travel apart; for all of them
LEAVE_SECONDS = 0.01  # after we have left, so that it is seen before anybody else comes
QUIET_SECONDS = 1.0  # without another octet: the answers are over; nothing is taken: all is full
UNREAD_TIMES = 4  # as much as then is said unread until nothing is taken: other buffers may be larger
HIDDEN: list[bytes] = []


class Ended(Exception):
    """Nothing more comes from the server: it is silent, has closed, or broke the connection; the text says which."""


class Silent(Ended):
    """The time was over."""


class Broken(Ended):
    """By a reset, or whatever else is no close."""


class Unreachable(Exception):
    """No connection could be made."""


def secret(name: str) -> bytes:
    """What must not stand in this file, from the environment."""
    value = os.environ.get(name, "")
    if not value:
        give_up(f"the environment variable {name} is needed")
    HIDDEN.append(value.encode())
    return value.encode()


def b64(data: bytes) -> bytes:
    """In base64, and hidden like what it holds."""
    HIDDEN.append(base64.b64encode(data))
    return HIDDEN[-1]


def octets(data: bytes) -> list[bytes]:
    """One octet a segment."""
    return [data[place : place + 1] for place in range(len(data))]


def cut(data: bytes, *places: int) -> list[bytes]:
    """Segments that end at these places."""
    return [data[begin:end] for begin, end in zip((0, *places), (*places, len(data)))]  # noqa: B905


def give_up(why: str) -> NoReturn:
    """Exit status 2: nothing can be said about the finding."""
    print(why, file=sys.stderr)
    raise SystemExit(2)


def visible(data: bytes) -> str:
    """Octets as printable ASCII, secrets hidden, long ones shortened."""
    for hidden in sorted(HIDDEN, key=len, reverse=True):
        data = data.replace(hidden, b"********")
    text = data.decode("latin-1").encode("unicode_escape").decode("ascii")
    return text if len(text) <= 300 else text[:200] + "[...]" + text[-80:]


def say(who: str, number: int, what: str) -> None:
    """One line for whoever watches."""
    print(f"{who}{number}: {what}")


class Connection:
    """One connection: everything with a deadline, and what was read but not asked for is kept."""

    def __init__(
        self, number: int, address: tuple[str, int], source: str = "", accepted: socket.socket | None = None
    ) -> None:
        self.number = number
        self.unread = b""
        self.end: Ended | None = None
        self.door = 0  # the port at which the last answer wants a data connection
        self.segmented = 0.0  # seconds between segments so far
        try:
            self.socket = accepted or dial(address, source)
        except ConnectionResetError as error:  # it stood, and broke at once
            self.socket, self.end = socket.socket(), Broken(f"the connection broke: {error}")
        except OSError as error:
            raise Unreachable(f"cannot connect to {address[0]} port {address[1]}: {error}") from None
        say("*", number, "connected")

    def tls(self, context: ssl.SSLContext, server_name: str, seconds: float) -> None:
        """Shake hands. Raises Ended."""
        self.socket.settimeout(seconds)
        self.unread = b""
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname=server_name, suppress_ragged_eofs=False)
        except (OSError, ValueError) as error:
            raise Ended(f"no TLS handshake: {error}") from None
        say("*", self.number, "TLS")

    def send(self, segments: Sequence[bytes], seconds: float) -> None:
        """Write, and read what comes meanwhile. Raises Silent; a broken connection shows when it is read."""
        say("C", self.number, visible(b"".join(segments)))
        deadline = time.monotonic() + seconds
        for segment in segments:
            if len(segments) > 1:
                self.apart(len(segments))
            rest = memoryview(segment)
            while rest:
                try:
                    self.socket.settimeout(0.2)
                    rest = rest[self.socket.send(rest) :]
                except socket.timeout:  # noqa: UP041
                    self.pull(0.001)
                    if time.monotonic() > deadline:
                        raise Silent(f"nothing was taken for {seconds:g} s") from None
                except OSError:
                    return

    def apart(self, segments: int) -> None:
        """A pause between two segments, the shorter the more there are of them."""
        pause = min(SEGMENT_SECONDS, max(0.0, SEND_SECONDS - self.segmented) / segments)
        self.segmented += pause
        time.sleep(pause)

    def say_unread(self, data: bytes, total: int) -> None:
        """Write again and again, and read nothing, until nothing is taken."""
        say("C", self.number, visible(data) + " again and again, unread")
        self.socket.settimeout(QUIET_SECONDS)
        with contextlib.suppress(OSError):  # all is full, or the connection broke, which shows when it is read
            for _ in range(UNREAD_TIMES * total // len(data)):
                self.socket.sendall(data)

    def pull(self, seconds: float) -> bool:
        """Read once; False when nothing came. How the stream ended is kept in `end`."""
        if self.end is None:
            try:
                self.socket.settimeout(max(seconds, 0.001))
                data = self.socket.recv(65536)
            except socket.timeout:  # noqa: UP041
                return False
            except OSError as error:
                self.end = Broken(f"the connection broke: {error}")
            else:
                self.unread += data
                if data:
                    return True
                self.end = Ended("the connection was closed")
        return False

    def answer(self, pattern: bytes, seconds: float) -> bytes:
        """The next whole answer. Raises Ended."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.match(pattern, self.unread)
            if found:
                self.unread = self.unread[found.end() :]
                self.door = door(found[0]) or self.door
                say("S", self.number, visible(found[0]))
                return found[0]
            if len(self.unread) > ANSWER_OCTETS:
                raise Ended(f"an answer that has no end after {ANSWER_OCTETS} octets")
            self.more(deadline, f"nothing for {seconds:g} s")

    def more(self, deadline: float, otherwise: str) -> None:
        """At least one octet more. Raises Ended."""
        if not self.pull(deadline - time.monotonic()):
            rest = visible(self.unread) + ", unfinished, then " if self.unread else ""
            if self.end is not None:
                raise Ended(rest + str(self.end))
            if time.monotonic() >= deadline:
                raise Silent(rest + otherwise)

    def everything(self, first: float) -> bytes:
        """What comes until a pause, the end, or too much of it; `first` seconds for its beginning."""
        began = time.monotonic()
        pause = first
        while self.pull(pause) and len(self.unread) <= ANSWER_OCTETS and time.monotonic() < began + first:
            pause = QUIET_SECONDS
        data, self.unread = self.unread, b""
        say("S", self.number, visible(data) or "(nothing)")
        return data

    def wait(self, seconds: float) -> None:
        """Let time pass, or the end come; what arrives is kept."""
        deadline = time.monotonic() + seconds
        while self.end is None and time.monotonic() < deadline:
            self.pull(deadline - time.monotonic())

    def until_end(self, seconds: float) -> bytes:
        """What comes until the end of the stream. Raises Silent when that does not come."""
        deadline = time.monotonic() + seconds
        while self.end is None:
            if not self.pull(deadline - time.monotonic()) and self.end is None and time.monotonic() >= deadline:
                raise Silent(f"it is still open after {seconds:g} s")
        data, self.unread = self.unread, b""
        say("*", self.number, str(self.end))
        return data

    def shutdown(self) -> None:
        """Say that no more will be sent."""
        with contextlib.suppress(OSError):  # the server was faster
            self.socket.shutdown(socket.SHUT_WR)

    def goodbye(self) -> None:
        """The same, behind a closing alert where there is TLS."""
        if isinstance(self.socket, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self.socket.settimeout(QUIET_SECONDS)
                self.socket = self.socket.unwrap()
        self.shutdown()

    def take(self, seconds: float, most: int) -> None:
        """So much, or what comes until the end; it is kept."""
        began = time.monotonic()
        while len(self.unread) < most and self.end is None and time.monotonic() < began + seconds:
            if self.pull(began + seconds - time.monotonic()):
                began = time.monotonic()

    def close(self, abort: bool = False) -> None:
        """Leave, with a reset if asked."""
        with contextlib.suppress(OSError):
            if abort:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()


class Replay:
    """The recorded steps, done again."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, server_name: str, expected: str) -> None:
        self.address, self.context, self.server_name = address, context, server_name
        self.expected = expected
        self.astray = False
        self.connections: dict[int, Connection] = {}
        self.judged = 0  # the connection of the last step
        self.listeners: dict[int, socket.socket] = {}
        self.ports: dict[int, int] = {}  # where we listened then: where we listen now

    def run(self, steps: Sequence[tuple[Any, ...]]) -> str | None:
        """Do all steps and judge the last: what was received if the finding repeats, None if it does not."""
        self.judged = steps[-1][0]
        try:
            for number, what, *how in steps[:-1]:
                try:
                    self.do(number, what, *how)
                except Ended as ended:
                    self.stray(number, str(ended))
            number, what, *how = steps[-1]
            try:
                verdict: str | None = getattr(self, what.replace(" ", "_"))(number, *how)
                return verdict
            except Ended as ended:
                return str(ended)
        finally:
            for connection in self.connections.values():
                connection.close()
            for listener in self.listeners.values():
                listener.close()

    def do(self, number: int, what: str, *how: Any) -> None:
        """One step that is not the last."""
        if what == "pause":
            time.sleep(how[0])
        elif what == "connect":
            if number in self.connections:
                self.connections[number].close()
            self.connections[number] = self.connection(number, *how)
        elif what == "join":
            place = (self.address[0], self.connections[how[0]].door)
            self.connections[number] = Connection(number, place, how[1])
        elif what == "listen":
            self.listen(number, *how)
        elif what == "accept":
            self.accept(number, *how)
        elif number in self.connections:
            self.at(self.connections[number], what, *how)

    def connection(self, number: int, host: str = "") -> Connection:
        """Another one, perhaps to another address. That nobody is there any more may be what is judged.

        Raises Unreachable.
        """
        try:
            return Connection(number, (host or self.address[0], *self.address[1:]))
        except Unreachable as error:
            if number == self.judged and self.connections:
                broken = Connection(number, self.address, accepted=socket.socket())
                broken.end = Ended(str(error))
                return broken
            raise

    def listen(self, number: int, host: str, port: int) -> None:
        """Wait for the server at a port of ours; what is said of the recorded one will be said of this."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listeners[number] = listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.bind((host, port if port < 1024 else 0))
            listener.listen(8)
        except OSError as error:
            raise Unreachable(f"cannot listen at {host}: {error}") from None
        self.ports[port] = listener.getsockname()[1]

    def accept(self, number: int, seconds: float) -> None:
        """The server comes. Raises Silent."""
        last = self.listeners[max(self.listeners)]
        last.settimeout(seconds)
        try:
            accepted, address = last.accept()
        except OSError:
            raise Silent(f"nobody came for {seconds:g} s") from None
        self.connections[number] = Connection(number, address[:2], accepted=accepted)

    def announced(self, data: bytes) -> bytes:
        """What we say, with the ports of now in place of those of then."""
        for then, now in self.ports.items():
            data = data.replace(b",%d,%d" % divmod(then, 256), b",%d,%d" % divmod(now, 256))
            data = re.sub(rb"(?<=[!-/:-~])%d(?=[!-/:-~])" % then, b"%d" % now, data)
        return data

    def stray(self, number: int, why: str) -> None:
        """Not as recorded: what follows may mean something else."""
        self.astray = True
        say("*", number, f"not as recorded: {why}")

    def at(self, peer: Connection, what: str, *how: Any) -> None:
        """One step on a connection that stands."""
        if what == "send":
            peer.send([self.announced(b"".join(how))] if self.ports else how, 10.0)
        elif what == "tls":
            peer.tls(self.context, self.server_name, how[0])
        elif what == "answer":
            pattern, seconds, beginning = how
            if not peer.answer(pattern, seconds).startswith(beginning):
                self.stray(peer.number, f"{visible(beginning)} was the answer then")
        elif what == "no answer":
            self.no_answer(peer, *how)
        elif what == "unread":
            peer.say_unread(*how)
        elif what == "wait":
            peer.wait(how[0])
        elif what == "read":
            # once something else has come we do not wait for each piece
            peer.more(time.monotonic() + (SEGMENT_SECONDS if self.astray else how[0]), "nothing")
        elif what == "take":
            peer.take(*how)
        elif what == "urgent":
            with contextlib.suppress(OSError):
                peer.socket.send(how[0], socket.MSG_OOB)
        elif what in ("shutdown", "goodbye"):
            getattr(peer, what)()
        elif what in ("close", "reset"):
            peer.close(abort=what == "reset")
            time.sleep(LEAVE_SECONDS)

    def no_answer(self, peer: Connection, pattern: bytes, seconds: float, ended: bool) -> None:
        """None came then, by the end of the connection or in silence."""
        try:
            self.stray(peer.number, f"{visible(peer.answer(pattern, seconds))} is an answer")
        except Ended as why:
            if isinstance(why, Silent) is ended:
                self.stray(peer.number, str(why))

    # the last step: each returns what was received when the finding repeats

    def must_answer(
        self, number: int, pattern: bytes, seconds: float, right: bytes, silent: bool = False
    ) -> str | None:
        """An answer comes, and begins as a right one does. Where silence was wrong, an end may be right."""
        try:
            answer = self.connections[number].answer(pattern, seconds)
        except Ended as why:
            if silent and not isinstance(why, Silent):
                self.stray(number, str(why))
            raise
        return None if re.match(right, answer) else visible(answer)

    def must_not_repeat(self, number: int, seconds: float, recorded: bytes) -> str | None:
        """What came then, its numbers and marks apart, does not come again."""
        data = self.connections[number].everything(seconds)
        return visible(data) or "nothing" if matches(recorded, data) else None

    def must_be_read_back(self, number: int) -> None:
        """The finding is in what the server has stored, and that is not to be seen from here."""
        give_up("all was said again; look whether what is stored now is what was expected: " + self.expected)

    def must_let_join(self, number: int) -> str | None:
        """The server takes a data connection at the port that it named."""
        try:
            self.do(0, "join", number, "")
        except Unreachable as error:
            return str(error)
        return None

    def must_join(self, number: int, seconds: float) -> str | None:
        """The server connects to the port that we named."""
        self.accept(0, seconds)
        return None

    def must_be_silent(self, number: int, seconds: float) -> str | None:
        """Nothing comes, and the connection stands."""
        peer = self.connections[number]
        if not peer.unread and not peer.pull(seconds) and peer.end is None:
            return None
        return visible(peer.unread) or str(peer.end)

    def must_close(self, number: int, seconds: float, cleanly: bool = False) -> str | None:
        """The connection ends, and nothing is said before."""
        peer = self.connections[number]
        data = peer.until_end(seconds)
        return visible(data) or (str(peer.end) if cleanly and isinstance(peer.end, Broken) else None)

    def must_shake_hands(self, number: int, seconds: float) -> None:
        """TLS comes about."""
        self.connections[number].tls(self.context, self.server_name, seconds)

    def must_take(self, number: int, *segments: bytes) -> None:
        """All octets are read."""
        self.connections[number].send(segments, 10.0)

    def must_serve(self, number: int, steps: Sequence[tuple[Any, ...]]) -> str | None:
        """The next client is served."""
        try:
            for _, what, *how in steps:
                self.do(number, what, *how)
        except Unreachable as error:
            return str(error)
        return None


def dial(address: tuple[str, int], source: str) -> socket.socket:
    """Connect to a port, or to the socket file of that path. Raises OSError."""
    if "/" in address[0]:
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.settimeout(CONNECT_SECONDS)
        peer.connect(address[0])
        return peer
    peer = socket.create_connection(address, CONNECT_SECONDS, (source, 0) if source else None)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def door(answer: bytes) -> int:
    """The port in an answer of FTP that says where a data connection is taken: 227 or 229; 0 in any other."""
    six = re.match(rb"227.*?\d+,\d+,\d+,\d+,(\d+),(\d+)", answer)
    one = re.match(rb"229.*?\(([!-~])\1\1(\d+)\1\)", answer)
    return int(six[1]) * 256 + int(six[2]) if six else int(one[2]) if one else 0


def matches(pattern: bytes, answer: bytes) -> bool:
    """Whether the whole answer is like that."""
    return re.fullmatch(pattern, answer, re.DOTALL) is not None


def main(steps: Sequence[tuple[Any, ...]], about: dict[str, Any]) -> int:
    """Replay against the address of the command line and say whether the finding repeats."""
    parser = argparse.ArgumentParser(description="Exit status: 1 it repeats, 0 it does not, 2 no telling.")
    parser.add_argument("host", nargs="?", default=about["host"])
    parser.add_argument("port", nargs="?", type=int, default=about["port"])
    parser.add_argument("--ca", default=about["ca"], help="certificates to trust; without it none is verified")
    parser.add_argument("--servername", default=about["servername"], help="the name to ask for in TLS")
    given = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if given.ca:
        context.load_verify_locations(given.ca)
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    replay = Replay((given.host, given.port), context, given.servername or given.host, about["expected"])
    try:
        received = replay.run(steps)
    except Unreachable as error:
        give_up(str(error))
    print(f"expected: {about['expected']}")
    print(f"recorded: {about['received']}")
    print(f"received: {received}" if received is not None else "the finding does not repeat")
    if received is not None and replay.astray:
        give_up("this dialogue took another way than the recorded one, so there is no telling")
    return 0 if received is None else 1
