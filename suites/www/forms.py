"""Forms: what is in them arrives, and what is none does no harm (WHATWG URL 5.1, RFC 7578)."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Answers, Fate
from pytest_netconform.dialogues.www import Jar, Www
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, needs, requirement, writes
from pytest_netconform.verdict import NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_forms import URLENCODED, File, Understood, multipart, urlencoded

GOOD = urlencoded([("netconform", "1")])
BOUNDARY = "nc----7d1"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
TURNED_AWAY = (400, 403, 413, 415, 422, 431)


def _said(www: Www, answer: Response) -> Understood:
    """What the application says was in a form. Raises NotApplicable where it does not say."""
    understood = www.understood_of(answer)
    if understood is None:
        raise NotApplicable("a form that repeats", "?form= does not say as JSON what was in the form")
    return understood


def _posting(www: Www, body: bytes, kind: str = URLENCODED) -> bytes:
    """A POST to the form, with the cookies and the hidden fields of its page."""
    hidden = www.form(www.resource, jar := Jar()).hidden.items()
    if hidden and kind == MULTIPART:
        body = multipart(BOUNDARY, hidden).rpartition(f"--{BOUNDARY}--".encode())[0] + body
    elif hidden and kind == URLENCODED:
        body = urlencoded(hidden) + b"&" + body
    return www.posting(www.resource, body, jar, kind=kind)


def _accepted(www: Www, body: bytes, kind: str = URLENCODED) -> Understood:
    """A valid form is taken, and what was in it is said. For who repeats forms at all."""
    _said(www, www.original)
    return _said(www, www.exchange(_posting(www, body, kind), "2yz", "3yz"))


# -- what is in them

TEXT = b"a=1+2&b=%C3%A9&a=3&c=&d&e=%2B%26"
VALUES = {"a": ["1 2", "3"], "b": ["\u00e9"], "c": [""], "e": ["+&"]}


@requirement("WWW-form-urlencoded", MUST, "WHATWG URL 5.1", "An urlencoded form arrives as it was filled in.")
@writes
@needs("?form")
@pytest.mark.parametrize("name", VALUES)
def test_urlencoded_form(www_form: Www, name: str) -> None:
    """Plus signs are spaces, octets are UTF-8, names may come twice, and values may be empty."""
    found = _accepted(www_form, TEXT).all(name)
    www_form.require(found == VALUES[name], f"{name} as {VALUES[name]} of {TEXT.decode()}", str(found))


FILE = File("f", "na\u00efve \u4e2d.txt", b"one\r\n--nc----7d\r\n\r\ntwo\r\n", "text/plain")
WHOLE = multipart(BOUNDARY, [("a", "1")], [FILE])
#: fields whose values hold what is nearly a boundary: it begins no line (RFC 2046 5.1.1), or is not whole
VALUES_IN_PARTS = {
    "lines": "1 + 2\r\nand %41\r\n",
    "octets": "\u00e9 \u4e2d",
    "shorter": "x\r\n--nc----7d\r\ny",
    "inside-a-line": "x --nc----7d1 y",
}


@requirement("WWW-form-multipart", MUST, "RFC 7578 4, RFC 2046 5.1.1", "A form in parts arrives to the octet.")
@writes
@needs("?form")
@pytest.mark.parametrize("value", VALUES_IN_PARTS.values(), ids=list(VALUES_IN_PARTS))
def test_fields_in_parts(www_form: Www, value: str) -> None:
    """Values are what stands between the boundaries: no plus sign is a space, and what is nearly a boundary is none."""
    # Field note: Django 5.2 takes the boundary inside of a line for one.
    said = _accepted(www_form, multipart(BOUNDARY, [("a", value), ("b", "2")]), MULTIPART)
    # Applications that read JSON of text see UTF-8; those that read octets, one character for each.
    wanted = ([value], [value.encode().decode("latin-1")])
    www_form.require(said.all("a") in wanted, f"a as it was sent, {value!r}", str(said.all("a")))
    www_form.require(said.all("b") == ["2"], "the field behind it", str(said.all("b")))


@requirement("WWW-form-multipart", MUST, "RFC 7578 4, RFC 2046 5.1.1", "A form in parts arrives to the octet.")
@writes
@needs("?form")
def test_file_in_a_form(www_form: Www) -> None:
    """The last CR LF of a file is its own, and its name is UTF-8."""
    said = _accepted(www_form, WHOLE, MULTIPART)
    if not said.files and not said.all("f"):
        raise NotApplicable("a form that repeats files", "?form= does not say as JSON which files were in the form")
    found = [file for file in said.files if file.name == "f"]
    contents = [file.content for file in found] or [text.encode("latin-1", "replace") for text in said.all("f")]
    www_form.require(contents == [FILE.content], "the file to its last octet", str(contents))
    names = [file.filename for file in found]
    www_form.require(names in ([], [FILE.filename]), f"the name {FILE.filename!r}", str(names))


# -- what is none


def _survives(
    www: Www, body: bytes, kind: str, within: float | None = None, tolerated: dict[int | Fate, str] | None = None
) -> Answers:
    """Refused by a 4yz, or answered; never by a failure. A valid form is taken before.

    Nothing follows: what becomes of a body that was refused is judged elsewhere.
    """
    stimulus, twin = _posting(www, body, kind), _posting(www, GOOD)
    fates = UNDERSTOOD | REFUSAL | Fate.DROPPED
    return www.meets(stimulus, fates, *TURNED_AWAY, twin=twin, within=within, tolerated=tolerated, probe=False)


def _took(www: Www, answers: Answers) -> Understood | None:
    """What an application says that it took from a form that is none; None where it refused, or does not say."""
    first = answers.first
    if answers.fate not in UNDERSTOOD or first is None or first.status >= 400:
        return None
    www.renew()
    return www.understood_of(first)


@requirement("WWW-form-bad-percent", SHOULD, "WHATWG URL 5.1", "A percent sign that encodes nothing stands for itself.")
@writes
@needs("?form")
def test_percent_signs_that_encode_nothing(www_form: Www) -> None:
    """400, or the values as they stand; no failure."""
    said = _took(www_form, _survives(www_form, b"a=%zz&b=%", URLENCODED))
    if said is not None:
        found = said.all("a") + said.all("b")
        www_form.require(found == ["%zz", "%"], "400, or the values %zz and %", str(found))


@requirement("WWW-form-wrong-type", SHOULD, "RFC 9110 15.5.16", "A form is not made of another type's content.")
@writes
@needs("?form")
@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""], ids=["text", "octets", "none"])
def test_forms_of_another_type(www_form: Www, kind: str) -> None:
    """415, another 4yz, or an empty form. Where no type is said, a receiver may guess (RFC 9110 8.3)."""
    said = _took(www_form, _survives(www_form, GOOD, kind))
    if said is not None and kind:
        www_form.require(not said.all("netconform"), f"415 or 400, or an empty form, for {kind}", str(said.fields))


_OF_LINE_ENDS = multipart(BOUNDARY, [("a", "\r\n" * 200_000)])
BAD = {
    "no-end": (WHOLE[: WHOLE.rindex(b"--nc")], MULTIPART),
    "no-boundary": (WHOLE, "multipart/form-data"),
    "empty-boundary": (WHOLE, 'multipart/form-data; boundary=""'),
    "many-parts": (multipart(BOUNDARY, [("a", "")] * 10_000), MULTIPART),
    "long-head": (multipart(BOUNDARY, [("a" * (1 << 20), "1")]), MULTIPART),
    "line-ends": (_OF_LINE_ENDS, MULTIPART),
}


@requirement(
    "WWW-form-multipart-bad", SECURITY, "RFC 7578 4, RFC 2046 5.1.1", "No form in parts exhausts an application."
)
@hostile
@writes
@needs("?form")
@pytest.mark.parametrize(("body", "kind"), BAD.values(), ids=list(BAD))
def test_parts_that_are_none(www_form: Www, body: bytes, kind: str) -> None:
    """An answer within 5 s; to fail deviates, and a valid form is taken before and after."""
    # Field note: aiohttp 3.14 raises out of request.post(), which is answered 500.
    # Field note: CVE-2023-25577 and CVE-2023-46136 (Werkzeug), CVE-2024-53981 (python-multipart).
    _survives(www_form, body, kind, within=5.0, tolerated={Fate.FAILED: "a failure of its own, and no harm done"})
    www_form.renew()
    www_form.exchange(_posting(www_form, GOOD), "2yz", "3yz")


# -- behind them


@requirement("WWW-prg", SHOULD, "RFC 9110 15.4.4", "Behind a form, a redirect leads to a page that is read by GET.")
@writes
@needs("?form")
def test_a_get_comes_behind_a_post(www_form: Www) -> None:
    """303, or the 302 of old, so that reloading posts nothing again; 307 and 308 ask for it."""
    www_form.weigh(
        www_form.original,
        303,
        noted={
            302: "what browsers do as for 303 (RFC 9110 15.4.3)",
            301: "likewise, and they may keep it for ever",
            "2yz": "a page: reloading it posts the form again",
        },
        expected="303 and where to go behind a form",
    )
    if www_form.original.status in (301, 302, 303):
        place = www_form.original.fields.get("Location")
        www_form.require(place, "Location in a redirect", www_form.original.head)


NOT_CHECKED: list[tuple[str, str]] = []
