"""Mutants of Upgrade and of fields that Connection names."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("switches_to_anything", breaks=["HTTP-9110-7.8-upgrade-unknown"], because="101")
class SwitchesToAnything(HttpSession):
    """Says yes to whatever is offered."""

    def upgrade(self, request: Request) -> Response | None:
        offered = request.value("upgrade")
        return Response(101, (("Connection", "upgrade"), ("Upgrade", offered))) if offered else None


@mutant("switches_unnamed", breaks=["HTTP-9110-7.8-upgrade-101-field"], because="Upgrade: nc-echo", switches="nc-echo")
class SwitchesUnnamed(HttpSession):
    """Does not say where to."""

    def upgrade(self, request: Request) -> Response | None:
        return Response(101, (("Connection", "upgrade"),)) if self.upgrades(request) else None


@mutant(
    "switches_to_another", breaks=["HTTP-9110-7.8-upgrade-101-field"], because="Upgrade: nc-echo", switches="nc-echo"
)
class SwitchesToAnother(HttpSession):
    """Names what was not offered."""

    def upgrade(self, request: Request) -> Response | None:
        other = (("Connection", "upgrade"), ("Upgrade", "nc-other"))
        return Response(101, other) if self.upgrades(request) else None


@mutant(
    "switches_without_option", breaks=["HTTP-9110-7.8-upgrade-101-field"], because="Connection:", switches="nc-echo"
)
class SwitchesWithoutOption(HttpSession):
    """Forgets Connection."""

    def upgrade(self, request: Request) -> Response | None:
        return Response(101, (("Upgrade", self.config.switches),)) if self.upgrades(request) else None


@mutant("switches_http10", breaks=["HTTP-9110-7.8-upgrade-http10"], because="as without Upgrade", switches="nc-echo")
class SwitchesHttp10(HttpSession):
    """Switches whoever asks."""

    def upgrades(self, request: Request) -> bool:
        return "upgrade" in self.connection_options(request) and bool(request.members("upgrade"))


@mutant("bare_426", breaks=["HTTP-9110-7.8-426"], because="Upgrade in a 426", switches="nc-echo")
class Bare426(HttpSession):
    """Wants another protocol, and does not say which."""

    def answer_newer(self, request: Request) -> Response:
        raise Refusal(426, "This wants another protocol")


@mutant("named_fields_unchecked", breaks=["HTTP-9110-7.6.1-hop-by-hop"], because="401")
class NamedFieldsUnchecked(HttpSession):
    """Takes what Connection names out of the request, and asks nothing of who has no credentials then."""

    def check_access(self, head: Request) -> None:
        if "authorization" not in self.connection_options(head):
            super().check_access(head)


@mutant("named_fields_fail", breaks=["HTTP-9110-7.6.1-hop-by-hop"], because="who is let in")
class NamedFieldsFail(HttpSession):
    """Stumbles where Connection names the credentials that let one in."""

    def respond_to(self, request: Request) -> Response:
        response = super().respond_to(request)
        if "authorization" in self.connection_options(request):
            raise Refusal(500, "That was not expected")
        return response
