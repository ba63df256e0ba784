"""Mutants of Host: who does without, takes anything for one, or believes it."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("host_not_needed", breaks=["HTTP-9112-3.2-no-host"], because="200")
class HostNotNeeded(HttpSession):
    """Does without Host."""

    def needs_host(self, head: Request) -> bool:
        return False


@mutant("first_host_wins", breaks=["HTTP-9112-3.2-two-hosts", "HTTP-9112-3.2-two-hosts-same"], because="200")
class FirstHostWins(HttpSession):
    """Takes the first of several."""

    def check_host_count(self, values: list[bytes]) -> None:
        """However many."""


@mutant("same_host_twice", breaks=["HTTP-9112-3.2-two-hosts-same"], because="200")
class SameHostTwice(HttpSession):
    """Takes equal ones for one."""

    def host_values(self, head: Request) -> list[bytes]:
        return list(dict.fromkeys(super().host_values(head)))


@mutant("host10_needed", breaks=["HTTP-9112-3.2-host10-absent"], because="400")
class Host10Needed(HttpSession):
    """Asks Host of HTTP/1.0 too."""

    def needs_host(self, head: Request) -> bool:
        return True


@mutant("host_not_looked_at", breaks=["HTTP-9112-3.2-host-invalid"], because="200")
class HostNotLookedAt(HttpSession):
    """Takes anything for a host."""

    def check_field_value(self, value: bytes) -> None:
        """NUL too."""

    def check_host_value(self, value: bytes) -> None:
        """Whatever it is."""


@mutant("host_to_the_colon", breaks=["HTTP-9112-3.2-host-userinfo-port"], because="200")
class HostToTheColon(HttpSession):
    """Looks at what stands between `@` and the first colon."""

    def is_host(self, value: bytes) -> bool:
        if value.startswith(b"["):
            return super().is_host(value)
        return super().is_host(value.rpartition(b"@")[2].partition(b":")[0])


@mutant("host_of_letters", breaks=["HTTP-9112-3.2-host-valid-odd"], because="400")
class HostOfLetters(HttpSession):
    """Knows letters, digits, dots and hyphens."""

    def check_host_value(self, value: bytes) -> None:
        super().check_host_value(value)
        if not value.replace(b".", b"").replace(b"-", b"").isalnum():
            raise Refusal(400, "Host is no host")


@mutant("empty_host_fails", breaks=["HTTP-9112-3.2-host-empty"], because="500")
class EmptyHostFails(HttpSession):
    """Takes the first letter of the name."""

    def check_host_value(self, value: bytes) -> None:
        if not value:
            raise Refusal(500, "Index out of range")


@mutant("host_goes_first", breaks=["HTTP-9112-3.2.2-absolute-overrides"], because="that of the Host")
class HostGoesFirst(HttpSession):
    """Believes Host, whatever the target says."""

    def effective_host(self, request: Request) -> str:
        return request.value("host") or super().effective_host(request)


@mutant("forwarded_host_believed", breaks=["HTTP-9110-7.2-host-poison"], because="nc-evil.example")
class ForwardedHostBelieved(HttpSession):
    """Leads wherever a field for proxies says."""

    def respond_to(self, request: Request) -> Response:
        response = super().respond_to(request)
        host = request.value("x-forwarded-host")
        return response if host is None else _led(response, host)


def _led(response: Response, host: str) -> Response:
    """The response with a Location on that host."""
    fields = ((name, f"http://{host}{value}" if name == "Location" else value) for name, value in response.fields)
    return replace(response, fields=tuple(fields))
