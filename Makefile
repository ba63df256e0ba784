# Every goal does its own set-up: a virtual environment in .venv, made from pyproject.toml.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint types bench steady matrix fuzz interpreters clean

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=23.1" "setuptools>=77"
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

demo: .venv/ready  ## judge the embedded reference servers
	$(BIN)/python -m pytest --netconform-target=reference

test: .venv/ready  ## the project's own tests
	$(BIN)/python -m pytest -n 4 --dist worksteal

lint: .venv/ready types  ## ruff, and mypy --strict on the installed package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	rm -rf build/types && $(BIN)/python -m pip install --quiet --no-deps --target build/types .
	MYPYPATH=build/types $(BIN)/mypy -p pytest_netconform

bench: .venv/ready  ## speed, as ratios side by side in one run
	$(PYTHON) -m venv build/bench && build/bench/bin/python -m pip install --quiet --upgrade "pip>=23.1" "setuptools>=77"
	build/bench/bin/python -m pip install --quiet --editable ".[dev,bench]"
	build/bench/bin/python bench/bench.py

steady: .venv/ready  ## ten runs in random order, alone and in a crowd, say the same
	$(BIN)/python bench/steady.py

matrix: .venv/ready  ## every mutant against every check, recorded in tests/matrix/
	$(BIN)/python -m tests.matrix

fuzz: .venv/ready  ## every machine against its mutants and against the reference: docs/fuzzing-mutants.md
	$(BIN)/python -m tests.fuzz.table
	$(BIN)/python -m tests.fuzz.table --reference

interpreters: .venv/ready  ## every Python and pytest that the project promises and the machine has
	$(BIN)/python -m pip install --quiet nox && $(BIN)/nox

clean:
	rm -rf .venv build dist *.egg-info
