"""Conditional requests: validators, preconditions in their order, dates in three forms (RFC 9110 5.6.7, 8.8, 13).

A representation is what a resource shows now. This module must not know which resources there are.
"""

from __future__ import annotations

import calendar
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from pytest_netconform.reference_servers.http.core import HttpCore
from pytest_netconform.reference_servers.http.request import OWS, Refusal, Request
from pytest_netconform.reference_servers.http.respond import DAYS, MONTHS, Fields

ETAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')  # RFC 9110 8.8.3
_LIST = re.compile(rf"[ \t,]*({ETAG.pattern})[ \t]*(?:,|\Z)")
_DAY, _MONTH = "|".join(DAYS), "|".join(MONTHS)
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
#: the three forms of a date (RFC 9110 5.6.7)
IMF = re.compile(rf"(?P<name>{_DAY}), (?P<day>[0-9]{{2}}) (?P<month>{_MONTH}) (?P<year>[0-9]{{4}}) {_TIME} GMT")
RFC850 = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, "
    rf"(?P<day>[0-9]{{2}})-(?P<month>{_MONTH})-(?P<year>[0-9]{{2}}) {_TIME} GMT"
)
ASCTIME = re.compile(rf"(?P<name>{_DAY}) (?P<month>{_MONTH}) (?P<day>[0-9 ][0-9]) {_TIME} (?P<year>[0-9]{{4}})")
DATE_FORMS = (IMF, RFC850, ASCTIME)


@dataclass(frozen=True)
class Representation:
    """What a resource shows now. coding: its content coding, empty for none. varies: other codings exist."""

    content: bytes
    kind: str
    modified: datetime
    fields: Fields = ()
    coding: str = ""
    varies: bool = False


@dataclass(frozen=True)
class Tag:
    """An entity tag."""

    opaque: str
    weak: bool = False

    def __str__(self) -> str:
        return f'W/"{self.opaque}"' if self.weak else f'"{self.opaque}"'


class NotModified(Exception):
    """The client has it already: 304."""


class Conditions(HttpCore):
    """Preconditions: which hold, and in which order they are looked at."""

    date_forms: tuple[re.Pattern[str], ...] = DATE_FORMS

    # validators

    def tag(self, shown: Representation) -> Tag | None:
        """A strong tag, another for each content coding (RFC 9110 8.8.3.3); None where there are no tags."""
        if not self.config.has("etag"):
            return None
        return Tag(self.opaque_tag(shown))

    def opaque_tag(self, shown: Representation) -> str:
        """What stands between the quotes."""
        digest = hashlib.sha256(shown.kind.encode() + b"\0" + shown.content).hexdigest()[:24]
        return f"{digest}-{shown.coding}" if shown.coding else digest

    def modified(self, shown: Representation) -> datetime | None:
        """When it was last modified: never later than today (RFC 9110 8.8.2.1); None where nobody keeps that."""
        if not self.config.has("last-modified"):
            return None
        return min(shown.modified, self.today()).replace(microsecond=0)

    # the order

    def evaluate(self, request: Request, shown: Representation | None) -> None:
        """All preconditions in the order of RFC 9110 13.2.2; raises NotModified or a Refusal with 412.

        shown: what is there now, None for nothing.
        """
        if request.values("if-match") and self.has_tags(shown):
            self.demand(self.if_match(request, shown))
        else:
            self.demand(self.if_unmodified_since(request, shown))
        if request.values("if-none-match") and self.has_tags(shown):
            if not self.if_none_match(request, shown):
                self.on_match(request)
        elif self.is_read(request) and not self.if_modified_since(request, shown):
            raise NotModified

    def has_tags(self, shown: Representation | None) -> bool:
        """Whether entity tags can be compared at all."""
        return shown is None or self.tag(shown) is not None

    def demand(self, holds: bool) -> None:
        """A precondition that protects a change, or a part."""
        if not holds:
            raise Refusal(412, "A precondition does not hold")

    def on_match(self, request: Request) -> None:
        """If-None-Match does not hold: who reads has it already, who writes is refused (RFC 9110 13.1.2)."""
        if self.is_read(request):
            raise NotModified
        self.demand(False)

    def is_read(self, request: Request) -> bool:
        """GET and HEAD."""
        return request.method in ("GET", "HEAD")

    # the conditions

    def if_match(self, request: Request, shown: Representation | None) -> bool:
        """Something is there, and is what the client thinks: strong comparison (RFC 9110 13.1.1)."""
        text = request.value("if-match") or ""
        if shown is None:
            return False
        own = self.tag(shown)
        return text == "*" or any(own is not None and self.strong_match(own, tag) for tag in self.tags_of(text))

    def if_none_match(self, request: Request, shown: Representation | None) -> bool:
        """Nothing is there, or something else: weak comparison (RFC 9110 13.1.2)."""
        text = request.value("if-none-match") or ""
        if shown is None:
            return True
        own = self.tag(shown)
        if self.is_any(text):
            return False
        return not any(own is not None and self.weak_match(own, tag) for tag in self.tags_of(text))

    def is_any(self, text: str) -> bool:
        """The asterisk."""
        return text == "*"

    def if_modified_since(self, request: Request, shown: Representation | None) -> bool:
        """It is later than the date; no valid date says nothing (RFC 9110 13.1.3)."""
        since = self.date_of(request.values("if-modified-since"))
        modified = self.modified(shown) if shown is not None else None
        return since is None or modified is None or self.is_later(modified, since)

    def if_unmodified_since(self, request: Request, shown: Representation | None) -> bool:
        """It is not later than the date; no valid date says nothing (RFC 9110 13.1.4)."""
        since = self.date_of(request.values("if-unmodified-since"))
        modified = self.modified(shown) if shown is not None else None
        return since is None or modified is None or not self.is_later(modified, since)

    def is_later(self, modified: datetime, since: datetime) -> bool:
        """By a second at least."""
        return modified > since

    def if_range(self, request: Request, shown: Representation) -> bool:
        """Whether a range may be cut from what is there: exactly what the client has (RFC 9110 13.1.5)."""
        values = request.values("if-range")
        if not values:
            return True
        tag = ETAG.fullmatch(values[0].decode("latin-1"))
        if tag is None:
            return self.if_range_date(values, shown)
        own = self.tag(shown)
        return len(values) == 1 and own is not None and self.strong_match(own, Tag(tag[2], bool(tag[1])))

    def if_range_date(self, values: list[bytes], shown: Representation) -> bool:
        """The same date, if it is a strong validator."""
        date, modified = self.date_of(values), self.modified(shown)
        return date is not None and date == modified and self.is_strong_date(date)

    def is_strong_date(self, modified: datetime) -> bool:
        """Old enough that nothing changed twice in its second (RFC 9110 8.8.2.2)."""
        return (self.today() - modified).total_seconds() >= 1

    # reading

    def tags_of(self, text: str) -> list[Tag]:
        """A list of entity tags, whose quotes may hold commas; nothing where it is malformed."""
        found, place, text = [], 0, text.strip(OWS.decode())
        while place < len(text):
            match = _LIST.match(text, place)
            if match is None:
                return []
            found.append(Tag(match[3], bool(match[2])))
            place = match.end()
        return found

    def strong_match(self, own: Tag, other: Tag) -> bool:
        """Both strong, and the same (RFC 9110 8.8.3.2)."""
        return not own.weak and not other.weak and own.opaque == other.opaque

    def weak_match(self, own: Tag, other: Tag) -> bool:
        """The same, weak or not (RFC 9110 8.8.3.2)."""
        return own.opaque == other.opaque

    def date_of(self, values: list[bytes]) -> datetime | None:
        """One date in one of the three forms, or None."""
        return self.parse_date(values[0].decode("latin-1")) if len(values) == 1 else None

    def parse_date(self, text: str) -> datetime | None:
        """A date of RFC 9110 5.6.7; None where it is none."""
        for form in self.date_forms:
            match = form.fullmatch(text)
            if match is not None:
                return self._date(match)
        return None

    def full_year(self, year: int) -> int:
        """Two digits mean the year that is not more than 50 years ahead (RFC 9110 5.6.7)."""
        this = self.today().year
        full = this - this % 100 + year
        return full - 100 if full > this + 50 else full

    def _date(self, match: re.Match[str]) -> datetime | None:
        parts = match.groupdict()
        year = int(parts["year"])
        year = self.full_year(year) if len(parts["year"]) == 2 else year
        month, day = MONTHS.index(parts["month"]) + 1, int(parts["day"])
        hour, minute, second = (int(parts[name]) for name in ("hour", "minute", "second"))
        if not (1 <= year <= 9999 and 1 <= day <= calendar.monthrange(max(year, 1), month)[1]):
            return None
        if hour > 23 or minute > 59 or second > 60:
            return None
        # a leap second is told apart from nothing here
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone.utc)
