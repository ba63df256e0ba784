"""The strict HTTP/1.1 session: the whole of the folder's modules (RFC 9110, 9111, 9112, 6265, 7617, 7578).

It serves a small site in memory, and does nothing that a standard it knows forbids.
"""

from __future__ import annotations

from pytest_netconform.reference_servers.http.resources import Resources


class HttpSession(Resources):
    """One client's connection."""
