"""Data connections carry the same in memory and over sockets: one contract, every way to reach the reference server."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.dialogues.ftp import CLOSED, TEXT, Ftp, announcement, pattern
from pytest_netconform.fixtures import ftp as column
from pytest_netconform.fixtures.network import EVERYTHING, memory_target, reference_of
from pytest_netconform.judge import survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.ftp import FtpSession
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.session import Session
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.target import Spec, Target
from pytest_netconform.transcript import What
from pytest_netconform.transport import Gone
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.wire.ftp import Passive, text_227

ROW = PROTOCOLS["ftp"]


@dataclass(frozen=True)
class Place:
    """A way to reach the reference server: carriage, address family, and whether everything is inside TLS."""

    sockets: bool
    host: str = "127.0.0.1"
    tls: bool = False
    implicit: bool = False

    def __str__(self) -> str:
        words = ["sockets" if self.sockets else "memory", "v6" if ":" in self.host else "v4"]
        return "-".join([*words, *["tls"] * self.tls, *["implicit"] * self.implicit])


PLACES = [
    Place(sockets, host, tls, implicit)
    for sockets in (False, True)
    for host in ("127.0.0.1", "::1")
    for tls, implicit in ((False, False), (True, False), (True, True))
]
CLEAR = [place for place in PLACES if not place.tls]
SECURE = [place for place in PLACES if place.tls and not place.implicit]


Reach = Callable[..., Target]


@pytest.fixture
def reach(authority: Authority) -> Iterator[Reach]:
    """Make targets; afterwards the servers behind them have had no error, and nothing is connected or open."""
    with serving(FtpSession):  # the loop has sockets of its own
        pass
    before = _descriptors()
    with ExitStack() as stack:

        def target(place: Place, session: type[Session] | None = None, **options: str) -> Target:
            if place.implicit:
                options["tls"] = "implicit"
            if not place.sockets:
                options["ipv6"] = "1" if ":" in place.host else "0"
                return memory_target("ftp", options, session)
            reference = reference_of(ROW, options, session)
            host = serving(
                reference.make_session,
                host=place.host,
                tls=authority.server_context(),
                implicit_tls=place.implicit,
            )
            stack.enter_context(_nothing_left(host))
            stack.enter_context(host)
            carriage = SocketCarriage(host.host, host.port, implicit_tls=place.implicit, server_name="localhost")
            spec = Spec("reference", host.host, host.port, options=options, reference=True, protocol=ROW)
            return Target(spec, carriage, options=reference.options, allowed=EVERYTHING)

        yield target
    assert _descriptors() == before


@contextmanager
def _nothing_left(host: Host) -> Iterator[None]:
    yield
    assert (host.errors, host.connections, host.channels, host.listening) == ([], 0, 0, False)


def _descriptors() -> list[str]:
    gc.collect()
    found = []
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the listing's own
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return sorted(name for name in found if name.startswith("socket:"))


@contextmanager
def logged_in(target: Target, place: Place) -> Iterator[Ftp]:
    """A dialogue in a scratch directory, which is gone afterwards."""
    if not target.survey.spoke:
        survey(target, column.COLUMN)
        assert target.survey.sound, target.survey.problem
    visit = Visit(target)
    try:
        yield column.open_secure_directory(visit) if place.tls else column.open_directory(visit)
    finally:
        visit.close()
    assert not [note for note in visit.notes if "left behind" in note]


def _ways(ftp: Ftp, place: Place) -> list[Callable[[], object]]:
    four = [] if ":" in place.host else [lambda: ftp.dial(ftp.passive_address("PASV")), lambda: ftp.active("PORT")]
    return [ftp.passive, lambda: ftp.active("EPRT"), *four]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_what_is_sent_arrives(reach: Reach, place: Place) -> None:
    """Each way to a data connection carries files of all sizes in both directions, and listings."""
    target = reach(place)
    with logged_in(target, place) as ftp:
        for way in _ways(ftp, place):
            for size in (0, 1, 65536, 300_001):
                stored = ftp.done(ftp.store("STOR f", pattern(size), way()))  # type: ignore[arg-type]
                assert (stored.ending, stored.complete) == (CLOSED, True)
                fetched = ftp.done(ftp.retrieve("RETR f", way()))  # type: ignore[arg-type]
                assert fetched.data == pattern(size)
            assert ftp.names() == [b"f"]
        assert ftp.protected is place.tls
    with logged_in(target, place) as ftp:
        ftp.exchange(b"CWD /\r\n", 250)
        assert ftp.names() == sorted([b"pub", ftp.directory[1:]])  # the directory before is gone


@pytest.mark.parametrize("place", CLEAR, ids=str)
def test_last_replies_wait_for_the_reader(reach: Reach, place: Place) -> None:
    """Of a file that nobody reads no end is announced; then all of it is there."""
    with logged_in(reach(place), place) as ftp:
        first, wire = ftp.begin(b"RETR " + ftp.large_file() + b"\r\n")
        assert first.code == 150 and wire is not None
        assert ftp.heard() is None
        data, ending = ftp.drain(wire)
        wire.close()
        assert (data, ending) == (pattern(ftp.around.big), CLOSED)
        ftp.expect(226)
        ftp.alive()


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_aborted_transfers(reach: Reach, place: Place) -> None:
    """ABOR, with Synch and without, ends the data at once: 426 and 226, in step."""
    with logged_in(reach(place), place) as ftp:
        large = ftp.large_file()
        for synch in (False, True):
            _, wire = ftp.begin(b"RETR " + large + b"\r\n")
            assert wire is not None
            if synch and not place.tls:
                deadline = ftp.wire.now() + 5
                ftp.wire.send(b"\xff\xf4\xff", deadline)
                ftp.wire.send_urgent(b"\xf2", deadline)
            ftp.exchange("ABOR", 426)
            ftp.expect(226)
            assert ftp.drain(wire)[1] != CLOSED
            wire.close()
            ftp.alive()


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_clients_that_break_off(reach: Reach, place: Place) -> None:
    """A reset, or a close before the end, in either direction is 426; an orderly end is an end."""
    with logged_in(reach(place), place) as ftp:
        large = ftp.large_file()
        for reset in (True, False):
            _, wire = ftp.begin(b"RETR " + large + b"\r\n")
            assert wire is not None
            ftp.drain(wire, 100_000)
            wire.reset() if reset else wire.close()
            ftp.expect(426)
        _, wire = ftp.begin("STOR g")
        assert wire is not None
        wire.send(pattern(100_000), wire.now() + 5)
        wire.reset()
        ftp.expect(426)
        assert b"g" not in ftp.names()
        ftp.alive()


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_who_breaks_off_behind_the_end_is_answered(reach: Reach, place: Place) -> None:
    """All was sent and read: a reset in place of a close is followed by the transfer's last reply, whichever it is."""
    with logged_in(reach(place), place) as ftp:
        ftp.done(ftp.store("STOR f", pattern(1000), ftp.passive()))
        _, wire = ftp.begin("RETR f")
        assert wire is not None
        ftp.drain(wire)
        wire.reset()
        assert ftp.reply().code in (226, 426)
        ftp.alive()


@pytest.mark.parametrize("place", SECURE, ids=str)
def test_a_cut_upload_is_told_from_a_whole_one(reach: Reach, place: Place) -> None:
    """Inside TLS an end without a closing alert is 426, with one 226."""
    with logged_in(reach(place), place) as ftp:
        for goodbye, code in ((False, 426), (True, 226)):
            _, wire = ftp.begin("STOR f")
            assert wire is not None
            ftp.supply(wire, b"abc", goodbye=goodbye)
            ftp.expect(code)
            wire.close()


@pytest.mark.parametrize("place", SECURE, ids=str)
def test_clear_text_where_tls_belongs(reach: Reach, place: Place) -> None:
    """Octets in clear under PROT P are 425, and not stored; TLS under PROT C comes to nothing."""
    with logged_in(reach(place), place) as ftp:
        ftp.protected = False  # we only pretend
        _, wire = ftp.begin("STOR f")
        assert wire is not None
        with suppress(Gone):
            wire.send(b"GET / HTTP/1.1\r\n\r\n", wire.now() + 5)
        ftp.expect(425)
        wire.close()
        ftp.given("PROT C")
        assert ftp.names() == []
        ftp.put("f", TEXT)
        ftp.protected = True
        with pytest.raises(NonConformity, match="a TLS handshake on the data connection"):
            ftp.begin("RETR f")
        ftp.protected = False


@pytest.mark.parametrize("place", CLEAR, ids=str)
def test_strangers_are_not_served(reach: Reach, place: Place) -> None:
    """Who comes to the port from another address is broken off; the client behind him gets his file."""
    if ":" in place.host and place.sockets:
        pytest.skip("there is one IPv6 address on loopback")
    with logged_in(reach(place), place) as ftp:
        ftp.put("f", TEXT)
        door = ftp.passive_address()
        stranger = ftp.dial(door, "127.0.0.2" if ":" not in place.host else "::2")
        ftp.send("RETR f")
        assert ftp.drain(stranger)[1].startswith("broken")
        wire = ftp.dial(door)
        ftp.expect(150)
        assert ftp.drain(wire) == (TEXT, CLOSED)
        ftp.expect(226)


@pytest.mark.parametrize("place", CLEAR, ids=str)
def test_who_does_not_listen_is_not_reached(reach: Reach, place: Place) -> None:
    """A port that was announced and closed is 425; nobody is at a door that was shut."""
    with logged_in(reach(place), place) as ftp:
        listener = ftp.listen()
        ftp.given(announcement(listener, "EPRT"))
        listener.close()
        ftp.exchange("LIST", 425)
        door = ftp.passive_address()
        ftp.exchange("ABOR", 226)
        with pytest.raises(NonConformity, match="a data connection to port"):
            ftp.dial(door)
        with pytest.raises(NonConformity, match="the target to connect"):
            ftp.accept(ftp.listen(), within=0.1)


class Elsewhere(FtpSession):
    """Names an address in a documentation network (RFC 5737) in its 227."""

    def pasv_numbers(self, port: int) -> str:
        return text_227("192.0.2.1", port)


@pytest.mark.parametrize("place", [place for place in CLEAR if ":" not in place.host], ids=str)
def test_a_foreign_address_is_not_connected_to(reach: Reach, place: Place) -> None:
    """The control connection's host is tried in its place, and the note says why."""
    with logged_in(reach(place, Elsewhere), place) as ftp:
        address = ftp.passive_address("PASV")
        assert address.host == "192.0.2.1"
        ftp.done(ftp.retrieve("LIST", ftp.dial(address)))
        assert ftp.visit.notes == [
            f"227 names 192.0.2.1, which is not where we are connected; {place.host} was tried instead"
        ]


@pytest.mark.parametrize("place", SECURE, ids=str)
def test_ccc_ends_tls(reach: Reach, place: Place) -> None:
    """After CCC both sides go on in clear, data connections inside TLS; AUTH begins anew."""
    with logged_in(reach(place), place) as ftp:
        ftp.exchange("CCC", 200)
        ftp.end_tls()
        assert (ftp.wire.secure, ftp.wire.tls_version()) == (False, "")
        assert ftp.names() == []
        ftp.alive()
        ftp.secure()
        ftp.protected = False
        ftp.login()
        assert ftp.wire.secure
        assert ftp.done(ftp.retrieve("LIST")).complete


@pytest.mark.parametrize("place", CLEAR, ids=str)
def test_the_transcript_tells_which_connection_is_which(reach: Reach, place: Place) -> None:
    """Data connections have numbers of their own, and say whose they are; large uploads are kept in part."""
    with logged_in(reach(place), place) as ftp:
        ftp.put("f", pattern(200_000))
        ftp.retrieve("LIST", ftp.active("EPRT"))
        joins = [event for event in ftp.visit.transcript.events if event.what is What.JOIN]
        words = [event.data.split()[2] for event in joins]
        assert [(event.connection, word) for event, word in zip(joins, words, strict=True)] == [
            *((2, b"to"), (3, b"at"), (4, b"from"))
        ]
        assert all(event.data.startswith(b"of 1, ") for event in joins)
        (upload,) = [event for event in ftp.visit.transcript.events if (event.connection, event.what) == (2, What.SEND)]
        assert (upload.total, len(upload.data)) == (200_000, 64507)


def test_what_a_session_leaves_open_is_closed_with_it(reach: Reach) -> None:
    """Doors and idle channels go with the control connection, however that ends."""
    for place in CLEAR:
        target = reach(place)
        for leave in ("close", "reset", "quit"):
            visit = Visit(target)
            ftp = column.open_logged_in(visit)
            idle = ftp.passive()
            if leave == "quit":
                ftp.exchange("QUIT", 221)
            elif leave == "reset":
                ftp.wire.reset()
            else:
                ftp.wire.close()
            assert ftp.drain(idle)[1] != ""
            visit.close()


def test_a_scratch_directory_that_stays_is_told(reach: Reach) -> None:
    """What could not be removed is noted: nobody's server is littered in silence."""

    class Keeping(FtpSession):
        def answer_rmd(self, argument: bytes) -> None:
            if b"nc" in argument and b"deep" not in argument:
                self.reply(550, "It stays")
            else:
                super().answer_rmd(argument)

    target = reach(PLACES[0], Keeping)
    target.survey.capabilities.add("writable")
    visit = Visit(target)
    column.open_directory(visit)
    visit.close()
    assert any("something was left behind" in note for note in visit.notes)


def test_scratch_directories_are_swept(reach: Reach) -> None:
    """Files, odd names and directories in directories go with it."""
    target = reach(PLACES[0])
    survey(target, column.COLUMN)
    visit = Visit(target)
    ftp = column.open_directory(visit)
    for path in ("a", "a/b", "a/b/c"):
        ftp.given(f"MKD {path}")
        ftp.put(f'{path}/f " é', b"x")
    visit.close()
    assert visit.notes == []
    visit = Visit(target)
    assert column.open_logged_in(visit).names() == [b"pub"]
    visit.close()


def test_passive_replies_without_form_are_inconclusive(reach: Reach) -> None:
    """A check that only needs data stops; one that looks at the reply fails."""

    class Odd(FtpSession):
        def pasv_numbers(self, port: int) -> str:
            return f"127.0.0.1:{port}"

    target = reach(PLACES[0], Odd, without="EPSV")
    visit = Visit(target)
    ftp = column.open_logged_in(visit)
    with pytest.raises(Inconclusive, match="six numbers"):
        ftp.passive()
    with pytest.raises(NonConformity, match="six numbers"):
        ftp.passive_address("PASV")
    assert Passive("", 1).host == ""
    visit.close()


@pytest.mark.parametrize("place", CLEAR, ids=str)
def test_early_octets_wait(reach: Reach, place: Place) -> None:
    """What a client sends before it says STOR is not lost, and an end that came early is an end."""
    with logged_in(reach(place), place) as ftp:
        wire = ftp.passive()
        wire.send(b"early", wire.now() + 5)
        ftp.alive()
        first, joined = ftp.begin("STOR f", wire)
        assert (first.code, joined) == (150, wire)
        ftp.supply(wire, b" and late")
        ftp.expect(226)
        assert ftp.fetch("f") == b"early and late"
        wire = ftp.passive()
        assert ftp.supply(wire, b"all of it") == CLOSED
        ftp.alive()
        ftp.begin("STOR f", wire)
        ftp.expect(226)
        assert ftp.fetch("f") == b"all of it"
