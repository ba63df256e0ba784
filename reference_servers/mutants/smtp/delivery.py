"""Mutants of delivery: the dialogue is right, and what arrives is not what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from pytest_netconform.reference_servers.lines import Reading
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import Answer, SmtpSession, Transaction, fields, without_field
from pytest_netconform.wire.smtp_commands import Path


@mutant("dot_not_unstuffed", breaks=["SMTP-5321-4.5.2-b"], because="..one")
class DotNotUnstuffed(SmtpSession):
    """Stores the dots that were doubled for the wire."""

    def unstuffed(self, content: bytes) -> bytes:
        return content


@mutant("dot_removed_only_when_doubled", breaks=["SMTP-5321-4.5.2-b"], because=".one\\r\\n.two")
class DotRemovedOnlyWhenDoubled(SmtpSession):
    """Removes a first dot only in front of another one."""

    def unstuffed(self, content: bytes) -> bytes:
        return re.sub(rb"(\A|\r\n)\.\.", rb"\1.", content)


@mutant("bare_lf_drops_rest_of_line", breaks=["SMTP-5321-4.5.2-c"], because="alpha\\r\\ndelta")
class BareLfDropsRestOfLine(SmtpSession):
    """Takes a bare LF for the end of a string."""

    def unstuffed(self, content: bytes) -> bytes:
        return re.sub(rb"(?<!\r)\n[^\r\n]*", b"", super().unstuffed(content))


@mutant("trailing_space_stripped", breaks=["SMTP-5321-4.1.1.4-l"], because="trailing blanks\\r\\n")
class TrailingSpaceStripped(SmtpSession):
    """Tidies the ends of lines."""

    def unstuffed(self, content: bytes) -> bytes:
        return re.sub(rb"[ \t]+\r\n", b"\r\n", super().unstuffed(content))


@mutant("controls_stripped", breaks=["SMTP-5321-4.1.1.4-l"], because="<>")
class ControlsStripped(SmtpSession):
    """Drops what cannot be printed: a deviation that is tolerated."""

    def unstuffed(self, content: bytes) -> bytes:
        return re.sub(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", b"", super().unstuffed(content))


@mutant("nul_truncates_body_line", breaks=["SMTP-5321-4.5.2-d"], because="alpha\\r\\ncharlie")
class NulTruncatesBodyLine(SmtpSession):
    """Copies lines as strings that end with a NUL."""

    def unstuffed(self, content: bytes) -> bytes:
        return re.sub(rb"\x00[^\r\n]*", b"", super().unstuffed(content))


@mutant("no_received", breaks=["SMTP-5321-4.4-a"], because="Return-Path")
class NoReceived(SmtpSession):
    """Leaves no trace."""

    def received_field(self, transaction: Transaction, number: int) -> bytes:
        return b""


@mutant("received_without_from", breaks=["SMTP-5321-4.4-a"], because="by mail.example.test")
class ReceivedWithoutFrom(SmtpSession):
    """Does not say where the message came from."""

    def received_field(self, transaction: Transaction, number: int) -> bytes:
        return re.sub(rb"from .*\r\n\t", b"", super().received_field(transaction, number))


@mutant("received_short_year", breaks=["SMTP-5321-4.4-a"], because="Jan 26 ")
class ReceivedShortYear(SmtpSession):
    """Writes years as the last century did."""

    def received_field(self, transaction: Transaction, number: int) -> bytes:
        return super().received_field(transaction, number).replace(b" 2026 ", b" 26 ")


@mutant("received_reordered", breaks=["SMTP-5321-4.4-b"], because="Received")
class ReceivedReordered(SmtpSession):
    """Brings the stations of the way into the order of time."""

    def delivered_content(self, transaction: Transaction, content: bytes, number: int, final: bool) -> bytes:
        stations = [field for name, field in fields(content) if name == b"received"]
        content = b"".join(reversed(stations)) + without_field(content, b"received")
        return super().delivered_content(transaction, content, number, final)


@mutant("received_refolded", breaks=["SMTP-5321-4.4-b"], because="Received")
class ReceivedRefolded(SmtpSession):
    """Folds header lines in its own way."""

    def delivered_content(self, transaction: Transaction, content: bytes, number: int, final: bool) -> bytes:
        return super().delivered_content(transaction, re.sub(rb"\r\n[ \t]+", b"\r\n ", content), number, final)


@mutant("no_return_path", breaks=["SMTP-5321-4.4-c"], because="Received")
class NoReturnPath(SmtpSession):
    """Forgets who sent the message."""

    def return_path_field(self, transaction: Transaction) -> bytes:
        return b""


@mutant("return_path_from_header", breaks=["SMTP-5321-4.4-c"], because="<forged@foreign.example>")
class ReturnPathFromHeader(SmtpSession):
    """Trusts the Return-Path that is there already."""

    def delivered_content(self, transaction: Transaction, content: bytes, number: int, final: bool) -> bytes:
        claimed = b"".join(field for name, field in fields(content) if name == b"return-path")
        stored = super().delivered_content(transaction, content, number, final)
        return claimed + without_field(stored, b"return-path") if claimed else stored


@mutant("smuggled_second_message", breaks=["SMTP-5321-4.1.1.4-k"], because="Smuggled.")
class SmuggledSecondMessage(SmtpSession):
    """Answers a message once, and hands it on to a program that sees two."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        outer, _, inner = content.partition(b"\n.\n")
        if inner:
            super().deliver(transaction, inner.partition(b"DATA\r\n")[2])
        return super().deliver(transaction, outer)


@mutant("delivers_on_disconnect", breaks=["SMTP-GEN-CON-a"], because="Half a message")
class DeliversOnDisconnect(SmtpSession):
    """Takes the end of the connection for the end of data."""

    def on_end(self) -> None:
        if self.reading is Reading.DATA:
            self.on_content(self.pending())
        super().on_end()


@mutant("envelope_shared_between_sessions", breaks=["SMTP-GEN-CON-f"], because="@client.example.org>")
class EnvelopeSharedBetweenSessions(SmtpSession):
    """Keeps the sender where every session finds it."""

    last: ClassVar[Path]

    def begin(self, sender: Path, parameters: Mapping[str, object]) -> None:
        super().begin(sender, parameters)
        type(self).last = sender

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        transaction.sender = self.last
        return super().deliver(transaction, content)
