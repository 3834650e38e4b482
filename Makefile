# `make demo` and `make test` set up all they need in .venv; nothing else is asked of the machine.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable
NOT_INSTALLED := { echo "error: the packages could not be installed, see above; pip needs PyPI or a mirror of it (PIP_INDEX_URL)" >&2; exit 1; }

.PHONY: demo test check install format clean screenshots bench
.NOTPARALLEL:

demo: $(VENV)/.console
	@$(BIN)/csvpn demo

install: $(VENV)/.console

test: $(VENV)/.development check
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist loadgroup

check: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.development
	@$(BIN)/python -m bench

screenshots: $(VENV)/.development
	$(BIN)/python -m docs.screenshots

# A venv whose Python is gone (upgraded, moved to another machine) is made anew, and so is one whose
# making was interrupted: its Python works, and has no pip.
ifneq ($(shell $(BIN)/python -c 'print("works")' 2>/dev/null),works)
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@old=; bare=; \
	for python in $(PYTHON); do \
	    command -v "$$python" >/dev/null 2>&1 || continue; \
	    if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        old="$${old:-$$python is $$("$$python" -c 'import platform; print(platform.python_version())' 2>&1 | tail -n 1)}"; \
	    elif ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	        bare="$${bare:-$$python}"; \
	    elif "$$python" -m venv --clear $(VENV); then \
	        touch $@; \
	        exit 0; \
	    else \
	        rm -rf $(VENV); \
	        echo "error: $$python could not make $(VENV), see above; name another: make PYTHON=/path/to/python3" >&2; \
	        exit 1; \
	    fi; \
	done; \
	if [ -n "$$bare" ]; then \
	    echo "error: $$bare has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv) and run make again" >&2; \
	elif [ -n "$$old" ]; then \
	    echo "error: $$old, and csvpn needs Python 3.11 or newer; install one, or name it: make PYTHON=/path/to/python3" >&2; \
	else \
	    echo "error: no Python was found ($(PYTHON)); install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; \
	fi; \
	exit 1

$(VENV)/.console: pyproject.toml $(VENV)/.made
	@echo "setting up csvpn in $(VENV) (once)"
	@$(INSTALL) '.[lab]' || $(NOT_INSTALLED)
	@touch $@

$(VENV)/.development: pyproject.toml $(VENV)/.made
	@echo "setting up csvpn and what its tests need in $(VENV) (once)"
	@$(INSTALL) '.[dev]' || $(NOT_INSTALLED)
	@touch $@ $(VENV)/.console

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache snapshot_report.html build dist bench/.peers bench/.made bench/results.json
