"""The strict FTP session over its control connection: order, login, directories, settings, limits, TLS."""

from __future__ import annotations

import pytest

from pytest_netconform.reference_servers.files import FileTree
from pytest_netconform.reference_servers.ftp import OPTIONS, FtpConfig, configured
from pytest_netconform.reference_servers.session import Peer
from pytest_netconform.wire.cuts import CUTS, Cut
from tests.ftp_talk import FtpTalk

DIALOGUE = (
    b'PWD\r\nnoop\r\nUSER alice\r\nPASS s3cret\r\nMKD a "b"\r\nCWD a "b"\r\nPWD\r\nCDUP\r\nRNFR a "b"\r\nRNTO c\r\n'
    b"\xff\xfd\x01SYST\r\nTYPE A N\r\nEPSV\r\nFEAT\r\nHELP\r\nSTAT\r\nMLST c\r\nXYZZY\r\n\r\nRMD c\r\nQUIT\r\nNOOP\r\n"
)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_cuts_do_not_matter(cut: Cut) -> None:
    """However a dialogue was cut, its answers are the same octets, but for where a Telnet refusal stands among them."""
    whole, other = FtpTalk(), FtpTalk(cut=cut)
    for talk in (whole, other):
        talk.say(DIALOGUE)
        assert talk.closed
    refusal = b"\xff\xfc\x01"
    assert whole.sent.replace(refusal, b"") == other.sent.replace(refusal, b"")
    assert refusal in whole.sent and refusal in other.sent
    assert other.codes()[-4:] == [500, 500, 250, 221]


def test_login_opens_everything() -> None:
    """Before it 530, after it the commands; USER again ends it, PASS alone is out of order."""
    talk = FtpTalk()
    assert talk.asks("PWD", "LIST", "EPSV", "STOR x", "SITE CPFR x", "PASS x") == [530] * 5 + [503]
    assert talk.asks("USER alice", "PASS wrong", "PWD", "USER alice", "PASS s3cret", "PWD") == [
        *(331, 530, 530),
        *(331, 230, 257),
    ]
    assert talk.asks("CWD /", "RNFR /", "USER bob", "PWD", "PASS s3cret", "RNTO x") == [250, 350, 331, 530, 230, 503]


def test_nobody_learns_who_exists() -> None:
    """An unknown user is asked for a password too, and refused in the same words."""
    talk = FtpTalk()
    known = [talk.text("USER alice"), talk.text("PASS wrong")]
    assert [talk.text("USER nobody"), talk.text("PASS wrong")] == known
    assert FtpTalk().asks("USER nobody", "PASS ") == [331, 530]


def test_passwords_can_be_tried_five_times() -> None:
    """The last wrong one is answered 421, and that is all."""
    talk = FtpTalk()
    codes = talk.asks(*["USER alice", "PASS wrong"] * 6)
    assert codes == [331, 530] * 4 + [331, 421]
    assert talk.closed


def test_anonymous_readers() -> None:
    """They are let in where that is wanted, whatever they say, and change nothing."""
    assert FtpTalk().asks("USER anonymous", "PASS a@b.example") == [331, 530]
    talk = FtpTalk(FtpConfig(anonymous=True))
    assert talk.asks("USER ftp", "PASS a@b.example", "PWD", "MKD x", "DELE x", "RNFR /") == [331, 230, 257] + [550] * 3


def test_readers_change_nothing() -> None:
    """A server that is read-only says so."""
    talk = FtpTalk(FtpConfig(readonly=True), login=True)
    assert talk.asks("MKD x", "RMD x", "DELE x", "STOR x", "APPE x", "STOU", "RNFR x", "RNTO y") == [550] * 8


def test_directories() -> None:
    """MKD answers with the absolute pathname, quotes doubled; what cannot be is 550 and changes nothing."""
    talk = FtpTalk(login=True)
    assert talk.text('MKD q"x').startswith('"/q""x" ')
    assert talk.asks('CWD q"x') == [250]
    assert talk.text("MKD e").startswith('"/q""x/e" ')
    assert talk.text("PWD").startswith('"/q""x" ')
    assert talk.asks("MKD e", "RMD /", 'RMD /q"x', "CWD nosuch", "DELE e", "RMD nosuch", "CDUP", "CDUP") == [
        *([550] * 6),
        *(250, 250),
    ]
    assert talk.asks('RMD q"x/e', 'XRMD q"x', "XPWD", "XMKD d", "XCWD d", "XCUP") == [250, 250, 257, 257, 250, 250]


def test_nothing_leads_out() -> None:
    """The root is the root, and a backslash is a name."""
    talk = FtpTalk(login=True)
    assert talk.asks("CWD ../../../../etc", "CWD /../..", "CWD ..\\..", "RETR ../../etc/passwd", "MLST ..") == [
        *(550, 250, 550, 550, 250)
    ]
    assert talk.text("PWD").startswith('"/" ')


@pytest.mark.parametrize("name", [b"x\n226 done", b"x\r\x00\n226 done", b"a\x00b", b"a\x1bb", b"a\rb"])
def test_names_that_would_forge_replies(name: bytes) -> None:
    """Control characters are refused, in every command, with one line that does not repeat them."""
    talk = FtpTalk(login=True)
    for verb in (b"MKD", b"CWD", b"SIZE", b"MLST", b"RNFR", b"STAT", b"STOR"):
        assert talk.asks(verb + b" " + name) == [553]
    assert talk.asks("NOOP") == [200]


def test_names_come_back_as_they_were() -> None:
    """UTF-8, octets that are none, 255, and spaces at either end."""
    talk = FtpTalk(login=True)
    for name in ("é".encode(), b"\xff\xfe", b" x ", b"a  b", b"-l"):
        assert talk.asks(b"MKD " + name.replace(b"\xff", b"\xff\xff")) == [257]
        assert talk.tree.exists((name,))
        talk.say(b"STAT .\r\n")
        (reply,) = talk.replies()
        assert any(line.endswith(b" " + name) for line in reply.lines[1:-1])


def test_renaming() -> None:
    """RNTO comes behind RNFR, once; NOOP between them is nothing, another command is something."""
    talk = FtpTalk(login=True)
    assert talk.asks("MKD f", "RNTO x", "RNFR f", "RNTO g", "RNTO h", "RNFR nosuch", "RNTO h") == [
        *(257, 503, 350, 250, 503, 550, 503)
    ]
    assert talk.asks("RNFR g", "NOOP", "RNTO h", "RNFR h", "PWD", "RNTO i") == [350, 200, 250, 350, 257, 503]
    assert talk.asks("MKD d", "RNFR h", "RNTO d", "RNFR h", "RNTO h/x", "RNFR /") == [257, 350, 550, 350, 550, 350]


def test_settings() -> None:
    """Only what RFC 1123 asks for at least; what is refused changes nothing."""
    talk = FtpTalk(login=True)
    assert talk.asks("TYPE A", "TYPE A N", "TYPE I", "TYPE L 8", "TYPE L 7", "TYPE E", "TYPE Z", "TYPE") == [
        *([200] * 4),
        *(504, 504, 501, 501),
    ]
    assert "Image" in talk.text("STAT")
    assert talk.asks("STRU F", "STRU R", "STRU Q", "MODE S", "MODE B", "MODE Q") == [200, 504, 501, 200, 504, 501]
    assert talk.asks("ALLO 100", "ALLO 1 R 2", "ALLO x", "SITE HELP", "SITE EXEC id", "SMNT x", "ACCT x") == [
        *(202, 202, 501, 214, 504, 502, 202)
    ]


def test_words_and_arguments() -> None:
    """Case does not matter, one space does; words that are no commands are 500, arguments too many or too few 501."""
    talk = FtpTalk(login=True)
    assert talk.asks("pWd", "NOOP ", "NOOP x", "CWD", " NOOP", "", "XYZZY", "LANG", "NOOPE") == [
        *(257, 200, 501, 501, 500, 500, 500, 502, 500)
    ]


def test_features_follow_the_configuration() -> None:
    """What is on is listed and works; what is off is neither."""
    talk = FtpTalk(FtpConfig(tls=True), login=True)
    for line in (" EPRT", " EPSV", " MDTM", " REST STREAM", " SIZE", " UTF8", " AUTH TLS", " PBSZ", " PROT"):
        assert line in talk.text("FEAT").split("\n")
    sparse = FtpTalk(FtpConfig(without=frozenset({"SIZE", "MLST", "EPSV", "EPRT", "MDTM", "REST", "UTF8"})), login=True)
    assert sparse.text("FEAT") == "No features"
    assert sparse.asks("SIZE x", "MLST", "EPSV", "MDTM x", "REST 0", "AUTH TLS", "OPTS UTF8 ON") == [502] * 6 + [501]
    assert talk.asks("FEAT x", "OPTS XYZZY x", "OPTS", "OPTS UTF8 ON") == [501, 501, 501, 200]


def test_facts_are_chosen() -> None:
    """OPTS MLST says which facts are given, MLST gives them, FEAT stars them."""
    talk = FtpTalk(login=True)
    assert talk.text("OPTS MLST size;type;xyzzy;") == "MLST OPTS type;size;"
    assert " MLST type*;size*;modify;perm;unique;" in talk.text("FEAT").split("\n")
    assert talk.text("MLST /").split("\n")[1] == " type=dir; /"
    assert talk.text("OPTS MLST") == "MLST OPTS"
    assert talk.text("MLST /").split("\n")[1] == "  /"


def test_telnet_is_refused_and_passed_over() -> None:
    """Options are refused on the spot; IP, Synch and a doubled 255 are no part of a command."""
    talk = FtpTalk(login=True)
    talk.say(b"\xff\xfd\x01\xff\xfb\x1fNOOP\r\n")
    (reply,) = talk.replies()
    assert (reply.code, [c.octet + c.argument for c in reply.telnet]) == (200, [b"\xfc\x01", b"\xfe\x1f"])
    talk.say(b"\xff\xf4\xff\xf2ABOR\r\n")
    assert talk.codes() == [226]


def test_long_lines() -> None:
    """One refusal for a line beyond the limit, none for its tail; the session goes on."""
    for size in (600, 2100, 4100, 9000, 70000):
        talk = FtpTalk()
        line = b"USER " + b"A" * size
        for limit in (512, 1024, 2048, 4096, 8192):
            if limit + 7 < len(line):
                line = line[:limit] + b" NOOP" + line[limit + 5 :]
        assert talk.asks(line, "SYST") == [331 if size < 4096 else 500, 215]


def test_errors_are_counted() -> None:
    """The twentieth error is answered, the next one is 421 and the end."""
    talk = FtpTalk()
    assert talk.asks(*["XYZZY"] * 22) == [500] * 20 + [421]
    assert talk.closed


def test_a_browser_is_sent_away() -> None:
    """An HTTP request is answered once, without a word of it."""
    talk = FtpTalk()
    assert talk.asks("GET / HTTP/1.1", "Host: <script>x</script>", "") == [421]
    assert talk.closed


def test_idle_clients_are_told() -> None:
    """Every word counts anew; then 421 and the close."""
    talk = FtpTalk()
    talk.wait_until(299)
    assert talk.asks("NOOP") == [200]
    talk.wait_until(598)
    assert not talk.closed
    talk.wait_until(600)
    assert talk.codes() == [421]
    assert talk.closed


def test_greetings() -> None:
    """220; 120 before it; or 421 and the close."""
    assert [reply.code for reply in FtpTalk().greeting] == [220]
    assert [reply.code for reply in FtpTalk(FtpConfig(slow_greeting=True)).greeting] == [120, 220]
    busy = FtpTalk(FtpConfig(refusing=True))
    assert ([reply.code for reply in busy.greeting], busy.closed) == ([421], True)


def test_rein_is_a_new_beginning() -> None:
    """Nobody is logged in, and the settings are those of the start."""
    talk = FtpTalk(login=True)
    assert talk.asks("EPSV ALL", "REIN", "PWD", "USER alice", "PASS s3cret", "PASV") == [200, 220, 530, 331, 230, 227]
    assert "ASCII" in talk.text("STAT")


def test_tls_begins_anew() -> None:
    """What was said in clear is forgotten, what was sent behind AUTH is never heard."""
    talk = FtpTalk()
    assert talk.asks("USER alice", "auth tls", "PASS s3cret") == [331, 234]
    assert talk.starts_tls
    talk.handshake()
    assert talk.codes() == []
    assert talk.asks("PASS s3cret", "USER alice", "PASS s3cret", "AUTH TLS", "PWD") == [503, 331, 230, 503, 257]
    clear = FtpTalk(login=True)
    assert clear.asks("AUTH TLS-C") == [234]
    clear.handshake()
    assert clear.asks("PWD") == [530]


def test_auth_refuses_what_it_does_not_know() -> None:
    """504 for other mechanisms, 501 for none; the session goes on in clear."""
    talk = FtpTalk()
    assert talk.asks("AUTH XBOGUS", "AUTH", "USER alice") == [504, 501, 331]
    assert not talk.starts_tls


def test_protection() -> None:
    """PBSZ needs TLS, PROT needs PBSZ; C and P are served."""
    talk = FtpTalk()
    assert talk.asks("PBSZ 0", "PROT P", "AUTH TLS") == [503, 503, 234]
    talk.handshake()
    assert talk.asks("PROT P", "PBSZ x", "PBSZ 16384", "PROT P", "PROT C", "prot p", "PROT S", "PROT E", "PROT X") == [
        *(503, 501, 200, 200, 200, 200, 536, 536, 504)
    ]
    assert talk.asks("REIN") == [502]


def test_ccc_leads_back_into_the_clear() -> None:
    """Behind 200 TLS is closed; who is logged in stays so, and what came early is not heard."""
    talk = FtpTalk(login=True)
    assert talk.asks("CCC") == [533]
    talk = FtpTalk()
    talk.asks("AUTH TLS")
    talk.handshake()
    assert talk.asks("USER alice", "PASS s3cret", "CCC", "PWD") == [331, 230, 200]
    assert talk.stops_tls
    talk.heed(talk.session.cleared(talk.now))
    assert talk.asks("PWD", "AUTH TLS") == [257, 234]


def test_tls_can_be_demanded() -> None:
    """Nothing of a login in clear; everything inside."""
    talk = FtpTalk(FtpConfig(tls=True, require_tls=True))
    assert talk.asks("USER alice", "FEAT", "NOOP", "HELP", "AUTH TLS") == [530, 211, 200, 214, 234]
    talk.handshake()
    assert talk.asks("USER alice", "PASS s3cret") == [331, 230]
    inside = FtpTalk(FtpConfig(tls=True, require_tls=True), peer=Peer(secure=True))
    assert inside.asks("USER alice", "PASS s3cret", "PBSZ 0", "PROT P", "CCC") == [331, 230, 200, 200, 533]


def test_two_sessions_share_nothing_but_the_tree() -> None:
    """Working directory, type and rename belong to one session; files to all."""
    tree = FileTree()
    one, other = FtpTalk(tree=tree, login=True), FtpTalk(tree=tree, login=True)
    assert one.asks("MKD d", "CWD d", "RNFR .", "TYPE A") == [257, 250, 350, 200]
    assert other.asks("RNTO x") == [503]
    assert other.text("PWD").startswith('"/" ')
    assert "Image" in other.text("STAT")
    assert other.asks("CWD d") == [250]


def test_options() -> None:
    """Every option is understood; a wrong value names itself."""
    values = {"greeting": "120", "without": "SIZE,mlst", "logins": "2", "errors": "3", "idle": "9", "data_wait": "1"}
    switches = dict.fromkeys(OPTIONS.keys() - values.keys(), "1")
    config = configured({**values, **switches}, tls=True)
    assert (config.slow_greeting, config.without, config.readonly) == (True, frozenset({"SIZE", "MLST"}), True)
    for name, value in (("greeting", "250"), ("readonly", "yes"), ("without", "XYZZY"), ("idle", "x"), ("nope", "1")):
        with pytest.raises(ValueError, match=name):
            configured({name: value}, tls=True)
