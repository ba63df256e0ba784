"""Mutants of values: text, numbers, names twice and depth that come out wrong, or not at all (RFC 8259)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from pytest_netconform.reference_servers.jsonrpc import Answers
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.json_text import LONE, NO_NUMBER, TWICE, Text, is_number
from pytest_netconform.wire.jsonrpc import INVALID_REQUEST

FAILED = b"Internal Server Error"


def _changed(value: Any, change: Any) -> Any:
    """A value with all its results changed."""
    if isinstance(value, dict) and "result" in value:
        return {**value, "result": change(value["result"])}
    return value


@mutant("text_as_latin1", breaks=["JR-unicode"], because="not UTF-8")
class TextAsLatin1(Answers):
    """Writes characters as octets, as far as they are."""

    def written(self, value: object) -> bytes:
        return json.dumps(value, ensure_ascii=False, default=float).encode("latin-1", "replace")


@mutant("text_read_as_latin1", breaks=["JR-unicode"], because="the string")
class TextReadAsLatin1(Answers):
    """Takes octets for characters."""

    def parsed(self, octets: bytes) -> Text:
        return super().parsed(octets.decode("latin-1").encode())


@mutant("half_a_pair_fails", breaks=["JR-unicode"], because="which is no JSON")
class HalfAPairFails(Answers):
    """Falls over characters that cannot be written."""

    def answer(self, octets: bytes) -> bytes | None:
        return FAILED if LONE in self.parsed(octets).flaws else super().answer(octets)


@mutant("half_a_pair_as_octets", breaks=["JR-unicode"], because="not UTF-8")
class HalfAPairAsOctets(Answers):
    """Writes half of a pair as if it were a character."""

    def written(self, value: object) -> bytes:
        return json.dumps(value, ensure_ascii=False, default=float).encode("utf-8", "surrogatepass")


@mutant("infinity_written", breaks=["JR-numbers"], because="1e400")
class InfinityWritten(Answers):
    """Numbers are doubles, and their names are those of the language."""

    def written(self, value: object) -> bytes:
        return json.dumps(value, default=float).encode()


@mutant("nan_given_back", breaks=["JR-numbers"], because="no NaN")
class NanGivenBack(Answers):
    """Takes NaN, and writes it again."""

    def unreadable(self, text: Text) -> bool:
        return bool(text.problem) or (super().unreadable(text) and NO_NUMBER not in text.flaws)

    def written(self, value: object) -> bytes:
        return json.dumps(value, default=str).encode()


@mutant("numbers_cut_to_32_bits", breaks=["JR-numbers"], because="12345678901234567890")
class NumbersCutTo32Bits(Answers):
    """Has no room for large integers."""

    def written(self, value: object) -> bytes:
        return super().written(_changed(value, lambda found: _cut(found)))


def _cut(found: Any) -> Any:
    return min(max(found, -(1 << 31)), (1 << 31) - 1) if is_number(found) and not isinstance(found, Decimal) else found


@mutant("names_twice_refused", breaks=["JR-dup-keys"], because="refused: -32600")
class NamesTwiceRefused(Answers):
    """Wants to know what is meant."""

    def answer(self, octets: bytes) -> bytes | None:
        if TWICE in self.parsed(octets).flaws:
            return self.written(self.refusal(INVALID_REQUEST, None))
        return super().answer(octets)


@mutant("depth_kills", breaks=["JR-deep"], because="the target goes on")
class DepthKills(Answers):
    """A stack that has overflown stays so."""

    def answer(self, octets: bytes) -> bytes | None:
        if "dead" in self.config.shared:
            return None
        self.config.shared.update({"dead": True} if b"[" * 1000 in octets else {})
        return super().answer(octets)


@mutant("depth_spoils", breaks=["JR-deep"], because="the target goes on")
class DepthSpoils(Answers):
    """Whoever has sent a deep text is not answered well any more."""

    def answer(self, octets: bytes) -> bytes | None:
        if b"[" * 1000 in octets:
            self.config.shared["ill"] = True
        return FAILED if "ill" in self.config.shared else super().answer(octets)
