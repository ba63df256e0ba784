"""The strict HTTP/1.1 origin server, without input or output of its own; mutants are subclasses of `HttpSession`."""

from pytest_netconform.reference_servers.http.config import FEATURES, OPTIONS, HttpConfig, configured
from pytest_netconform.reference_servers.http.pages import PAGES
from pytest_netconform.reference_servers.http.request import Field, Form, Refusal, Request, Target
from pytest_netconform.reference_servers.http.resources import Route
from pytest_netconform.reference_servers.http.respond import Delimited, Response
from pytest_netconform.reference_servers.http.session import GIVEN, HttpSession, given
from pytest_netconform.reference_servers.http.site import Site

__all__ = [
    "FEATURES",
    "GIVEN",
    "OPTIONS",
    "PAGES",
    "Delimited",
    "Field",
    "Form",
    "HttpConfig",
    "HttpSession",
    "Refusal",
    "Request",
    "Response",
    "Route",
    "Site",
    "Target",
    "configured",
    "given",
]
