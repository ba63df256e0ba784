"""Datagrams: what holds for any server behind datagrams."""

from __future__ import annotations

#: What the catalogue asks and this suite leaves out, each with the reason.
NOT_CHECKED: list[tuple[str, str]] = []
