# `make demo` and `make test` set up all they need in .venv; nothing else is asked of the machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto

.PHONY: demo test check install format clean screenshots bench

demo: $(VENV)/.console
	@$(BIN)/csvpn demo

install: $(VENV)/.console

test: $(VENV)/.development check
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

check: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.development
	@for program in $$(cd bench && ls *.py | grep -v -e '^__init__' -e '^ratios'); do \
		$(BIN)/python -m bench.$${program%.py} || exit 1; \
	done

screenshots: $(VENV)/.development
	$(BIN)/python -m docs.screenshots

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "error: $(PYTHON) was not found; install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'); csvpn needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "error: $(PYTHON) has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv), then run make again"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "error: $(PYTHON) -m venv failed; see the lines above"; exit 1; }

$(VENV)/.console: pyproject.toml | $(VENV)/bin/python
	@echo "setting up csvpn in $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab]'
	@touch $@

$(VENV)/.development: pyproject.toml | $(VENV)/bin/python
	@echo "setting up csvpn and what its tests need in $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.console

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache snapshot_report.html build dist
