# Two commands do all the set-up: `make demo` and `make test`. Everything is installed into .venv from constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VIDEO ?=
WORKERS ?= 2
ARGS ?=

.PHONY: demo test test-slow check bench docs hooks nox clean

# The stamp is rebuilt when what is asked for changes. Nothing outside of this folder is touched.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "momentscan wants Python 3.11 to 3.13, found $$($(PYTHON) --version); name another: make PYTHON=python3.11 demo"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "no virtual environment could be made; on Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# What only some chores want: `make docs` and `make hooks` or `make nox`. Tests and the demo need none of it.
$(VENV)/.with-%: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/momentscan demo $(if $(VIDEO),"$(VIDEO)")

# worksteal keeps the order of tests, so that what a file's tests share is made once, but in the file in which work is stolen.
test: $(VENV)/.installed
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow"

test-slow: $(VENV)/.installed
	$(BIN)/python -m pytest -q -m slow

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check
	$(BIN)/python docs/stage.py --check

bench: $(VENV)/.installed
	$(BIN)/python -m bench

docs: $(VENV)/.with-docs
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/stage.py build/docs
	$(BIN)/zensical build --strict --clean
	@echo "open build/site/index.html"

hooks: $(VENV)/.with-chores
	$(BIN)/pre-commit install

nox: $(VENV)/.with-chores
	$(BIN)/nox $(ARGS)

clean:
	rm -rf $(VENV) .nox .cache demo output build
