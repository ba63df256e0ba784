"""Sequence sets: which messages of the mailbox in view they mean (RFC 9051 9, sequence-set; 6.4.9)."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netconform.reference_servers.imap.naming import Naming
from pytest_netconform.reference_servers.imap.scanner import SAVED, STAR, Bad, Ranges, Scanner, in_bits
from pytest_netconform.reference_servers.imap.view import Entry


def ranged(numbers: Iterable[int]) -> str:
    """Numbers as a sequence set, runs of neighbours as ranges, in the order in which they come."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def merged_ranges(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What overlaps becomes one, so that a set with a thousand times `1:*` costs no more than one."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def inside(uid: int, ranges: Ranges) -> bool:
    """Whether a set means a uid; `*` in what a client knows stands for everything above."""
    return any(uid >= (low or high) if STAR in (low, high) else low <= uid <= high for low, high in map(sorted, ranges))


class Sets(Naming):
    """Numbers, and the messages behind them."""

    def read_sequence(self, arguments: Scanner) -> Ranges:
        """A sequence set, or the saved search."""
        ranges = arguments.sequence()
        if ranges == SAVED and not self.config.has("SEARCHRES"):
            raise Bad("There is no saved search here")
        if ranges == SAVED:
            return ranges
        return tuple((self.check_number(low), self.check_number(high)) for low, high in ranges)

    def check_number(self, number: int) -> int:
        """Message numbers have 32 bits (RFC 9051 9)."""
        return in_bits(number, 32)

    def read_entries(self, arguments: Scanner) -> list[Entry]:
        """The messages that a sequence set means: of uids, or of sequence numbers, as the command was said."""
        ranges = self.read_sequence(arguments)
        if ranges == SAVED:
            return self.saved_entries()
        return self.entries_by_uid(ranges) if self.by_uid else self.entries_by_number(ranges)

    def saved_entries(self) -> list[Entry]:
        """The result of the saved search."""
        return [self.seen.entry(self.seen.number(uid)) for uid in self.saved if uid in self.seen.messages]

    def entries_by_number(self, ranges: Ranges) -> list[Entry]:
        """Messages by sequence number; one that is not there is an error (RFC 3501 9, seq-number)."""
        view, entries = self.seen, []
        for low, high in merged_ranges(self.resolved(ranges, len(view))):
            if low < 1 or high > len(view):
                raise self.no_such_number(high)
            entries += [view.entry(number) for number in range(low, high + 1)]
        return entries

    def no_such_number(self, number: int) -> Exception:
        """There is no message of that number."""
        return Bad(f"There is no message {number}: there are {len(self.seen)}" if len(self.seen) else "No messages")

    def entries_by_uid(self, ranges: Ranges) -> list[Entry]:
        """Messages by uid; those that are not there are passed over (RFC 9051 6.4.9)."""
        return [self.seen.entry(self.seen.number(uid)) for uid in self.uids_in(ranges)]

    def uids_in(self, ranges: Ranges) -> list[int]:
        """The uids in view that a set of uids means."""
        view, uids = self.seen, list[int]()
        if ranges == SAVED:
            return [uid for uid in self.saved if uid in view.messages]
        for low, high in merged_ranges(self.resolved(ranges, view.uids[-1] if view.uids else 0)):
            uids += [view.uids[number - 1] for number in view.numbers_between(low, high)]
        return uids

    def resolved(self, ranges: Ranges, largest: int) -> list[tuple[int, int]]:
        """Ranges with `*` for what it means, the lesser end first (RFC 9051 9, seq-range)."""
        return [self.ordered(low or largest, high or largest) for low, high in ranges]

    def ordered(self, low: int, high: int) -> tuple[int, int]:
        """3:1 means what 1:3 means."""
        return (low, high) if low <= high else (high, low)
