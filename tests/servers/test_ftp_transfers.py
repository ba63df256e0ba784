"""The strict FTP session and its data connections, door by door and channel by channel, without any carriage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.reference_servers.files import FileTree
from pytest_netconform.reference_servers.ftp import FtpConfig
from pytest_netconform.reference_servers.session import (
    ChannelAbort,
    ChannelEnd,
    ChannelReceive,
    ChannelSend,
    ChannelTls,
    CloseDoor,
    Connect,
    Ending,
    Listen,
    Peer,
)
from pytest_netconform.wire.cuts import at
from tests.ftp_talk import LOCAL, PORT, FtpTalk

IPV6 = Peer(("::1", 50000), False, ("::1", 21))
BIG = bytes(range(256)) * 1000


@pytest.fixture
def talk() -> FtpTalk:
    return FtpTalk(login=True)


def test_passive_replies(talk: FtpTalk) -> None:
    """227 and 229 name the port that the carriage opened; the door before is shut first."""
    assert talk.text("PASV") == "Connect to (127,0,0,1,18,103)"
    assert talk.text("EPSV") == f"Connect to (|||{PORT}|)"
    assert talk.asked == [Listen(1, "127.0.0.1"), CloseDoor(1), Listen(2, "127.0.0.1")]


def test_commands_behind_epsv_wait_for_its_reply() -> None:
    """The port may take its time: what was sent behind keeps its order."""
    talk = FtpTalk(login=True, ports=False)
    assert talk.asks("EPSV", "NOOP", "STAT", "PWD") == []
    talk.heed(talk.session.listening(1, PORT, 0.0))
    assert talk.codes() == [229, 200, 211, 257]


def test_no_port_to_be_had() -> None:
    """425, and the session goes on."""
    talk = FtpTalk(login=True, ports=False)
    talk.asks("PASV", "NOOP")
    talk.heed(talk.session.unavailable(1, "no", 0.0))
    assert talk.codes() == [425, 200]


def test_ipv6() -> None:
    """EPSV speaks of it, PASV and PORT cannot; 522 names what there is."""
    talk = FtpTalk(login=True, peer=IPV6)
    assert talk.asks("PASV", "PORT 127,0,0,1,200,1", "EPSV", "EPSV 2", "EPRT |2|::1|5000|") == [522, 504, 229, 229, 200]
    assert "(2)" in talk.text("EPSV 1")
    four = FtpTalk(login=True)
    assert "(1)" in four.text("EPSV 2")
    assert four.asks("EPSV 1", "EPSV 9", "EPSV x") == [229, 522, 501]
    assert "(1,2)" in four.text("EPRT |9|127.0.0.1|5000|")


def test_epsv_all(talk: FtpTalk) -> None:
    """From then on EPSV is the only way."""
    assert talk.asks("EPSV ALL", "PASV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|51201|", "EPSV") == [
        *(200, 503, 503, 503, 229)
    ]


def test_bounces_are_refused(talk: FtpTalk) -> None:
    """Neither another host's ports nor those of services (RFC 2577 3)."""
    assert talk.asks("PORT 127,0,0,2,200,1", "EPRT |1|127.0.0.2|51201|", "PORT 127,0,0,1,0,21", "LIST") == [
        *(504, 504, 504, 425)
    ]
    assert talk.asks("PORT 1,2,3", "PORT 256,0,0,1,1,1", "PORT 127,0,0,1,200,1") == [501, 501, 200]


def test_a_file_goes_out_in_portions(talk: FtpTalk) -> None:
    """150 when the channel stands, portions as the network takes them, the end, and 226 only then."""
    talk.tree.write((b"f",), BIG, 0.0)
    talk.asks("EPSV")
    assert talk.asks("RETR f") == []
    talk.join()
    assert talk.codes() == [150]
    assert talk.asked[-1] == ChannelSend(1, BIG[: 1 << 16])
    while isinstance(talk.asked[-1], ChannelSend):
        assert talk.codes() == []
        talk.heed(talk.session.channel_sent(1, 0.0))
    assert (talk.data, talk.asked[-1]) == (BIG, ChannelEnd(1))
    assert talk.codes() == []
    talk.heed(talk.session.channel_sent(1, 0.0))
    assert talk.codes() == [226]


def test_an_active_transfer(talk: FtpTalk) -> None:
    """The server connects from the address at which it was found, when the transfer is asked for."""
    talk.tree.write((b"f",), b"abc", 0.0)
    assert talk.asks("PORT 127,0,0,1,200,1", "RETR f") == [200]
    assert talk.asked[-1] == Connect(1, ("127.0.0.1", 51201), "127.0.0.1")
    talk.join()
    talk.sent_all()
    assert (talk.codes(), talk.data) == ([150, 226], b"abc")
    assert talk.asks("RETR f") == [425]


def test_nobody_listens_there(talk: FtpTalk) -> None:
    """425, and the next transfer asks anew."""
    assert talk.asks("PORT 127,0,0,1,200,1", "LIST", "NOOP") == [200]
    talk.heed(talk.session.unavailable(talk.door, "refused", 0.0))
    assert talk.codes() == [425, 200]


@given(st.lists(st.integers(0, len(BIG)), max_size=8))
def test_uploads_are_kept_however_they_were_cut(places: list[int]) -> None:
    """What arrives in any pieces is stored as it is."""
    talk = FtpTalk(login=True)
    talk.asks("EPSV")
    talk.join()
    assert talk.asks("STOR f") == [150]
    assert talk.asked[-1] == ChannelReceive(1)
    talk.upload(BIG, cut=at(*places))
    assert (talk.codes(), talk.tree.file((b"f",)).content) == ([226], BIG)


def test_an_upload_replaces_when_it_is_whole(talk: FtpTalk) -> None:
    """Until then the old file is there; a broken one changes nothing and is 426."""
    talk.stored("f", b"old content")
    for how in (Ending.BROKEN, Ending.CUT):
        talk.asks("EPSV")
        talk.join()
        talk.asks("STOR f")
        talk.upload(b"new", how)
        assert talk.codes() == [426]
        assert talk.tree.file((b"f",)).content == b"old content"
    talk.stored("f", b"new")
    assert talk.tree.file((b"f",)).content == b"new"


def test_types_convert(talk: FtpTalk) -> None:
    """ASCII brings LF and gives CR LF, image gives octets; SIZE says what RETR brings."""
    talk.asks("TYPE A")
    talk.stored("f", b"a\r\nb\r\n")
    assert talk.tree.file((b"f",)).content == b"a\nb\n"
    assert (talk.fetched("RETR f"), talk.text("SIZE f")) == (b"a\r\nb\r\n", "6")
    talk.asks("TYPE I")
    assert (talk.fetched("RETR f"), talk.text("SIZE f")) == (b"a\nb\n", "4")


def test_restarts(talk: FtpTalk) -> None:
    """REST holds for one transfer, in either direction; beyond the end it is refused there."""
    talk.stored("f", b"0123456789")
    assert talk.asks("REST 4") == [350]
    assert talk.fetched("RETR f") == b"456789"
    assert talk.fetched("RETR f") == b"0123456789"
    talk.asks("REST 10")
    talk.stored("f", b"XYZ")
    assert talk.tree.file((b"f",)).content == b"0123456789XYZ"
    talk.asks("REST 4")
    talk.stored("f", b"--")
    assert talk.tree.file((b"f",)).content == b"0123--6789XYZ"
    assert talk.asks("REST 99", "EPSV", "RETR f", "REST 99999999999999999999", "EPSV", "STOR f") == [
        *(350, 229, 554, 350, 229, 554)
    ]
    assert talk.asks("REST abc", "REST -5", "REST", "REST 0") == [501, 501, 501, 350]


def test_append_and_unique(talk: FtpTalk) -> None:
    """APPE adds or creates; STOU names a file that nobody has, in the 150."""
    talk.stored("f", b"abc")
    for name in ("f", "new"):
        talk.asks("EPSV")
        talk.join()
        assert talk.asks(f"APPE {name}") == [150]
        talk.upload(b"def")
        assert talk.codes() == [226]
    assert talk.tree.files() == {"/f": b"abcdef", "/new": b"def"}
    named = []
    for _ in range(2):
        talk.asks("EPSV")
        talk.join()
        named.append(talk.text("STOU f"))
        talk.upload(b"x")
        assert talk.codes() == [226]
    assert named == ["FILE: /f.1", "FILE: /f.2"]
    assert talk.tree.files()["/f.2"] == b"x"


def test_listings(talk: FtpTalk) -> None:
    """Lines end CR LF in any type; NLST names what RETR takes, MLSD has facts and itself."""
    talk.asks("MKD d", "MKD d/e")
    talk.stored("d/a b", b"x")
    talk.stored("-l", b"x")
    assert talk.fetched("NLST d") == b"d/a b\r\nd/e\r\n"
    assert talk.fetched("NLST") == b"-l\r\nd\r\n"
    assert talk.fetched("NLST -l") == b"-l\r\n"
    assert [line.split()[-1] for line in talk.fetched("LIST -la d").splitlines()] == [b"b", b"e"]
    assert talk.fetched("LIST d/e") == talk.fetched("NLST d/e") == b""
    assert [line.partition(b" ")[2] for line in talk.fetched("MLSD d").splitlines()] == [b".", b"..", b"a b", b"e"]
    talk.asks("OPTS MLST size;")
    assert talk.fetched("MLSD d") == b"size=1; a b\r\n e\r\n"
    assert talk.asks("EPSV", "MLSD d/a b", "EPSV", "MLSD nosuch", "EPSV", "LIST nosuch", "EPSV", "NLST nosuch") == [
        *(229, 501, 229, 550, 229, 550, 229, 550)
    ]


def test_a_refused_transfer_takes_its_channel_with_it(talk: FtpTalk) -> None:
    """No stale data connection waits for the next command."""
    talk.asks("EPSV")
    talk.join()
    assert talk.asks("RETR nosuch", "RETR nosuch") == [550, 550]
    assert talk.asked[-1] == ChannelAbort(1)
    assert talk.asks("MKD d", "LIST") == [257, 425]
    for line in ("RETR d", "STOR d", "STOR nosuch/x", "STOR /", "APPE d"):
        assert talk.asks("EPSV", line) == [229, 550]


def test_a_full_disk() -> None:
    """552 as soon as no more fits, for the octets and for the entry; the session goes on."""
    tree = FileTree(room=1000)
    talk = FtpTalk(tree=tree, login=True)
    talk.asks("EPSV")
    talk.join()
    assert talk.asks("STOR f") == [150]
    talk.upload(b"x" * 1001)
    assert talk.codes() == [552]
    assert talk.asked[-2:] == [ChannelAbort(1)] or ChannelAbort(1) in talk.asked
    talk.stored("f", b"x" * 900)
    assert talk.asks("MKD d") == [552]
    assert talk.asks("DELE f", "MKD d") == [250, 257]


def test_only_the_client_is_served(talk: FtpTalk) -> None:
    """A stranger who was faster is broken off, and the door stays open for the client (RFC 2577 4)."""
    talk.tree.write((b"f",), b"abc", 0.0)
    talk.asks("EPSV")
    stranger = talk.join("127.0.0.2")
    assert talk.asked[-1] == ChannelAbort(stranger)
    assert talk.asks("RETR f") == []
    talk.join()
    talk.sent_all()
    assert (talk.codes(), talk.data) == ([150, 226], b"abc")


def test_the_last_port_holds(talk: FtpTalk) -> None:
    """Who comes through a door that was replaced is broken off."""
    talk.asks("EPSV", "EPSV")
    talk.heed(talk.session.joined(1, 7, ("127.0.0.1", 5), 0.0))
    assert talk.asked[-1] == ChannelAbort(7)


def test_commands_wait_for_a_transfer(talk: FtpTalk) -> None:
    """NOOP and QUIT have their turn behind 226; STAT is answered in between."""
    talk.tree.write((b"f",), BIG, 0.0)
    talk.asks("EPSV", "RETR f")
    talk.join()
    assert talk.asks("NOOP", "STAT", "PWD", "QUIT", "NOOP") == [150, 211]
    assert not talk.closed
    talk.sent_all()
    assert talk.codes() == [226, 200, 257, 221]
    assert talk.closed and talk.data == BIG


def test_too_many_waiting_commands() -> None:
    """Who queues without end is sent away."""
    talk = FtpTalk(FtpConfig(queue=3), login=True)
    talk.asks("EPSV", "LIST")
    assert talk.asks("NOOP", "NOOP", "NOOP") == []
    assert talk.asks("NOOP") == [421]
    assert talk.closed


@pytest.mark.parametrize("prelude", [b"", b"\xff\xf4\xff\xf2"], ids=["plain", "with-synch"])
def test_abort(talk: FtpTalk, prelude: bytes) -> None:
    """426 for the transfer and 226 for ABOR; idle it is 226 alone; the session is in step."""
    talk.tree.write((b"f",), BIG, 0.0)
    talk.asks("EPSV", "RETR f")
    talk.join()
    talk.codes()
    talk.say(prelude + b"ABOR\r\nNOOP\r\n")
    assert talk.codes() == [426, 226, 200]
    assert ChannelAbort(1) in talk.asked
    talk.heed(talk.session.channel_sent(1, 0.0))  # what was under way when the abort came
    talk.heed(talk.session.channel_ended(1, Ending.BROKEN, 0.0))
    assert talk.asks("ABOR", "NOOP") == [226, 200]


def test_a_client_that_breaks_off(talk: FtpTalk) -> None:
    """426, and the session goes on."""
    talk.tree.write((b"f",), BIG, 0.0)
    talk.asks("EPSV", "RETR f")
    talk.join()
    talk.codes()
    talk.heed(talk.session.channel_ended(1, Ending.BROKEN, 0.0))
    assert talk.codes() == [426]
    assert talk.asks("NOOP", "RETR f") == [200, 425]


def test_nobody_comes(talk: FtpTalk) -> None:
    """425 after a while; until then STAT is answered and nobody is idle."""
    talk.asks("EPSV", "LIST")
    talk.wait_until(29)
    assert talk.asks("STAT", "NOOP") == [211]
    talk.wait_until(31)
    assert talk.codes() == [425, 200]
    talk.wait_until(320)
    assert not talk.closed
    talk.wait_until(340)
    assert talk.codes() == [421]


def test_nothing_moves(talk: FtpTalk) -> None:
    """A client that stops reading, or sending, is given up by 426 after a while; who moves is not."""
    talk.tree.write((b"f",), BIG, 0.0)
    talk.asks("EPSV", "RETR f")
    talk.join()
    talk.codes()
    for _ in range(3):
        talk.wait_until(talk.now + 100)
        talk.heed(talk.session.channel_sent(1, talk.now))
    assert talk.codes() == []
    talk.wait_until(talk.now + 121)
    assert talk.codes() == [426]
    assert ChannelAbort(1) in talk.asked


def test_protected_transfers() -> None:
    """TLS behind 150 and before any octet; without it 425, without a closing alert 426."""
    talk = FtpTalk(FtpConfig(tls=True), login=False)
    talk.asks("AUTH TLS")
    talk.handshake()
    talk.asks("USER alice", "PASS s3cret", "PBSZ 0", "PROT P", "TYPE I")
    talk.asks("EPSV")
    talk.join()
    assert talk.asks("STOR f") == [150]
    assert talk.asked[-1] == ChannelTls(1)
    talk.heed(talk.session.channel_secure(1, 0.0))
    assert talk.asked[-1] == ChannelReceive(1)
    talk.upload(b"abc")
    assert talk.codes() == [226]
    for ending, code in ((Ending.INSECURE, 425), (Ending.CUT, 426)):
        talk.asks("EPSV")
        channel = talk.join()
        assert talk.asks("STOR f") == [150]
        if ending is Ending.CUT:
            talk.heed(talk.session.channel_secure(channel, 0.0))
        talk.upload(b"" if ending is Ending.INSECURE else b"xyz", ending)
        assert talk.codes() == [code]
    assert talk.tree.files() == {"/f": b"abc"}
    talk.asks("PROT C", "EPSV")
    talk.join()
    talk.asks("LIST")
    assert not any(isinstance(action, ChannelTls) for action in talk.asked[-3:])


def test_the_end_takes_everything_with_it(talk: FtpTalk) -> None:
    """QUIT and the idle limit shut the door that is open."""
    talk.asks("EPSV")
    assert talk.asks("QUIT") == [221]
    assert talk.asked[-1] == CloseDoor(1)
    assert talk.closed


def test_peer_addresses() -> None:
    """An IPv4 client that came over an IPv6 socket is the same host."""
    mapped = Peer(("::ffff:127.0.0.1", 50000), False, ("127.0.0.1", 21))
    assert FtpTalk(login=True, peer=mapped).asks("PORT 127,0,0,1,200,1") == [200]
    assert LOCAL.here == ("127.0.0.1", 21)
