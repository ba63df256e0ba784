"""TLS over memory buffers, on the server's side: octets in, octets out, and no socket.

The switch after STARTTLS happens between two octets, a half-close works under TLS too, and every Python behaves alike:
asyncio's own TLS transports promise none of this. This module must not know who carries the octets.
"""

from __future__ import annotations

import contextlib
import ssl

READ_SIZE = 1 << 16  # octets of one read; a session sees no more at a time


class Secured:
    """The server's side of TLS over memory buffers: octets in, octets out, no socket."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._waiting: list[bytes] = []
        self.established = False

    def feed(self, data: bytes) -> bool:
        """Take octets from the network; True when they completed the handshake. Raises ssl.SSLError if it failed."""
        self._incoming.write(data)
        if self.established:
            return False
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.established = True
        for waiting in self._waiting:
            self._object.write(waiting)
        self._waiting.clear()
        return True

    def read(self) -> bytes | None:
        """The next plain octets, b"" after the peer's close_notify, or None when more must be fed first."""
        try:
            return self._object.read(READ_SIZE)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            return b""

    def write(self, data: bytes) -> None:
        """Encrypt octets; before the end of the handshake they wait for it."""
        if not self.established:
            self._waiting.append(data)
        elif data:
            self._object.write(data)

    def close(self) -> None:
        """Say close_notify. The peer's own is not waited for."""
        if self.established:
            with contextlib.suppress(ssl.SSLError):
                self._object.unwrap()

    def rest(self) -> bytes:
        """Octets that were fed and are no TLS: they stand behind the peer's close_notify."""
        return self._incoming.read()

    def flush(self) -> bytes:
        """What must go to the network now."""
        return self._outgoing.read()
