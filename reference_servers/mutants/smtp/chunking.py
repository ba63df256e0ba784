"""Mutants of messages in chunks: octets that are answered wrong, looked into, or run as commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.reference_servers.smtp.core import Answer, Argument, Cleared, State
from pytest_netconform.wire.smtp_commands import Chunk


@mutant("bdat_first_chunk_no_reply", breaks=["SMTP-3030-2-a"], because="nothing for")
class BdatFirstChunkNoReply(SmtpSession):
    """Answers the last chunk only."""

    def reply(self, code: int, status: str, *lines: str) -> None:
        if not (self.verb == "BDAT" and code == 250 and self.transaction is not None):
            super().reply(code, status, *lines)


@mutant("bdat_last_answered_twice", breaks=["SMTP-3030-2-a"], because="2, with")
class BdatLastAnsweredTwice(SmtpSession):
    """Answers the last chunk for its octets, and again for the message."""

    def on_chunk(self, chunk: Chunk, octets: bytes | None) -> None:
        if chunk.last:
            self.reply(250, "2.0.0", f"{chunk.size} octets received")
        super().on_chunk(chunk, octets)


@mutant("bdat_chunks_end_lines", breaks=["SMTP-3030-2-a"], because="unchanged")
class BdatChunksEndLines(SmtpSession):
    """Ends every chunk with a line's end, as if it were a text of its own."""

    def on_chunk(self, chunk: Chunk, octets: bytes | None) -> None:
        super().on_chunk(chunk, octets + b"\r\n" if octets else octets)


@mutant("bdat_honours_dot", breaks=["SMTP-3030-2-b"], because="first")
class BdatHonoursDot(SmtpSession):
    """Ends the content at a dot alone on its line."""

    def on_chunk(self, chunk: Chunk, octets: bytes | None) -> None:
        super().on_chunk(chunk, octets.partition(b"\r\n.\r\n")[0] if octets else octets)


@mutant("bdat_executes_behind_dot", breaks=["SMTP-3030-2-b"], because="Nothing done")
class BdatExecutesBehindDot(SmtpSession):
    """Ends the chunk at a dot alone on its line, and takes the rest for commands."""

    def on_chunk(self, chunk: Chunk, octets: bytes | None) -> None:
        content, dot, rest = (octets or b"").partition(b"\r\n.\r\n")
        self._input[:0] = rest
        super().on_chunk(chunk, content if dot else octets)


@mutant("bdat_pipelined_desync", breaks=["SMTP-3030-2-d"], because="nothing for")
class BdatPipelinedDesync(SmtpSession):
    """Reads a chunk in one go, and loses what came behind it."""

    def on_chunk(self, chunk: Chunk, octets: bytes | None) -> None:
        super().on_chunk(chunk, octets)
        self.drop_pending()


@mutant("bdat_0_last_hangs", breaks=["SMTP-3030-2-g"], because="nothing for")
class Bdat0LastHangs(SmtpSession):
    """Waits for octets where none were announced."""

    def on_chunk(self, chunk: Chunk, octets: bytes | None) -> None:
        if chunk.size:
            super().on_chunk(chunk, octets)


@mutant("rejected_bdat_payload_executed", breaks=["SMTP-3030-2-c"], because="Nothing done")
class RejectedBdatPayloadExecuted(SmtpSession):
    """Refuses a chunk at its command line, and takes its octets for commands."""

    def discard_payload(self, argument: bytes, answer: Answer) -> None:
        self.answer(answer)


@mutant("bdat_after_failure_not_discarded", breaks=["SMTP-3030-2-j"], because="250")
class BdatAfterFailureNotDiscarded(SmtpSession):
    """Throws the octets of the first refused chunk away, and takes those of the next for commands."""

    failed = False

    def discard_payload(self, argument: bytes, answer: Answer) -> None:
        if self.failed:
            self.answer(answer)
        else:
            super().discard_payload(argument, answer)
        self.failed = True


@mutant("data_after_bdat_354", breaks=["SMTP-3030-2-e"], because="354")
class DataAfterBdat354(SmtpSession):
    """Takes DATA when chunks have come."""

    commands = {
        **SmtpSession.commands,
        "DATA": replace(SmtpSession.commands["DATA"], states=frozenset({State.RECIPIENTS, State.CHUNKS})),
    }


@mutant("bdat_after_last_250", breaks=["SMTP-3030-2-f"], because="250")
class BdatAfterLast250(SmtpSession):
    """Takes chunks behind the last."""

    def discard_payload(self, argument: bytes, answer: Answer) -> None:
        taken = Answer(250, "2.0.0", "Octets received")
        super().discard_payload(argument, taken if self.state() is State.READY else answer)


@mutant("bdat_marker_unchecked", breaks=["SMTP-3030-2-h"], because="250")
class BdatMarkerUnchecked(SmtpSession):
    """Reads the size, and LAST, and nothing else."""

    def read_chunk(self, argument: bytes) -> Chunk:
        return (
            super().read_chunk(argument.partition(b" ")[0]) if b"LAST" not in argument else super().read_chunk(argument)
        )


@mutant("bdat_size_unchecked", breaks=["SMTP-3030-2-h"], because="250")
class BdatSizeUnchecked(SmtpSession):
    """Takes what is no size for none."""

    commands = {**SmtpSession.commands, "BDAT": replace(SmtpSession.commands["BDAT"], argument=Argument.OPTIONAL)}

    def read_chunk(self, argument: bytes) -> Chunk:
        return super().read_chunk(argument) if argument[:1].isdigit() else Chunk(0, last=False)


@mutant("bdat_size_overflow", breaks=["SMTP-3030-2-h"], because="250")
class BdatSizeOverflow(SmtpSession):
    """Keeps the size of a chunk in 32 bits."""

    def read_chunk(self, argument: bytes) -> Chunk:
        chunk = super().read_chunk(argument)
        return replace(chunk, size=chunk.size % 2**32)


@mutant("bdat_fail_keeps_rcpts", breaks=["SMTP-3030-2-i"], because="354")
class BdatFailKeepsRcpts(SmtpSession):
    """Forgets the chunks of a message that it refuses, and not for whom they were."""

    def clear(self, why: Cleared) -> None:
        if why is Cleared.REFUSED and self.transaction is not None and self.transaction.chunks is not None:
            self.transaction.chunks = None
        else:
            super().clear(why)


@mutant("binarymime_data_354", breaks=["SMTP-3030-3-a"], because="354")
class BinarymimeData354(SmtpSession):
    """Takes binary content in lines."""

    def needs_chunks(self) -> bool:
        return False


@mutant("binarymime_without_chunking", breaks=["SMTP-3030-3-b"], because="BINARYMIME")
class BinarymimeWithoutChunking(SmtpSession):
    """Lists BINARYMIME and not the command that it needs."""

    def ehlo_lines(self) -> list[str]:
        return [line for line in super().ehlo_lines() if line != "CHUNKING"]


@mutant("binarymime_unlisted_250", breaks=["SMTP-3030-3-b"], because="250", without="BINARYMIME")
class BinarymimeUnlisted250(SmtpSession):
    """Agrees to binary content that it has not offered."""

    def body_problem(self, parameters: Mapping[str, object]) -> Answer | None:
        return None
