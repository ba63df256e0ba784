"""The model of SMTP on known dialogues: the right one passes, each rule speaks of its wrong answer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_netconform.fuzz.exploration import Budget
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.models.smtp import RULES, SmtpModel
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from pytest_netconform.walks.smtp import ARRIVES, ONE_END
from pytest_netconform.wire.smtp import Reply, ReplyFramer
from tests.fuzz.gates import explored, told

OURS = "RCPT TO:<alice@example.test>"
NEARLY = "RCPT TO:<alice@example.test >"
EHLO, MAIL, NULL = ("EHLO", "EHLO x", "250-x\r\n250 AUTH PLAIN"), ("MAIL", "MAIL FROM:<a@b>", "250 ok"), "MAIL FROM:<>"
RCPT, DATA = ("RCPT", OURS, "250 ok"), ("DATA", "DATA", "354 go on")
READY, TRANSACTION = [EHLO], [EHLO, MAIL, RCPT]
CONTENT = [*TRANSACTION, DATA]
TAKEN = ("message", "Subject: x\r\n\r\none\r\n.", "250 ok")

Said = tuple[str, str, str]  # word, command, answer

RIGHT: dict[str, Sequence[Said]] = {
    "a transaction": [*CONTENT, TAKEN, ("QUIT", "QUIT", "221 bye")],
    "RSET ends it": [*TRANSACTION, ("RSET", "RSET", "250 ok"), ("RCPT", OURS, "503 no")],
    "policy": [EHLO, ("MAIL", "MAIL FROM:<a@b>", "550 no"), ("RCPT", OURS, "503 no")],
    "a login first": [EHLO, ("RCPT", OURS, "530 log in")],
    "early DATA, refused at its end": [EHLO, MAIL, ("DATA", "DATA", "354 go on"), ("message", ".", "554 no")],
    "who is called by other words hangs up": [("odd", "GET / HTTP/1.1", "221 bye")],
    "who takes no mail hangs up": [*CONTENT, ("message", "a\nb\r\n.", "521 no")],
    "MAIL before EHLO, which is followed": [MAIL, RCPT, DATA],
}
WRONG: dict[str, Sequence[Said]] = {
    "EHLO": [("EHLO", "EHLO x", "354 go on")],
    "MAIL": [EHLO, ("MAIL", "MAIL FROM:<a@b>", "503 no")],
    "MAIL null": [EHLO, ("MAIL", NULL, "550 no")],
    "RCPT": [EHLO, MAIL, ("RCPT", OURS, "503 no")],
    "RCPT null": [*TRANSACTION, ("RSET", "RSET", "250 ok"), ("MAIL", NULL, "250 ok"), ("RCPT", OURS, "550 no")],
    "RCPT early": [EHLO, RCPT],
    "DATA": [*TRANSACTION, ("DATA", "DATA", "503 no")],
    "DATA early": [EHLO, MAIL, ("DATA", "DATA", "250 ok")],
    "message": [*CONTENT, ("message", ".", "354 more")],
    "message nobody": [EHLO, MAIL, DATA, TAKEN],
    "RSET": [EHLO, ("RSET", "RSET", "500 what")],
    "NOOP": [EHLO, ("NOOP", "NOOP", "503 no")],
    "ask": [("ask", "HELP", "503 no")],
    "unknown": [("unknown", "XYZZY", "250 ok")],
    "odd": [("odd", "MAIL FROM:", "354 go on")],
    "AUTH": [EHLO, ("AUTH", "AUTH PLAIN x", "503 no")],
    "AUTH late": [EHLO, MAIL, ("AUTH", "AUTH PLAIN x", "235 ok")],
    "STARTTLS": [EHLO, ("STARTTLS", "STARTTLS", "250 ok")],
    "QUIT": [("QUIT", "QUIT", "250 ok")],
}


def held(said: Sequence[Said]) -> SmtpModel:
    """The model behind this dialogue. Raises Wrong."""
    model = SmtpModel(ours=f"{OURS}\r\n".encode(), account=True)
    for word, command, answer in said:
        model.hear(Step(word), command.encode() + b"\r\n", reply(answer))
    return model


def reply(text: str) -> Reply:
    """One reply."""
    framer = ReplyFramer()
    framer.feed(text.encode() + b"\r\n")
    answer = framer.next()
    assert answer is not None
    return answer


@pytest.mark.parametrize("said", RIGHT.values(), ids=RIGHT)
def test_what_the_standard_leaves_open(said: Sequence[Said]) -> None:
    """Nothing is wrong with it."""
    held(said)


@pytest.mark.parametrize("rule", RULES)
def test_what_the_standard_forbids(rule: str) -> None:
    """Each rule speaks at the last answer, and not before."""
    held(WRONG[rule][:-1])
    with pytest.raises(Wrong) as wrong:
        held(WRONG[rule])
    assert wrong.value.rule == RULES[rule]


@pytest.mark.parametrize(
    ("said", "delivered", "perhaps", "loose"),
    [
        ([*CONTENT, TAKEN], 1, 0, False),
        ([EHLO, MAIL, ("RCPT", OURS.replace("RCPT TO", "rcpt to"), "250 ok"), DATA, TAKEN], 1, 0, False),
        ([EHLO, MAIL, ("odd", NEARLY, "250 ok"), DATA, TAKEN], 0, 1, False),
        ([EHLO, MAIL, ("odd", NEARLY, "250 ok"), RCPT, DATA, TAKEN], 1, 0, False),
        ([EHLO, MAIL, ("RCPT", "RCPT TO:<bob@example.test>", "250 ok"), DATA, TAKEN], 0, 0, False),
        ([*CONTENT, ("message", "a\nb\r\n.", "250 ok")], 0, 0, True),
        ([*CONTENT, ("message", "a\nb\r\n.", "550 no")], 0, 0, False),
    ],
    ids=["ours", "lower-case", "nearly-ours", "both", "another", "half-a-line-end", "refused"],
)
def test_what_is_to_arrive(said: Sequence[Said], delivered: int, perhaps: int, loose: bool) -> None:
    """Messages for our recipient do, those that may be for it may, and how half a line end is kept nobody knows."""
    model = held(said)
    assert (len(model.delivered), len(model.perhaps), model.loose) == (delivered, perhaps, loose)


@pytest.mark.parametrize(("name", "rule"), [("eod_lf_dot_lf", ONE_END), ("dot_not_unstuffed", ARRIVES)])
def test_what_becomes_of_messages_is_looked_at(name: str, rule: str) -> None:
    """Messages that end too early are noticed by the answers, those that arrive otherwise in the mailbox."""
    mutant = next(mutant for mutant in mutants_of("smtp") if mutant.name == name)
    result = explored("smtp", Budget(examples=4000, findings=1), mutant, seed=3)
    assert [finding.rule for finding in result.findings] == [rule], told(result)
