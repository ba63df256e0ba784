"""Mutants of LIST: which names fit, or what is said of them, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.imap.names import matches
from pytest_netconform.reference_servers.mailboxes import INBOX
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("list_empty_lists_all", breaks=["IMAP-9051-6.3.9-a"], because="one LIST response")
class ListEmptyListsAll(ImapSession):
    """Has no pattern to hold names against, and lists them."""

    def list_root(self) -> None:
        super().list_root()
        self.list_names(["*"], frozenset(), frozenset(), [])


@mutant("list_empty_lists_nothing", breaks=["IMAP-9051-6.3.9-a"], because="one LIST response")
class ListEmptyListsNothing(ImapSession):
    """Finds no mailbox without a name."""

    def list_root(self) -> None:
        """None."""


@mutant("percent_crosses_delimiter", breaks=["IMAP-9051-6.3.9-b"], because="of the names, tree")
class PercentCrossesDelimiter(ImapSession):
    """Knows one wildcard."""

    def name_matches(self, pattern: str, name: str) -> bool:
        return matches(pattern.replace("%", "*"), name)


@mutant("star_stays_within", breaks=["IMAP-9051-6.3.9-b"], because="of the names, tree")
class StarStaysWithin(ImapSession):
    """Knows the other one."""

    def name_matches(self, pattern: str, name: str) -> bool:
        return matches(pattern.replace("*", "%"), name)


@mutant("prefix_pattern_matches_nothing", breaks=["IMAP-9051-6.3.9-b"], because="of the names, tree")
class PrefixPatternMatchesNothing(ImapSession):
    """Takes wildcards for whole levels only."""

    def name_matches(self, pattern: str, name: str) -> bool:
        within = pattern.rstrip("%*")
        wild = within != pattern and bool(within) and not within.endswith("/") and within != name
        return not wild and matches(pattern, name)


@mutant("literal_pattern_is_prefix", breaks=["IMAP-9051-6.3.9-b"], because="none of them")
class LiteralPatternIsPrefix(ImapSession):
    """Lists whatever begins so."""

    def name_matches(self, pattern: str, name: str) -> bool:
        return matches(pattern, name) or (not set("*%") & set(pattern) and name.startswith(pattern))


@mutant("list_twice", breaks=["IMAP-9051-6.3.9-b", "IMAP-9051-6.3.9-c"], because="listed more than once")
class ListTwice(ImapSession):
    """Lists once for each wildcard, and once for good measure."""

    def list_names(self, patterns, chosen, returned, items):  # type: ignore[no-untyped-def]
        for _ in range(2):
            super().list_names(patterns, chosen, returned, items)


@mutant("list_without_inbox", breaks=["IMAP-9051-6.3.9-c"], because="INBOX in answer to")
class ListWithoutInbox(ImapSession):
    """Takes it that INBOX goes without saying."""

    def name_matches(self, pattern: str, name: str) -> bool:
        return name != INBOX and super().name_matches(pattern, name)


@mutant("list_inbox_case", breaks=["IMAP-9051-6.3.9-c"], because="in another case does not fit")
class ListInboxCase(ImapSession):
    """Finds INBOX in capitals only."""

    def from_reference(self, reference: str, pattern: str) -> str:
        return reference + pattern

    def name_matches(self, pattern: str, name: str) -> bool:
        return matches(pattern, name) and (name != INBOX or bool(set("*%") & set(pattern)) or pattern == INBOX)


@mutant("list_no_match_no", breaks=["IMAP-9051-6.3.9-d"], because=" NO ")
class ListNoMatchNo(ImapSession):
    """Refuses to list nothing."""

    def list_names(self, patterns, chosen, returned, items):  # type: ignore[no-untyped-def]
        for pattern in patterns:
            if not set("*%") & set(pattern):
                self.mailbox_of(pattern)
        super().list_names(patterns, chosen, returned, items)


@mutant("list_says_nonexistent", breaks=["IMAP-9051-6.3.9-d"], because="no LIST response")
class ListSaysNonexistent(ImapSession):
    """Says of each name that it is not there."""

    def list_names(self, patterns, chosen, returned, items):  # type: ignore[no-untyped-def]
        super().list_names(patterns, chosen, returned, items)
        for pattern in patterns:
            if not set("*%") & set(pattern) and pattern not in self.account.mailboxes:
                self.untagged(self.list_line(pattern, frozenset()))


@mutant("list_ignores_reference", breaks=["IMAP-9051-6.3.9-d"], because="no LIST response")
class ListIgnoresReference(ImapSession):
    """Begins at the root, wherever it is sent."""

    def from_reference(self, reference: str, pattern: str) -> str:
        return super().from_reference("", pattern)


@mutant("list_subscribed_lists_all", breaks=["IMAP-5258-3-a"], because="the names that were subscribed to")
class ListSubscribedListsAll(ImapSession):
    """Marks what is subscribed to, and lists everything."""

    def listed_names(self, chosen: frozenset[str]) -> list[str]:
        return super().listed_names(chosen - {"SUBSCRIBED"})


@mutant("subscribed_unmarked", breaks=["IMAP-5258-3-a", "IMAP-5258-4-a"], because="\\Subscribed on")
class SubscribedUnmarked(ImapSession):
    """Does not mark subscriptions."""

    def attributes(self, name: str, chosen: frozenset[str]) -> list[str]:
        return [one for one in super().attributes(name, chosen) if one != "\\Subscribed"]


@mutant("nonexistent_unmarked", breaks=["IMAP-5258-3-a"], because="\\NonExistent on what is there no more")
class NonexistentUnmarked(ImapSession):
    """Lists what is there no more like anything else."""

    def attributes(self, name: str, chosen: frozenset[str]) -> list[str]:
        return [one for one in super().attributes(name, chosen) if one != "\\NonExistent"]


@mutant("only_the_first_pattern", breaks=["IMAP-5258-3-a"], because="the names that fit, and no others")
class OnlyTheFirstPattern(ImapSession):
    """Looks at one pattern."""

    def read_patterns(self, arguments):  # type: ignore[no-untyped-def]
        return super().read_patterns(arguments)[:1]


@mutant("a_response_for_each_pattern", breaks=["IMAP-5258-3-a"], because="each name once")
class AResponseForEachPattern(ImapSession):
    """Takes one pattern after the other."""

    def list_names(self, patterns, chosen, returned, items):  # type: ignore[no-untyped-def]
        for pattern in patterns:
            super().list_names([pattern], chosen, returned, items)


@mutant("recursivematch_alone_ok", breaks=["IMAP-5258-3-a"], because=" OK")
class RecursivematchAloneOk(ImapSession):
    """Takes RECURSIVEMATCH by itself."""

    def check_recursive(self, chosen: list[str]) -> None:
        """Why not."""


@mutant("list_option_unknown_ok", breaks=["IMAP-5258-3-a"], because=" OK")
class ListOptionUnknownOk(ImapSession):
    """Passes over what it does not know."""

    def read_option(self, arguments, known):  # type: ignore[no-untyped-def]
        return arguments.word("an option")


@mutant("haschildren_wrong", breaks=["IMAP-5258-4-a"], because="\\HasChildren on what has names below it")
class HaschildrenWrong(ImapSession):
    """Takes the names beside for children."""

    def children_attribute(self, name: str) -> str:
        near = [other for other in self.account.mailboxes if other.startswith(name.rpartition("/")[0])]
        return "\\HasChildren" if len(near) > 1 else "\\HasNoChildren"


@mutant("children_untold", breaks=["IMAP-5258-4-a"], because="one of \\HasChildren and \\HasNoChildren")
class ChildrenUntold(ImapSession):
    """Says who has children, and of the others nothing."""

    def attributes(self, name: str, chosen: frozenset[str]) -> list[str]:
        return [one for one in super().attributes(name, chosen) if one != "\\HasNoChildren"]


@mutant("list_status_for_noselect", breaks=["IMAP-5819-2-a"], because="no STATUS of what cannot be selected")
class ListStatusForNoselect(ImapSession):
    """Counts what is not there."""

    def tell_status(self, name: str, items: list[str]) -> None:
        if super().has_status(name):
            super().tell_status(name, items)
        else:
            self.untagged(b"STATUS " + self.format_name(name) + b" (MESSAGES 0 UNSEEN 0)")

    def has_status(self, name: str) -> bool:
        return True


@mutant("list_status_noselect_untold", breaks=["IMAP-5819-2-a"], because="\\Noselect on what cannot be selected")
class ListStatusNoselectUntold(ImapSession):
    """Has no STATUS of a mere name, and does not say why."""

    def attributes(self, name: str, chosen: frozenset[str]) -> list[str]:
        return [one for one in super().attributes(name, chosen) if one != "\\Noselect"]


@mutant("list_status_first", breaks=["IMAP-5819-2-a"], because="each STATUS behind the LIST")
class ListStatusFirst(ImapSession):
    """Counts before it lists."""

    def list_names(self, patterns, chosen, returned, items):  # type: ignore[no-untyped-def]
        for name in self.listed_names(chosen):
            fits = any(self.name_matches(pattern, name) for pattern in patterns)
            if items and fits and self.has_status(name):
                self.tell_status(name, items)
        super().list_names(patterns, chosen, returned, [])


@mutant("list_status_missing", breaks=["IMAP-5819-2-a"], because="one LIST and one STATUS")
class ListStatusMissing(ImapSession):
    """Leaves empty mailboxes out."""

    def has_status(self, name: str) -> bool:
        return super().has_status(name) and bool(self.mailbox_of(name).messages)
