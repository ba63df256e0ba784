"""Mutants below the session: the session is right, and what carries it is wrong in one way.

This module knows the faults of accept loops, of sends and closes, and of certificates. It must not know a protocol; the
ids are those of checks that can only be seen to fail over sockets. A fault is a class that overrides a method of a host
or of its connections, or the name of a leaf of the authority in `ca`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass

from pytest_netconform.reference_servers.connection import Connection
from pytest_netconform.reference_servers.host import Host

WITHHELD = 0.05  # seconds that a forgetful connection keeps its answers back


@dataclass(frozen=True)
class HostMutant:
    """One wrong way to carry a session.

    breaks: the ids whose checks must notice. because: a text that stands in what such a check expected or received.
    kind: for `serving(kind=…)`. leaf: for `Authority.server_context(…)`.
    """

    name: str
    breaks: tuple[str, ...]
    because: str
    kind: type[Host] = Host
    leaf: str = "good"


class OneAtATime(Host):
    """Who comes while another is served waits until that one has gone."""

    def arrived(self, sock: socket.socket) -> None:
        self.accept(False)
        super().arrived(sock)

    def closed(self, connection: Connection, error: Exception | None) -> None:
        super().closed(connection, error)
        self.accept(True)


class Heeding(Connection):
    """Looks for resets of its neighbours before it reads: however busy the machine is, nobody is served after one."""

    def buffer_updated(self, nbytes: int) -> None:
        assert isinstance(self.host, DyingListener)
        if not self.host.struck():
            super().buffer_updated(nbytes)


class DyingListener(Host):
    """A connection that is reset ends the accept loop, as an exception that nobody catches does.

    Who connects before the end is noticed gets a close in place of a refusal, and no answer either.
    """

    connection = Heeding

    def struck(self) -> bool:
        """Whether a connection was reset, of which this host dies."""
        sockets = [connection.transport.get_extra_info("socket") for connection in self._open]
        found = any(sock.fileno() >= 0 and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for sock in sockets)
        if found:
            self.die()
        return found

    def die(self) -> None:
        """Nobody is served any more."""
        self.deafen()
        self.drop()

    def opened(self, connection: Connection) -> None:
        super().opened(connection)
        if not self.listening:
            connection.transport.abort()

    def closed(self, connection: Connection, error: Exception | None) -> None:
        super().closed(connection, error)
        if isinstance(error, ConnectionError):
            self.die()


class AskingTheName(Host):
    """Asks who has come a moment later, and dies when he has gone meanwhile: he has no name any more (ENOTCONN)."""

    def arrived(self, sock: socket.socket) -> None:
        asyncio.get_running_loop().call_later(WITHHELD, self._greet, sock)

    def _greet(self, sock: socket.socket) -> None:
        try:
            sock.getpeername()
        except OSError:
            self.deafen()
            self.drop()
        if self.listening:
            super().arrived(sock)
        else:
            sock.close()


class Forgetful(Connection):
    """Answers after a moment, as a server with tasks does, and drops what is pending when the peer's end is seen."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pending: list[bytes] = []
        self._at_last = False
        self._timer: asyncio.TimerHandle | None = None

    def on_send(self, data: bytes) -> None:
        self._pending.append(data)
        self._schedule()

    def on_close(self) -> None:
        self._at_last = True
        self._schedule()

    def on_end(self) -> None:
        self._drop()
        self.part()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._drop()
        super().connection_lost(exc)

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(WITHHELD, self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        for data in self._pending:
            super().on_send(data)
        self._pending.clear()
        if self._at_last and not self._closing:
            super().on_close()

    def _drop(self) -> None:
        self._pending.clear()
        if self._timer is not None:
            self._timer.cancel()


class SendingOnce(Connection):
    """One send(2) per answer: what did not fit into the socket's buffer is lost."""

    def on_send(self, data: bytes) -> None:
        try:
            os.write(self.transport.get_extra_info("socket").fileno(), data)
        except OSError:
            return


class DyingOfBrokenPipes(Connection):
    """A client who leaves while he is answered ends the whole server, as SIGPIPE does."""

    def connection_lost(self, exc: Exception | None) -> None:
        answering = self._paused
        super().connection_lost(exc)
        if answering:
            self.host.deafen()
            self.host.drop()


class GivingUp(Connection):
    """Drops a client who does not take what he is sent."""

    def pause_writing(self) -> None:
        super().pause_writing()
        self.on_reset()


class Slamming(Connection):
    """Ends every connection with RST in place of FIN."""

    def on_close(self) -> None:
        self.on_reset()


class ForgetfulHost(Host):
    """A host of forgetful connections."""

    connection = Forgetful


class SendingOnceHost(Host):
    """A host whose connections send once."""

    connection = SendingOnce


class DyingOfBrokenPipesHost(Host):
    """A host that one broken pipe ends."""

    connection = DyingOfBrokenPipes


class GivingUpHost(Host):
    """A host of connections without patience."""

    connection = GivingUp


class SlammingHost(Host):
    """A host whose connections end with a reset."""

    connection = Slamming


HOST_MUTANTS = (
    HostMutant(
        "one_client_at_a_time",
        breaks=("TCP-9293-3.9-concurrent", "ZEN-idle-holder", "TLS-concurrency", "HTTP-9112-9.5-slow-header-isolated"),
        because="nothing",
        kind=OneAtATime,
    ),
    HostMutant(
        "listener_dies_on_rst",
        breaks=("SMTP-GEN-CON-b", "IMAP-GEN-CON-b", "TCP-9293-3.5.3-rst-abort"),
        because="connect",  # cannot connect, or the end of the connection: a race decides
        kind=DyingListener,
    ),
    HostMutant(
        "half_close_loses_message_after_250",
        breaks=("SMTP-GEN-CON-c", "POP3-GEN-CON-h", "TCP-9293-3.6-half-close-echo"),
        because="close",
        kind=ForgetfulHost,
    ),
    HostMutant(
        "send_in_place_of_sendall",
        breaks=("TCP-sendall-large", "TCP-small-rcvbuf"),
        because="octets",
        kind=SendingOnceHost,
    ),
    HostMutant("getpeername_of_who_has_gone", breaks=("TCP-rst-before-accept",), because="connect", kind=AskingTheName),
    HostMutant(
        "sigpipe_kills",
        breaks=("TCP-rst-during-send",),
        because="connect",  # cannot connect, or the end of the connection: a race decides
        kind=DyingOfBrokenPipesHost,
    ),
    HostMutant(
        "drops_who_does_not_read",
        breaks=("TCP-deadlock-both-write", "TCP-sendall-large"),
        because="connection",  # was closed, or its end by a reset: it depends on who notices first
        kind=GivingUpHost,
    ),
    HostMutant(
        "rst_on_close", breaks=("TCP-fin-seen", "TCP-9293-SHLD3-close-unread"), because="reset", kind=SlammingHost
    ),
    HostMutant("expired_certificate", breaks=("TLS-5280-validity",), because="certificate has expired", leaf="expired"),
    HostMutant("wrong_host_certificate", breaks=("TLS-9525-san",), because="not valid for", leaf="wrong-host"),
)
