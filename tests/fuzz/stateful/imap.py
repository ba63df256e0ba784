"""IMAP: mutants of states, of what is selected, of messages that go, and of flags."""

from tests.fuzz.stateful import Stateful

STATEFUL = Stateful(
    chapters=("states", "selecting", "expunge", "store"),
    but={
        "closes_without_bye": "shows after half an hour of silence only; no walk waits so long",
        "idle_timeout_60": "likewise, after a minute",
        "select_reports_nothing": "READ-WRITE is tolerated to be missing (IMAP-9051-6.3.2-d)",
        "select_rev2_without_list": "wrong under IMAP4rev2 alone, which no walk enables",
        "closed_missing": "likewise, or under QRESYNC",
        "closed_behind": "likewise, or under QRESYNC",
    },
    missed={
        "expunge_unsolicited": "an EXPUNGE while nothing is asked is seen by who waits; a walk does not wait",
    },
)
