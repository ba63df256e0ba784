"""Dialects: what a protocol of one's own is to us. `values.py` has them, `rules.py` refuses what cannot be, `file.py`
reads them from TOML; `pytest_netconform.dialects` has those that are ready."""

from pytest_netconform.dialect.file import parse_dialect
from pytest_netconform.dialect.rules import WORDS, DialectProblem
from pytest_netconform.dialect.values import Dialect, Exchange, IdField

__all__ = ["WORDS", "Dialect", "DialectProblem", "Exchange", "IdField", "parse_dialect"]
