# One command per wish, the same on a laptop and in CI. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
SCALE ?= 1
BIN := .venv/bin
READY := .venv/.ready
PIPELINE := $(addprefix tests/integration/test_,gate.py oracle_demo.py published_file.py truth.py)
export DO_NOT_TRACK := 1
# What a branch is compared with. Of the environment, so that no name of a branch is read as a command.
export BASE ?=
unexport PYTHONDONTWRITEBYTECODE # what Python compiles once is kept: each start is seconds quicker

.PHONY: help run test test-long tools lint unit contracts pipeline pr docs check dev bench demo screenshots lock format clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: $(READY) ## build, check and publish the workspace (default workspaces/demo), then show the scorecard
	@$(BIN)/plumbline run

test: $(READY) ## the tests
	@$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder -m "not long"

test-long: $(READY) ## those that build many companies
	@$(BIN)/python -m pytest -q -n auto --dist loadfile -m long tests/integration

tools: ## what some tests use beyond Python (Chromium, packages of Node.js); they are left out without it
	@.ci/tools

lint: $(READY) ## lint, types and SQL style (BASE=main: only of the SQL that changed since)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@sql="models tests/data"; \
	if [ -n "$$BASE" ] && git diff --quiet --merge-base "$$BASE" -- macros pyproject.toml tests/lint; then \
		sql=$$({ git diff --name-only --diff-filter=d --merge-base "$$BASE"; git ls-files --others --exclude-standard; } \
			| grep -E '^(models|tests/data)/.*\.sql$$' || true); \
	fi; \
	if [ -n "$$sql" ]; then $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar $$sql; fi

unit: $(READY) ## the fast tests
	@$(BIN)/python -m pytest -q -n auto --dist loadfile -m "not slow" tests/unit

contracts: $(READY) ## contracts and docs coverage: every export can be read, every column of a mart is described
	@$(BIN)/python -m pytest -q tests/unit/test_contracts.py tests/unit/test_docs_coverage.py

pipeline: $(READY) ## the whole way on the demo and on a small company: what it must publish, and when it must not
	@$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder -m "not long" $(PIPELINE)

pr: $(READY) ## what this branch does to the numbers (BASE=... is what it is compared with, else origin/main or main)
	@mkdir -p .cache/review; code=0; \
	$(BIN)/plumbline review --base "$$BASE" --markdown .cache/review/review.md --comment .cache/review/comment.md || code=$$?; \
	if [ -n "$${GITHUB_STEP_SUMMARY:-}" ] && [ -f .cache/review/review.md ]; then cat .cache/review/review.md >> "$$GITHUB_STEP_SUMMARY"; fi; \
	exit $$code

docs: $(READY) ## the page that says what everything is, made from the project itself (target/docs.html)
	@$(BIN)/plumbline docs

check: lint unit ## lint and the fast tests

dev: $(READY) ## Dagster's web page, on this machine only
	@$(BIN)/plumbline dev

bench: $(READY) ## the benchmarks, as ratios against what DuckDB does by itself
	@for case in benchmarks/*.py; do $(BIN)/python $$case; done

demo: $(READY) ## write the demo company again (SCALE=10 for ten times the rows)
	@$(BIN)/plumbline demo --scale $(SCALE) workspaces/demo

screenshots: $(READY) ## take the pictures of the report page in docs/ again, after `make run`
	@$(BIN)/python -m tests.screenshots

format: $(READY) ## put Python into the house form
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

lock: $(READY) ## pin requirements.in anew, with hashes
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header requirements.in --output-file requirements.txt
	@cd deploy && ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header requirements.in --output-file requirements.txt

clean: ## remove everything that was built (what was given stays)
	@rm -rf .venv .cache target logs workspaces/demo .tmp_dagster_home_*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment: made once, and again when the requirements change. Everything is checked by hash.
$(READY): requirements.txt pyproject.toml
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is not on the PATH: install Python 3.11 or newer, or run 'make PYTHON=/path/to/python3'"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$$($(PYTHON) --version) is too old: Plumbline needs Python 3.11 or newer, name one by 'make PYTHON=python3.12'"; exit 1; }
	@echo "Making the environment in .venv, once"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/# via/p' requirements.txt > .venv/uv.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@echo "Installing the pinned packages"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	@touch $(READY)
