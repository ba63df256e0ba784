"""Data connections (RFC 959 3.2, 4.1.2; RFC 1123 4.1.2; RFC 2428): how they are agreed on, and how transfers end."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.ftp import Ftp, announcement
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement, slow, writes
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.ftp import FormProblem, Passive, Reply, parse_227, parse_522
from pytest_netconform.wire.telnet import DATA_MARK, INTERRUPT_AND_SYNCH

NOWHERE = ("0.0.0.0", "255.255.255.255")  # nobody can connect to these
NOT_OFFERED = (500, 502)
LARGE = 16 << 20  # octets of a user's file, the least that socket buffers do not hold
LATE = 90.0  # seconds without a data connection; vsftpd waits for 60, pyftpdlib for 30


# -- passive


@requirement(
    "FTP-959-4.1.2-a", MUST, "RFC 959 4.1.2, RFC 1123 4.1.2.6", "PASV is answered 227 with an address that works."
)
@needs("passive", "IPv4")
def test_pasv(ftp: Ftp) -> None:
    """Six numbers name a place where the server listens; text around them is free."""
    place = ftp.passive_address("PASV")
    ftp.require(place.host not in NOWHERE, "a host that can be connected to in 227", place.host)
    ftp.done(ftp.retrieve("LIST", ftp.dial(place)))


@requirement(
    "FTP-1123-4.1.2.6-a", MUST, "RFC 959 4.1.2, RFC 1123 4.1.2.6", "PASV may be said again, and the last 227 holds."
)
@needs("passive", "IPv4")
def test_the_last_pasv_holds(ftp: Ftp) -> None:
    """A transfer goes over the second of two ports."""
    # field: Twisted 26.10 answers no second PASV until the first port has timed out
    ftp.passive_address("PASV")
    ftp.done(ftp.retrieve("LIST", ftp.dial(ftp.passive_address("PASV"))))


@requirement("FTP-959-4.1.2-c", INTEROP, "RFC 959 3.2, 4.1.2", "A port that was given up, or used, may stay open.")
@needs("passive", "IPv4")
def test_ports_that_are_over(ftp: Ftp) -> None:
    """The first of two ports, and a transfer for which nothing was prepared."""
    first = _place(ftp, "PASV")
    _place(ftp, "PASV")
    ftp.observe(f"the first of two ports: {'open' if _opens(ftp, first) else 'closed'}")
    other = ftp.sibling()
    place = _place(other, "PASV")
    other.done(other.retrieve("LIST", other.dial(place)))
    other.send("LIST")
    reply = other.heard()
    said = "waits" if reply is None else str(reply.code)
    if reply is not None and not reply.preliminary:
        other.observe(f"a second LIST without a data connection: {said}")
        return
    served = "served" if _opens(other, place) else "closed"
    other.observe(f"a second LIST without a data connection: {said}; the old port: {served}")


@requirement("FTP-959-4.1.2-d", MUST, "RFC 959 4.2", "Commands are answered while a data connection is awaited.")
@needs("passive")
@pytest.mark.parametrize("command", ["EPSV", "PASV"])
def test_a_port_that_waits_blocks_nothing(ftp: Ftp, command: str) -> None:
    """NOOP and TYPE are answered before anybody came to the port."""
    # field: Twisted 26.10 says nothing until somebody comes or 10 s have passed, then 550
    ftp.send(command)
    reply = ftp.reply()
    if reply.code not in (227, 229):
        ftp.not_applicable(f"{command} is answered {reply.code}")
    ftp.exchange("NOOP", 200)
    ftp.exchange("TYPE I", 200)


@requirement("FTP-2428-3-a", MUST, "RFC 2428 3", "EPSV is answered 229 with a port between four equal delimiters.")
@needs("passive")
def test_epsv(ftp: Ftp) -> None:
    """The port alone is named, in parentheses, and it works with the host of the control connection."""
    _offered(ftp, "EPSV")
    place = ftp.passive_address()
    ftp.require(not place.deviations, "a 229 whose first two fields are empty", ", ".join(place.deviations))
    ftp.done(ftp.retrieve("LIST", ftp.dial(place)))


@requirement("FTP-2428-3-b", MUST, "RFC 2428 3", "EPSV of a protocol that is not served: 522 with a list; else 229.")
@needs("passive")
@pytest.mark.parametrize("which", ["own", "other", "unknown", "word"])
def test_epsv_with_a_protocol(ftp: Ftp, which: str) -> None:
    """The protocol of the control connection is served; protocol 9 and a word are not."""
    _offered(ftp, "EPSV")
    own, other = (2, 1) if ":" in ftp.wire.there[0] else (1, 2)
    if which == "own":
        ftp.exchange(f"EPSV {own}", 229)
        return
    ftp.given(f"EPSV {own}")
    if which == "word":
        ftp.exchange("EPSV x", "4yz", "5yz")
        ftp.alive()
        return
    # field: pyftpdlib 2.2, linux-ftpd 501; Pure-FTPd 1.0.50 answers 229 to EPSV 9
    tolerated: dict[Code, str] = {"5yz": "another refusal than 522, whose list would help a client on"}
    served = (229, "4yz") if which == "other" else ()
    reply = ftp.exchange(f"EPSV {other if which == 'other' else 9}", 522, *served, tolerated=tolerated)
    _lists_protocols(ftp, reply)
    ftp.alive()


@requirement("FTP-2428-3-c", MUST, "RFC 2428 4", "After EPSV ALL every other way to a data connection is refused.")
@needs("passive")
def test_epsv_all(ftp: Ftp) -> None:
    """PASV, PORT and EPRT are refused behind EPSV ALL, as far as they are accepted without it; EPSV goes on."""
    listener = ftp.listen()
    ways = ["PASV", announcement(listener, "EPRT")]
    if ":" not in listener.address[0]:
        ways.append(announcement(listener, "PORT"))
    plain = ftp.sibling()
    accepted = [way for way in ways if _accepts(plain, way)]
    if not accepted:
        ftp.not_applicable("EPSV is the only way anyhow")
    ftp.send("EPSV ALL")
    reply = ftp.reply()
    if reply.code is None or reply.code // 100 != 2:
        # field: inetutils-ftpd, linux-ftpd 500
        ftp.tolerate("2yz in answer to EPSV ALL", reply.raw, "EPSV ALL is not known")
        return
    for way in accepted:
        # field: vsftpd 3.0.3 still accepts EPRT, Pure-FTPd 1.0.50 PASV
        ftp.send(way)
        ftp.expect("5yz", "4yz", to=f"{way.split()[0]} behind EPSV ALL")
    ftp.passive_address()


@requirement("FTP-GEN-IP6-a", MUST, "RFC 2428 1, 3; RFC 959 4.1.2", "Over IPv6 EPSV works, and PASV promises nothing.")
@needs("passive", "IPv6")
def test_ipv6(ftp: Ftp) -> None:
    """EPSV serves; PASV and PORT, which know IPv4 only, are refused or keep what they say."""
    place = ftp.passive_address()
    ftp.done(ftp.retrieve("LIST", ftp.dial(place)))
    ftp.send("PASV")
    reply = ftp.reply()
    if reply.code == 227:
        # field: vsftpd 3.0.3 says 0,0,0,0
        host = _host_of(ftp, reply)
        ftp.require(host not in NOWHERE, "over IPv6 a refusal of PASV, or an address that can be connected to", host)
        ftp.note(f"PASV over IPv6 names {host}")
        ftp.done(ftp.retrieve("LIST", ftp.dial(parse_227(reply))))
    else:
        ftp.weigh(reply, "4yz", "5yz", expected="a refusal of PASV over IPv6, or 227")
    ftp.send("PORT 127,0,0,1,200,1")
    ftp.expect("4yz", "5yz", noted={200: "PORT over IPv6 is accepted"})


# -- active


@requirement("FTP-2428-2-a", MUST, "RFC 2428 2", "EPRT makes the server connect, whatever the delimiter.")
@needs("active")
@pytest.mark.parametrize("delimiter", ["|", "!"], ids=["bar", "exclamation-mark"])
def test_eprt(ftp: Ftp, delimiter: str) -> None:
    """Protocol, address and port stand between delimiters, which may be any printable character."""
    # field: vsftpd 3.0.3 takes the bar only, 500
    listener = ftp.listen()
    _offered(ftp, announcement(ftp.listen(), "EPRT"))  # elsewhere: some connect as soon as they are told where
    ftp.send(announcement(listener, "EPRT", delimiter))
    ftp.expect(200, to=f"EPRT with the delimiter {delimiter}")
    ftp.done(ftp.retrieve("LIST", listener))


@requirement("FTP-2428-2-a", MUST, "RFC 2428 2", "EPRT makes the server connect, whatever the delimiter.")
@needs("active", "IPv4")
@pytest.mark.parametrize("wrong", ["EPRT |1|1.2.3|{port}|", "EPRT |1|{host}|99999|"], ids=["address", "port"])
def test_eprt_of_what_is_no_address(ftp: Ftp, wrong: str) -> None:
    """Three numbers are no address, and 99999 is no port."""
    # field: ProFTPD, inetutils-ftpd 200 to port 99999, linux-ftpd 200 to both
    listener = ftp.listen()
    _offered(ftp, announcement(listener, "EPRT"))
    host, port = listener.address
    ftp.send(wrong.format(host=host, port=port))
    ftp.expect("4yz", "5yz", to=wrong)
    ftp.alive()


@requirement("FTP-2428-2-b", MUST, "RFC 2428 2", "EPRT with a protocol that is not known is answered 522 and a list.")
@needs("active")
def test_eprt_of_an_unknown_protocol(ftp: Ftp) -> None:
    """Network protocol 9 is refused, and the reply lists those that are served."""
    listener = ftp.listen()
    _offered(ftp, announcement(listener, "EPRT"))
    host, port = listener.address
    # field: vsftpd 3.0.3 500, pyftpdlib 2.2 501
    note = "another refusal than 522, whose list would help a client on"
    ftp.send(f"EPRT |9|{host}|{port}|")
    _lists_protocols(ftp, ftp.expect(522, tolerated={"5yz": note}, to="EPRT of network protocol 9"))
    ftp.alive()


@requirement(
    "FTP-1123-4.1.2.12-a", MUST, "RFC 1123 4.1.2.12", "Data connections come from the control connection's address."
)
@needs("active")
def test_data_comes_from_the_same_address(ftp: Ftp) -> None:
    """The server's end of an active data connection has the address to which the client connected."""
    listener = ftp.active()
    first, wire = ftp.begin("LIST", listener)
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to LIST")
    if wire is None:
        return
    here, there = wire.there, ftp.wire.there
    ftp.drain(wire)
    wire.close()
    ftp.expect(226, 250, to="LIST")
    ftp.require(here[0] == there[0], f"a data connection from {there[0]}", here[0])
    # field: Pure-FTPd uses port 20, linux-ftpd the port below its own (RFC 959 3.2's default), others any
    default = here[1] == there[1] - 1
    ftp.note("the data connection comes from the default port") if default else None


# -- how transfers end


@requirement("FTP-959-5.4-q", SHOULD, "RFC 959 5.4", "A data connection that never comes does not end the dialogue.")
@needs("passive")
@slow
def test_a_data_connection_that_never_comes(ftp: Ftp) -> None:
    """The transfer is given up, or waits and is served at last; the control connection goes on."""
    place = ftp.passive_address()
    ftp.send("LIST")
    reply = ftp.heard(window=LATE)
    if reply is not None and reply.preliminary:
        reply = ftp.heard(window=LATE)
    if reply is None:  # field: ProFTPD, Pure-FTPd wait for more than 200 s
        ftp.require(not ftp.over, "a reply, or patience, while no data connection comes", "the connection was closed")
        _, ending = ftp.drain(ftp.dial(place))
        ftp.require(ending == "closed", "an orderly end of the data that came late", ending)
        reply = ftp.reply("a last reply to LIST")
        reply = ftp.reply("a last reply to LIST") if reply.preliminary else reply
        ftp.weigh(reply, 226, 250, expected="226 at the end of LIST, which had waited")
    else:  # field: vsftpd 425 after 60 s, pyftpdlib 421 after 30 s and stays open
        ftp.weigh(reply, "4yz", "5yz", expected="4yz or 5yz when no data connection comes")
    if reply.code != 421:
        ftp.alive()


@requirement("FTP-959-5.4-r", MUST, "RFC 959 5.4", "A data connection that breaks is reported: 426 or 451, never 226.")
@needs("passive")
@writes
def test_a_download_that_breaks(ftp_directory: Ftp) -> None:
    """The client resets the data connection of a large file; the session goes on."""
    _download_breaks(ftp_directory)


@requirement("FTP-959-5.4-r", MUST, "RFC 959 5.4", "A data connection that breaks is reported: 426 or 451, never 226.")
@needs("passive", "-writable", "?large", "?file")
def test_a_download_that_breaks_for_readers(ftp: Ftp) -> None:
    """The same with the large file that the user names, where nothing may be written."""
    _has_large_file(ftp)
    _download_breaks(ftp)


def _download_breaks(ftp: Ftp) -> None:
    small = b"RETR " + ftp.text_file() + b"\r\n"
    first, wire = ftp.begin(b"RETR " + ftp.large_file() + b"\r\n")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to RETR")
    if wire is None:
        return
    ftp.drain(wire, most=ftp.around.big // 16)
    wire.reset()
    # field: Pure-FTPd 1.0.50 ends with another 150 and no final reply
    reply = ftp.reply("a last reply to RETR, whose data connection broke")
    others: dict[Code, str] = {"4yz": "RFC 959 5.4 lists 426 and 451", "5yz": "RFC 959 5.4 lists 426 and 451"}
    ftp.weigh(reply, 426, 451, noted=others, expected="426 or 451 after a broken data connection")
    ftp.alive()
    ftp.done(ftp.retrieve(small))


@requirement("FTP-959-5.4-s", INTEROP, "RFC 959 5.4", "What is left of an upload that breaks is the server's choice.")
@needs("passive")
@writes
def test_an_upload_that_breaks(ftp_directory: Ftp) -> None:
    """The client resets the data connection behind 100000 octets."""
    ftp = ftp_directory
    first, wire = ftp.begin("STOR f")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to STOR")
    if wire is None:
        return
    ftp.supply(wire, bytes(100_000), end=False)
    ftp.glance(wire)  # a connection that breaks before the server has taken it is none
    wire.reset()
    reply = ftp.reply("a last reply to STOR, whose data connection broke")
    ftp.alive()
    kept = b"f" in ftp.names()
    ftp.observe(f"{reply.code}; {'a part is kept' if kept else 'nothing is kept'}")


@requirement("FTP-959-4.1.3-d", MUST, "RFC 959 4.1.3, 5.4", "ABOR ends a transfer, with one reply for each of the two.")
@needs("passive")
def test_abor_of_nothing(ftp: Ftp) -> None:
    """Without a transfer there is one reply."""
    missing: dict[Code, str] = dict.fromkeys(NOT_OFFERED, "ABOR is not served; RFC 1123 4.1.2.13 does not ask for it")
    ftp.exchange("ABOR", 225, 226, noted=missing)
    more = ftp.replies_until("NOOP", 200)
    ftp.require(not more, "one reply to ABOR", f"{len(more)} more")


@requirement("FTP-959-4.1.3-d", MUST, "RFC 959 4.1.3, 5.4", "ABOR ends a transfer, with one reply for each of the two.")
@needs("passive")
@writes
@pytest.mark.parametrize("form", ["plain", "synch"])
def test_abor_of_a_transfer(ftp_directory: Ftp, form: str) -> None:
    """At once, or when the transfer is over: RETR and ABOR are answered, and the next command has its own reply."""
    _abor(ftp_directory, form)


@requirement("FTP-959-4.1.3-d", MUST, "RFC 959 4.1.3, 5.4", "ABOR ends a transfer, with one reply for each of the two.")
@needs("passive", "-writable", "?large")
@pytest.mark.parametrize("form", ["plain", "synch"])
def test_abor_of_a_transfer_for_readers(ftp: Ftp, form: str) -> None:
    """The same with the large file that the user names, where nothing may be written."""
    _has_large_file(ftp)
    _abor(ftp, form)


def _abor(ftp: Ftp, form: str) -> None:
    if form == "synch" and ftp.wire.secure:
        ftp.not_applicable("TLS knows no urgent data")
    first, wire = ftp.begin(b"RETR " + ftp.large_file() + b"\r\n")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to RETR")
    if wire is None:
        return
    ftp.drain(wire, most=ftp.around.big // 16)
    if form == "synch":
        ftp.send(INTERRUPT_AND_SYNCH)
        ftp.wire.send_urgent(DATA_MARK, ftp.wire.now() + ftp.target.patience)
    ftp.send("ABOR")
    ftp.drain(wire)  # vsftpd, ProFTPD hear ABOR when they have sent everything
    wire.close()
    heard = [ftp.reply("an answer to RETR"), ftp.reply("an answer to ABOR")]
    heard += ftp.replies_until("NOOP", 200)
    codes = [str(reply.code) for reply in heard]
    missing = len(heard) == 2 and heard[1].code in NOT_OFFERED
    right = missing or (len(heard) == 2 and heard[1].code in (225, 226))
    ended = heard[0].code in (226, 250) or codes[0][0] in "45"
    ftp.require(right and ended, "426 and 226, or 226 and 225, for RETR and ABOR", ", ".join(codes))
    ftp.note("ABOR is not served") if missing else None


# -- the short forms


def _has_large_file(ftp: Ftp) -> None:
    """Prerequisite: the user's file does not fit into the network, else a transfer is over before it can break."""
    ftp.given("TYPE I")
    if "SIZE" not in ftp.target.claims:
        return
    ftp.send(b"SIZE " + ftp.large_file() + b"\r\n")
    size = ftp.reply().text.strip()
    if not size.isdigit() or int(size) < LARGE:
        raise Inconclusive("prerequisite not met: ?large= names no file of 20 MiB or more")


def _place(ftp: Ftp, command: str) -> Passive:
    """Prerequisite: a port where the server listens."""
    try:
        return ftp.passive_address(command)
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met: {problem}") from None


def _opens(ftp: Ftp, place: Passive) -> bool:
    """Whether a connection to that port can be made."""
    try:
        ftp.dial(place).close()
    except NonConformity:
        return False
    return True


def _accepts(ftp: Ftp, command: str) -> bool:
    """Whether a command is answered 2yz."""
    ftp.send(command)
    code = ftp.reply().code
    return code is not None and code // 100 == 2


def _offered(ftp: Ftp, command: str) -> None:
    """Not applicable when a command of RFC 2428 is not known; Inconclusive when it is refused."""
    ftp.send(command)
    reply = ftp.reply()
    if reply.code in NOT_OFFERED:
        ftp.not_applicable(f"{command.split()[0]} is not offered")
    if reply.code is None or reply.code // 100 != 2:
        raise Inconclusive(f"prerequisite not met: {command.split()[0]} is answered {reply.code}")


def _host_of(ftp: Ftp, reply: Reply) -> str:
    try:
        return parse_227(reply).host
    except FormProblem as problem:
        raise NonConformity("six numbers, 0 to 255, in 227", str(problem)) from None


def _lists_protocols(ftp: Ftp, reply: Reply) -> None:
    """522 names the protocols that are served, in parentheses (RFC 2428 2)."""
    if reply.code != 522:
        return
    try:
        parse_522(reply)
    except FormProblem:
        # field: vsftpd 3.0.3 says no list, pyftpdlib 2.2.0 "(use 1)"
        ftp.tolerate("522 with a list such as (1,2)", reply.raw, "no list of protocols in 522")


NOT_CHECKED: list[tuple[str, str]] = []
