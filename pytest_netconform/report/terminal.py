"""The closing summary: what a run says about one target, as lines that read well at 80 columns.

This module knows records and counts them: by verdict and level, by what was missed, by what would unlock what was left
out. It must not know a terminal: it returns lines, and whoever has a terminal writes them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.report.record import LEVELS, Entry, Record
from pytest_netconform.requirement import natural_order

WIDTH = 80
IDS_PER_GROUP = 6  # ids that a group of inconclusive checks names

FUZZ = "FUZZ-"  # ids of what is drawn
FIXED, STILL, FLAKY = KEPT = ("FIXED", "STILL THERE", "did not show again")  # what is noted of a case of the corpus

#: column title → verdict
_COLUMNS = {
    "pass": "pass",
    "fail": "fail",
    "deviation": "deviation",
    "observed": "observed",
    "inconclusive": "inconclusive",
    "left out": "not_applicable",
    "error": "error",
}


def summary_lines(target: Entry, records: Sequence[Record], *, width: int = WIDTH) -> list[str]:
    """The summary of one target: `records` may hold other targets' checks too."""
    mine = [record for record in records if record["target"] == target["name"]]
    blocks = [
        list(_facts(target, mine, width)),
        list(_table(mine)),
        list(_failures(mine, "fail", "failed", width)),
        list(_failures(mine, "error", "errors of ours, or of this run's surroundings", width)),
        list(_failures(mine, "deviation", "deviations: forbidden or discouraged, and known from the field", width)),
        list(_inconclusive(mine, width)),
        list(_explored(mine, width)),
        list(_observed([record for record in mine if not record["requirement"].startswith(FUZZ)], width)),
        list(_left_out(mine, width)),
    ]
    return [line for i, block in enumerate(filter(None, blocks)) for line in ([""] if i else []) + block]


def _facts(target: Entry, records: Sequence[Record], width: int) -> Iterator[str]:
    seconds = sum(record["seconds"] for record in records)
    checks = f"{len(records)} check{'s' * (len(records) != 1)} of {len({r['requirement'] for r in records})}"
    title = PROTOCOLS[target["protocol"]].title if target["protocol"] in PROTOCOLS else target["protocol"]
    yield from _wrapped(f"{target['url']}  {title}, {checks} requirements, {seconds:.1f} s", width)
    if target["dialect"]:
        yield from _wrapped(f"speaks {target['dialect']}", width, "       ")
    if target["capabilities"]:
        yield from _wrapped("claims " + " ".join(target["capabilities"]), width, "       ")
    if target["problem"]:
        yield from _wrapped(f"! {target['problem']}", width, "  ")


def _table(records: Sequence[Record]) -> Iterator[str]:
    if not records:
        return
    used = {title: verdict for title, verdict in _COLUMNS.items() if verdict == "pass" or _count(records, verdict)}
    widths = {title: max(len(title), 5) for title in used}
    yield "          " + "  ".join(f"{title:>{widths[title]}}" for title in used)
    for level in [*LEVELS, ""]:
        row = [record for record in records if record["level"] == level or not level]
        if row:
            counts = (str(_count(row, verdict) or "-").rjust(widths[title]) for title, verdict in used.items())
            yield f"{level or 'all':<10}" + "  ".join(counts)


def _count(records: Iterable[Record], verdict: str) -> int:
    return sum(record["verdict"] == verdict for record in records)


def _failures(records: Sequence[Record], verdict: str, title: str, width: int) -> Iterator[str]:
    found = _by_id(record for record in records if record["verdict"] == verdict)
    if found:
        yield f"{title} ({sum(map(len, found.values()))})"
    for id, group in found.items():
        first = group[0]
        more = f"  ({len(group)} checks)" if len(group) > 1 else ""
        known = "  (known)" if all(record["known"] for record in group) else ""
        yield _shortened(f"  {id}  {first['level']}  {first['source']}{more}{known}", width)
        yield f"      {_why(first, width - 6)}"


def _why(record: Record, width: int) -> str:
    """One line: what was expected and what came, each with its fair part of the line; or the reason."""
    if not record["expected"]:
        return _shortened(str(record["reason"] or record["sentence"]), width)
    room = width - len("expected ; received ")
    expected, received = record["expected"], record["received"] or "nothing"
    expected = _shortened(expected, max(room // 2, room - len(received)))
    return f"expected {expected}; received {_shortened(received, room - len(expected))}"


def _inconclusive(records: Sequence[Record], width: int) -> Iterator[str]:
    found = _grouped((r["reason"] or "no reason given", r) for r in records if r["verdict"] == "inconclusive")
    if found:
        yield f"inconclusive ({sum(map(len, found.values()))}): what was not reached, and for which checks"
    for reason, group in found.items():
        yield from _wrapped(f"  {len(group):>4}  {_shortened(reason, 3 * width)}", width, "        ")
        ids = list(_by_id(group))
        more = f" and {len(ids) - IDS_PER_GROUP} more" if len(ids) > IDS_PER_GROUP else ""
        yield from _wrapped("        " + ", ".join(ids[:IDS_PER_GROUP]) + more, width, "        ")


def _observed(records: Sequence[Record], width: int) -> Iterator[str]:
    found = _by_id(record for record in records if record["observed"])
    if found:
        yield f"observed ({sum(map(len, found.values()))}): what this target does where the standard leaves it free"
    for id, group in found.items():
        values = dict.fromkeys(value for record in group for value in record["observed"])
        yield _shortened(f"  {id}  {'; '.join(values)}", width)


def _explored(records: Sequence[Record], width: int) -> Iterator[str]:
    """What fuzzing drew, and what became of the cases that it held."""
    fuzzed = [record for record in records if record["requirement"].startswith(FUZZ)]
    lines = [(record["requirement"], value) for record in fuzzed for value in record["observed"]]
    kept = [(note, record) for record in fuzzed for note in record["notes"] if note in KEPT]
    if lines or kept:
        yield "explored"
    for id, text in lines:
        yield from _wrapped(f"  {id}  {text}", width, "      ")
    if kept:
        counts = ((word, sum(note == word for note, _ in kept)) for word in KEPT)
        yield "  of the corpus: " + ", ".join(f"{count} {word}" for word, count in counts if count)
    for note, record in kept:
        yield _shortened(f"      {note}  {record['nodeid']}", width)


def _left_out(records: Sequence[Record], width: int) -> Iterator[str]:
    found = _grouped((r["lacking"] or r["reason"], r) for r in records if r["verdict"] == "not_applicable")
    if found:
        yield f"left out ({sum(map(len, found.values()))})"
    given = {what: group for what, group in found.items() if _unlocks(what)}
    for what, group in given.items():
        yield from _wrapped(f"  {_unlocks(what)} would unlock {_checks(len(group))}", width, "      ")
    for what, group in found.items():
        if what not in given:
            yield from _wrapped(f"  {_missing(what)}: {_checks(len(group))}", width, "      ")


def _unlocks(lacking: str) -> str:
    """What the user could give, or empty when it is not his to give."""
    if lacking.startswith(("?", "--")):
        return lacking
    return "an account (user:password@, or NETCONFORM_USERNAME and _PASSWORD)" if lacking.startswith("user:") else ""


def _missing(lacking: str) -> str:
    if " " in lacking:
        return lacking
    return f"{lacking[1:]} is claimed" if lacking.startswith("-") else f"{lacking} is not claimed"


def _checks(count: int) -> str:
    return f"{count} check{'s' * (count != 1)}"


def _by_id(records: Iterable[Record]) -> Mapping[str, list[Record]]:
    """The records by requirement, in the catalogue's order."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record["requirement"], []).append(record)
    return {id: found[id] for id in natural_order(found)}


def _grouped(pairs: Iterable[tuple[str, Record]]) -> Mapping[str, list[Record]]:
    """Records by a text, the largest group first."""
    found: dict[str, list[Record]] = {}
    for text, record in pairs:
        found.setdefault(text, []).append(record)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _wrapped(text: str, width: int, indent: str = "    ") -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True, replace_whitespace=True
    )


def _shortened(text: str, width: int) -> str:
    text = " ".join(text.split("\n"))
    return text if len(text) <= width else text[: width - 3] + "..."
