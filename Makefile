# Everything a contributor runs. `run` and `test` set up the environment themselves.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
NPM := $(shell command -v npm 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test check format nightly bench golden docs lock schema clean

help: ## list what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: $(VENV)/core.stamp web/node_modules/.stamp ## set up everything and start Tessera with its demo
	@exec $(BIN)/tessera run

test: $(VENV)/dev.stamp web/node_modules/.stamp ## run the whole suite on SQLite and PostgreSQL
	$(BIN)/python -m tests

check: $(VENV)/dev.stamp ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

format: $(VENV)/dev.stamp ## put the sources into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

nightly: $(VENV)/dev.stamp web/node_modules/.stamp ## the long profiles of the suite
	TESSERA_PROFILE=nightly $(BIN)/python -m tests --nightly

bench: $(VENV)/dev.stamp .venv-baselines/.stamp ## the benchmarks, as ratios
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.tiles

golden: $(VENV)/dev.stamp ## review and accept changed golden images
	$(BIN)/python -m tests.golden.review

docs: $(VENV)/dev.stamp ## write the generated reference pages
	$(BIN)/python -m docs.generate

schema: $(VENV)/dev.stamp ## write the printed GraphQL schema
	$(BIN)/python -m graphql_api.schema

lock: $(VENV)/dev.stamp ## solve and pin the requirements again
	$(BIN)/pip install -q uv
	$(BIN)/python requirements/lock.py

clean: ## remove the environment (never the data)
	rm -rf $(VENV) .venv-readers .venv-baselines web/node_modules

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Tessera needs Python 3.11 or newer (python3.11 on the PATH)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tessera needs Python 3.11 or newer; $(PYTHON) is older."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/core.stamp: requirements/core.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Tessera needs into $(VENV) (once)..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/core.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the tests need into $(VENV) (once)..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/core.stamp

.venv-baselines/.stamp: requirements/baselines.txt | $(BIN)/python
	@echo "Installing what benchmarks compare with into .venv-baselines (once)..."
	@test -x .venv-baselines/bin/python || $(PYTHON) -m venv .venv-baselines
	@.venv-baselines/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/baselines.txt
	@touch $@

web/node_modules/.stamp: web/package.json
ifeq ($(NPM),)
	@echo "Node.js is not installed: the viewer page stays simple and GraphiQL says what is missing."
else
	@echo "Installing the libraries of the pages into web/node_modules (once)..."
	@cd web && npm install --silent --no-audit --no-fund && npm run --silent build
	@touch $@
endif
