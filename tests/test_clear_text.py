"""A client's handshake tells words in clear from a handshake that fails, however early or late they come."""

from __future__ import annotations

import socket
import threading

import pytest

from pytest_netconform.sockets import SocketWire
from pytest_netconform.transcript import Transcript
from pytest_netconform.transport import ClearText, Silence, TlsFailure

REPLY = b"250 2.0.0 OK\r\n"
ALERT = b"\x15\x03\x01\x00\x02\x02\x28"  # fatal, handshake_failure


def _wire() -> tuple[SocketWire, socket.socket]:
    ours, theirs = socket.socketpair()
    return SocketWire(ours, Transcript(), 1, 0.0), theirs


def _answer_hello(theirs: socket.socket, octets: bytes) -> None:
    theirs.recv(4096)
    theirs.sendall(octets)


def test_words_that_are_there_already() -> None:
    """What lies there before our hello is clear text, and is kept whole."""
    wire, theirs = _wire()
    theirs.sendall(REPLY)
    with pytest.raises(ClearText) as raised:
        wire.start_tls(wire.now() + 5)
    assert raised.value.octets == REPLY
    wire.close()
    theirs.close()


def test_words_behind_our_hello() -> None:
    """An answer in clear to the hello is clear text too."""
    wire, theirs = _wire()
    thread = threading.Thread(target=_answer_hello, args=(theirs, REPLY))
    thread.start()
    with pytest.raises(ClearText) as raised:
        wire.start_tls(wire.now() + 5)
    thread.join()
    assert REPLY.endswith(raised.value.octets)  # its first octets may have gone for the head of a record
    wire.close()
    theirs.close()


def test_an_alert_is_no_clear_text() -> None:
    """A peer that refuses in TLS's own words has not gone on in clear."""
    wire, theirs = _wire()
    theirs.sendall(ALERT)
    with pytest.raises(TlsFailure) as raised:
        wire.start_tls(wire.now() + 5)
    assert not isinstance(raised.value, ClearText)
    wire.close()
    theirs.close()


def test_silence_is_no_clear_text() -> None:
    """A peer that says nothing is silent."""
    wire, theirs = _wire()
    with pytest.raises(Silence):
        wire.start_tls(wire.now() + 0.05)
    wire.close()
    theirs.close()
