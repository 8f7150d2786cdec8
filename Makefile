# SPDX-License-Identifier: GPL-2.0-only
# Two commands do all the set-up: "make demo" and "make test". What they install is locked in requirements/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--custom-compile-command "make lock"

.PHONY: demo test lock clean

demo: $(BIN)/patcher
	$(BIN)/patcher demo

test: $(BIN)/tox
	$(BIN)/tox run

# After a change of bounds in pyproject.toml: locks the newest releases that they allow, and the oldest.
lock: $(BIN)/uv
	$(LOCK) pyproject.toml --group build --group editable --output-file requirements/demo.txt
	$(LOCK) pyproject.toml --group build --group test --output-file requirements/highest.txt
	$(LOCK) pyproject.toml --group build --group test --resolution lowest-direct --output-file requirements/lowest.txt
	$(LOCK) pyproject.toml --group static --output-file requirements/static.txt
	$(LOCK) --group style --output-file requirements/style.txt
	$(LOCK) --group tox --output-file requirements/tox.txt

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/patcher: pyproject.toml requirements/demo.txt $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements/demo.txt
	$(PIP) install --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(BIN)/tox: requirements/tox.txt $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements/tox.txt
	@touch $@

$(BIN)/uv: $(BIN)/python
	$(PIP) install uv==0.13.9
	@touch $@

clean:
	rm -rf $(VENV) .tox
