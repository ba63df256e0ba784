"""Files: a text on disk, whole or not at all, and never lost without a word.

This module knows paths and how writing to them fails. It must not know what is written.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_DEVICES = (("dev",), ("proc",))  # folders whose entries stand for something else


class ReportError(ValueError):
    """A report file cannot be written; one line that says which and why."""


def check_writable(path: Path) -> None:
    """Before the run: make the folder and try to write there. Raises ReportError, and leaves an old report alone."""
    try:
        place = _place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        if _replaceable(place):
            descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
            os.close(descriptor)
            os.unlink(name)
        elif not os.access(place, os.W_OK):
            raise PermissionError(0, "no permission")
    except OSError as error:
        raise ReportError(f"cannot write {path}: {_reason(error)}") from None


def write_whole(path: Path, text: str) -> None:
    """Write the text in one step, so that nobody ever reads half of it.

    Raises ReportError when that cannot be done any more; its line names a copy in the folder for temporary files.
    """
    try:
        _write(path, text)
    except OSError as error:
        raise ReportError(f"cannot write {path}: {_reason(error)}; {_rescue(path, text)}") from None


def _write(path: Path, text: str) -> None:
    place = _place(path)
    if not _replaceable(place):
        place.write_text(text)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o666 & ~_umask())
        os.replace(name, place)
    except BaseException:
        os.unlink(name)
        raise


def _rescue(path: Path, text: str) -> str:
    try:
        descriptor, name = tempfile.mkstemp(prefix="netconform-", suffix=path.suffix)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    except OSError as error:
        return f"and no copy could be kept either: {_reason(error)}"
    return f"what it should hold is in {name}"


def _replaceable(path: Path) -> bool:
    """Whether a new file can take this one's place; a pipe, a terminal or /dev/stdout is written to as it is."""
    return path.parts[1:2] not in _DEVICES and (path.is_file() or not path.exists())


def _place(path: Path) -> Path:
    """Where the file lies: a link to a file keeps pointing where it points."""
    path = Path(os.path.abspath(path))
    return Path(os.path.realpath(path)) if _replaceable(path) else path


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _reason(error: OSError) -> str:
    if isinstance(error, FileExistsError):
        return f"{error.filename} is no folder"
    return error.strerror or str(error) or type(error).__name__
