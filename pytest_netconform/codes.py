"""Codes of answers: whether one is among those that a check expects, and how a list of them reads.

A code is a number or a word; a pattern such as `5yz` stands for any digit where a letter is. This module knows nothing
of answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

Code = int | str  # 250, or a pattern such as "5yz", "OK"


def fits(code: Code, codes: Sequence[Code]) -> bool:
    """Whether `code` is one of `codes`; in a pattern such as `5yz` the letters stand for any digit."""
    return any(_matches(str(code), str(pattern)) for pattern in codes)


@lru_cache(maxsize=4096)
def _matches(code: str, pattern: str) -> bool:
    return re.fullmatch(_digits(pattern), code) is not None


def _digits(pattern: str) -> str:
    return re.sub("[xyz]", "[0-9]", re.escape(pattern)) if pattern[:1].isdigit() else re.escape(pattern)


def code_pattern(codes: Sequence[Code]) -> bytes:
    """What the octets of an answer with one of `codes` begin with, as a regular expression."""
    return b"(?:" + "|".join(_digits(str(code)) for code in codes).encode() + b")"


def listed(codes: Sequence[Code]) -> str:
    """Codes as words: `250`, `501, 503 or 554`."""
    words = [str(code) for code in codes]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else "an answer"
