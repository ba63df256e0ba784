"""Limits of heads (RFC 9112 3, RFC 9110 5.4): what must fit, and how what does not fit is refused.

What is too much is written while the answer is read. Who closes over octets that he has not read may reset the
connection, and destroy his own answer with it: a reset is noted, and nothing is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Answers, End, Fate
from pytest_netconform.requirement import MUST, SHOULD, hostile, requirement

SIZES = (1 << 14, 72 << 10, 1 << 20)  # octets
COUNTS = (1000, 7000, 20_000)
TRIES = 5
TOO_LARGE = (431, 400, 413, 414)


@requirement("HTTP-9112-3-method-long", SHOULD, "RFC 9112 3", "A method longer than any that is known is answered 501.")
@hostile
def test_long_method(http: Http) -> None:
    """20,000 octets of a method are refused, as unknown or as too much."""
    stimulus = http.request("A" * 20_000)
    answers = http.is_refused(stimulus, 501, 400, 405, 413, 414, 431, twin=http.get(), fates=REFUSAL | Fate.DROPPED)
    if answers.first is None or answers.first.status != 501:
        http.note(f"{answers}, where 501 is the word for it")


@requirement("HTTP-9112-3-line-8000", SHOULD, "RFC 9112 3", "Request lines of 8000 octets fit.")
def test_line_of_8000_octets(http: Http) -> None:
    """A long query gets the answer of a short one."""
    # Field note: gunicorn (27) has room for 4094 octets, IIS for 2048 octets of query.
    start = f"{http.root}{'&' if '?' in http.root else '?'}q="
    fill = 8000 - len(f"GET {start} HTTP/1.1\r\n")
    http.same_as(http.get(target=start + "a" * fill), http.get(target=start + "a"))


def _offered(http: Http, stimuli: Iterable[bytes], twin: bytes, *codes: int) -> Iterator[Answers]:
    """What becomes of ever larger requests, up to the first that is not served; a reset is tried again.

    They grow so that what is refused is not much larger than what is not, and has been read when it is refused.
    """
    for stimulus in stimuli:
        for _ in range(TRIES):
            answers = http.meets(stimulus, UNDERSTOOD | REFUSAL | Fate.DROPPED, *codes, twin=twin)
            if answers.finals or answers.end is not End.RESET:
                break
        yield answers
        if answers.first is None or _refused(answers):
            return


def _refused(answers: Answers) -> bool:
    """Whether there is a 4yz that the twin does not get."""
    return answers.first is not None and 400 <= answers.first.status < 500 and answers.first.status != answers.right


def _lost(http: Http, answers: Answers, status: str) -> None:
    """The end came before an answer."""
    if answers.end is End.RESET:
        http.note("a reset, and no answer left to read")
    else:
        http.tolerate(f"{status} before the close", str(answers).encode(), "closed without a word")


@requirement("HTTP-9112-3-target-too-long", MUST, "RFC 9112 3, RFC 9110 15.5.15", "A target too long is answered 414.")
@hostile
def test_target_that_is_too_long(http: Http) -> None:
    """Up to 1 MiB of a target is answered 414, or looked for like any other."""
    # Field note: uvicorn 0.54 (h11) answers 400, Node and Go 431.
    stimuli = (http.get(target="/" + "a" * octets) for octets in SIZES)
    for answers in _offered(http, stimuli, http.get(target="/a"), 414, *TOO_LARGE):
        if answers.first is None:
            _lost(http, answers, "414")
        elif answers.first.status in TOO_LARGE and answers.first.status not in (414, answers.right):
            http.tolerate("414 in answer to a target too long", str(answers).encode(), "refused by another status")


@requirement("HTTP-9110-5.4-field-too-large", MUST, "RFC 9110 5.4", "A field too large is refused, and never ignored.")
@hostile
def test_field_that_is_too_large(http: Http) -> None:
    """A field of up to 1 MiB gets a 4yz, or reaches the application whole."""
    stimuli = (http.get("X-Large: " + "a" * octets, target=http.sink) for octets in SIZES)
    twin = http.get("X-Large: a", target=http.sink)
    for octets, answers in zip(SIZES, _offered(http, stimuli, twin, *TOO_LARGE), strict=False):
        if answers.first is None:
            _lost(http, answers, "a 4yz")
        elif not _refused(answers) and (octets == SIZES[-1] or answers.echo) and (echo := http.seen(answers)):
            length = len(echo.fields.get("X-Large") or b"")
            http.require(length == octets, f"a 4yz, or {octets} octets of X-Large", f"{length} octets of it")


@requirement("HTTP-9110-5.4-many-fields", MUST, "RFC 9110 5.4", "Too many fields are refused, and none is ignored.")
@hostile
def test_many_fields(http: Http) -> None:
    """Up to 20,000 fields get a 4yz, or are passed on all of them; neither takes long."""
    stimuli = (http.get(*_fields(count), target=http.sink) for count in COUNTS)
    twin = http.get(*_fields(5), target=http.sink)
    for count, answers in zip(COUNTS, _offered(http, stimuli, twin, *TOO_LARGE), strict=False):
        if answers.first is None:
            _lost(http, answers, "a 4yz")
        elif not _refused(answers) and answers.echo is not None:
            there = sum(name.lower().startswith(b"x-") for name, _ in answers.echo.fields)
            http.require(there >= count, f"a 4yz, or all of {count} fields", f"{there} of them")


def _fields(count: int) -> list[str]:
    return [f"X-{number}: 1" for number in range(count)]


NOT_CHECKED: list[tuple[str, str]] = []
