"""Calls: one message in, its reply out, over whatever it came (RFC 5531 8 and 9; RFC 1833 3).

This module knows what each call is answered; it must not know how messages travel. Small methods, one for each way to
be wrong.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping

from pytest_netconform.reference_servers.oncrpc.config import ECHO_PROGRAM, ECHO_VERSION, ECHOES, RpcConfig
from pytest_netconform.reference_servers.session import Address
from pytest_netconform.wire.oncrpc import (
    AUTH_BADCRED,
    AUTH_ERROR,
    AUTH_NONE,
    AUTH_OCTETS,
    AUTH_REJECTEDCRED,
    AUTH_SYS,
    CALL,
    CALLIT,
    DUMP,
    GARBAGE_ARGS,
    GETPORT,
    NULL,
    PORTMAPPER,
    PORTMAPPER_VERSION,
    PROC_UNAVAIL,
    PROG_MISMATCH,
    PROG_UNAVAIL,
    RPC_MISMATCH,
    SET,
    SUCCESS,
    TCP,
    UNSET,
    VERSION,
    Auth,
    NoCall,
    Received,
    accepted,
    denied,
    head_of,
    parse_call,
)
from pytest_netconform.wire.xdr import (
    Reader,
    XdrProblem,
    array,
    boolean,
    float32,
    float64,
    hyper,
    int32,
    opaque,
    uint,
)

MACHINE_OCTETS, GIDS = 255, 16  # of AUTH_SYS (appendix A)
ENUM = range(3)  # the values of the echo program's enumeration
PRIVILEGED = 1024  # ports below this are root's

#: What a procedure makes of its arguments; None: no reply.
Procedure = Callable[["Calls", Reader], bytes | None]
Mapping4 = tuple[int, int, int, int]  # program, version, protocol, port


class Calls:
    """What one server makes of messages. sender, here: of the message that is being looked at."""

    def __init__(self, config: RpcConfig, protocol: int = TCP) -> None:
        self.config = config
        self.protocol = protocol
        self.sender: Address = ("127.0.0.1", 0)
        self.here: Address = ("127.0.0.1", 0)
        self.registered: dict[tuple[int, int, int], int] = {}

    def answer(self, message: bytes) -> bytes | None:
        """The reply to a message; None: there is none."""
        try:
            xid, mtype, rpcvers = head_of(message)
        except NoCall:
            return None
        if mtype != CALL:
            return self.no_call(message)
        if rpcvers != VERSION:
            return self.other_version(xid, message)
        try:
            call = self.read(message)
        except NoCall:
            return self.unreadable(xid)
        self.config.seen(call)
        why = self.suspicion(call)
        return denied(xid, AUTH_ERROR, why) if why else self.carried_out(call)

    # small steps, one for each way to be wrong

    def no_call(self, message: bytes) -> bytes | None:
        """A reply is never replied to: two servers could go on for ever."""
        return None

    def other_version(self, xid: int, message: bytes) -> bytes | None:
        """Another version of RPC."""
        return denied(xid, RPC_MISMATCH, VERSION, VERSION)

    def read(self, message: bytes) -> Received:
        """The call in a message. Raises NoCall."""
        return parse_call(message, AUTH_OCTETS)

    def unreadable(self, xid: int) -> bytes | None:
        """Credentials that are too long, or a call that ends before its arguments."""
        return denied(xid, AUTH_ERROR, AUTH_BADCRED)

    def suspicion(self, call: Received) -> int:
        """The auth_stat for which a call is refused; 0: it is not."""
        flavor = call.credential.flavor
        if flavor == AUTH_NONE:
            return 0
        if flavor != AUTH_SYS:
            return self.strange_flavor(call)
        try:
            self.check_sys(call.credential)
        except XdrProblem:
            return AUTH_BADCRED
        return 0

    def strange_flavor(self, call: Received) -> int:
        """A flavor that is not known here."""
        return AUTH_REJECTEDCRED

    def check_sys(self, credential: Auth) -> None:
        """Credentials of AUTH_SYS (appendix A). Raises XdrProblem."""
        reader = Reader(credential.body)
        reader.uint("the stamp")
        reader.opaque(MACHINE_OCTETS, "the machine's name")
        reader.uint("uid")
        reader.uint("gid")
        for _ in range(reader.count(4, GIDS, "gids")):
            reader.uint("a gid")
        reader.end()

    # programs

    @property
    def programs(self) -> dict[int, dict[int, Mapping[int, Procedure]]]:
        """Every procedure by program, version and number."""
        found: dict[int, dict[int, Mapping[int, Procedure]]] = {ECHO_PROGRAM: {ECHO_VERSION: ECHO}}
        if self.config.portmapper:
            found[PORTMAPPER] = {PORTMAPPER_VERSION: PORT_MAPPER}
        for (program, version, procedure), work in self.config.procedures.items():
            table = found.setdefault(program, {}).setdefault(version, {NULL: _null})
            found[program][version] = {**table, procedure: _given(work)}
        return found

    def carried_out(self, call: Received) -> bytes | None:
        """The reply to a call whose caller is welcome."""
        versions = self.programs.get(call.program)
        if versions is None:
            return self.no_program(call)
        if call.version not in versions:
            return self.no_version(call, min(versions), max(versions))
        procedure = versions[call.version].get(call.procedure)
        if procedure is None:
            return self.no_procedure(call)
        reader = Reader(self.arguments(call))
        try:
            results = procedure(self, reader)
            self.no_more(reader)
        except XdrProblem as problem:
            return self.bad_arguments(call, problem)
        return None if results is None else self.done(call, results)

    def arguments(self, call: Received) -> bytes:
        """The octets of a call's arguments."""
        return call.arguments

    def no_more(self, reader: Reader) -> None:
        """Arguments end where their types do. Raises XdrProblem."""
        reader.end()

    def done(self, call: Received, results: bytes) -> bytes:
        """A procedure was carried out."""
        return accepted(call.xid, SUCCESS, results)

    def no_program(self, call: Received) -> bytes | None:
        """A program that is not here."""
        return accepted(call.xid, PROG_UNAVAIL)

    def no_version(self, call: Received, low: int, high: int) -> bytes | None:
        """A version that is not here."""
        return accepted(call.xid, PROG_MISMATCH, uint(low) + uint(high))

    def no_procedure(self, call: Received) -> bytes | None:
        """A procedure that is not here."""
        return accepted(call.xid, PROC_UNAVAIL)

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        """Arguments that are none."""
        return accepted(call.xid, GARBAGE_ARGS)

    # the echo program: each takes its argument and gives it back

    def echo_int(self, reader: Reader) -> bytes:
        """An integer."""
        return int32(reader.int32())

    def echo_unsigned(self, reader: Reader) -> bytes:
        """An unsigned integer."""
        return uint(reader.uint())

    def echo_hyper(self, reader: Reader) -> bytes:
        """A hyper integer."""
        return hyper(reader.hyper())

    def echo_float(self, reader: Reader) -> bytes:
        """A float."""
        return float32(reader.float32())

    def echo_double(self, reader: Reader) -> bytes:
        """A double."""
        return float64(reader.float64())

    def echo_opaque(self, reader: Reader) -> bytes:
        """Opaque data, or a string."""
        return opaque(reader.opaque())

    def echo_bool(self, reader: Reader) -> bytes:
        """A boolean."""
        return boolean(reader.boolean())

    def echo_enum(self, reader: Reader) -> bytes:
        """An enumeration."""
        value = reader.int32("an enumeration")
        if value not in ENUM:
            raise XdrProblem(f"{value} is none of the enumeration's values")
        return int32(value)

    def echo_array(self, reader: Reader) -> bytes:
        """An array of unsigned integers."""
        return array(*(uint(reader.uint()) for _ in range(reader.count(4))))

    # the port mapper

    @property
    def mappings(self) -> list[Mapping4]:
        """What is registered here, (program, version, protocol, port)."""
        own = [
            (program, version, protocol, self.here[1])
            for program, versions in self.programs.items()
            for version in versions
            for protocol in self.config.protocols or (self.protocol,)
        ]
        return own + [(*key, port) for key, port in self.registered.items()]

    def dump(self, reader: Reader) -> bytes:
        """PMAPPROC_DUMP: every mapping behind a 1, and a 0 at the end."""
        return b"".join(uint(1) + b"".join(map(uint, mapping)) for mapping in self.mappings) + self.end_of_list()

    def end_of_list(self) -> bytes:
        """What ends an optional-data list (RFC 4506 4.19)."""
        return uint(0)

    def getport(self, reader: Reader) -> bytes:
        """PMAPPROC_GETPORT: the port of a program; the fourth number, a port, is passed over."""
        program, version, protocol, _ = _mapping(reader)
        ports = {mapping[:3]: mapping[3] for mapping in self.mappings}
        port = ports.get((program, version, protocol))
        return self.unregistered() if port is None else uint(port)

    def unregistered(self) -> bytes:
        """The port of a program that is not registered."""
        return uint(0)

    def register(self, reader: Reader) -> bytes:
        """PMAPPROC_SET: refused to strangers, and where something is registered."""
        program, version, protocol, port = _mapping(reader)
        if self.stranger or any(mapping[:3] == (program, version, protocol) for mapping in self.mappings):
            return boolean(False)
        self.registered[program, version, protocol] = port
        return boolean(True)

    def unregister(self, reader: Reader) -> bytes:
        """PMAPPROC_UNSET: of every protocol; refused to strangers."""
        program, version, _, _ = _mapping(reader)
        found = [key for key in self.registered if key[:2] == (program, version)]
        if self.stranger or not found:
            return boolean(False)
        for key in found:
            del self.registered[key]
        return boolean(True)

    def callit(self, reader: Reader) -> bytes | None:
        """PMAPPROC_CALLIT: never carried out here, and so never answered (RFC 1833 3.2)."""
        for what in ("program", "version", "procedure"):
            reader.uint(what)
        reader.opaque(what="the arguments of the indirect call")
        return None

    @property
    def stranger(self) -> bool:
        """Whether the sender is anybody but a superuser of this machine."""
        host, port = self.sender
        try:
            inside = ipaddress.ip_address(host).is_loopback
        except ValueError:
            return True
        return not inside or not 0 < port < PRIVILEGED


def _null(calls: Calls, reader: Reader) -> bytes:
    return b""


def _mapping(reader: Reader) -> Mapping4:
    return reader.uint("program"), reader.uint("version"), reader.uint("protocol"), reader.uint("port")


def _given(work: Callable[[bytes], bytes]) -> Procedure:
    """A procedure of the user's: he reads all that there is."""

    def procedure(calls: Calls, reader: Reader) -> bytes:
        return work(reader.fixed(len(reader.rest)))

    return procedure


def _echo(kind: str) -> Procedure:
    name = f"echo_{'opaque' if kind == 'string' else kind}"

    def procedure(calls: Calls, reader: Reader) -> bytes | None:
        results: bytes | None = getattr(calls, name)(reader)
        return results

    return procedure


ECHO: dict[int, Procedure] = {NULL: _null, **{number: _echo(kind) for kind, number in ECHOES.items()}}
PORT_MAPPER: dict[int, Procedure] = {
    NULL: _null,
    SET: lambda calls, reader: calls.register(reader),
    UNSET: lambda calls, reader: calls.unregister(reader),
    GETPORT: lambda calls, reader: calls.getport(reader),
    DUMP: lambda calls, reader: calls.dump(reader),
    CALLIT: lambda calls, reader: calls.callit(reader),
}
