"""Mutants of caches: directives of no form, wrong ages, and what is given to the wrong ones."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.http import HttpSession, Request, Response
from pytest_netconform.reference_servers.http.cache import Kept
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant


class OtherDirectives(HttpSession):
    """Says other things to caches about its text."""

    directive = "max-age=-1"

    def hello_fields(self) -> Fields:
        return (("Cache-Control", self.directive),)


@mutant("negative_max_age", breaks=["HTTP-9111-5.2-cc-grammar"], because="max-age with a number")
class NegativeMaxAge(OtherDirectives):
    """Was fresh until a second ago."""


@mutant("quoted_max_age", breaks=["HTTP-9111-5.2-cc-grammar"], because="max-age with a number")
class QuotedMaxAge(OtherDirectives):
    """Has a string for a number."""

    directive = 'max-age="60s"'


@mutant("directives_with_blanks", breaks=["HTTP-9111-5.2-cc-grammar"], because="a list of directives")
class DirectivesWithBlanks(OtherDirectives):
    """Parts directives by blanks."""

    directive = "public max-age=60"


@mutant("negative_age", breaks=["HTTP-9111-5.1-age"], because="one Age", cache="1")
class NegativeAge(HttpSession):
    """Stores what will be."""

    def age(self, kept: Kept) -> str:
        return str(int(super().age(kept)) - 1)


@mutant("two_ages", breaks=["HTTP-9111-5.1-age"], because="one Age", cache="1")
class TwoAges(HttpSession):
    """Stores an age too."""

    def lookup(self, request: Request) -> Kept | None:
        kept = super().lookup(request)
        return None if kept is None else replace(kept, response=kept.response.adding(("Age", "0")))


@mutant("cache_without_vary", breaks=["HTTP-9111-4.1-vary-key"], because="no Content-Encoding", cache="1")
class CacheWithoutVary(HttpSession):
    """Has one answer for all."""

    def matches(self, kept: Kept, request: Request) -> bool:
        return True


@mutant("personal_answers_shared", breaks=["HTTP-9111-4-auth-shared"], because="200", cache="1")
class PersonalAnswersShared(HttpSession):
    """Stores whatever is fresh."""

    def may_share(self, request: Request, directives: dict[str, str]) -> bool:
        return True


@mutant("stored_for_all_users", breaks=["HTTP-9111-4-auth-shared"], because="200", cache="1")
class StoredForAllUsers(HttpSession):
    """Takes max-age for leave to share."""

    def may_store(self, request: Request, response: Response) -> bool:
        return response.status == 200 and self.freshness(response) > 0
