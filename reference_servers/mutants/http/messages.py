"""Mutants of messages: what ends a line, what stands before a request, and what is taken for one."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("lf_head_hangs", breaks=["HTTP-9112-2.2-lf-only"], because="nothing")
class LfHeadHangs(HttpSession):
    """Waits for CR LF, however many LF come."""

    head_end = re.compile(rb"\r\n\r\n")
    head_overlap = 3

    def _preview(self) -> None:
        """Looks at nothing before the head is there."""


class SplitsAtCr(HttpSession):
    """Splits lines as str.splitlines does."""

    def split_head(self, head: bytes) -> list[bytes]:
        return [line for line in head.splitlines() if line]


@mutant("cr_ends_field_line", breaks=["HTTP-9112-2.2-bare-cr-value", "HTTP-9112-2.2-bare-cr-smuggle"], because="answer")
class CrEndsFieldLine(SplitsAtCr):
    """Splits field lines at a bare CR."""


@mutant("cr_ends_head", breaks=["HTTP-9112-2.2-bare-cr-head-end"], because="hidden")
class CrEndsHead(SplitsAtCr):
    """Ends a head at CR LF CR and whatever follows."""

    head_end = re.compile(rb"\n\r(?s:.)")

    def split_head(self, head: bytes) -> list[bytes]:
        return super().split_head(head[:-2])


@mutant("cr_ends_request_line", breaks=["HTTP-9112-2.2-bare-cr-reqline"], because="200")
class CrEndsRequestLine(HttpSession):
    """Takes what stands before a bare CR for the request line, and the version for granted."""

    def line_content(self, line: bytes) -> bytes:
        return line.rstrip(b"\r")

    def split_request_line(self, line: bytes) -> list[bytes]:
        first, cr, _ = line.partition(b"\r")
        return super().split_request_line(first + b" HTTP/1.1" if cr else line)


@mutant("empty_line_refused", breaks=["HTTP-9112-2.2-leading-crlf"], because="400")
class EmptyLineRefused(HttpSession):
    """Takes an empty line for a request line."""

    def skip_blank_lines(self) -> None:
        """None is passed over."""

    def find_head_end(self) -> int | None:
        return 2 if self._input.startswith(b"\r\n") else super().find_head_end()


@mutant("empty_line_behind_body_refused", breaks=["HTTP-9112-2.2-leading-crlf-between"], because="400")
class EmptyLineBehindBodyRefused(EmptyLineRefused):
    """Passes empty lines over before the first request alone."""

    def skip_blank_lines(self) -> None:
        if not self.answered:
            HttpSession.skip_blank_lines(self)


@mutant(
    "blank_before_first_field_stripped",
    breaks=["HTTP-9112-2.2-ws-before-first-field", "HTTP-9112-2.2-ws-before-first-field-cl"],
    because="answer",
)
class BlankBeforeFirstFieldStripped(HttpSession):
    """Strips every line."""

    def unfold(self, lines: list[bytes]) -> list[bytes]:
        return [line.strip() for line in lines]


@mutant("garbage_passed_over", breaks=["HTTP-9112-2.2-garbage"], because="to the probe")
class GarbagePassedOver(HttpSession):
    """Waits for a better line where one is no request."""

    def digest(self) -> None:
        try:
            while self._take():
                pass
        except Refusal:
            super().digest()

    def _preview(self) -> None:
        """Looks at nothing before the head is there."""


@mutant("unicode_line_ends", breaks=["HTTP-9112-2.2-octets-not-unicode"], because="probe")
class UnicodeLineEnds(HttpSession):
    """Makes text of a head, and lines of the text."""

    def split_head(self, head: bytes) -> list[bytes]:
        text = head.decode("utf-8", "replace")
        return [line.encode() for line in text.splitlines() if line]

    def body_length(self, head: Request) -> int | None:
        lengths = head.values("content-length")
        return self.content_length(lengths) if lengths else super().body_length(head)
