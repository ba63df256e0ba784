"""Mutants of conditional requests: conditions passed over, compared wrongly, or looked at in another order."""

from __future__ import annotations

from datetime import datetime

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.http.conditions import NotModified, Representation, Tag
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant

Shown = Representation | None


@mutant("if_none_match_ignored", breaks=["HTTP-9110-13.1.2-inm-match", "HTTP-9110-13.1.2-inm-put"], because="200")
class IfNoneMatchIgnored(HttpSession):
    """Looks at no If-None-Match."""

    def if_none_match(self, request: Request, shown: Shown) -> bool:
        return True

    def put_status(self, new: bool) -> int:
        return 201 if new else 200


@mutant("if_none_match_strong", breaks=["HTTP-9110-13.1.2-inm-weak"], because="200")
class IfNoneMatchStrong(HttpSession):
    """Compares strongly everywhere."""

    def weak_match(self, own: Tag, other: Tag) -> bool:
        return self.strong_match(own, other)


@mutant("if_none_match_one_string", breaks=["HTTP-9110-13.1.2-inm-list"], because="200")
class IfNoneMatchOneString(HttpSession):
    """Takes the value for one tag."""

    def tags_of(self, text: str) -> list[Tag]:
        tags = super().tags_of(text)
        return tags if len(tags) == 1 else []


@mutant("if_none_match_splits_quotes", breaks=["HTTP-9110-13.1.2-inm-list"], because="200")
class IfNoneMatchSplitsQuotes(HttpSession):
    """Ends its list at a tag with a comma in it."""

    def tags_of(self, text: str) -> list[Tag]:
        first = text.split(",")[0].strip()
        return super().tags_of(text) if first.endswith('"') and len(first) > 1 else []


@mutant("star_matches_nothing", breaks=["HTTP-9110-13.1.2-inm-star"], because="304 in answer")
class StarMatchesNothing(HttpSession):
    """Takes the asterisk for a tag that nobody has."""

    def is_any(self, text: str) -> bool:
        return False


@mutant("put_not_modified", breaks=["HTTP-9110-13.1.2-inm-put", "HTTP-9110-13.1.2-inm-star"], because="304")
class PutNotModified(HttpSession):
    """Answers 304 to PUT."""

    def answer(self, request: Request) -> Response:
        try:
            return super().answer(request)
        except NotModified:
            return Response(304)

    def on_match(self, request: Request) -> None:
        raise NotModified


@mutant("star_needs_something", breaks=["HTTP-9110-13.1.2-inm-star"], because="PUT to be done where nothing is")
class StarNeedsSomething(HttpSession):
    """Takes If-None-Match for false where nothing is."""

    def if_none_match(self, request: Request, shown: Shown) -> bool:
        return shown is not None and super().if_none_match(request, shown)


@mutant("if_modified_since_ignored", breaks=["HTTP-9110-13.1.3-ims-exact"], because="200")
class IfModifiedSinceIgnored(HttpSession):
    """Looks at no If-Modified-Since."""

    def if_modified_since(self, request: Request, shown: Shown) -> bool:
        return True


@mutant("date_must_be_equal", breaks=["HTTP-9110-13.1.3-ims-later"], because="200")
class DateMustBeEqual(HttpSession):
    """Sends whatever has another date."""

    def is_later(self, modified: datetime, since: datetime) -> bool:
        return modified != since


@mutant("any_date_not_modified", breaks=["HTTP-9110-13.1.3-ims-earlier"], because="304")
class AnyDateNotModified(HttpSession):
    """Answers 304 as soon as there is a date."""

    def if_modified_since(self, request: Request, shown: Shown) -> bool:
        return self.date_of(request.values("if-modified-since")) is None


@mutant("dates_compared_as_text", breaks=["HTTP-9110-13.1.3-ims-invalid"], because="304")
class DatesComparedAsText(HttpSession):
    """Compares what is no date as a text."""

    def if_modified_since(self, request: Request, shown: Shown) -> bool:
        text = request.value("if-modified-since")
        return text is None or (super().if_modified_since(request, shown) and text < "n")


@mutant("first_of_two_dates", breaks=["HTTP-9110-13.1.3-ims-invalid"], because="304")
class FirstOfTwoDates(HttpSession):
    """Takes the first of two dates."""

    def parse_date(self, text: str) -> datetime | None:
        return super().parse_date(text.partition("GMT")[0] + "GMT")


@mutant("post_not_modified", breaks=["HTTP-9110-13.1.3-ims-invalid"], because="304")
class PostNotModified(HttpSession):
    """Looks at If-Modified-Since before the method."""

    def respond_to(self, request: Request) -> Response:
        if request.method == "POST" and request.values("if-modified-since"):
            return Response(304)
        return super().respond_to(request)


@mutant("both_tag_and_date_wanted", breaks=["HTTP-9110-13.1.3-inm-precedence"], because="200")
class BothTagAndDateWanted(HttpSession):
    """Answers 304 only where the date says so too."""

    def on_match(self, request: Request) -> None:
        if not self.is_read(request) or not request.values("if-modified-since"):
            super().on_match(request)


@mutant("date_besides_tag", breaks=["HTTP-9110-13.1.3-inm-precedence2"], because="304")
class DateBesidesTag(HttpSession):
    """Looks at the date whatever the tag says."""

    def evaluate(self, request: Request, shown: Shown) -> None:
        super().evaluate(request, shown)
        if self.is_read(request) and not self.if_modified_since(request, shown):
            raise NotModified


@mutant("if_match_ignored", breaks=["HTTP-9110-13.1.1-ifmatch-false"], because="412")
class IfMatchIgnored(HttpSession):
    """Looks at no If-Match."""

    def if_match(self, request: Request, shown: Shown) -> bool:
        return True


@mutant("if_match_weak", breaks=["HTTP-9110-13.1.1-ifmatch-weak"], because="200")
class IfMatchWeak(HttpSession):
    """Compares weakly everywhere."""

    def strong_match(self, own: Tag, other: Tag) -> bool:
        return self.weak_match(own, other)


@mutant("if_unmodified_since_ignored", breaks=["HTTP-9110-13.1.4-ius"], because="200")
class IfUnmodifiedSinceIgnored(HttpSession):
    """Looks at no If-Unmodified-Since."""

    def if_unmodified_since(self, request: Request, shown: Shown) -> bool:
        return True


@mutant("no_date_is_none_that_holds", breaks=["HTTP-9110-13.1.4-ius-invalid"], because="412")
class NoDateIsNoneThatHolds(HttpSession):
    """Takes what is no date for one that is long past."""

    def if_unmodified_since(self, request: Request, shown: Shown) -> bool:
        values = request.values("if-unmodified-since")
        return (not values or self.date_of(values) is not None) and super().if_unmodified_since(request, shown)


@mutant("date_besides_if_match", breaks=["HTTP-9110-13.1.4-ius-with-ifmatch"], because="412")
class DateBesidesIfMatch(HttpSession):
    """Wants If-Match and If-Unmodified-Since to hold."""

    def if_match(self, request: Request, shown: Shown) -> bool:
        return super().if_match(request, shown) and self.if_unmodified_since(request, shown)


@mutant("conditions_first", breaks=["HTTP-9110-13.2.1-precond-on-error"], because="as for GET")
class ConditionsFirst(HttpSession):
    """Looks at the conditions before it looks for the resource."""

    def respond_to(self, request: Request) -> Response:
        if request.value("if-match") == '"nc-none"':
            raise Refusal(412, "Nothing matches")
        return super().respond_to(request)


@mutant("tagless_304", breaks=["HTTP-9110-15.4.5-304-fields"], because="ETag, as in the 200")
class Tagless304(HttpSession):
    """Leaves the tag out where the client has it."""

    def not_modified_fields(self, shown: Representation) -> Fields:
        return tuple(field for field in super().not_modified_fields(shown) if field[0] != "ETag")
