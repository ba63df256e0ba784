"""What cannot be judged, from the dialect to the address: one clear line each and exit code 4, before any check.

A port where nobody listens is in test_suites.
"""

from __future__ import annotations

import pytest

NOWHERE = "tcp://127.0.0.1:1"

#: what a file says → the end of the line that tells what is wrong
DIALECTS = {
    "no-length": (
        "rule = 'echo'\nframing = { kind = 'prefixed', format = '!3I' }",
        "line 2, framing.format: '!3I' is no length: a byte order (! > <) and one letter of BHILQbhilq are",
    ),
    "floating-length": (
        "rule = 'echo'\nframing = { kind = 'prefixed', format = '!d' }",
        "line 2, framing.format: '!d' is no length: a byte order (! > <) and one letter of BHILQbhilq are",
    ),
    "delimiter-inside": (
        "framing = { kind = 'delimited', mark = '?' }\n[[exchange]]\nsay = 'a?b'\nhear = 'c'",
        "line 3, exchange[1].say: the delimiter b'?' occurs inside b'a?b'",
    ),
    "wrong-size": (
        "framing = { kind = 'fixed', size = 16 }\n[[exchange]]\nsay = 'short'\nhear = 'Farewell, client'",
        "line 3, exchange[1].say: b'short' has 5 octets; the fixed size is 16",
    ),
    "too-long": (
        f"framing = {{ kind = 'prefixed', format = '!b' }}\n[[exchange]]\nsay = 'x'\nhear = '{'y' * 128}'",
        "line 4, exchange[1].hear: 128 does not fit a length of the format '!b'",
    ),
    "against-the-rule": (
        "rule = 'echo'\nframing = { kind = 'lines' }\n[[exchange]]\nsay = 'a'\nhear = 'b'",
        "line 5, exchange[1].hear: b'b'; by the rule 'echo' it is b'a'",
    ),
    "no-exchange": (
        "framing = { kind = 'lines' }",
        "exchange: a dialect needs at least one exchange, or a rule",
    ),
    "empty-exchange": (
        "exchange = []\nframing = { kind = 'lines' }",
        "line 1, exchange: a dialect needs at least one exchange, or a rule",
    ),
}

#: a target → how the line goes on behind it
SOCKET_FILES = {
    "unix:///nowhere/at/all": ": No such file or directory",
    "unix://{folder}/plain": " is a plain file and no socket",
    "unix://{folder}": " is a folder and no socket",
    "unixgram:///nowhere/at/all?dialect=echo-udp": ": No such file or directory",
    "unixgram://{folder}/plain?dialect=echo-udp": " is a plain file and no socket",
}


def _told(pytester: pytest.Pytester, *arguments: str) -> str:
    result = pytester.runpytest("-p", "no:cacheprovider", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not result.outlines
    (line,) = filter(None, result.errlines)
    return line


@pytest.mark.parametrize(("text", "problem"), DIALECTS.values(), ids=DIALECTS)
def test_a_dialect_that_cannot_be(pytester: pytest.Pytester, text: str, problem: str) -> None:
    """File, line, key and what is wrong, whether the file is that of the run or of one target."""
    pytester.path.joinpath("wrong.toml").write_text(text, encoding="utf-8")
    assert _told(pytester, f"--netconform-target={NOWHERE}?dialect=wrong.toml") == f"ERROR: wrong.toml, {problem}"
    told = _told(pytester, f"--netconform-target={NOWHERE}", "--netconform-dialect=wrong.toml")
    assert told.startswith("ERROR: ") and told.endswith(f"wrong.toml, {problem}")


@pytest.mark.parametrize(("url", "problem"), SOCKET_FILES.items(), ids=str)
def test_a_path_without_a_socket(pytester: pytest.Pytester, url: str, problem: str) -> None:
    """A path that is missing, a plain file and a folder are told apart, for streams and for datagrams."""
    pytester.path.joinpath("plain").touch()
    url = url.format(folder=pytester.path)
    assert _told(pytester, f"--netconform-target={url}") == f"ERROR: {url}{problem}"
