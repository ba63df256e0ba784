"""HTTP/1.1: RFC 9110, 9111 and 9112, RFC 7617, one module per chapter.

`from pytest_netconform.suites.http import *` brings every check into a module of a project's own. A run gives the
account's name with a wrong password twice, not oftener (`authentication.test_wrong_password`); more only where
`--netconform-allow=disposable` says so. What makes, changes and deletes wants `--netconform-allow=write`.
"""

from pytest_netconform.suites import chapters

# A new chapter is a line here.
CHAPTERS = (
    "messages",
    "fields",
    "coding",
    "chunked",
    "trailers",
    "expect",
    "persistence",
    "pipelining",
    "upgrade",
    "length",
    "response_length",
    "response_fields",
    "requests",
    "targets",
    "host",
    "fields_values",
    "request_limits",
    "status_lines",
    "methods",
    "content",
    "status",
    "conditions",
    "caching",
    "authentication",
    "ranges",
)
_FOUND = chapters(__name__, CHAPTERS)
__all__ = [name for name in _FOUND if name.startswith("test_")]
globals().update(_FOUND)
