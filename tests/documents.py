"""The tables of README.md that follow from the code: `make matrix` writes, tests/test_documents.py compares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from pytest_netconform.faults import FAULTS, WEATHERS, Fault, weather
from pytest_netconform.fixtures.servers import HOUSE
from pytest_netconform.options import CLIENT_OPTIONS, OPTIONS
from pytest_netconform.protocols import COMMON_OPTIONS, PROTOCOLS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
FIXTURES = ROOT / "docs" / "fixtures.md"


def targets() -> str:
    """Every scheme and every target option."""
    lines = ["| scheme | protocol | default port |", "|---|---|---|"]
    for row in PROTOCOLS.values():
        for scheme, way in row.schemes.items():
            what = f"{row.title}{' over TLS' * way.implicit_tls}"
            what += f": dialect `{way.dialect}`" if way.dialect else ""
            lines.append(f"| `{scheme}://{'/PATH' * way.path}` | {what} | {way.port or '-'} |")
    for title, options in [("any target", COMMON_OPTIONS), *((row.title, row.options) for row in PROTOCOLS.values())]:
        if options:
            lines += ["", f"| option of {title} | meaning |", "|---|---|"]
            lines += [f"| `?{name}=` | {meaning} |" for name, meaning in options.items()]
    return "\n".join(lines)


def options() -> str:
    """Every option of the command line."""
    lines = ["| option | meaning |", "|---|---|"]
    for name, arguments in (OPTIONS | CLIENT_OPTIONS).items():
        value = f"={arguments['metavar']}" if "metavar" in arguments else ""
        value = f"[{value}]" if arguments.get("nargs") == "?" else value
        lines.append(f"| `--netconform-{name}{value}` | {arguments['help'].replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


def readme() -> str:
    """README.md with its tables as they should be."""
    text = README.read_text(encoding="utf-8")
    for name, table in (("targets", targets()), ("options", options())):
        text = _replaced(text, name, table)
    return text


def _replaced(text: str, name: str, table: str) -> str:
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    head, rest = text.split(begin)
    return head + begin + table + "\n" + end + rest.split(end)[1]


def fixtures() -> str:
    """docs/fixtures.md with its tables as they should be."""
    text = FIXTURES.read_text(encoding="utf-8")
    tables = {
        "house": ["| option | meaning |", *(f"| `{name}` | {meaning} |" for name, meaning in HOUSE.items())],
        "weathers": ["| weather | what it is |", *(f"| `{name}` | `{weather(name)!r}` |" for name in WEATHERS)],
        "faults": [
            "| fault | what it does |",
            *(f"| `{_signature(kind)}` | {_first(kind)} |" for kind in FAULTS.values()),
        ],
    }
    for name, (head, *lines) in tables.items():
        text = _replaced(text, name, "\n".join([head, "|---|---|", *lines]))
    return text


def _signature(kind: type[Fault]) -> str:
    shown = [f"{field.name}={field.default!r}" for field in fields(kind) if field.name != "to"]
    return f"{kind.__name__}({', '.join(shown)})"


def _first(kind: type[Fault]) -> str:
    return " ".join(str(kind.__doc__).split("\n\n")[0].split())


def fenced(path: Path, language: str) -> Iterator[str]:
    """The fenced blocks of a page in a language, freed of their indentation."""
    for found in re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", path.read_text(encoding="utf-8"), re.M | re.S):
        yield re.sub(rf"^{found[1]}", "", found[2], flags=re.M)
