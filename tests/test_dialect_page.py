"""The page on dialects: its files are dialects, its tables follow from the code, and what it shows is real."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.dialect import WORDS, DialectProblem, parse_dialect
from pytest_netconform.dialect.file import FRAMINGS, KEYS
from pytest_netconform.dialect.rules import STANDARDS
from pytest_netconform.dialects import READY
from pytest_netconform.wire.framing import KINDS, base

PAGE = Path(__file__).parent.parent / "docs" / "dialects.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = {
    found[1]: found[2] for found in re.finditer(r"^```toml\n(?=# (\S+)\n)(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
}


@pytest.mark.parametrize("name", FILES)
def test_every_example_of_the_page_is_read(name: str) -> None:
    """The files of the page are dialects, and none of them is called by another name."""
    assert f"{parse_dialect(FILES[name], name).name}.toml" == name


def test_the_page_shows_every_kind_and_every_key() -> None:
    """No way of framing and no key but those whose defaults do goes without an example."""
    kinds = {base(parse_dialect(text, name).requests).kind for name, text in FILES.items()}
    assert kinds == set(FRAMINGS) == set(KINDS)
    used = set(re.findall(r"^(\w+?)(?:_hex)? =", "\n".join(FILES.values()), re.MULTILINE))
    assert {key for table in KEYS.values() for key in table} - used == {"name", "silence", "checksum_format"}


def schema() -> str:
    """The tables of keys and of kinds."""
    lines = []
    for section, keys in KEYS.items():
        if section in ("requests", "replies"):
            continue
        title = {
            "": "at the top",
            "framing": "of `[framing]`, `[requests]`, `[replies]`",
            "exchange": "of each `[[exchange]]`",
        }
        lines += [f"| key {title.get(section, f'of `[{section}]`')} | takes | meaning |", "|---|---|---|"]
        lines += [f"| `{name}` | {key.takes} | {key.meaning} |" for name, key in keys.items()]
        lines.append("")
    lines += ["| kind | keys it needs | keys it may have |", "|---|---|---|"]
    for kind, keys in FRAMINGS.items():
        place = keys.index(None)
        needed, free = ([f"`{key}`" for key in part] for part in (keys[:place], keys[place + 1 :]))
        lines.append(f"| `{kind}` | {', '.join(needed) or '-'} | {', '.join(free) or '-'} |")
    return "\n".join(lines)


def words() -> str:
    """The table of capabilities."""
    return "\n".join(
        ["| capability | meaning |", "|---|---|", *(f"| `{word}` | {text} |" for word, text in WORDS.items())]
    )


def ready() -> str:
    """The table of ready dialects."""
    lines = ["| name | what it is | requests are answered |", "|---|---|---|"]
    for name, dialect in READY.items():
        standard = f"{STANDARDS[dialect.standard]}, " if dialect.standard else ""
        answers = f"by the rule `{dialect.rule}`" if dialect.rule else f"as {len(dialect.exchanges)} samples say"
        answers = "not at all" if dialect.unasked or "silence" in dialect.capabilities else answers
        lines.append(f"| `{name}` | {standard}{dialect.describe().partition(' over ')[2]} | {answers} |")
    return "\n".join(lines)


def page() -> str:
    """The page with its tables as they should be."""
    text = TEXT
    for name, table in {"schema": schema(), "words": words(), "ready": ready()}.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        text = text.partition(begin)[0] + begin + table + "\n" + end + text.partition(end)[2]
    return text


def test_the_tables_of_the_page_follow_from_the_code() -> None:
    """`python -m tests.test_dialect_page` writes them anew."""
    assert page() == TEXT


def test_the_python_of_the_page_runs() -> None:
    """The dialect that the page makes in Python is the one that it reads from a file, but for the unknown."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    made: dict[str, Any] = {}
    exec(code, made)
    assert made["zen"] == replace(parse_dialect(FILES["zen.toml"], "zen.toml"), unknown=None)


def test_the_problems_of_the_page_are_real() -> None:
    """The two lines that show how problems read are what the first example says when it is spoilt so."""
    (shown,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    spoilt = (
        FILES["zen.toml"].replace("Beautiful is better", "Beautiful? Better"),
        FILES["zen.toml"].replace("[requests]\nkind", "[requests]\nknd"),
    )
    said = []
    for text in spoilt:
        with pytest.raises(DialectProblem) as caught:
            parse_dialect(text, "zen.toml")
        said.append(str(caught.value))
    assert shown.splitlines() == said


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
