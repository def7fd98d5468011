# Needs Python 3.11 or later with pip, and make. Everything else goes into $(VENV).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# More arguments: make run ARGS="--port 9000", make test ARGS="tests/storage -x"
ARGS ?=

.PHONY: help install run test lint fuzz bench format clean

help:
	@echo "make run     install, then start a demonstration school on http://127.0.0.1:8008/"
	@echo "make install install into .venv, and nothing else"
	@echo "make test    install, then run every check and every test"
	@echo "make lint    the checks alone: ruff, mypy, import-linter"
	@echo "make fuzz    the property tests and the model check, for long"
	@echo "make bench   the benchmarks, with Radicale and Xandikos beside us"
	@echo "make format  rewrite the code as the checks want it"
	@echo "make clean   remove the environment and the caches"
	@echo
	@echo "ARGS adds arguments: make run ARGS=\"--port 9000 --data /tmp/demo\", make test ARGS=\"tests/storage -x\""
	@echo "PYTHON chooses the interpreter: make run PYTHON=python3.12"

install: $(VENV)/.ready

run: $(VENV)/.ready
	$(BIN)/cadran demo $(ARGS)

test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fuzz: $(VENV)/.ready-dev
	CADRAN_LONG=1 $(BIN)/python -m pytest $(ARGS)

bench: $(VENV)/.ready-bench
	$(BIN)/python -m bench $(ARGS)

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# The install is editable: changed code is used at once, a changed pyproject.toml installs anew.
$(VENV)/.ready: pyproject.toml $(BIN)/python
	@echo "Installing into $(VENV), which takes a minute the first time"
	@$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml $(BIN)/python
	@echo "Installing into $(VENV), which takes a minute the first time"
	@$(PIP) install --quiet --editable ".[dev,postgres]"
	@touch $(VENV)/.ready $@

$(VENV)/.ready-bench: pyproject.toml $(BIN)/python
	@echo "Installing into $(VENV), which takes a minute the first time"
	@$(PIP) install --quiet --editable ".[bench]"
	@touch $(VENV)/.ready $@

# Debian and Ubuntu split ensurepip off (python3-venv); there the pip of the system fills the environment.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Cadran needs Python 3.11 or later; choose one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Creating $(VENV)"
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	  $(PYTHON) -m venv $(VENV); \
	else \
	  $(PYTHON) -m venv --without-pip $(VENV) \
	  && $(PYTHON) -m pip --disable-pip-version-check --python $(VENV)/bin/python install --quiet pip; \
	fi || { rm -rf $(VENV); \
	  echo "This Python cannot make virtual environments; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
