"""Pages, forms and places, as the suite of web applications reads and writes them."""

from __future__ import annotations

import pytest

from pytest_netconform.wire.html import parse_page
from pytest_netconform.wire.http_forms import File, Understood, multipart, parse_understood, urlencoded
from pytest_netconform.wire.http_places import Place, parse_place

# pages


def test_tags_and_text_of_a_page() -> None:
    """Names in lower case, values without their quotes, references as what they stand for."""
    page = parse_page(b"<!DOCTYPE html><P Title='a&amp;b'>one\n  two &lt;three&gt;</P><br/>")
    assert page.tags == [("p", {"title": "a&b"}), ("br", {})]
    assert page.text == "one two <three>"
    assert page.names() == {"p", "br"} and page.attributes() == {"title"}


def test_fields_of_a_form() -> None:
    """What is hidden goes along, what is typed has a name, and buttons are neither."""
    page = parse_page(
        b'<form><input type=hidden name=csrf value=x1><input name="text"><textarea name=more></textarea>'
        b'<input type="submit" name="go"><input type=text></form>'
    )
    assert page.hidden == {"csrf": "x1"}
    assert page.inputs == ["text", "more"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<![",
        b"<![nc[",
        b"<!ELEMENT",
        b"<a",
        b"\xff\xfe<",
        b"<" * 10_000,
        b"&#99999999999;",
        b"&#" + b"9" * 5000,
        b"<p " * 5000,
    ],
)
def test_what_is_no_page(body: bytes) -> None:
    """Whatever the octets are, there is a page."""
    parse_page(b"<nc-x>" + body)


MARKUP = {
    b"<nc-x>": [("nc-x", {})],
    b"<nc-x/a=1//b='2'c=\"3\">": [("nc-x", {"a": "1//b='2'c=\"3\""})],
    b"<nc-x a='1'b=\"2\" C A=3>": [("nc-x", {"a": "1", "b": "2", "c": ""})],
    b"<nc-x a=>": [("nc-x", {"a": ""})],
    b"<nc-x a = b>": [("nc-x", {"a": "b"})],
    b"<nc-x =a>": [("nc-x", {"=a": ""})],
    b"< nc-x>": [],
    b"<1>": [],
    b"<!-- <nc-x> -->": [],
    b"<!--><nc-x>": [("nc-x", {})],
    b"<!-- --!><nc-x>": [("nc-x", {})],
    b"<!nc <nc-x>": [],
    b"<?nc <nc-x>": [],
    b"</p <nc-x><a>": [("a", {})],
    b'<a b="><nc-x>': [],
    b"<title></title ><nc-x>": [("title", {}), ("nc-x", {})],
    b"<textarea></textareas><nc-x>": [("textarea", {})],
    b"&lt;nc-x&gt;<": [],
}


@pytest.mark.parametrize(("body", "tags"), MARKUP.items(), ids=[repr(text) for text in MARKUP])
def test_what_is_a_tag(body: bytes, tags: list[tuple[str, dict[str, str]]]) -> None:
    """As browsers tell it (WHATWG HTML 13.2.5)."""
    assert parse_page(body).tags == tags


@pytest.mark.parametrize(
    "piece", [b"<", b"<a ", b"<!--", b"<?", b"</", b"<a b='", b"&a", b"<!a", b"<![CDATA[", b"<title>"]
)
def test_pages_without_an_end(piece: bytes) -> None:
    """Time grows with the octets alone."""
    parse_page(piece * (200_000 // len(piece)))


def test_words_in_a_script_are_no_tags() -> None:
    """Only the end of the script makes tags of what follows."""
    assert "nc-x" not in parse_page(b"<script>var a = '<nc-x>';</script>").names()
    assert "nc-x" in parse_page(b"<script>var a = '</script><nc-x>';</script>").names()


# forms


def test_forms_as_browsers_send_them() -> None:
    """Known answers, to the octet."""
    assert urlencoded([("a", "1 2"), ("b", "\u00e9&=+"), ("a", "")]) == b"a=1+2&b=%C3%A9%26%3D%2B&a="
    assert multipart("x", [("a", "1")], [File("f", "\u00e9.txt", b"\r\n", "text/plain")]) == (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="\xc3\xa9.txt"\r\nContent-Type: text/plain\r\n\r\n'
        b"\r\n\r\n--x--\r\n"
    )


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"fields": [["a", "1"], ["a", "2"]]}', (("a", "1"), ("a", "2"))),
        (b'{"fields": {"a": ["1", "2"], "b": "3"}}', (("a", "1"), ("a", "2"), ("b", "3"))),
        (b'{"a": ["1"], "files": []}', (("a", "1"),)),
        (b"{}", ()),
    ],
)
def test_what_was_understood(body: bytes, fields: tuple[tuple[str, str], ...]) -> None:
    """Pairs, or an object of values or of lists."""
    assert parse_understood(body) == Understood(fields)


def test_files_that_were_understood() -> None:
    """Contents as octets: one for each character, or UTF-8 where there are others."""
    body = b'{"fields": [], "files": [["f", "n", "text/plain", "\\u00e9"], ["g", "m", "", "\\u4e2d"]]}'
    expected = (File("f", "n", b"\xe9", "text/plain"), File("g", "m", b"\xe4\xb8\xad", ""))
    assert parse_understood(body) == Understood((), expected)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<p>",
        b"[]",
        b"7",
        b'{"fields": 7}',
        b'{"fields": [["a"]]}',
        b'{"files": [[1]]}',
        b'{"files": 1}',
        b"[" * 9999,
    ],
)
def test_what_says_nothing_of_a_form(body: bytes) -> None:
    """None, and no exception, for anything else."""
    assert parse_understood(body) is None


# places

PLACES = {
    b"/a?b#c": Place(None, "/a?b"),
    b"a": Place(None, "a"),
    b"": Place(None, ""),
    b"//H.example/a": Place("h.example", "/a"),
    b"///h.example": Place("h.example", "/"),
    b"/\\h.example": Place("h.example", "/"),
    b"\\\\h.example\\a?\\": Place("h.example", "/a?\\"),
    b"/\t/h.example\r\n": Place("h.example", "/"),
    b" \x01//u:p@h.example:80?q": Place("h.example:80", "/?q"),
    b"http:a": Place(None, "a"),
    b"http:/a": Place(None, "/a"),
    b"http://h.example/a": Place("h.example", "/a"),
    b"https:h.example": Place("h.example", "/", "https"),
    b"HTTPS:\\/h.example": Place("h.example", "/", "https"),
    b"javascript:alert(1)": Place("", "javascript:alert(1)", "javascript"),
    b"data:,x": Place("", "data:,x", "data"),
    b"//a@b@h.example/": Place("h.example", "/"),
}


@pytest.mark.parametrize(("location", "place"), PLACES.items(), ids=[repr(text) for text in PLACES])
def test_where_a_location_leads(location: bytes, place: Place) -> None:
    """On a page of http, as browsers read it."""
    assert parse_place(location, "http") == place
