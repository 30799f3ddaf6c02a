# Two commands for people: `make demo` and `make test`. Both need python3, make and the package index.
PYTHON ?= python3
BIN := .venv/bin
INSTALL = @$(PYTHON) tests/install.py
# Compiled once, and not by each of the processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE
export PLAYWRIGHT_BROWSERS_PATH := $(CURDIR)/.venv/browsers

.PHONY: help demo test quick check bench leaks matrix mutants docs hub clients catalogue clean

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/demo  ## a refresh in the terminal, then JupyterLab on the tutorials; LAB_ARGS="…" is passed on
	@$(BIN)/python tests/demo.py $(LAB_ARGS)

test: .venv/test  ## all tests; PYTEST_ARGS="…" is passed on
	$(BIN)/python tests/browser.py
	$(BIN)/python tests/programs.py
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

quick: .venv/test  ## tests without a browser, a database or whole processes: under a minute
	$(BIN)/python -m pytest -n 4 --quick $(PYTEST_ARGS)

check: .venv/check  ## lint, types, which way the imports run, and no token in any file
	$(BIN)/python tests/tree.py
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test  ## ratios against named alternatives, in one run; and the large trials
	$(BIN)/python benchmarks/imports.py
	$(BIN)/python benchmarks/cold_refresh.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/races.py 64
	$(BIN)/python benchmarks/stops.py 200
	$(BIN)/python benchmarks/lineage.py 100
	$(BIN)/python benchmarks/log.py 10000
	$(BIN)/python benchmarks/kills.py 2400
	$(BIN)/python benchmarks/session_cost.py
	$(BIN)/python benchmarks/lifetime.py 600
	$(BIN)/python benchmarks/provider.py .venv/provider
	$(BIN)/python benchmarks/interrupts.py .venv/provider 200
	$(BIN)/python benchmarks/forks.py 12
	$(BIN)/python benchmarks/failover.py 20
	$(BIN)/python benchmarks/cells.py 3000
	$(BIN)/python benchmarks/cells.py 1000 1 oint
	$(BIN)/python benchmarks/answers.py 10000
	$(BIN)/python benchmarks/rows.py 100000
	$(BIN)/python benchmarks/sandbox.py
	$(BIN)/python benchmarks/posts.py 200
	$(BIN)/python benchmarks/bills.py 500
	$(BIN)/python benchmarks/kept.py 200 20
	$(BIN)/python benchmarks/pages.py 15
	$(BIN)/python benchmarks/lengths.py .venv/lengths
	$(BIN)/python benchmarks/uploads.py 512

leaks: .venv/test .venv/beside/collaboration  ## secrets through every path of a session, then a search of all that it left
	$(BIN)/python tests/browser.py
	cd tests && ../$(BIN)/python -m leaks jupyterlab notebook nbclient terminal
	cd tests && ../.venv/beside/bin/python -m leaks collaboration

matrix: .venv/test  ## the same tests with the oldest and the newest of what we stand on
	$(BIN)/python tests/browser.py
	$(BIN)/python tests/matrix.py .venv/matrix

hub: .venv/test .venv/hub/node_modules  ## three users on a real JupyterHub
	$(BIN)/python tests/browser.py
	cd tests && ../$(BIN)/python hub.py ../.venv/hub

clients: .venv/test .venv/clients/node_modules  ## two clients of X for Node.js against the sandbox
	$(BIN)/python tests/clients.py .venv/clients

catalogue: .venv/test  ## the reads of X's OpenAPI description, FROM=openapi.json, into the package; what has changed
	$(BIN)/python tests/catalogue.py $(FROM)

docs: .venv/docs  ## the pages, in docs/_build; a warning is an error, and so is a link to what is not there
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build

mutants: .venv/test  ## change FILES="…" in one place at a time and see whether TESTS="…" notice
	$(BIN)/python tests/mutants.py $(FILES) --tests $(TESTS)

clean:  ## remove what was made
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/%: pyproject.toml
	$(INSTALL) .venv --editable . --group $*
	@touch $@

# What changes how every notebook is saved has a place of its own.
.venv/beside/%: pyproject.toml
	$(INSTALL) .venv/beside --editable . --group $*
	@touch $@

.venv/hub/node_modules: pyproject.toml
	$(INSTALL) .venv/hub --editable . --group hub
	npm install --silent --prefix .venv/hub configurable-http-proxy@5
	@touch $@

.venv/clients/node_modules: pyproject.toml
	npm install --silent --prefix .venv/clients twitter-api-v2@1.29.1 @xdevplatform/xdk@0.6.6
	@touch $@
