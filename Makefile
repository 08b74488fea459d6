# Everything here sets itself up: `make up` and `make test` work in a fresh clone.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up down test rest everything changed thorough e2e faults conformance lab fuzz soak mutation lint format docs pictures bench clean lock

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The data directory of this checkout, and of none above it.
HERE := $(or $(BAREMINT_HOME),.baremint)
# Commands that read settings but start nothing keep their hands off it.
SCRATCH := BAREMINT_HOME=$(CURDIR)/$(VENV)/scratch
# The parts of the suite, their commands and their budgets: tests/suite/parts.py.
SUITE := $(BIN)/python -m tests.suite

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(VENV)/.runtime ## Set up what is missing and start Baremint; Ctrl-C stops it
	@BAREMINT_HOME=$(HERE) exec $(BIN)/baremint up --stop-with $$PPID

down: ## Stop a Baremint that runs in the background (or in another terminal)
	@if [ -x $(BIN)/baremint ]; then BAREMINT_HOME=$(HERE) exec $(BIN)/baremint down; else echo "Nothing is installed here, so nothing runs."; fi

test: $(VENV)/.development ## Run the tests, on SQLite and on PostgreSQL
	@$(SUITE) test

everything: $(VENV)/.development ## Run every part of the suite, with a table of what each costs (an hour at most)
	@$(SUITE) everything

rest: $(VENV)/.development ## Run every part that `make test` leaves out
	@$(SUITE) rest

changed: $(VENV)/.development ## Run the parts that your changes touch since a commit: make changed BASE=main
	@$(SUITE) --changed $(or $(BASE),HEAD)

thorough: $(VENV)/.development ## Try every operation, every forged token, and many histories (minutes)
	@$(SUITE) thorough

e2e: $(VENV)/.development ## Try what takes longer: browser, starts and stops, every example, command and operation
	@$(SUITE) e2e browser

faults: $(VENV)/.development ## Kill and multiply real processes while they work, on SQLite and on PostgreSQL
	@$(SUITE) faults

conformance: $(VENV)/.development ## Drive IBM's SDKs for Python, Node, Go and Java; writes docs/compatibility.md
	@$(SUITE) conformance

lab: $(VENV)/.development ## Run programs in servers as root and as an ordinary user, and try to pass for another server (minutes)
	@$(SUITE) lab

fuzz: $(VENV)/.development ## Try every documented operation with many made-up requests (many minutes)
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-100} $(BIN)/pytest tests/live/test_schemathesis.py

soak: $(VENV)/.development ## Break everything again and again under load, ten minutes on each database
	@SOAK_SECONDS=$${SOAK_SECONDS:-600} $(BIN)/pytest --log-cli-level INFO tests/faults/test_mixed_faults.py

mutation: $(VENV)/.mutation ## Change rules one by one and check that their tests fail (many minutes)
	@PYTHONPATH=$(CURDIR)/$(VENV)/mutation exec $(BIN)/python -m tests.mutation

lint: $(VENV)/.development ## Check style, types, import arrows, migrations and deployment settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(SCRATCH) $(BIN)/baremint makemigrations --check --dry-run
	$(SCRATCH) $(BIN)/baremint check --deploy --fail-level WARNING

format: $(VENV)/.development ## Format the code and fix what can be fixed by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.development ## Write the pages of the documentation that are made from the code
	$(SCRATCH) $(BIN)/baremint permissions > docs/permissions.md
	$(SCRATCH) $(BIN)/python -m tests.docs.sdk_operations
	$(BIN)/python -m tests.docs.live_suites

pictures: $(VENV)/.development ## Take the pictures of the documentation
	@mkdir -p docs/images
	@$(BIN)/pytest tests/browser/test_pictures.py --pictures docs/images

bench: $(VENV)/.development ## Measure requests per second on PostgreSQL and on SQLite
	@exec $(BIN)/baremint bench

clean: down ## Remove everything that was set up, but not your data in .baremint
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(VENV)/.development ## Resolve the dependencies of pyproject.toml and write the lock files
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile $(LOCK_OPTIONS) pyproject.toml -o requirements.lock
	printf 'editables\nhatchling\nhatch-fancy-pypi-readme\n' | \
	  $(BIN)/uv pip compile $(LOCK_OPTIONS) - -c requirements.lock -o requirements-build.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --group dev -c requirements.lock -c requirements-build.lock -o requirements-dev.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --group mutation -c requirements-dev.lock -o requirements-mutation.lock

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# --- Set-up, once, and again when what it depends on changes --------------------------------------------------

INSTALL := $(BIN)/pip install --disable-pip-version-check --no-input
# pip's long story told as one line a package.
STORY := sed -un 's/^ *Collecting \([^ ;]*\).*/    \1/p'

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Baremint needs Python 3.11 or newer, and '$(PYTHON)' is not that."; \
	  echo "Name another one: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { \
	  echo "Python's venv module is not complete here. On Debian: sudo apt-get install python3-venv"; \
	  rm -rf $(VENV); exit 1; }
	@touch $@

# requirements-build.lock builds this project itself, which is installed without build isolation.
$(VENV)/.runtime: $(VENV)/.made requirements.lock requirements-build.lock pyproject.toml
	@echo "Installing Baremint and what it needs (half a minute):"
	@$(INSTALL) --require-hashes -r requirements.lock -r requirements-build.lock | $(STORY)
	@$(INSTALL) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what the tests and checks need (another half minute):"
	@$(INSTALL) --require-hashes -r requirements-dev.lock | $(STORY)
	@touch $@

$(VENV)/.mutation: $(VENV)/.development requirements-mutation.lock
	@echo "Installing what the mutation check needs:"
	@rm -rf $(VENV)/mutation
	@$(INSTALL) --quiet --require-hashes --target $(VENV)/mutation -r requirements-mutation.lock
	@touch $@
