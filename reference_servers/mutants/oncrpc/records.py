"""Mutants of record marking: each finds, or makes, other records than there are."""

from __future__ import annotations

import struct

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.oncrpc import RpcStream
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.wire.oncrpc import LAST, Record, RecordReader

DEAD = "dead"
HEADER = 4  # octets of a mark


@mutant("little_endian_mark", breaks=["RPC-rm-last"], because="announces")
class LittleEndianMark(RpcStream):
    """Writes the mark as it lies in its memory."""

    def marked(self, reply: bytes) -> bytes:
        return struct.pack("<I", LAST | len(reply)) + reply


@mutant("last_bit_missing", breaks=["RPC-rm-last"], because="unfinished")
class LastBitMissing(RpcStream):
    """Writes a length and nothing more."""

    def marked(self, reply: bytes) -> bytes:
        return struct.pack(">I", len(reply)) + reply


@mutant("mark_counted_in_the_length", breaks=["RPC-rm-last"], because="unfinished")
class MarkCountedInTheLength(RpcStream):
    """Counts the mark among the octets that it announces."""

    def marked(self, reply: bytes) -> bytes:
        return struct.pack(">I", LAST | (len(reply) + HEADER)) + reply


@mutant("no_mark", breaks=["RPC-rm-last"], because="announces")
class NoMark(RpcStream):
    """Sends what it would send over UDP."""

    def marked(self, reply: bytes) -> bytes:
        return reply


@mutant("every_reply_twice", breaks=["RPC-rm-last"], because="another record than was owed")
class EveryReplyTwice(RpcStream):
    """Has two loops that send."""

    def marked(self, reply: bytes) -> bytes:
        return super().marked(reply) * 2


class Looking(RpcStream):
    """Looks at all that has come by itself; no mutant yet, since it finds the records that there are."""

    kept = b""

    def on_data(self, data: bytes) -> None:
        self.kept += data
        while not self.closing and (size := self.size()) is not None:
            octets, self.kept = self.kept[:size], self.kept[size:]
            self.looked_at(octets)

    def size(self) -> int | None:
        """The octets of the next portion, if it is there."""
        if len(self.kept) < HEADER:
            return None
        size = HEADER + (int.from_bytes(self.kept[:HEADER], "big") & ~LAST)
        return size if size <= len(self.kept) else None

    def looked_at(self, octets: bytes) -> None:
        """One portion."""
        self.take(octets[HEADER:])


@mutant("fragment_taken_for_a_message", breaks=["RPC-rm-fragments"], because="in answer to")
class FragmentTakenForAMessage(Looking):
    """Looks at no top bit: each fragment is a call, or is none."""

    def take(self, message: bytes) -> None:
        super().take(message.ljust(40, b"\0"))


@mutant("fragments_reset", breaks=["RPC-rm-fragments"], because="end of the connection")
class FragmentsReset(RpcStream):
    """Breaks the connection at a fragment that is not the last, as rpcbind 1.2.6 does."""

    def on_data(self, data: bytes) -> None:
        if data[0] < 0x80 and len(data) > HEADER and not self.records.rest():
            self.act(Reset())
        else:
            super().on_data(data)


@mutant("first_fragment_forgotten", breaks=["RPC-rm-fragments"], because="nothing")
class FirstFragmentForgotten(Looking):
    """Has room for one fragment, and keeps the last."""

    def looked_at(self, octets: bytes) -> None:
        if octets[0] >= 0x80:
            self.take(octets[HEADER:])


class _WithoutEmpty(RecordReader):
    def next(self) -> Record | None:
        found = super().next()
        if found is not None and 0 in found.fragments:
            return Record(b"", found.raw, lost="an empty fragment")
        return found


@mutant("empty_fragment_closes", breaks=["RPC-rm-zero-fragment"], because="a close")
class EmptyFragmentCloses(RpcStream):
    """Takes an empty fragment for the end, as libtirpc does."""

    def on_open(self) -> None:
        super().on_open()
        self.records = _WithoutEmpty()


@mutant("mark_read_at_once", breaks=["RPC-rm-split-tcp"], because="nothing")
class MarkReadAtOnce(RpcStream):
    """Expects the mark to come whole, and drops what is shorter."""

    def on_data(self, data: bytes) -> None:
        if len(data) >= HEADER or self.records.rest():
            super().on_data(data)


@mutant("message_read_at_once", breaks=["RPC-rm-split-tcp"], because="nothing")
class MessageReadAtOnce(RpcStream):
    """Expects a record to come whole."""

    def on_data(self, data: bytes) -> None:
        self.records = RecordReader()
        super().on_data(data)


@mutant("second_record_lost", breaks=["RPC-rm-two"], because="nothing")
class SecondRecordLost(RpcStream):
    """Reads one record, and forgets what was read with it."""

    def take(self, message: bytes) -> None:
        super().take(message)
        self.records = RecordReader()


@mutant("second_record_is_the_first", breaks=["RPC-rm-two"], because="one reply to each")
class SecondRecordIsTheFirst(RpcStream):
    """Answers what is in its buffer once for every record."""

    first = b""

    def on_data(self, data: bytes) -> None:
        self.first = b""
        super().on_data(data)

    def take(self, message: bytes) -> None:
        self.first = self.first or message
        super().take(self.first)


@mutant("mark_ignored", breaks=["RPC-rm-huge"], because="not whole")
class MarkIgnored(RpcStream):
    """Takes what comes at a time for a record."""

    def on_data(self, data: bytes) -> None:
        if len(data) > HEADER:
            self.take(data[HEADER:])


@mutant("allocates_by_header", breaks=["RPC-rm-huge"], because="the target goes on")
class AllocatesByHeader(RpcStream):
    """Makes room for what is announced, and is ended by its system."""

    def on_open(self) -> None:
        super().on_open()
        if DEAD in self.config.shared:
            self.act(Reset())

    def too_large(self) -> None:
        self.config.shared[DEAD] = True
        self.act(Reset())
