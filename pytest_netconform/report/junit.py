"""JUnit: a record as properties of a test case.

This module knows which facts a JUnit file carries and under which names. It must not know how pytest writes one.
"""

from __future__ import annotations

from pytest_netconform.report.record import Record

#: property name → key of the record; empty texts are left out
PROPERTIES = {
    "netconform-id": "requirement",
    "netconform-level": "level",
    "netconform-source": "source",
    "netconform-verdict": "verdict",
    "netconform-expected": "expected",
    "netconform-received": "received",
    "netconform-reason": "reason",
    "netconform-target": "target",
}


def properties(record: Record) -> list[tuple[str, str]]:
    """(name, value) pairs for `report.user_properties`; one more for each value observed and each note."""
    found = [(name, str(record[key])) for name, key in PROPERTIES.items() if record[key]]
    found += [("netconform-observed", value) for value in record["observed"]]
    return found + [("netconform-note", note) for note in record["notes"]]
