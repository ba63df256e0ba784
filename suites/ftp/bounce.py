"""Other people's ports and connections (RFC 2577 2, 3, 4, 8): a server that can be sent, or robbed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from pytest_netconform.dialogues.ftp import Ftp, announcement
from pytest_netconform.requirement import SECURITY, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity

ELSEWHERE = "127.0.0.2"  # another address of this machine: a third party whose ports we can watch
ABROAD = "192.0.2.1"  # nobody's (RFC 5737): only its refusal can be seen
RESERVED = (1013, 907, 811)  # ports of services, as far as the rule goes, that are seldom in use
PORTS = 20  # passive ports that are looked at
ALIKE = 15  # steps between them that must not all be the same


@requirement("FTP-2577-3-a", SECURITY, "RFC 2577 3", "Data connections to hosts other than the client are not made.")
@needs("active", "IPv4")
@pytest.mark.parametrize("command", ["PORT", "EPRT"])
def test_no_third_party_is_called(ftp: Ftp, command: str) -> None:
    """An address that is not the client's is refused, at once or when it comes to a transfer."""
    # field: Twisted 26.10 connects; linux-ftpd connects by EPRT, and refuses PORT
    _works(ftp, command)
    if not ftp.target.spec.at_home:
        argument = "192,0,2,1,200,1" if command == "PORT" else f"|1|{ABROAD}|51201|"
        _refused(ftp, f"{command} {argument}", "there is no third party here whose ports we could watch")
        return
    _nobody_comes(ftp, command, 0, ELSEWHERE, f"{ELSEWHERE}, which is not the client")


@requirement("FTP-2577-3-b", SECURITY, "RFC 2577 3", "Data connections to ports below 1024 are not made.")
@needs("active", "IPv4")
@pytest.mark.parametrize("command", ["PORT", "EPRT"])
def test_no_reserved_port_is_called(ftp: Ftp, command: str) -> None:
    """A port of the client's where a service may stand is refused (504 is suggested)."""
    # field: linux-ftpd connects to port 22 by EPRT; Twisted 26.10 tries
    _works(ftp, command)
    port = _reserved(ftp)
    if not port:
        place = f"{ftp.wire.here[0].replace('.', ',')},3,245" if command == "PORT" else f"|1|{ftp.wire.here[0]}|1013|"
        _refused(ftp, f"{command} {place}", "we may not listen at a port below 1024, and so see no connection")
        return
    _nobody_comes(ftp, command, port, "", "a port below 1024")


@requirement("FTP-2577-4-a", SECURITY, "RFC 2577 4, 8", "A passive port serves nobody but the client.")
@needs("passive", "IPv4")
def test_nobody_else_is_served(ftp: Ftp) -> None:
    """Who comes to the port from another address is given nothing."""
    # field: ProFTPD 1.3.8 and Twisted 26.10 send to 127.0.0.2
    if not ftp.target.spec.at_home:
        ftp.not_applicable("another address of ours, to come from")
    place = ftp.passive_address("PASV")
    ftp.done(ftp.retrieve("LIST", ftp.dial(place)))
    place = ftp.passive_address("PASV")
    try:
        thief = ftp.dial(place, ELSEWHERE)
    except NonConformity:
        ftp.note("the other address cannot even connect")
        return
    ftp.send("LIST")
    data, ending = ftp.glance(thief)
    stolen = f"{len(data)} octets for {ELSEWHERE}"
    ftp.require(not data, "nothing to be sent to another address than the client's", stolen)
    reply = ftp.heard()
    if reply is not None and reply.preliminary:
        reply = ftp.heard()
    done = reply is not None and reply.code is not None and reply.code // 100 == 2
    received = f"{reply.code if reply else 'nothing'}, data connection {ending or 'open'}"
    ftp.require(not done, "no transfer to be completed with another address", received)


@requirement("FTP-2577-8-a", SECURITY, "RFC 2577 8", "The ports of passive connections cannot be guessed.")
@needs("passive")
def test_passive_ports_are_not_foreseen(ftp: Ftp) -> None:
    """Twenty ports are neither the same nor in a row."""
    ports = []
    for _ in range(PORTS):
        try:
            ports.append(ftp.passive_address("EPSV" if "IPv6" in ftp.target.claims else "PASV").port)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
    steps = Counter(after - before for before, after in pairwise(ports))
    step, times = steps.most_common(1)[0]
    alike = f"{times} of {PORTS - 1} steps are {step:+d}"
    ftp.require(times < ALIKE, "ports that do not follow from each other", alike)
    if len(set(ports)) < PORTS // 2:
        ftp.note(f"{len(set(ports))} different ports in {PORTS}")
    ftp.alive()


def _works(ftp: Ftp, command: str) -> None:
    """Prerequisite: the client's own port is called; not applicable where the command is not known."""
    listener = ftp.listen()
    ftp.send(announcement(listener, command))
    reply = ftp.reply()
    if reply.code in (500, 502):
        ftp.not_applicable(f"{command} is not offered")
    try:
        ftp.weigh(reply, 200, expected=f"200 in answer to {command}")
        ftp.done(ftp.retrieve("LIST", listener))
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met: {problem}") from None


def _reserved(ftp: Ftp) -> int:
    """A port below 1024 at which we may listen; 0 where there is none."""
    for port in RESERVED:
        try:
            ftp.listen(port).close()
        except Inconclusive:
            continue
        return port
    return 0


def _refused(ftp: Ftp, stimulus: str, otherwise: str) -> None:
    """A refusal is seen; what an acceptance leads to is not."""
    ftp.send(stimulus)
    reply = ftp.reply()
    if reply.code is None or reply.code < 400:
        raise Inconclusive(f"{stimulus} is answered {reply.code}; {otherwise}")
    ftp.alive()


def _nobody_comes(ftp: Ftp, command: str, port: int, host: str, whose: str) -> None:
    """The announcement is refused, or the transfer is, and no connection is made."""
    listener = ftp.listen(port, host)
    ftp.send(announcement(listener, command))
    first = ftp.reply()
    if first.code is not None and first.code >= 400:
        ftp.alive()
        return
    ftp.send("LIST")
    try:
        ftp.accept(listener, within=max(1.0, ftp.target.window))
    except NonConformity:
        ftp.expect("4yz", "5yz", to=f"LIST behind {command} of {whose}")
        return
    ftp.require(False, f"no data connection to {whose}", f"{first.code}, and a connection")


NOT_CHECKED: list[tuple[str, str]] = []
