"""The strict HTTP/1.1 session: the whole of the folder's modules (RFC 9110, 9111, 9112, 6265, 7617, 7578).

It serves a small site in memory, and does nothing that a standard it knows forbids.
"""

from __future__ import annotations

from pytest_netconform.reference_servers.http.cache import Cache
from pytest_netconform.reference_servers.http.config import HttpConfig
from pytest_netconform.reference_servers.http.pages import Pages
from pytest_netconform.reference_servers.http.writing import Writing

#: where things are, as a user of the server would write it behind his target's `?`; and the feature that each needs
PLACES: dict[str, tuple[str, str]] = {
    "static": ("/hello.txt", ""),
    "big": ("/big.bin", ""),
    "vhosts": ("www.example.test,second.example.test", ""),
    "echo": ("/echo", "echo"),
    "directory": ("/folder", "redirect"),
    "redirect": ("/moved/302/x", "redirect"),
    "next": ("/go?next=*", "redirect"),
    "gzip": ("/hello.txt", "gzip"),
    "dynamic": ("/chunked", "chunked"),
    "auth": ("/private", "auth"),
    "write": ("/scratch/", "write"),
    "create": ("/scratch/", "write"),
    "empty": ("/nothing", ""),
    "reset": ("/reset", ""),
    "cookie": ("/cookie", "cookies"),
    "form": ("/form", "forms"),
    "items": ("/form/entries", "forms"),
    "action": ("/form/clear", "forms"),
    "login": ("/login", "login"),
    "logout": ("/logout", "login"),
    "private": ("/notes/2", "login"),
    "second": ("bob", "login"),
    "search": ("/search?q=*", ""),
    "found": ("tea", ""),
    "reflect": ("/greet?name=*", ""),
    "json": ("/say?text=*", ""),
}


def given(config: HttpConfig) -> dict[str, str]:
    """What a user of a server with this configuration would write behind his target's `?`."""
    user, password = next(iter(config.passwords.items()))
    places = {name: place for name, (place, feature) in PLACES.items() if not feature or config.has(feature)}
    if config.switches:
        places["upgrade"] = f"/newer {config.switches}"
    if config.cache:
        places["cached"] = "/hello.txt"
    return {"host": config.host, "username": user, "password": password, **places}


#: the same for the configuration in which nothing was changed
GIVEN: dict[str, str] = given(HttpConfig())


class HttpSession(Cache, Pages, Writing):
    """One client's connection."""
