"""The strict IMAP session: names, selections, several sessions at once, flags, copies, messages that come."""

from __future__ import annotations

import re
import time

import pytest

from pytest_netconform.memory import Memory
from pytest_netconform.reference_servers.imap import USES, ImapConfig, ImapSession
from pytest_netconform.reference_servers.mailboxes import Mailboxes
from pytest_netconform.reference_servers.pop3 import Pop3Config
from pytest_netconform.reference_servers.smtp import SmtpConfig
from pytest_netconform.reference_servers.store import MailStore
from pytest_netconform.transcript import Transcript
from tests.servers.imap_talk import LOGIN, MESSAGES, ImapTalk, inside
from tests.talk import Pop3Talk, SmtpTalk


def beside(other: ImapTalk, select: str = "SELECT INBOX") -> ImapTalk:
    """Another session of the same user, INBOX selected."""
    talk = ImapTalk(ImapConfig(), other.mailboxes)
    assert talk.ends(LOGIN, f"s {select}")[-1] == "s OK"
    return talk


def listed(talk: ImapTalk, pattern: str) -> list[str]:
    """The names that a LIST gives."""
    return re.findall(r'^\* LIST \([^)]*\) "/" "(.*)"', "\n".join(talk.lines(f'l LIST "" "{pattern}"')), re.MULTILINE)


# names


def test_the_tree() -> None:
    """Superiors are made; a name with names below it stays behind when it is deleted, and not for ever."""
    talk = inside()
    assert talk.ends("a CREATE a/b/c", "a CREATE a/b", "a CREATE inbox", "a CREATE x/") == [
        "a OK",
        "a NO",
        "a NO",
        "a OK",
    ]
    assert listed(talk, "*") == ["INBOX", "a", "a/b", "a/b/c", "x"]
    assert listed(talk, "%") == ["INBOX", "a", "x"] and listed(talk, "a/%") == ["a/b"]
    assert listed(talk, "*/c") == ["a/b/c"] and listed(talk, "A*") == [] and listed(talk, "inBox") == ["INBOX"]
    talk.append(b"x", "a/b/c")
    assert talk.ends("a DELETE a", "a DELETE a", "a DELETE nosuch", "a DELETE INBOX") == [
        "a OK",
        "a NO",
        "a NO",
        "a NO",
    ]
    assert talk.lines('l LIST "" a')[0] == '* LIST (\\Noselect \\HasChildren) "/" "a"'
    assert "MESSAGES 1" in talk.says("a STATUS a/b/c (MESSAGES)")
    assert talk.ends("a SELECT a", "a DELETE a/b/c", "a DELETE a/b") == ["a NO", "a OK", "a OK"]
    assert listed(talk, "*") == ["INBOX", "x"]
    assert talk.lines('l LIST "" ""')[0] == '* LIST (\\Noselect) "/" ""'
    assert talk.lines('l LIST "nosuch/" %') == ["l OK Those are all"]


def test_renaming() -> None:
    """Names below move along; INBOX stays, and its messages move."""
    talk = inside(*MESSAGES)
    talk.ends("a CREATE a/b")
    talk.append(b"x", "a/b")
    assert talk.ends("a RENAME nosuch z", "a RENAME a INBOX", "a RENAME a a/c") == ["a NO"] * 3
    assert talk.ends("a RENAME a z/y", "a STATUS a (MESSAGES)") == ["a OK", "a NO"]
    assert "MESSAGES 1" in talk.says("a STATUS z/y/b (MESSAGES)")
    assert talk.ends("a RENAME INBOX old", "a RENAME INBOX old") == ["a OK", "a NO"]
    assert "MESSAGES 3" in talk.says("a STATUS old (MESSAGES)") and "MESSAGES 0" in talk.says(
        "a STATUS inbox (MESSAGES)"
    )


def test_uids_never_come_again() -> None:
    """A mailbox of a name that was deleted has a greater UIDVALIDITY."""
    talk, seen = inside(), []
    for _ in range(3):
        assert talk.ends("a CREATE x") == ["a OK"]
        seen.append(int(re.findall(r"UIDVALIDITY (\d+)", talk.says("a STATUS x (UIDVALIDITY)"))[0]))
        assert talk.ends("a DELETE x") == ["a OK"]
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    "name", ["&Jjo", "&AGE-", "&AOk-&AOk-", "../x", "nc/../x", "/tmp/x", "~root/x", ".", "..", "a//b", "a%"]
)
def test_bad_names(name: str) -> None:
    """What is no name is made nowhere."""
    talk = inside()
    assert talk.ends(f'a CREATE "{name}"', f'a SELECT "{name}"') == ["a NO", "a NO"]
    assert listed(talk, "*") == ["INBOX"]


@pytest.mark.parametrize("name", ["nc-&AOk-", "nc-&Jjo-!", "a&-b", 'q"u\\o (t)', "&2D3cqQ-"])
def test_good_names(name: str) -> None:
    """Names come back octet for octet, escaped where they must be."""
    talk = inside()
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    assert talk.ends(f"a CREATE {{{len(name)}+}}\r\n{name}", f"a SELECT {quoted}")[0] == "a OK"
    assert f'* LIST (\\HasNoChildren) "/" {quoted}' in talk.lines('l LIST "" *')


def test_a_name_with_a_line_end() -> None:
    """Nobody can put a line of his own into the stream."""
    talk = inside()
    assert talk.ends(b"a CREATE {15+}\r\nx\r\n* BYE gotcha") == ["a NO"]


def test_utf8_names() -> None:
    """UTF-8 once IMAP4rev2 is enabled, modified UTF-7 until then, and both mean the same."""
    talk = inside()
    assert talk.ends("a CREATE &AOk-", "a ENABLE IMAP4rev2") == ["a OK", "a OK"]
    talk.say('b LIST "" %\r\nc STATUS "é" (MESSAGES)\r\n'.encode())
    assert '"é"'.encode() in talk.sent and b"c OK" in talk.sent


def test_subscriptions() -> None:
    """They are kept when the mailbox goes; LSUB and LIST show them."""
    talk = inside()
    talk.ends("a CREATE x/y", "a SUBSCRIBE x/y", "a DELETE x/y")
    assert talk.lines('a LSUB "" *')[0] == '* LSUB () "/" "x/y"'
    assert talk.lines('a LSUB "" %')[0] == '* LSUB (\\Noselect) "/" "x"'
    assert talk.lines('a LIST (SUBSCRIBED) "" *')[0] == '* LIST (\\NonExistent \\Subscribed) "/" "x/y"'
    assert talk.lines('a LIST (SUBSCRIBED RECURSIVEMATCH) "" %')[0].endswith('"x" ("CHILDINFO" ("SUBSCRIBED"))')
    assert talk.ends("a UNSUBSCRIBE x/y") == ["a OK"] and talk.lines('a LSUB "" *') == ["a OK Those are all"]


def test_extended_lists() -> None:
    """Several patterns, each name once; children; STATUS behind each name that can be selected; special uses."""
    talk = ImapTalk(ImapConfig(uses=True), Mailboxes(uses=USES))
    talk.ends(LOGIN, "a CREATE a/b", "a DELETE a")
    lines = talk.lines('a LIST () "" ("INBOX" "a*" "INB%") RETURN (CHILDREN STATUS (MESSAGES UNSEEN))')
    assert lines[:-1] == [
        '* LIST (\\HasNoChildren) "/" "INBOX"',
        '* STATUS "INBOX" (MESSAGES 0 UNSEEN 0)',
        '* LIST (\\Noselect \\HasChildren) "/" "a"',
        '* LIST (\\HasNoChildren) "/" "a/b"',
        '* STATUS "a/b" (MESSAGES 0 UNSEEN 0)',
    ]
    assert len(talk.lines('a LIST (SPECIAL-USE) "" *')) == 5
    assert talk.ends("a CREATE u (USE (\\Archive))", "a CREATE v (USE (\\X))") == ["a OK", "a NO"]
    assert talk.lines("a NAMESPACE")[0] == '* NAMESPACE (("" "/")) NIL NIL'


# one session


def test_select_and_examine() -> None:
    """What a client must know; who only reads changes nothing; a failed SELECT deselects."""
    talk = inside(*MESSAGES)
    talk.ends("a STORE 1 +FLAGS (\\Seen)")
    lines = talk.lines("a SELECT INBOX")
    for part in (
        "* FLAGS (",
        "* OK [PERMANENTFLAGS (",
        "* 3 EXISTS",
        "RECENT",
        "* OK [UNSEEN 2]",
        "[UIDVALIDITY ",
        "[UIDNEXT 4]",
    ):
        assert any(part in line for line in lines), part
    assert lines[-1].startswith("a OK [READ-WRITE]")
    assert talk.says("a EXAMINE INBOX").splitlines()[-1].startswith("a OK [READ-ONLY]")
    assert "\\Seen" not in talk.says("a FETCH 2 (BODY[])")
    assert talk.ends("a STORE 2 +FLAGS (\\Deleted)", "a EXPUNGE", "a CLOSE") == ["a NO", "a NO", "a OK"]
    assert "* 3 EXISTS" in talk.lines("a SELECT INBOX")
    assert talk.ends("a SELECT nosuch", "b FETCH 1 FLAGS") == ["a NO", "b BAD"]


def test_recent_is_for_one() -> None:
    """The first session that selects has the recent messages, nobody else."""
    talk = inside(*MESSAGES)
    assert "\\Recent" in talk.says("a FETCH 1 FLAGS") and "* 0 RECENT" in beside(talk).lines("s SELECT INBOX")


def test_expunge_and_close() -> None:
    """Numbers count down as messages go; CLOSE is silent; UNSELECT keeps; UID EXPUNGE means some."""
    talk = inside(*MESSAGES, *MESSAGES[:2])
    talk.ends("a STORE 1,3,5 +FLAGS.SILENT (\\Deleted)")
    assert talk.lines("a EXPUNGE")[:-1] == ["* 1 EXPUNGE", "* 2 EXPUNGE", "* 3 EXPUNGE"]
    assert re.findall(r"UID (\d+)", talk.says("a FETCH 1:* UID")) == ["2", "4"]
    talk.ends("a STORE 1:* +FLAGS (\\Deleted)")
    assert talk.lines("a UID EXPUNGE 4:9")[:-1] == ["* 2 EXPUNGE"]
    assert talk.ends("a UNSELECT", "a NOOP", "a UNSELECT") == ["a OK", "a OK", "a BAD"]
    assert "* 1 EXISTS" in talk.lines("a SELECT INBOX") and talk.lines("a CLOSE") == ["a OK Closed"]
    assert "* 0 EXISTS" in talk.lines("a SELECT INBOX")


def test_numbers() -> None:
    """Ranges either way round; `*` is the last; uids that are not there are passed over."""
    talk = inside(*MESSAGES)

    def numbers(line: str) -> list[str]:
        return re.findall(r"^\* (\d+) FETCH", talk.says(line), re.MULTILINE)

    assert numbers("a FETCH 3:1 UID") == ["1", "2", "3"] and numbers("a FETCH *:2 UID") == ["2", "3"]
    assert numbers("a FETCH 1,1,2:3 UID") == ["1", "2", "3"]
    assert numbers("a UID FETCH 999999 UID") == [] and numbers("a UID FETCH 999999:* UID") == ["3"]
    empty = inside()
    assert empty.ends("a FETCH 1:* FLAGS", "a UID FETCH 1:* FLAGS", "a SEARCH ALL") == ["a BAD", "a OK", "a OK"]


def test_flags() -> None:
    """Set, added, removed, in any case, with and without parentheses; keywords stay."""
    talk = inside(MESSAGES[0])
    assert talk.lines("a STORE 1 FLAGS (\\sEEN kw1)")[-2] == "* 1 FETCH (FLAGS (\\Recent \\Seen kw1))"
    assert (
        talk.lines("a STORE 1 +FLAGS \\Flagged \\Draft")[0]
        == "* 1 FETCH (FLAGS (\\Recent \\Flagged \\Seen \\Draft kw1))"
    )
    assert talk.lines("a STORE 1 -FLAGS (\\Seen KW1)")[0] == "* 1 FETCH (FLAGS (\\Recent \\Flagged \\Draft))"
    assert talk.lines("a STORE 1 FLAGS.SILENT ()") == ["a OK Stored"]
    assert "kw1" in talk.lines("a SELECT INBOX")[0]


def test_copies_and_moves() -> None:
    """Octets, flags and dates go along; all or none; COPYUID; nothing is lost."""
    talk = inside(*MESSAGES)
    talk.ends("a CREATE dst", "a STORE 1,3 +FLAGS (\\Answered)", "a STORE 2 +FLAGS (\\Deleted)")
    assert talk.ends("a COPY 1:9 dst", "a COPY 1 nosuch", "a MOVE 1 nosuch") == ["a BAD", "a NO", "a NO"]
    assert "NO [TRYCREATE]" in talk.says("a COPY 1 nosuch") and "MESSAGES 0" in talk.says("a STATUS dst (MESSAGES)")
    assert re.search(r"a OK \[COPYUID \d+ 1,3 1:2\]", talk.says("a COPY 1,3 dst"))
    lines = talk.lines("a UID MOVE 1,3 dst")
    assert lines[0].startswith("* OK [COPYUID ") and lines[1:] == ["* 1 EXPUNGE", "* 2 EXPUNGE", "a OK Moved"]
    assert "MESSAGES 4" in talk.says("a STATUS dst (MESSAGES)")
    talk.says("a SELECT dst")
    assert talk.says("a FETCH 4 (FLAGS BODY.PEEK[TEXT])").count("\\Answered") == 1


def test_appends() -> None:
    """All of a command or none; flags, date and octets are kept; what is wrong keeps nothing."""
    talk = inside()
    assert talk.ends("a APPEND nosuch {1+}\r\nx") == ["a NO"] and listed(talk, "*") == ["INBOX"]
    assert talk.ends("a APPEND INBOX {1+}\r\nx {0+}\r\n", "a APPEND INBOX {2+}\r\nx\0") == ["a NO", "a BAD"]
    said = talk.lines(
        'a APPEND INBOX (\\Seen $kw) "17-Jul-1996 02:44:25 -0700" {3+}\r\na\nb " 1-Feb-2001 03:04:05 +0000" {1+}\r\nc'
    )
    assert said[0] == "* 2 EXISTS" and re.search(r"\[APPENDUID \d+ 1:2\]", said[-1])
    said = talk.says("a FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
    assert '\\Seen $kw) INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 3 BODY[] {3}\r\na\nb)' in said
    assert '" 1-Feb-2001 03:04:05 +0000"' in talk.says("a FETCH 2 INTERNALDATE")
    half = inside()
    half.say(b"a APPEND INBOX {1000}\r\n" + b"x" * 500)
    half.end()
    assert "MESSAGES 0" in ImapTalk(mailboxes=half.mailboxes).says(LOGIN, "a STATUS INBOX (MESSAGES)")


# several sessions


def test_append_behind_uid() -> None:
    """A literal is taken behind a command with UID, too: what that one was says nothing of this."""
    talk = inside()
    assert talk.says("a UID SEARCH ALL", "b APPEND INBOX {1}").splitlines()[-1].startswith("+ ")


def test_numbers_keep_their_meaning() -> None:
    """What another expunged stays in view until EXPUNGE may be sent: not with FETCH, STORE and SEARCH."""
    talk = inside(*MESSAGES)
    other = beside(talk)
    other.ends("a STORE 2 +FLAGS.SILENT (\\Deleted)", "a EXPUNGE")
    talk.append(b"new")
    said = other.says("a NOOP")
    assert said.startswith("* 3 EXISTS")
    watcher = beside(talk)
    other.ends("a STORE 1 +FLAGS (\\Deleted)", "a EXPUNGE")
    for line in ("a FETCH 1:* UID", "a STORE 3 +FLAGS (x)", "a SEARCH ALL"):
        assert "EXPUNGE" not in watcher.says(line).replace("EXPUNGEISSUED", "")
    assert re.findall(r"UID (\d+)", watcher.says("a FETCH 1:* UID")) == ["1", "3", "4"]
    assert watcher.ends("a STORE 1 +FLAGS (y)") == ["a NO"]
    assert watcher.lines("a NOOP")[0] == "* 1 EXPUNGE"
    assert re.findall(r"UID (\d+)", watcher.says("a FETCH 1:* UID")) == ["3", "4"]


def test_what_others_change_is_told() -> None:
    """New messages and flags, once, and not what the client did himself."""
    talk = inside(*MESSAGES)
    other = beside(talk)
    other.ends("a STORE 1 +FLAGS (\\Seen)")
    assert talk.lines("a NOOP", "b NOOP") == [
        "* 1 FETCH (FLAGS (\\Recent \\Seen))",
        "a OK Nothing done",
        "b OK Nothing done",
    ]
    talk.append(b"x")
    assert other.lines("a NOOP")[:2] == ["* 4 EXISTS", "* 0 RECENT"]
    assert other.lines("a NOOP") == ["a OK Nothing done"]


def test_idle_hears_at_once() -> None:
    """Deliveries, flags and expunges during IDLE, and nothing any more behind it."""
    talk = inside(*MESSAGES)
    other = beside(talk)
    assert other.says("i IDLE") == "+ Listening\r\n"
    talk.ends("a STORE 1 +FLAGS.SILENT (\\Deleted)", "a EXPUNGE")
    talk.mailboxes.store.add("alice", "", [], b"delivered")
    assert other.nudges == 1
    assert other.nudged().splitlines() == ["* 1 EXPUNGE", "* 3 EXISTS", "* 1 RECENT"]
    assert other.lines("DONE") == ["i OK Heard"]
    talk.ends("a STORE 1 +FLAGS (\\Seen)")
    assert other.nudges == 0


def test_condstore() -> None:
    """Mod-sequences rise with changes; UNCHANGEDSINCE spares what others changed; CHANGEDSINCE and MODSEQ choose."""
    talk = inside(*MESSAGES)
    highest = int(re.findall(r"HIGHESTMODSEQ (\d+)", talk.says("a SELECT INBOX (CONDSTORE)"))[0])
    other = beside(talk)
    other.ends("a STORE 1 +FLAGS (\\Flagged)")
    said = talk.says(f"a STORE 1:2 (UNCHANGEDSINCE {highest}) +FLAGS.SILENT (x)")
    assert f"* 2 FETCH (MODSEQ ({highest + 2}))" in said and "a OK [MODIFIED 1]" in said
    said = talk.says(f"a UID FETCH 1:* (FLAGS) (CHANGEDSINCE {highest})")
    assert f"* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ ({highest + 1}))" in said and "* 3 FETCH" not in said
    assert talk.lines(f"a SEARCH MODSEQ {highest + 1}")[0] == f"* SEARCH 1 2 (MODSEQ {highest + 2})"
    assert talk.lines("a SEARCH MODSEQ 99999")[0] == "* SEARCH"
    assert "MODIFIED 1:3" in talk.says("a STORE 1:3 (UNCHANGEDSINCE 0) +FLAGS (y)")


def test_qresync() -> None:
    """What went and what changed is told at SELECT, if UIDVALIDITY is the same; VANISHED in place of EXPUNGE."""
    talk = inside(*MESSAGES)
    said = talk.says("s SELECT INBOX")
    validity, modseq = (re.findall(rf"{name} (\d+)", said)[0] for name in ("UIDVALIDITY", "HIGHESTMODSEQ"))
    other = beside(talk)
    other.ends("a STORE 1 +FLAGS (\\Flagged)", "a STORE 2 +FLAGS (\\Deleted)", "a EXPUNGE")
    assert talk.ends("e ENABLE QRESYNC") == ["e OK"]
    assert talk.says("n NOOP").startswith("* VANISHED 2\r\n* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (")
    said = talk.says(f"s SELECT INBOX (QRESYNC ({validity} {modseq} 1:9))")
    assert "* OK [CLOSED]" in said and "* VANISHED (EARLIER) 2\r\n* 1 FETCH (UID 1 FLAGS" in said
    assert "VANISHED" not in talk.says(f"s SELECT INBOX (QRESYNC (1 {modseq}))")
    talk.ends("a STORE 1 +FLAGS (\\Deleted)")
    said = talk.says("a EXPUNGE")
    assert said.startswith("* VANISHED 1\r\na OK [HIGHESTMODSEQ ")
    assert "* VANISHED (EARLIER) 1:2" in talk.says(f"a UID FETCH 1:9 (FLAGS) (CHANGEDSINCE {modseq} VANISHED)")


# one store for three protocols


def test_smtp_pop3_and_imap_share_a_store() -> None:
    """What SMTP takes in, IMAP and POP3 give out, of one size; what POP3 removes is expunged in IMAP."""
    smtp = SmtpTalk(SmtpConfig())
    assert smtp.asks("EHLO c.example", "MAIL FROM:<b@c.example>", "RCPT TO:<alice@example.test>", "DATA")[-1] == 354
    assert smtp.asks_raw(b"Subject: both\r\n\r\n..dot\r\n.\r\n") == [250]
    talk = inside(mailboxes=Mailboxes(smtp.store))
    size = int(re.findall(r"RFC822.SIZE (\d+)", talk.says("a FETCH 1 RFC822.SIZE"))[0])
    pop3 = Pop3Talk(Pop3Config(), smtp.store)
    assert pop3.asks("USER alice", "PASS s3cret", "STAT")[-1] == f"+OK 1 {size}"
    assert "\r\n\r\n.dot\r\n" in talk.says("a FETCH 1 BODY.PEEK[]")
    assert pop3.codes("DELE 1", "QUIT") == ["+OK", "+OK"]
    assert talk.lines("a NOOP") == ["* 1 EXPUNGE", "a OK Nothing done"]
    talk.append(b"Subject: x\r\n\r\n")
    assert Pop3Talk(Pop3Config(), smtp.store).asks("USER alice", "PASS s3cret")[-1] == "+OK 1 messages"


def test_a_full_store() -> None:
    """No room is NO [OVERQUOTA], and nothing of the command is kept."""
    talk = inside(mailboxes=Mailboxes(MailStore(kept_octets=100)))
    assert "NO [OVERQUOTA]" in talk.says(b"a APPEND INBOX {60+}\r\n" + b"x" * 60 + b" {60+}\r\n" + b"y" * 60)
    assert "MESSAGES 0" in talk.says("a STATUS INBOX (MESSAGES)")


def test_a_hundred_thousand_messages() -> None:
    """A large mailbox is served in bounded time."""
    mailboxes = Mailboxes()
    for _ in range(100_000):
        mailboxes.store.add("alice", "", (), b"Subject: x\r\n\r\n")
    began = time.perf_counter()
    talk = inside(mailboxes=mailboxes)
    for line in ("a SEARCH UNSEEN", "a UID SEARCH RETURN (COUNT) LARGER 3", "a STORE 1:* +FLAGS.SILENT (\\Deleted)"):
        assert talk.ends(line) == ["a OK"]
    assert talk.ends("a FETCH 1:* " + "(UID FLAGS)") == ["a OK"]
    assert talk.says("a FETCH " + ",".join(["1:*"] * 2000) + " UID").count("FETCH") == 100_000
    assert talk.says("a EXPUNGE").count("* 1 EXPUNGE") == 100_000
    assert time.perf_counter() - began < 60


def test_idle_hears_in_memory() -> None:
    """The carriage in memory brings one session's change to another that listens, as a socket host does."""
    mailboxes = Mailboxes()
    memory = Memory(lambda: ImapSession(ImapConfig(), mailboxes))
    wires = [memory.connect(Transcript(), number, 0.0) for number in (1, 2)]
    for wire in wires:
        wire.send(f"{LOGIN}\r\ns SELECT INBOX\r\n".encode(), 1.0)
    listener, writer = wires
    listener.send(b"i IDLE\r\n", 1.0)
    writer.send(b"a APPEND INBOX {1+}\r\nx\r\n", 1.0)
    heard = b""
    while b"* 1 EXISTS" not in heard:
        heard += listener.receive(memory.now() + 1.0)
    listener.close()
    writer.send(b"a APPEND INBOX {1+}\r\nx\r\n", 1.0)
    assert memory.now() < 0.1
