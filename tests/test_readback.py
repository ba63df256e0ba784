"""Reading back: Maildir and mbox, while somebody else delivers into them."""

from __future__ import annotations

import fcntl
import mailbox
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netconform.fixtures.network import memory_target
from pytest_netconform.fixtures.smtp import RUNGS
from pytest_netconform.judge import judge, survey
from pytest_netconform.readback import UnreadableMailbox, mailbox_reader, maildir_writer, read_maildir, read_mbox
from pytest_netconform.suites.smtp.delivery import test_blanks_are_kept as blanks_are_kept
from pytest_netconform.verdict import Verdict
from tests.gates import Gate

FIRST = b"From alice@example.test  Mon Jan  5 10:00:00 2026\n"
NULL = b"From MAILER-DAEMON Mon Jan  5 10:00:01 2026\n"
ZONED = b"From bert@example.test Mon Jan  5 10:00:02 2026 +0100\n"


def _maildir(place: Path) -> Path:
    for sub in ("tmp", "new", "cur"):
        (place / sub).mkdir(parents=True)
    return place


# -- Maildir


def test_maildir_holds_new_and_read_messages(tmp_path: Path) -> None:
    """Both folders count, flags do not, and the order is that of delivery; octets stay as they are."""
    box = _maildir(tmp_path / "Maildir")
    (box / "new" / "2.b").write_bytes(b"second\r\n\x00\xff")
    (box / "cur" / "1.a:2,S").write_bytes(b"first\n")
    assert mailbox_reader(str(box))() == [b"first\n", b"second\r\n\x00\xff"]


def test_maildir_as_the_standard_library_writes_it(tmp_path: Path) -> None:
    """An independent writer's Maildir is read."""
    box = mailbox.Maildir(str(tmp_path / "Maildir"))
    box.add(b"Subject: x\n\nbody\n")
    assert mailbox_reader(str(tmp_path / "Maildir"))() == [b"Subject: x\n\nbody\n"]


def test_maildir_delivery_in_progress(tmp_path: Path) -> None:
    """What is in tmp, or hidden, is no message yet."""
    box = _maildir(tmp_path / "Maildir")
    (box / "tmp" / "1.a").write_bytes(b"half a mess")
    (box / "new" / ".1.a").write_bytes(b"half a mess")
    read = mailbox_reader(str(box))
    assert read() == []
    (box / "tmp" / "1.a").rename(box / "new" / "1.a")
    assert read() == [b"half a mess"]


def test_maildir_message_moved_while_reading(tmp_path: Path) -> None:
    """A message that is seen in new and again in cur is one; one that is gone is none."""
    box = _maildir(tmp_path / "Maildir")
    (box / "new" / "1.a").write_bytes(b"one\n")
    (box / "cur" / "1.a:2,S").write_bytes(b"one\n")
    (box / "new" / "2.b").symlink_to(box / "new" / "gone")
    assert read_maildir(box) == [b"one\n"]


# -- places


def test_place_that_the_first_delivery_creates(tmp_path: Path) -> None:
    """Nothing is there, then a Maildir, or an mbox, is."""
    read_folder, read_file = mailbox_reader(str(tmp_path / "Maildir")), mailbox_reader(str(tmp_path / "alice"))
    assert read_folder() == read_file() == []
    (_maildir(tmp_path / "Maildir") / "new" / "1.a").write_bytes(b"one\n")
    (tmp_path / "alice").write_bytes(FIRST + b"two\n\n")
    assert read_folder() == [b"one\n"]
    assert read_file() == [b"two\n"]


def test_missing_place(tmp_path: Path) -> None:
    """Where even the folder is missing, nothing will arrive."""
    with pytest.raises(UnreadableMailbox, match=r"readback=.*/alice/Maildir: neither a Maildir folder nor an mbox"):
        mailbox_reader(str(tmp_path / "home" / "alice" / "Maildir"))


def test_folder_that_is_no_maildir(tmp_path: Path) -> None:
    """The folder above the Maildir, or one below, is told from it."""
    _maildir(tmp_path / "alice" / "Maildir")
    with pytest.raises(UnreadableMailbox, match="neither new nor cur is in it"):
        mailbox_reader(str(tmp_path / "alice"))


# -- mbox


def test_mbox_messages() -> None:
    """Each message without its From_ line and the empty line behind it; senders may be null, dates may have zones."""
    data = FIRST + b"Subject: a\n\none\n\n" + NULL + b"Subject: b\n\ntwo\n\n\n" + ZONED + b"Subject: c\n\nthree\n\n"
    assert read_mbox(data) == [b"Subject: a\n\none\n", b"Subject: b\n\ntwo\n\n", b"Subject: c\n\nthree\n"]


def test_mbox_with_crlf() -> None:
    """Line ends of the wire are kept."""
    data = (FIRST + b"Subject: a\n\none\n\n" + NULL + b"Subject: b\n\ntwo\n\n").replace(b"\n", b"\r\n")
    assert read_mbox(data) == [b"Subject: a\r\n\r\none\r\n", b"Subject: b\r\n\r\ntwo\r\n"]


@pytest.mark.parametrize(
    "line",
    [
        b"From here on it goes down.\n",
        b"\nFrom here on it goes down.\n",
        b"\n>From alice@example.test  Mon Jan  5 10:00:00 2026\n",
        b"above\nFrom alice@example.test  Mon Jan  5 10:00:00 2026\n",
    ],
    ids=["behind-a-line", "behind-an-empty-line", "quoted", "date-behind-a-line"],
)
def test_mbox_message_with_from_inside(line: bytes) -> None:
    """A line of text that begins with From is no beginning of a message."""
    message = b"Subject: a\n\nbefore\n" + line + b"behind\n"
    assert read_mbox(FIRST + message + b"\n" + NULL + b"b\n\n") == [message, b"b\n"]


@pytest.mark.parametrize("written", [b"", b"Subject: a\n", b"Subject: a\n\nhalf a li", b"Subject: a\n\nline\n"])
def test_mbox_delivery_in_progress(written: bytes) -> None:
    """The last message is not there before the empty line behind it is."""
    assert read_mbox(FIRST + b"one\n\n" + NULL + written) == [b"one\n"]


def test_mbox_from_the_standard_library(tmp_path: Path) -> None:
    """An independent writer's mbox is read."""
    box = mailbox.mbox(str(tmp_path / "alice"))
    box.add(b"Subject: x\n\nbody\nFrom within\n")
    box.add(b"Subject: y\n\nbody\n")
    box.close()
    assert mailbox_reader(str(tmp_path / "alice"))() == [
        b"Subject: x\n\nbody\n>From within\n",
        b"Subject: y\n\nbody\n",
    ]


def test_locked_mbox(tmp_path: Path) -> None:
    """While a deliverer has the lock, what was read before is what is there."""
    place = tmp_path / "alice"
    place.write_bytes(FIRST + b"one\n\n")
    read = mailbox_reader(str(place))
    assert read() == [b"one\n"]
    code = (
        "import fcntl, sys\n"
        "file = open(sys.argv[1], 'ab')\n"
        "fcntl.lockf(file, fcntl.LOCK_EX)\n"
        "file.write(b'From b Mon Jan  5 10:00:01 2026\\ntwo\\n\\n'); file.flush()\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as deliverer:
        assert deliverer.stdout is not None
        assert deliverer.stdin is not None
        assert deliverer.stdout.readline() == b"locked\n"
        assert read() == [b"one\n"]
        deliverer.stdin.close()
    assert read() == [b"one\n", b"two\n"]
    with place.open("r+b") as file:  # and we have left no lock behind
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# -- what a wrong place does to checks


def test_nothing_arrives_at_all() -> None:
    """Where not even a plain message arrives, checks that read back are inconclusive; the next ones do not wait."""
    target = memory_target("smtp")
    column = Gate("smtp").column
    survey(target, column)
    target.stored = list
    first = judge(blanks_are_kept, {"smtp": RUNGS["smtp"]}, {}, target, column)
    second = judge(blanks_are_kept, {"smtp": RUNGS["smtp"]}, {}, target, column)
    assert [first.verdict, second.verdict] == [Verdict.INCONCLUSIVE] * 2
    assert "a plain message did not arrive at ?readback=" in first.reason
    assert second.seconds < 1 < first.seconds


def test_mailbox_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong at reading is named, and makes the check inconclusive."""

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    box = _maildir(tmp_path / "Maildir")
    (box / "new" / "1.a").write_bytes(b"one\n")
    monkeypatch.setattr(Path, "read_bytes", denied)
    target = memory_target("smtp")
    column = Gate("smtp").column
    survey(target, column)
    target.stored = mailbox_reader(str(box))
    outcome = judge(blanks_are_kept, {"smtp": RUNGS["smtp"]}, {}, target, column)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, f"readback={box}: Permission denied")


def test_what_is_put_into_a_maildir_is_read_back(tmp_path: Path) -> None:
    """A message lands in new, whole, behind those that were there."""
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    write, read = maildir_writer(str(tmp_path)), mailbox_reader(str(tmp_path))
    write(b"Subject: one\r\n\r\nOne.\r\n")
    write(b"Subject: two\n\nTwo.\n")
    assert read() == [b"Subject: one\r\n\r\nOne.\r\n", b"Subject: two\n\nTwo.\n"]
    assert not list((tmp_path / "tmp").iterdir())


def test_nothing_is_put_where_no_maildir_is(tmp_path: Path) -> None:
    """One line says so."""
    with pytest.raises(UnreadableMailbox, match="no Maildir folder"):
        maildir_writer(str(tmp_path))
