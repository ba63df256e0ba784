"""Mutants of batches (JSON-RPC 2.0 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_netconform.reference_servers.jsonrpc import Answers
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.jsonrpc import INVALID_REQUEST, parse_response, request, text


@mutant("batch_refused_for_one_member", breaks=["JR-batch"], because="an array of two results")
class BatchRefusedForOneMember(Answers):
    """Looks at all members before it carries out any."""

    def batch(self, members: Sequence[Any]) -> object:
        if any(isinstance(member, dict) and "method" not in member for member in members):
            return self.refusal(INVALID_REQUEST, None)
        return super().batch(members)


@mutant("batch_with_answers_to_notifications", breaks=["JR-batch", "JR-batch-ids"], because="results")
class BatchWithAnswersToNotifications(Answers):
    """As many answers as members."""

    def batch(self, members: Sequence[Any]) -> object:
        answers = super().batch(members)
        silent = sum(isinstance(member, dict) and "method" in member and "id" not in member for member in members)
        more = [{"jsonrpc": "2.0", "result": None, "id": None}] * silent
        return [*answers, *more] if isinstance(answers, list) else answers


@mutant("batch_ids_exchanged", breaks=["JR-batch-ids"], because="each with the id of its call")
class BatchIdsExchanged(Answers):
    """Gives answers to whoever is next."""

    def gathered(self, answers: list[object]) -> object:
        found = [answer for answer in answers if isinstance(answer, dict)]
        ids = [answer["id"] for answer in found][::-1]
        return [{**answer, "id": id} for answer, id in zip(found, ids, strict=True)] or None


@mutant("empty_batch_empty_array", breaks=["JR-batch-empty"], because="an error -32600")
class EmptyBatchEmptyArray(Answers):
    """Nothing is asked, and no answers stand in the array."""

    def empty_batch(self) -> object:
        return []


@mutant("empty_batch_error_in_an_array", breaks=["JR-batch-empty"], because="an error -32600")
class EmptyBatchErrorInAnArray(Answers):
    """An array for an array."""

    def empty_batch(self) -> object:
        return [super().empty_batch()]


@mutant("batch_of_no_calls_single_error", breaks=["JR-batch-invalid"], because="an array of 3 errors")
class BatchOfNoCallsSingleError(Answers):
    """One word for all that are none."""

    def gathered(self, answers: list[object]) -> object:
        if answers and all(parse_response(answer).code == INVALID_REQUEST for answer in answers):
            return answers[0]
        return super().gathered(answers)


@mutant("nested_batch_hangs", breaks=["JR-batch-nested"], because="an error -32600")
class NestedBatchHangs(Answers):
    """Waits for the answers of an array inside an array, which never come."""

    def batch(self, members: Sequence[Any]) -> object:
        return None if any(isinstance(member, list) for member in members) else super().batch(members)


@mutant("nested_batch_carried_out", breaks=["JR-batch-nested"], because="an error -32600")
class NestedBatchCarriedOut(Answers):
    """Takes an array in an array for a batch of its own."""

    def member(self, value: Any) -> object:
        return self.answer_value(value)


@mutant("batch_of_notifications_empty_array", breaks=["JR-batch-notifications"], because="[]")
class BatchOfNotificationsEmptyArray(Answers):
    """An array for an array, whatever is in it."""

    def gathered(self, answers: list[object]) -> object:
        return answers


@mutant("broken_batch_carried_out_in_part", breaks=["JR-batch-parse-error"], because="an error -32700")
class BrokenBatchCarriedOutInPart(Answers):
    """Reads as far as it can."""

    def answer(self, octets: bytes) -> bytes | None:
        if octets.startswith(b"[{") and self.unreadable(self.parsed(octets)):
            octets = text([request("ping", id="1"), 1])
        return super().answer(octets)


@mutant("answers_kept_by_id", breaks=["JR-batch-dup-ids"], because="1 answers")
class AnswersKeptById(Answers):
    """Keeps the answers of a batch in a table."""

    def gathered(self, answers: list[object]) -> object:
        return list({str(parse_response(answer).id): answer for answer in answers}.values()) or None
