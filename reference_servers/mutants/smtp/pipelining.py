"""Mutants of pipelining: each is right in lock-step, and wrong when commands arrive in one piece."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.reference_servers.smtp.core import Answer


@mutant("pipelined_input_flushed", breaks=["SMTP-2920-3.2-a"], because="nothing for")
class PipelinedInputFlushed(SmtpSession):
    """Forgets what it has not yet read when a command fails."""

    def reply(self, code: int, status: str, *lines: str) -> None:
        super().reply(code, status, *lines)
        if code >= 500:
            self.drop_pending()


@mutant("input_after_eod_lost", breaks=["SMTP-2920-3.2-b"], because="nothing for")
class InputAfterEodLost(SmtpSession):
    """Hands the connection over after a message, without what had arrived behind it."""

    def on_content(self, content: bytes | None) -> None:
        super().on_content(content)
        self.drop_pending()


@mutant("replies_buffered_until_data", breaks=["SMTP-2920-3.2-c"], because="nothing for")
class RepliesBufferedUntilData(SmtpSession):
    """Collects the answers to a group until a command comes that must end one."""

    held = b""

    def send(self, data: bytes) -> None:
        if self.verb in ("MAIL", "RCPT", "RSET") and (self.held or self.pending()):
            self.held += data
        else:
            super().send(self.held + data)
            self.held = b""


@mutant("empty_message_sent_to_nobody", breaks=["SMTP-2920-3.2-d"], because="250")
class EmptyMessageSentToNobody(SmtpSession):
    """Takes a message that nobody is to get."""

    def too_early(self, argument: bytes) -> Answer | None:
        return None if self.verb == "DATA" and self.transaction else super().too_early(argument)


@mutant("unknown_in_batch_desync", breaks=["SMTP-2920-3.2-e"], because="500")
class UnknownInBatchDesync(SmtpSession):
    """Answers what it does not know at once, before what it knows."""

    def refuse(self, answer: Answer, argument: bytes) -> None:
        super().refuse(answer, argument)
        if answer.code == 500:
            self._actions.insert(0, self._actions.pop())
