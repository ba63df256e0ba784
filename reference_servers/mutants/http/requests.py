"""Mutants of request lines: versions and methods that are read too kindly, or not kindly enough."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request
from pytest_netconform.reference_servers.http.framing import Stage
from pytest_netconform.reference_servers.http.heads import TOKEN
from pytest_netconform.reference_servers.mutants.mutant import mutant

# -- versions


@mutant("version_without_case", breaks=["HTTP-9112-2.3-version-lowercase"], because="200")
class VersionWithoutCase(HttpSession):
    """Compares the name of the protocol without case."""

    def version_of(self, text: bytes) -> tuple[int, int]:
        return super().version_of(text.upper())


@mutant("minor_version_refused", breaks=["HTTP-9112-2.3-version-minor-high"], because="505")
class MinorVersionRefused(HttpSession):
    """Knows 1.0 and 1.1 and nothing else."""

    def check_version(self, version: tuple[int, int]) -> None:
        if version not in ((1, 0), (1, 1)):
            raise Refusal(505, "Another version")


@mutant("version_prefix", breaks=["HTTP-9112-2.3-version-malformed"], because="200")
class VersionPrefix(HttpSession):
    """Takes the beginning for the whole."""

    def version_of(self, text: bytes) -> tuple[int, int]:
        return super().version_of(text[:8])


@mutant("version_int32", breaks=["HTTP-9112-2.3-version-malformed"], because="200")
class VersionInt32(HttpSession):
    """Reads numbers of any length into 32 bits."""

    def version_of(self, text: bytes) -> tuple[int, int]:
        found = re.fullmatch(rb"HTTP/([0-9]+)\.([0-9]+)", text)
        return super().version_of(text) if found is None else (int(found[1]) % (1 << 32), int(found[2]))


class Follows(HttpSession):
    """Answers in the version of the request."""

    def response_version(self, request: Request | None) -> bytes:
        return super().response_version(None) if request is None else b"HTTP/%d.%d" % request.version


@mutant("answers_as_http2", breaks=["HTTP-9112-2.3-version-major2"], because="HTTP/2.0 200")
class AnswersAsHttp2(Follows):
    """Takes HTTP/2.0 as text for a version like any other."""

    def check_version(self, version: tuple[int, int]) -> None:
        """All will do."""


@mutant("answers_in_their_minor_version", breaks=["HTTP-9112-2.3-response-version"], because="HTTP/1.9")
class AnswersInTheirMinorVersion(Follows):
    """Answers HTTP/1.9 with HTTP/1.9."""


@mutant("chunks_in_http10", breaks=["HTTP-9112-2.3-response-version"], because="Transfer-Encoding", http10="1")
class ChunksInHttp10(HttpSession):
    """Says HTTP/1.0, and announces chunks."""

    def format_response(self, request: Request | None, response: object, persists: bool) -> bytes:
        octets = super().format_response(request, response, persists)  # type: ignore[arg-type]
        return octets.replace(b"\r\n", b"\r\nTransfer-Encoding: identity\r\n", 1)


@mutant("http09_stays_open", breaks=["HTTP-9112-2.3-http09"], because="a body without a head")
class Http09StaysOpen(HttpSession):
    """Answers a simple request with a body alone, and waits for the next."""

    def take_head(self) -> bool:
        line, end, _ = bytes(self._input).partition(b"\r\n")
        if end and line.count(b" ") == 1 and line.startswith(b"GET "):
            self._input.clear()
            self.stage = Stage.UPGRADED
            self.send(b"<html>Welcome</html>")
            return False
        return super().take_head()

    def on_end(self) -> None:
        if self.stage is not Stage.UPGRADED:
            super().on_end()


# -- methods


@mutant("method_without_case", breaks=["HTTP-9112-3-method-case"], because="200")
class MethodWithoutCase(HttpSession):
    """Writes every method in capitals."""

    def method_of(self, text: bytes) -> str:
        return super().method_of(text.upper())


@mutant("unknown_method_is_get", breaks=["HTTP-9112-3-method-unknown"], because="200")
class UnknownMethodIsGet(HttpSession):
    """Serves whatever it does not know as GET."""

    def method_of(self, text: bytes) -> str:
        name = super().method_of(text)
        return "GET" if name == "NCFOOBAR" else name


@mutant("method_prefix", breaks=["HTTP-9112-3-method-badtoken"], because="200")
class MethodPrefix(HttpSession):
    """Takes the longest beginning that is a token."""

    def method_of(self, text: bytes) -> str:
        found = TOKEN.match(text)
        return super().method_of(found[0] if found else text)


# -- lines that are not quite of the form


@mutant("blanks_belong_to_the_target", breaks=["HTTP-9112-3-extra-sp"], because="404")
class BlanksBelongToTheTarget(HttpSession):
    """Takes everything between the first space and the last for the target."""

    def split_request_line(self, line: bytes) -> list[bytes]:
        first, _, rest = line.partition(b" ")
        target, _, version = rest.rpartition(b" ")
        return [first, target, version] if b"  " not in line else [first, b"/" + target.replace(b" ", b"%20"), version]


@mutant("missing_version_fails", breaks=["HTTP-9112-3-missing-version"], because="500")
class MissingVersionFails(HttpSession):
    """Looks for a version where none is."""

    def version_of(self, text: bytes) -> tuple[int, int]:
        if not text:
            raise Refusal(500, "Index out of range")
        return super().version_of(text)
