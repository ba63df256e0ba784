"""Mutants of Basic authentication: challenges that say too little, and doors that open too easily, or not."""

from __future__ import annotations

import base64
import binascii

from pytest_netconform.reference_servers.http import HttpConfig, HttpSession, Refusal, Request, Site
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("401_without_challenge", breaks=["HTTP-9110-15.5.2-www-auth"], because="WWW-Authenticate in a 401")
class NoChallenge(HttpSession):
    """Says no, and not how it would say yes."""

    def challenge_fields(self) -> Fields:
        return ()


@mutant("challenge_of_no_form", breaks=["HTTP-9110-15.5.2-www-auth"], because="one challenge or several")
class ChallengeOfNoForm(HttpSession):
    """Leaves the scheme out."""

    def challenge(self) -> str:
        return 'realm="netconform"'


@mutant("challenge_without_realm", breaks=["HTTP-7617-2-challenge"], because="a realm in quotes")
class ChallengeWithoutRealm(HttpSession):
    """Names no realm."""

    def challenge(self) -> str:
        return "Basic"


@mutant("realm_without_quotes", breaks=["HTTP-7617-2-challenge"], because="a realm in quotes")
class RealmWithoutQuotes(HttpSession):
    """Has a token for a realm."""

    def challenge(self) -> str:
        return "Basic realm=netconform"


@mutant("challenge_of_latin1", breaks=["HTTP-7617-2-challenge"], because="UTF-8, if any")
class ChallengeOfLatin1(HttpSession):
    """Wants another charset."""

    def challenge(self) -> str:
        return 'Basic realm="netconform", charset="ISO-8859-1"'


@mutant("scheme_with_case", breaks=["HTTP-7617-2-accept"], because="401")
class SchemeWithCase(HttpSession):
    """Knows `Basic` alone."""

    def credentials(self, values: list[bytes]) -> tuple[str, str] | None:
        return super().credentials(values) if values and values[0].startswith(b"Basic") else None


@mutant("last_colon_ends_name", breaks=["HTTP-7617-2-accept"], because="401", password="tr:es")
class LastColonEndsName(HttpSession):
    """Splits at the last colon."""

    def split_credentials(self, text: str) -> tuple[str, str]:
        user, _, password = text.rpartition(":")
        return user, password


@mutant("password_up_to_colon", breaks=["HTTP-7617-2-reject"], because="200")
class PasswordUpToColon(HttpSession):
    """Splits at every colon, and takes the first two pieces."""

    def split_credentials(self, text: str) -> tuple[str, str]:
        user, password = (*text.split(":"), "")[:2]
        return user, password


class Easy(HttpSession):
    """Takes other passwords than the right one."""

    def is_password(self, user: str, password: str) -> bool:
        known = self.config.passwords.get(user)
        return known is not None and self.fits(known, password)

    def fits(self, known: str, password: str) -> bool:
        """Whether it will do."""
        return known.startswith(password)


@mutant("password_prefix", breaks=["HTTP-7617-2-reject"], because="200")
class PasswordPrefix(Easy):
    """Compares as much as there is."""


@mutant("password_longer", breaks=["HTTP-7617-2-reject"], because="200")
class PasswordLonger(Easy):
    """Compares as much as there must be."""

    def fits(self, known: str, password: str) -> bool:
        return password.startswith(known)


@mutant("any_user_will_do", breaks=["HTTP-7617-2-reject"], because="200")
class AnyUserWillDo(HttpSession):
    """Looks at the password alone."""

    def is_password(self, user: str, password: str) -> bool:
        return password in self.config.passwords.values()


@mutant("challenged_once", breaks=["HTTP-7617-2-reject"], because="WWW-Authenticate in a 401")
class ChallengedOnce(HttpSession):
    """Has no challenge for who has tried."""

    def check_access(self, head: Request) -> None:
        if head.values("authorization") and self.user_of(head) is None:
            raise Refusal(401, "That was wrong")
        super().check_access(head)


@mutant("base64_error_fails", breaks=["HTTP-7617-2-malformed"], because="500")
class Base64ErrorFails(HttpSession):
    """Falls over what is no base64."""

    def decoded_credentials(self, text: bytes) -> str:
        try:
            return base64.b64decode(text, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise Refusal(500, "It could not be decoded") from None


@mutant("any_scheme_will_do", breaks=["HTTP-7617-2-malformed"], because="200")
class AnySchemeWillDo(HttpSession):
    """Lets in whoever says something that it does not know."""

    def user_of(self, request: Request) -> str | None:
        values = request.values("authorization")
        known = not values or values[0].lower().startswith(b"basic")
        return super().user_of(request) if known else "anybody"


@mutant("connection_logged_in", breaks=["HTTP-9110-11.4-no-state"], because="200")
class ConnectionLoggedIn(HttpSession):
    """Remembers who was there on this connection."""

    def __init__(self, config: HttpConfig | None = None, site: Site | None = None) -> None:
        super().__init__(config, site)
        self._user: str | None = None

    def user_of(self, request: Request) -> str | None:
        self._user = super().user_of(request) or self._user
        return self._user
