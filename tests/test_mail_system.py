"""Several targets of one mail system: how they are named, what a check finds there, and what it leaves behind."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.mail import Mail
from pytest_netconform.fixtures.mail_servers import MailServer
from pytest_netconform.fixtures.network import EVERYTHING, Network, column_of, memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.null import NULLS
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.target import Target, parse_target
from pytest_netconform.verdict import Verdict
from pytest_netconform.visit import Visit
from tests.gates import Case, cases

ROW = PROTOCOLS["mail"]
COLUMN = column_of(ROW)
CHECK = "message::test_header_alone_comes_out"


def pairs(server: MailServer, *, other: str = "pop") -> list[str]:
    """The three servers of a mail system as targets."""
    account = f"{server.username}:{server.password}@"
    return [
        f"--netconform-target=im={server.imap.url.replace('://', f'://{account}')}?pair=mta,{other}",
        f"--netconform-target=pop={server.pop3.url.replace('://', f'://{account}')}?pair=mta",
        f"--netconform-target=mta={server.smtp.url}?recipient={server.address}",
    ]


def judged(target: Target, case: Case) -> Outcome:
    """The outcome of one case."""
    return judge(case.function, {name: COLUMN.rungs[name] for name in case.rungs}, case.values, target, COLUMN)


def case_of(name: str) -> Case:
    """A case of the suite."""
    return next(case for case in cases("mail") if case.name == name)


def test_targets_of_one_system_are_named(pytester: pytest.Pytester, netconform_mail_server: MailServer) -> None:
    """What SMTP takes in is read by IMAP, and by POP3; then the mailbox is as it was."""
    result = pytester.runpytest(*pairs(netconform_mail_server), CHECK, "message::test_two_readers_see_the_same", "-v")
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines([f"{CHECK}[[]im] PASSED*", f"{CHECK}[[]pop] PASSED*"])
    assert len(netconform_mail_server.smtp.messages) == 3 and not netconform_mail_server.imap.messages()


@pytest.mark.parametrize("other", ["nobody", "im"])
def test_who_is_no_other_target(pytester: pytest.Pytester, netconform_mail_server: MailServer, other: str) -> None:
    """A name that no target has, or the target's own: one line that says so, and nothing is judged."""
    result = pytester.runpytest(*pairs(netconform_mail_server, other=other))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: im: pair={other} is no other target of this run (pop, mta)"])


def test_without_the_others(pytester: pytest.Pytester, netconform_mail_server: MailServer) -> None:
    """IMAP alone is given messages by APPEND, in a mailbox of their own; POP3 alone has nothing to judge."""
    imap, pop3, _ = (text.partition("?")[0] for text in pairs(netconform_mail_server))
    result = pytester.runpytest(imap, pop3, CHECK, "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*no SMTP target of the same system was named*"])
    assert not [message for message in netconform_mail_server.smtp.messages if message.recipients]
    assert not [name for name in netconform_mail_server.imap.mailboxes if name.startswith("nc-")]


def test_the_line_that_repeats_names_all(
    pytester: pytest.Pytester, netconform_mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding is repeated at the whole system; no script is written, for a script speaks to one server."""
    monkeypatch.setattr(SmtpSession, "unstuffed", lambda self, content: content.replace(b"The text", b"Another"))
    options = ("--netconform-reproducers=scripts", "message::test_text_comes_out")
    result = pytester.runpytest(*pairs(netconform_mail_server), *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*pytest '--netconform-target=*pair=mta,pop' *mta=smtp://*?recipient=alice@*message::*"]
    )
    assert not list(pytester.path.glob("scripts/*"))


def test_the_reference_system_over_sockets() -> None:
    """Its servers are started when they are asked for, and share one store."""
    network = Network()
    try:
        target = network.target(parse_target("reference:mail?reader=pop3"), allowed=EVERYTHING)
        survey(target, COLUMN)
        assert {other.spec.name for other in target.pairs()} == {"reference-mail-smtp", "reference-mail-imap"}
        assert judged(target, case_of("test_two_readers_see_the_same")).verdict is Verdict.PASS
    finally:
        network.close()


def test_a_visit_is_one_story() -> None:
    """What is said at another target of the system stands in the same transcript, and its secrets are hidden there."""
    target = memory_target("mail")
    outcome = judged(target, case_of("test_bcc"))
    said = outcome.transcript.render()
    assert "EHLO client.example.org" in said and "UID FETCH" in said and "s3cret" not in said


@pytest.mark.parametrize("answer", [b"250 OK\r\n", b"550 No\r\n", b"354 Go on\r\n"], ids=["yes", "no", "go-on"])
@pytest.mark.parametrize("null", ["same-per-read", "same-per-line", "echo", "silent", "close"])
def test_a_sender_without_understanding_passes_nothing(null: str, answer: bytes) -> None:
    """The reader is right, and whatever SMTP says, no message arrives: nothing that was sent passes."""
    for case in cases("mail"):
        if case.rungs != {"mail"}:
            continue
        target = memory_target("mail")
        survey(target, COLUMN)
        sender = next(other for other in target.pairs() if other.spec.name.endswith("-smtp"))
        reader = target.carriage
        sender.carriage = reader.beside(lambda: NULLS[null](b"220 x\r\n", answer))  # type: ignore[attr-defined]
        outcome = judged(target, case)
        assert outcome.verdict not in (Verdict.PASS, Verdict.OBSERVED), f"{case.name}: {outcome.verdict}"


def test_what_was_sent_is_removed() -> None:
    """Only that: another message of the mailbox stays, whatever came of the check."""
    target = memory_target("mail", {"reader": "pop3"})
    survey(target, COLUMN)
    visit = Visit(target)
    mail: Mail = COLUMN.rungs["mail"](visit)
    mine, other = mail.marker(), "somebody else's"
    mail.send(b"Subject: %s\r\n\r\nx\r\n" % mine.encode())
    mail.send(b"Subject: %s\r\n\r\nx\r\n" % other.encode())
    mail.take(mine)
    visit.close()
    again = Visit(target)
    left = COLUMN.rungs["mail"](again)
    left.box._before = set()
    assert [letter.holds(other) for letter in left.box.letters()] == [True]
    again.close()
