"""Mutants of the maildrop: counts, sizes, marks and ids are wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Entry, Maildrop, Pop3Session


@mutant("stat_missing_size", breaks=["POP3-1939-5-a"], because="+OK 9")
class StatMissingSize(Pop3Session):
    """Counts messages only."""

    def answer_stat(self) -> None:
        self.agree(str(len(self.maildrop.there())))


@mutant("stat_sum_wrong", breaks=["POP3-1939-5-b"], because="not")
class StatSumWrong(Pop3Session):
    """Sums up other sizes than it lists."""

    def answer_stat(self) -> None:
        there = self.maildrop.there()
        self.agree(f"{len(there)} {sum(entry.content.count(10) for entry in there)}")


@mutant("deleted_still_counted", breaks=["POP3-1939-5-c"], because="8 messages")
class DeletedStillCounted(Pop3Session):
    """Counts what is marked."""

    def answer_stat(self) -> None:
        every = self.maildrop.entries
        self.agree(f"{len(every)} {sum(self.size(entry) for entry in every)}")


class _SeeingAll(Maildrop):
    def there(self) -> list[Entry]:
        return list(self.entries)


@mutant("deleted_still_listed", breaks=["POP3-1939-5-c"], because="messages")
class DeletedStillListed(Pop3Session):
    """Lists what is marked."""

    def open_maildrop(self) -> Maildrop:
        return _SeeingAll(self.store.messages(self.user))


@mutant("deleted_still_retrieved", breaks=["POP3-1939-5-c"], because="+OK")
class DeletedStillRetrieved(Pop3Session):
    """Gives out what is marked."""

    def message(self, argument: bytes) -> Entry:
        number = self.number(argument)
        every = self.maildrop.entries
        return every[number - 1] if 0 < number <= len(every) else super().message(argument)


class _Shifting(Maildrop):
    def there(self) -> list[Entry]:
        there = super().there()
        for number, entry in enumerate(there, 1):
            entry.number = number
        return there


@mutant("numbers_shift_after_dele", breaks=["POP3-1939-5-c"], because="under their numbers")
class NumbersShiftAfterDele(Pop3Session):
    """Closes the gap that a mark leaves."""

    def open_maildrop(self) -> Maildrop:
        return _Shifting(self.store.messages(self.user))


@mutant("empty_list_err", breaks=["POP3-1939-5-d"], because="-ERR", seeds="0")
class EmptyListErr(Pop3Session):
    """Refuses to list nothing."""

    def answer_list(self, argument: bytes | None = None) -> None:
        if argument is None and not self.maildrop.there():
            self.refuse("No messages")
        else:
            super().answer_list(argument)


@mutant("list_from_zero", breaks=["POP3-1939-5-d"], because="0 111")
class ListFromZero(Pop3Session):
    """Counts as programmers do."""

    def scan_line(self, entry: Entry) -> str:
        return f"{entry.number - 1} {self.size(entry)}"


@mutant("rset_keeps_marks", breaks=["POP3-1939-5-i"], because="of before DELE")
class RsetKeepsMarks(Pop3Session):
    """Agrees to RSET, and does nothing."""

    def answer_rset(self) -> None:
        self.agree("No message is marked")


@mutant("uidl_with_spaces", breaks=["POP3-1939-7-b"], because="nc 1")
class UidlWithSpaces(Pop3Session):
    """Has ids of two words."""

    def unique_id(self, entry: Entry) -> str:
        return f"nc {entry.uid}"


@mutant("uidl_beyond_all_ok", breaks=["POP3-1939-7-b"], because="+OK")
class UidlBeyondAllOk(Pop3Session):
    """Has an id for any number."""

    def answer_uidl(self, argument: bytes | None = None) -> None:
        if argument is not None and self.number(argument) > len(self.maildrop.entries):
            self.agree(f"{argument.decode()} nc-none")
        else:
            super().answer_uidl(argument)


@mutant("uidl_of_the_session", breaks=["POP3-1939-7-c"], because="nc-")
class UidlOfTheSession(Pop3Session):
    """Makes its ids at each login anew."""

    def unique_id(self, entry: Entry) -> str:
        return f"nc-{self.stamp.strip('<>')}-{entry.uid}"


@mutant("uidl_is_msgnum", breaks=["POP3-1939-7-c"], because="for the last message")
class UidlIsMsgnum(Pop3Session):
    """Takes the number for the id."""

    def unique_id(self, entry: Entry) -> str:
        return str(entry.number)
