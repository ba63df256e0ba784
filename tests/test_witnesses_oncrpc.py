"""Independent clients and the ONC RPC reference server on a real socket: rpcinfo, xdrlib, and a client of a few lines.

Whoever is not installed is skipped by name.
"""

from __future__ import annotations

import importlib
import shutil
import socket
import struct
import subprocess
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.oncrpc_server import OncRpcServer
from pytest_netconform.wire.xdr import Reader, uint

PATIENCE = 10.0  # seconds for one answer
PROGRAM_SECONDS = 30.0  # for a whole run of a program
NULL, GETPORT, DUMP = 0, 3, 4


@pytest.fixture
def server() -> Iterator[OncRpcServer]:
    """The public server."""
    with Authority() as authority, OncRpcServer(authority) as started:
        yield started


def called(server: OncRpcServer, transport: str, program: int, version: int, procedure: int, body: bytes) -> bytes:
    """A call by nothing but struct and socket; what comes behind SUCCESS."""
    call = struct.pack(">10I", 77, 0, 2, program, version, procedure, 0, 0, 0, 0) + body
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(PATIENCE)
            client.sendto(call, (server.host, server.port))
            reply = client.recv(65536)
    else:
        with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
            client.sendall(struct.pack(">I", 1 << 31 | len(call)) + call)
            stream = client.makefile("rb")
            (mark,) = struct.unpack(">I", stream.read(4))
            assert mark >> 31
            reply = stream.read(mark & 0x7FFFFFFF)
    assert struct.unpack(">6I", reply[:24]) == (77, 1, 0, 0, 0, 0)
    return reply[24:]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_client_of_a_few_lines(server: OncRpcServer, transport: str) -> None:
    """It finds the echo program by GETPORT, calls it there, and reads the list of all mappings."""
    protocol = {"tcp": 6, "udp": 17}[transport]
    asked = struct.pack(">4I", server.program, server.version, protocol, 0)
    assert called(server, transport, 100_000, 2, GETPORT, asked) == struct.pack(">I", server.port)
    assert called(server, transport, server.program, 1, NULL, b"") == b""
    text = struct.pack(">I3sx", 3, b"tea")
    assert called(server, transport, server.program, 1, server.procedures["string"], text) == text
    listed = called(server, transport, 100_000, 2, DUMP, b"")
    rows = [struct.unpack(">5I", listed[i : i + 20]) for i in range(0, len(listed) - 4, 20)]
    assert (1, server.program, server.version, protocol, server.port) in rows
    assert listed[-4:] == bytes(4) and len(rows) == 4
    assert [call.procedure for call in server.calls] == [GETPORT, NULL, server.procedures["string"], DUMP]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_xdrlib_packs_and_unpacks(server: OncRpcServer, transport: str) -> None:
    """What the standard library's xdrlib (up to Python 3.12) packs comes back, and it unpacks that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            xdrlib: Any = importlib.import_module("xdrlib")
        except ImportError:
            pytest.skip("this Python has no xdrlib")
    values: dict[str, Any] = {"int": -5, "unsigned": 1 << 31, "hyper": -(1 << 40), "float": 0.5, "double": 1e300}
    methods = {"int": "int", "unsigned": "uint", **{kind: kind for kind in ("hyper", "float", "double", "bool")}}
    for kind, value in {**values, "bool": True}.items():
        packer = xdrlib.Packer()
        getattr(packer, f"pack_{methods[kind]}")(value)
        body = packer.get_buffer()
        unpacker = xdrlib.Unpacker(called(server, transport, server.program, 1, server.procedures[kind], body))
        assert getattr(unpacker, f"unpack_{methods[kind]}")() == value
        unpacker.done()
    packer = xdrlib.Packer()
    packer.pack_array([1, 2, 3], packer.pack_uint)
    body = packer.get_buffer()
    unpacker = xdrlib.Unpacker(called(server, transport, server.program, 1, server.procedures["array"], body))
    assert unpacker.unpack_array(unpacker.unpack_uint) == [1, 2, 3]
    unpacker.done()


def rpcinfo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One run of rpcinfo."""
    program = shutil.which("rpcinfo") or shutil.which("rpcinfo", path="/usr/sbin:/sbin")
    if program is None:
        pytest.skip("rpcinfo is not installed")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)


def asked(server: OncRpcServer, transport: str, *numbers: int) -> subprocess.CompletedProcess[str]:
    """rpcinfo at the server's universal address (RFC 5665): the port in two more numbers."""
    address = f"{server.host}.{server.port >> 8}.{server.port & 255}"
    return rpcinfo("-a", address, "-T", transport, *map(str, numbers))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_rpcinfo_finds_the_versions(server: OncRpcServer, transport: str) -> None:
    """It asks for version 0, is told the range, and calls NULL of each version."""
    said = asked(server, transport, server.program)
    assert said.stdout == f"program {server.program} version 1 ready and waiting\n", said
    assert [(call.version, call.procedure) for call in server.calls] == [(0, NULL), (1, NULL)]
    assert asked(server, transport, 100_000, 2).stdout == "program 100000 version 2 ready and waiting\n"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_rpcinfo_is_refused(server: OncRpcServer, transport: str) -> None:
    """It understands PROG_UNAVAIL and PROG_MISMATCH."""
    said = asked(server, transport, server.program + 1, 1)
    assert said.returncode == 1 and "Program unavailable" in said.stderr, said
    said = asked(server, transport, server.program, 9)
    assert said.returncode == 1 and "low version = 1, high version = 1" in said.stderr, said


def test_procedures_of_the_users_own(netconform_oncrpc_server: OncRpcServer) -> None:
    """What is added is called, listed and recorded; what it cannot read is refused, and what it raises is told."""
    server = netconform_oncrpc_server

    def double(arguments: bytes) -> bytes:
        reader = Reader(arguments)
        value = reader.uint()
        reader.end()
        return uint(2 * value)

    server.add(300_001, 3, 1, double)
    for transport in ("tcp", "udp"):
        assert called(server, transport, 300_001, 3, 1, uint(21)) == uint(42)
        with pytest.raises(AssertionError):
            called(server, transport, 300_001, 3, 1, b"")
    assert [(call.procedure, call.flavor, call.arguments) for call in server.calls[:2]] == [
        (1, 0, uint(21)),
        (1, 0, b""),
    ]
    assert server.url == f"oncrpc://127.0.0.1:{server.port}"
    asked_for = struct.pack(">4I", 300_001, 3, 6, 0)
    assert called(server, "tcp", 100_000, 2, GETPORT, asked_for) == uint(server.port)


def test_what_a_procedure_raises_is_told() -> None:
    """Whatever is no XdrProblem is the author's own mistake, and comes out at the end."""
    with Authority() as authority, pytest.raises(ZeroDivisionError), OncRpcServer(authority) as server:
        server.add(300_001, 1, 1, lambda arguments: bytes(1 // len(arguments)))
        with pytest.raises((OSError, struct.error)):
            called(server, "tcp", 300_001, 1, 1, b"")
