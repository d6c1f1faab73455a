# Palate with pip alone: `make run` opens the app, `make test` checks everything. Both prepare .venv at their first
# call and are quick afterwards. Another Python: make run PYTHON=python3.13. Arguments: make run ARGS="--workspace DIR".

ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell for each in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
endif

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# An environment is tied to its Python and its place, so both are in the names of the files that say it is ready.
SIGN := $(shell $(PYTHON) -c 'import os, sys, zlib; \
	print("%d.%d-%08x" % (sys.version_info[0], sys.version_info[1], zlib.crc32(os.getcwd().encode())))' 2>/dev/null)
READY := $(VENV)/.ready-$(SIGN)
READY_TO_TEST := $(VENV)/.ready-to-test-$(SIGN)
STALE := $(filter-out %-$(SIGN), $(wildcard $(VENV)/.ready-*))

.PHONY: run test test-long test-gpu lint docs lock python
.DEFAULT_GOAL := run

run: $(READY)
	@$(BIN)/palate $(ARGS)

# Two processes, one thread each (tests/conftest.py). `make test-long` runs what takes minutes (CONTRIBUTING.md).
test: lint
	$(BIN)/python -m pytest -q -m "not long and not gpu" -n 2 --max-worker-restart 0 --no-loadscope-reorder $(ARGS)

test-long: $(READY_TO_TEST)
	$(BIN)/python -m pytest -q -m long $(ARGS)

# For a machine with a CUDA device.
test-gpu: $(READY_TO_TEST)
	$(BIN)/python -m pytest -q -m gpu tests/gpu $(ARGS)

lint: $(READY_TO_TEST)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

# The site of docs/, in site/; every broken link is an error.
docs: $(READY)
	$(PIP) install -q -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Writes down the versions that are installed in .venv, for after `make test` has passed with newer ones. Left out is
# what only one build of torch needs, since torch names exact versions of that.
lock: $(READY_TO_TEST)
	$(PIP) freeze --all --exclude-editable --exclude palate > constraints.new
	sed -e 's/+[A-Za-z0-9.]*$$//' constraints.new | grep -viE '^(nvidia|cuda|triton|pytorch-triton)' > constraints.txt
	rm constraints.new

$(READY): pyproject.toml constraints.txt | python
	$(PYTHON) -m venv $(if $(STALE),--clear) $(VENV)
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(READY_TO_TEST): $(READY)
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

python:
	@$(if $(PYTHON),$(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Palate needs Python 3.11 or newer, and $(if $(PYTHON),$(PYTHON) is not,none was found)." \
		"Install one, and name it if need be: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
