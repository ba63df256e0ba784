"""The tables of README.md that follow from the code: `make matrix` writes, tests/test_documents.py compares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pytest_netconform.options import CLIENT_OPTIONS, OPTIONS
from pytest_netconform.protocols import COMMON_OPTIONS, PROTOCOLS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


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
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        head, rest = text.split(begin)
        text = head + begin + table + "\n" + end + rest.split(end)[1]
    return text


def fenced(path: Path, language: str) -> Iterator[str]:
    """The fenced blocks of a page in a language, freed of their indentation."""
    for found in re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", path.read_text(encoding="utf-8"), re.M | re.S):
        yield re.sub(rf"^{found[1]}", "", found[2], flags=re.M)
