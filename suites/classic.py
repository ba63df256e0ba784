"""The small services of old: echo, discard, daytime, time, chargen, quote of the day."""

from __future__ import annotations

#: What the catalogue asks and this suite leaves out, each with the reason.
NOT_CHECKED: list[tuple[str, str]] = []
