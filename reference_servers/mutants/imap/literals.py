"""Mutants of literals: who waits for whom, how many octets, and whose they are, is wrong in one way each."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.imap import Bad, ImapSession
from pytest_netconform.reference_servers.imap.reading import Counted
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("literal_without_continuation", breaks=["IMAP-9051-4.3-a"], because="nothing for")
class LiteralWithoutContinuation(ImapSession):
    """Waits in silence for a literal, while its client does."""

    def invite(self, text: bytes) -> None:
        if self.verb != "LOGIN":
            super().invite(text)


@mutant("zero_literal_no_continuation", breaks=["IMAP-9051-4.3-d"], because="nothing for")
class ZeroLiteralNoContinuation(ImapSession):
    """Sees no reason to invite nothing."""

    def invite(self, text: bytes) -> None:
        if b" 0 " not in text:
            super().invite(text)


@mutant("literal_name_unescaped_in_list", breaks=["IMAP-9051-4.3-b"], because="as it was given")
class LiteralNameUnescapedInList(ImapSession):
    """Puts quotes around names, and that is that."""

    def format_name(self, name: str) -> bytes:
        return b'"' + self.encode_name(name) + b'"'


@mutant("crlf_in_name_response_splitting", breaks=["IMAP-9051-4.3-c"], because="no response that stood in a name")
class CrlfInNameResponseSplitting(ImapSession):
    """Makes any mailbox, and writes its name between quotes."""

    def decode_name(self, text: bytes) -> str:
        return text.decode("latin-1")

    def encode_name(self, name: str) -> bytes:
        return name.encode("latin-1")

    def check_new_name(self, name: str) -> None:
        """Whatever it is."""

    def can_be_quoted(self, text: bytes) -> bool:
        return True


@mutant("crlf_in_name_repeated", breaks=["IMAP-9051-4.3-c"], because="no response that stood in a name")
class CrlfInNameRepeated(ImapSession):
    """Repeats the name that it refuses, line ends and all."""

    def format_status(self, status: bytes, text: str, code: str = "") -> bytes:
        if status == b"NO" and self.verb == "CREATE":
            return b"NO I will not make " + self.wanted
        return super().format_status(status, text, code)

    def decode_name(self, text: bytes) -> str:
        self.wanted = text
        return super().decode_name(text)


@mutant("preauth_literal_unbounded", breaks=["IMAP-9051-4.3-e"], because="+ Ready for")
class PreauthLiteralUnbounded(ImapSession):
    """Has room for everything, and for everybody."""

    def literal_limit(self) -> int:
        return 1 << 80


@mutant("literal_size_wraps", breaks=["IMAP-9051-4.3-e"], because="+ Ready for 1 octets")
class LiteralSizeWraps(ImapSession):
    """Counts in 64 bits."""

    def literal_size(self, digits: bytes) -> int:
        return int(digits) % (1 << 64)


@mutant("literal_bad_count_hangs", breaks=["IMAP-9051-4.3-f"], because="nothing for")
class LiteralBadCountHangs(ImapSession):
    """Sees a brace, and waits for more."""

    def counted_at_end(self, line: bytes) -> Counted | None:
        if line.endswith(b"x}"):
            self.awaiting = lambda line: None
        return super().counted_at_end(line)

    def end_command(self) -> None:
        if self.awaiting is None:
            super().end_command()


@mutant("literal_bad_count_invited", breaks=["IMAP-9051-4.3-f"], because="+ Ready")
class LiteralBadCountInvited(ImapSession):
    """Reads numbers as atoi does."""

    def counted_at_end(self, line: bytes) -> Counted | None:
        found = re.search(rb" \{ ?-?([0-9]+)[^}]*\}\Z", line)
        return Counted(int(found.group(1)), True) if found and b"+" not in line else super().counted_at_end(line)


@mutant("nonsync_sends_plus", breaks=["IMAP-7888-3-a"], because="+ Ready")
class NonsyncSendsPlus(ImapSession):
    """Invites whoever is coming anyhow."""

    def read_pressing_literal(self, counted: Counted) -> None:
        if self.literal_refusal(counted) is None and self.doomed is None:
            self.invite(b"Ready for it")
        super().read_pressing_literal(counted)


@mutant("literal_swallows_next_command", breaks=["IMAP-9051-5.5-b"], because="nothing for")
class LiteralSwallowsNextCommand(ImapSession):
    """Forgets what came behind a message."""

    def append_code(self, *arguments):  # type: ignore[no-untyped-def]
        self.drop_pending()
        return super().append_code(*arguments)


@mutant("rejected_nonsync_literal_executed", breaks=["IMAP-7888-3-b"], because="b OK")
class RejectedNonsyncLiteralExecuted(ImapSession):
    """Refuses a literal, and reads on as if it were not there."""

    def read_pressing_literal(self, counted: Counted) -> None:
        refusal = self.doomed or self.literal_refusal(counted)
        if refusal is None or not self.user:
            super().read_pressing_literal(counted)
            return
        data = bytes(self.collected)
        self.forget_command()
        self.refuse_command(data, refusal)


@mutant("surplus_nonsync_literal_executed", breaks=["IMAP-7888-3-b"], because="b OK")
class SurplusNonsyncLiteralExecuted(ImapSession):
    """Sees a NOOP, does nothing, and reads on."""

    def read_pressing_literal(self, counted: Counted) -> None:
        if b" NOOP " in self.collected:
            self.end_command()
        else:
            super().read_pressing_literal(counted)


@mutant("oversize_nonsync_literal_executed", breaks=["IMAP-7888-3-c"], because="b OK")
class OversizeNonsyncLiteralExecuted(ImapSession):
    """Is not going to read so much, and reads it as commands."""

    def read_pressing_literal(self, counted: Counted) -> None:
        if counted.size <= 4096:
            super().read_pressing_literal(counted)
            return
        data = bytes(self.collected)
        self.forget_command()
        self.refuse_command(data, Bad("The literal is too large"))


@mutant("literal_minus_accepts_large", breaks=["IMAP-7888-5-a"], because=" OK", without="LITERAL+")
class LiteralMinusAcceptsLarge(ImapSession):
    """Takes what it is sent."""

    def presses(self, size: int) -> bool:
        return True


@mutant("literal_plus_and_minus", breaks=["IMAP-7888-5-a"], because="not both", without="LITERAL+")
class LiteralPlusAndMinus(ImapSession):
    """Offers whatever it has heard of."""

    def capabilities(self) -> list[str]:
        return [*super().capabilities(), "LITERAL+"]
