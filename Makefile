# SPDX-License-Identifier: GPL-2.0-only
# "make demo", "make quick" and "make test" do all the set-up. What they install is locked in requirements/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--custom-compile-command "make lock"

.PHONY: demo quick test lock clean

demo: $(BIN)/patcher
	$(BIN)/patcher demo

# Half a minute at most on two cores, and something of each layer: cheap tests that compile nothing, and the golden
# series, from plan to mails.
QUICK := mail/test_decode.py mail/test_mail_diff.py mail/test_mbox.py rules series \
	check/test_choose.py check/test_compose.py check/test_depends.py check/test_guards.py check/test_judge.py \
	check/test_messages.py \
	check/test_specs.py generate/test_apply.py::test_the_patches_are_the_golden_ones lint/test_lint_diff.py \
	lint/test_lint_maintainers.py lint/test_lint_rules.py prove/test_prove_e820.py \
	prove/test_prove_find.py prove/test_prove_model.py prove/test_prove_store.py report/test_check_report.py \
	report/test_plan_report.py source/test_lex.py source/test_outline.py test_cache.py \
	test_template.py tree/test_includes.py tree/test_kconfig.py tree/test_overlay.py

quick: $(BIN)/pytest
	$(BIN)/pytest -n 2 -q $(addprefix tests/,$(QUICK))

test: $(BIN)/tox
	$(BIN)/tox run

# After a change of bounds in pyproject.toml: locks the newest releases that they allow, and the oldest.
lock: $(BIN)/uv
	$(LOCK) pyproject.toml --group build --group editable --output-file requirements/demo.txt
	$(LOCK) pyproject.toml --extra cluster --group build --group test --output-file requirements/highest.txt
	$(LOCK) pyproject.toml --extra cluster --group build --group test --resolution lowest-direct --output-file requirements/lowest.txt
	$(LOCK) pyproject.toml --group static --output-file requirements/static.txt
	$(LOCK) --group style --output-file requirements/style.txt
	$(LOCK) --group tox --output-file requirements/tox.txt

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/patcher: pyproject.toml requirements/demo.txt $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements/demo.txt
	$(PIP) install --no-deps --no-index --no-build-isolation --editable .
	$(BIN)/python -m compileall -q patcher
	@touch $@

$(BIN)/pytest: requirements/highest.txt $(BIN)/patcher
	$(PIP) install --require-hashes --requirement requirements/highest.txt
	@touch $@

$(BIN)/tox: requirements/tox.txt $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements/tox.txt
	@touch $@

$(BIN)/uv: $(BIN)/python
	$(PIP) install uv==0.13.9
	@touch $@

clean:
	rm -rf $(VENV) .tox
