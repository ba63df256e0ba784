"""What a run of the POP3 suite does to a real account: how often its password is wrong, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_netconform.fixtures.network import EVERYTHING, column_of, memory_target
from pytest_netconform.fixtures.pop3 import ACCOUNT, SEEDS
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.pop3 import Pop3Config, Pop3Session
from pytest_netconform.reference_servers.store import MailStore
from pytest_netconform.verdict import Verdict
from tests.gates import cases

COLUMN = column_of(PROTOCOLS["pop3"])


class Witness(Pop3Session):
    """Writes down what is said to it."""

    wrong: list[str] = []
    marked: list[bytes] = []

    def refuse_login(self, name: str) -> None:
        self.wrong.append(name)
        super().refuse_login(name)

    def unclean(self, rest: bytes) -> None:
        if self.verb == "PASS" and b"\0" in rest:
            self.wrong.append(self.named)  # refused before it is looked at; elsewhere it is a wrong password
        super().unclean(rest)

    def answer_dele(self, argument: bytes) -> None:
        self.marked.append(argument)
        super().answer_dele(argument)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing was said yet."""
    Witness.wrong.clear()
    Witness.marked.clear()
    yield


def run(allowed: frozenset[str], **options: str) -> tuple[MailStore, list[Outcome]]:
    """Every check of the suite, one after the other, against one server."""
    store = MailStore()
    for content in SEEDS.values():
        store.add(ACCOUNT[0], "", [ACCOUNT[0]], content)
    config = Pop3Config(tls=True)
    target = memory_target("pop3", options, make_session=lambda: Witness(config, store), allowed=allowed)
    target.stored = lambda: [message.content for message in store.messages(ACCOUNT[0])]
    target.deliver = lambda content: store.add(ACCOUNT[0], "", [ACCOUNT[0]], content)
    survey(target, COLUMN)
    outcomes = [
        judge(case.function, {name: COLUMN.rungs[name] for name in case.rungs}, case.values, target, COLUMN)
        for case in cases("pop3")
    ]
    return store, outcomes


def test_two_wrong_passwords_a_run() -> None:
    """The account hears two wrong passwords, a third where it is said to be disposable, and no more."""
    run(EVERYTHING - {"disposable"})
    assert Witness.wrong.count(ACCOUNT[0]) == 2
    Witness.wrong.clear()
    run(EVERYTHING)
    assert Witness.wrong.count(ACCOUNT[0]) == 3


def test_a_refused_account_is_not_tried_again() -> None:
    """Where the given password is wrong, it is said once, and every check that needs it says why it is inconclusive."""
    _, outcomes = run(EVERYTHING, password="guess")
    assert Witness.wrong.count(ACCOUNT[0]) == 1
    assert not [o for o in outcomes if o.verdict in (Verdict.FAIL, Verdict.DEVIATION, Verdict.ERROR)]
    assert sum("is the password right?" in o.reason for o in outcomes) > 50


def test_reading_is_all_that_is_done_unasked() -> None:
    """Without --netconform-allow=write no message is so much as marked."""
    store, outcomes = run(frozenset())
    assert Witness.marked == []
    assert [message.content for message in store.messages(ACCOUNT[0])] == list(SEEDS.values())
    assert not [o for o in outcomes if o.verdict in (Verdict.FAIL, Verdict.DEVIATION, Verdict.ERROR)]


def test_the_account_is_left_as_it_was() -> None:
    """Where messages may be delivered, those that are removed are the run's own, and none of them stays."""
    store, _ = run(EVERYTHING)
    assert Witness.marked
    assert [message.content for message in store.messages(ACCOUNT[0])] == list(SEEDS.values())
