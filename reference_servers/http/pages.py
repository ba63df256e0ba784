"""Pages that take what a stranger says: forms, logins, notes, a search, redirections, things that repeat him.

What is repeated is escaped for where it stands; what is changed is changed by POST alone, and for nobody's forged form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from pytest_netconform.reference_servers.http.access import YEAR, Access
from pytest_netconform.reference_servers.http.forms import Entry, parse_multipart, parse_urlencoded, parse_value
from pytest_netconform.reference_servers.http.request import Refusal, Request
from pytest_netconform.reference_servers.http.resources import READ, ROUTES, Resources, Route
from pytest_netconform.reference_servers.http.respond import Response
from pytest_netconform.reference_servers.http.site import Note

BOTH = (*READ, "POST")
NUMBER = re.compile("[0-9]{1,9}")
CATALOGUE = ("black tea", "green tea", "coffee", "cocoa")

PAGES: dict[str, Route] = {
    **ROUTES,
    "/form": Route("form", BOTH, "forms"),
    "/form/entries": Route("entries", feature="forms"),
    "/form/clear": Route("clear", ("POST",), "forms"),
    "/form/*": Route("submitted", feature="forms"),
    "/cookie": Route("cookie", feature="cookies"),
    "/login": Route("login", BOTH, "login"),
    "/logout": Route("logout", ("POST",), "login"),
    "/account": Route("account", feature="login"),
    "/notes": Route("notes", BOTH, "login"),
    "/notes/*": Route("note", feature="login"),
    "/search": Route("search"),
    "/greet": Route("greet"),
    "/say": Route("say"),
    "/go": Route("go", feature="redirect"),
}


class Pages(Access, Resources):
    """An application in small."""

    routes: Mapping[str, Route] = PAGES
    after_post: int = 303  # the status behind a form that was taken

    # forms

    def form_of(self, request: Request) -> list[Entry]:
        """The fields of a body that is a form; 415 for any other (RFC 9110 15.5.16)."""
        kind, parameters = parse_value(request.value("content-type") or "")
        if kind == "application/x-www-form-urlencoded":
            return self.urlencoded(request.body)
        if kind == "multipart/form-data":
            return self.multipart(request.body, parameters.get("boundary", ""))
        raise Refusal(415, "A form is urlencoded or multipart", (("Accept", ", ".join(self.form_types())),))

    def form_types(self) -> tuple[str, ...]:
        """The types that are understood."""
        return "application/x-www-form-urlencoded", "multipart/form-data"

    def urlencoded(self, body: bytes) -> list[Entry]:
        """WHATWG URL 5.1."""
        return parse_urlencoded(body)

    def multipart(self, body: bytes, boundary: str) -> list[Entry]:
        """RFC 7578."""
        return parse_multipart(body, boundary)

    def checked_form(self, request: Request) -> list[Entry]:
        """The fields of a form that is nobody's forgery."""
        form = self.form_of(request)
        self.check_forged(request, self.texts(form))
        return form

    def texts(self, form: list[Entry]) -> dict[str, str]:
        """The first value of each field that is no file."""
        found: dict[str, str] = {}
        for entry in form:
            if entry.filename is None:
                found.setdefault(entry.name, entry.text)
        return found

    def query_of(self, request: Request) -> dict[str, str]:
        """The first value of each parameter of the query."""
        return self.texts(self.urlencoded(request.target.query or b""))

    def number_of(self, request: Request) -> int:
        """The number at the end of the path; -1 for none."""
        text = self.path_of(request).rpartition("/")[2]
        return int(text) if NUMBER.fullmatch(text) else -1

    def html(self, title: str, content: str, status: int = 200) -> Response:
        """A page that is made for one visitor; content is HTML already."""
        fields = (*self.page_fields(), ("Cache-Control", "no-store"))
        return Response(status, fields, self.page(title, content).encode("utf-8", "replace"))

    def form_page(self, request: Request, title: str, action: str, *inputs: str) -> Response:
        """A page with a form; who is logged in finds the token of his session in it."""
        fields = "".join(f'<label>{name} <input name="{name}"></label>' for name in inputs)
        hidden = f'<input type="hidden" name="csrf" value="{self.csrf_token(request)}">'
        hidden = hidden if self.logged_in(request) is not None else ""
        return self.html(title, f'<form method="post" action="{action}">{hidden}{fields}<button>Send</button></form>')

    # a form for everybody, and the list of what was posted

    def answer_form(self, request: Request) -> Response:
        """POST keeps the fields and leads to them; the same JSON stands in both answers (RFC 9110 15.4.4)."""
        if request.method != "POST":
            return self.form_page(request, "Say something", "/form", "text")
        form = self.checked_form(request)
        number = self.keep(form)
        return self.see_other(f"/form/{number}", self.understood(form))

    def keep(self, form: list[Entry]) -> int:
        """Remember what was posted; the number that it got."""
        return self.site.add_submission(self.understood(form), [entry.text for entry in form if entry.filename is None])

    def understood(self, form: list[Entry]) -> dict[str, object]:
        """What was in a form: fields as [name, value], files as [name, filename, type, octets as Latin-1]."""
        return {
            "fields": [[entry.name, entry.text] for entry in form if entry.filename is None],
            "files": [
                [entry.name, entry.filename, entry.kind, entry.content.decode("latin-1")]
                for entry in form
                if entry.filename is not None
            ],
        }

    def see_other(self, path: str, shown: object = None) -> Response:
        """Behind a POST comes a GET, so that nothing is posted twice."""
        return self.json_response(shown, self.after_post).adding(("Location", self.location(path)))

    def answer_submitted(self, request: Request) -> Response:
        """What was posted once."""
        number = self.path_of(request).rpartition("/")[2]
        found = (
            self.site.submission(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
        )
        if found is None:
            raise Refusal(404, "Nothing was posted under this number")
        return self.json_response(found)

    def answer_entries(self, request: Request) -> Response:
        """All that was posted, escaped."""
        items = "".join(f"<li>{self.escape(text)}</li>" for text in self.site.entries())
        return self.html("What was said", f"<ul>{items}</ul>")

    def answer_clear(self, request: Request) -> Response:
        """Forget it all: an action with no fields but the token."""
        self.check_forged(request, self.texts(self.form_of(request)) if request.body else {})
        self.site.clear_entries()
        return self.see_other("/form/entries")

    # logins

    def answer_login(self, request: Request) -> Response:
        """User and password, and a session for who knows both."""
        if request.method != "POST":
            return self.form_page(request, "Who is it?", "/login", "username", "password")
        form = self.texts(self.form_of(request))
        self.check_origin(request)
        user = form.get("username", "")
        if not self.is_password(user, form.get("password", "")):
            raise Refusal(403, "The password is not the right one")
        cookie = self.session_cookie(self.begin_session(request, user))
        return self.see_other("/account").adding(*self.cookie_fields(cookie))

    def answer_logout(self, request: Request) -> Response:
        """The end of a session, on both sides."""
        self.check_origin(request)
        self.end_session(request)
        return self.see_other("/").adding(*self.cookie_fields(self.session_cookie("gone", -YEAR)))

    def answer_account(self, request: Request) -> Response:
        """For who is logged in."""
        user = self.logged_in(request)
        return self.to_login() if user is None else self.html("Your account", f"<p>You are {self.escape(user)}</p>")

    def to_login(self) -> Response:
        """Nobody is logged in."""
        return self.see_other("/login")

    # notes, each for its owner

    def answer_notes(self, request: Request) -> Response:
        """One's own notes; POST adds one."""
        user = self.logged_in(request)
        if user is None:
            return self.to_login()
        if request.method == "POST":
            note = self.site.add_note(user, self.texts(self.checked_form(request)).get("text", ""))
            return self.see_other(f"/notes/{note.number}")
        items = "".join(f"<li>{note.number}: {self.escape(note.text)}</li>" for note in self.site.notes(user))
        return self.html("Your notes", f"<ul>{items}</ul>")

    def answer_note(self, request: Request) -> Response:
        """One note, for its owner; that there is another's is not told."""
        user = self.logged_in(request)
        if user is None:
            return self.to_login()
        note = self.site.note(self.number_of(request))
        if note is None or not self.may_read(user, note):
            raise Refusal(404, "There is no such note")
        return self.html("A note", f"<p>{self.escape(note.text)}</p>")

    def may_read(self, user: str, note: Note) -> bool:
        """Nobody but its owner."""
        return note.owner == user

    # what repeats

    def answer_search(self, request: Request) -> Response:
        """`?q=` is what is sought, and nothing but a text."""
        sought = self.query_of(request).get("q", "")
        items = "".join(f"<li>{self.escape(name)}</li>" for name in self.found(sought))
        return self.html("Found", f"<p>You sought {self.escape(sought)}</p><ul>{items}</ul>")

    def found(self, sought: str) -> list[str]:
        """What holds it."""
        return [name for name in CATALOGUE if sought and sought.lower() in name]

    def answer_greet(self, request: Request) -> Response:
        """`?name=` in the text and in an attribute."""
        name = self.escape(self.query_of(request).get("name", "stranger"))
        return self.html("Greetings", f'<p title="{name}">Hello {name}</p>')

    def answer_say(self, request: Request) -> Response:
        """`?text=` as JSON."""
        return self.json_response({"text": self.query_of(request).get("text", "")})

    def answer_go(self, request: Request) -> Response:
        """`?next=` is where to go, as long as it is here."""
        place = self.query_of(request).get("next", "/")
        if not self.is_here(place):
            raise Refusal(400, "That is not on this site")
        parts = urlsplit(place)
        return self.redirect(302, unquote(parts.path), parts.query.encode() if parts.query else None)

    def is_here(self, place: str) -> bool:
        """A path of this site: browsers take backslashes for slashes, and pass over tabs and line ends."""
        plain = place.isascii() and place.isprintable() and "\\" not in place and " " not in place
        return plain and place.startswith("/") and not place.startswith("//")
