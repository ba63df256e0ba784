"""The tables of the documents that follow from the code: `make matrix` writes, tests/test_documents.py compares."""

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


def protocols() -> str:
    """Every protocol, how its targets are named, and what is asked of them."""
    lines = ["| protocol | target | suites: what they check |", "|---|---|---|"]
    for row in filter(lambda row: row.schemes, PROTOCOLS.values()):
        ways = [f"`{scheme}://`" for scheme, way in row.schemes.items() if not way.dialect]
        suites = [f"[{suite}](docs/requirements/{suite}.md)" for suite in row.suites]
        lines.append(f"| {row.title} | {' '.join(ways)} | {' '.join(suites)} |")
    return "\n".join(lines)


def schemes() -> str:
    """Every scheme of a target."""
    lines = ["| scheme | protocol | default port |", "|---|---|---|"]
    for row in PROTOCOLS.values():
        for scheme, way in row.schemes.items():
            what = f"{row.title}{' over TLS' * way.implicit_tls}"
            what += f": dialect `{way.dialect}`" if way.dialect else ""
            lines.append(f"| `{scheme}://{'/PATH' * way.path}` | {what} | {way.port or '-'} |")
    return "\n".join(lines)


def target_options() -> str:
    """Every option of a target, by protocol."""
    known = [("any target", COMMON_OPTIONS), *((row.title, row.options) for row in PROTOCOLS.values())]
    sections = []
    for title, its in filter(lambda row: row[1], known):
        rows = [f"| `?{name}=` | {text} |" for name, text in its.items()]
        sections.append("\n".join([f"| option of {title} | meaning |", "|---|---|", *rows]))
    return "\n\n".join(sections)


def options() -> str:
    """Every option of the command line."""
    lines = ["| option | meaning |", "|---|---|"]
    for name, arguments in (OPTIONS | CLIENT_OPTIONS).items():
        value = f"={arguments['metavar']}" if "metavar" in arguments else ""
        value = f"[{value}]" if arguments.get("nargs") == "?" else value
        lines.append(f"| `--netconform-{name}{value}` | {arguments['help'].replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


def house() -> str:
    """What every server of the fixtures can be told."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in HOUSE.items()]
    return "\n".join(["| option | meaning |", "|---|---|", *rows])


def weathers() -> str:
    """Every weather that has a name."""
    rows = [f"| `{name}` | `{weather(name)!r}` |" for name in WEATHERS]
    return "\n".join(["| weather | what it is |", "|---|---|", *rows])


def faults() -> str:
    """Every fault."""
    rows = [f"| `{_signature(kind)}` | {_first(kind)} |" for kind in FAULTS.values()]
    return "\n".join(["| fault | what it does |", "|---|---|", *rows])


def _signature(kind: type[Fault]) -> str:
    shown = [f"{field.name}={field.default!r}" for field in fields(kind) if field.name != "to"]
    return f"{kind.__name__}({', '.join(shown)})"


def _first(kind: type[Fault]) -> str:
    return " ".join(str(kind.__doc__).split("\n\n")[0].split())


#: The pages with tables that follow from the code.
TABLES = {
    README: {"protocols": protocols, "options": options},
    ROOT / "docs" / "targets.md": {"schemes": schemes, "target options": target_options},
    ROOT / "docs" / "fixtures.md": {"house": house, "weathers": weathers, "faults": faults},
}


def written(page: Path) -> str:
    """The page with its tables as they should be."""
    text = page.read_text(encoding="utf-8")
    for name, table in TABLES[page].items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        head, rest = text.split(begin)
        text = head + begin + table() + "\n" + end + rest.split(end)[1]
    return text


def fenced(path: Path, language: str) -> Iterator[str]:
    """The fenced blocks of a page in a language, freed of their indentation."""
    for found in re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", path.read_text(encoding="utf-8"), re.M | re.S):
        yield re.sub(rf"^{found[1]}", "", found[2], flags=re.M)
