# SPDX-License-Identifier: GPL-2.0-only
# Two commands do all the set-up: "make demo" and "make test".
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test clean

demo: $(BIN)/patcher
	$(BIN)/patcher demo

test: $(BIN)/tox
	$(BIN)/tox run

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/patcher: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/tox: $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'tox>=4.20'
	@touch $@

clean:
	rm -rf $(VENV) .tox
