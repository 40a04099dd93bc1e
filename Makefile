# Everything below sets itself up on first use and needs only Python 3.11+, its venv module and make.
PYTHON ?= python3
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test scale check bench format lint types template build lock clean

help:  ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/local/ready .venv/engine/ready  ## Start the whole stack here, on http://127.0.0.1:8081 (PORT, DYNAMODB_PORT, SEED=0)
	@exec .venv/local/bin/python -m console.local_stack

test: .venv/dev/ready .venv/engine/ready  ## Run the offline tests
	@.venv/dev/bin/python -m pytest -m "not scale" $(PYTEST_ARGS)

scale: .venv/dev/ready .venv/engine/ready
	@.venv/dev/bin/python -m pytest -m scale $(PYTEST_ARGS)

check: format lint types template scale test  ## What CI runs: format, lint, types, template validation, tests

bench: .venv/bench/ready .venv/engine/ready  ## Measure the sweep beside what people use instead (BENCH=quick, BENCH=all, BENCH_ARGS)
	@exec .venv/bench/bin/python -m benchmarks $(BENCH) $(BENCH_ARGS)

format: .venv/dev/ready
	@.venv/dev/bin/ruff format --check .

lint: .venv/dev/ready
	@.venv/dev/bin/ruff check .

types: .venv/dev/ready
	@.venv/dev/bin/mypy

template: .venv/dev/ready .venv/sam/ready  ## Validate template.yaml with cfn-lint and sam
	@.venv/dev/bin/cfn-lint template.yaml
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv/sam/bin/sam validate --lint --template-file template.yaml

build: .venv/sam/ready  ## Build what AWS runs, into .aws-sam (needs python3.13 on PATH)
	@SAM_CLI_TELEMETRY=0 .venv/sam/bin/sam build

lock: .venv/lock/ready  ## Resolve requirements/*.in again, with hashes
	@for name in functions local dev bench engine sam lock; do \
	  .venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done
	@cp requirements/functions.txt layers/dependencies/requirements.txt

clean:  ## Remove everything that make has made here
	@rm -rf .venv .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One environment a purpose: the engine and the SAM CLI pin versions that ours must not follow.
.venv/%/ready: requirements/%.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "No $(PYTHON) here. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old. Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv/$* (once)" >&2
	@rm -rf .venv/$* && $(PYTHON) -m venv .venv/$*
	@.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $< 2>.venv/$*/pip.log || { \
	  cat .venv/$*/pip.log >&2; echo "Setting up .venv/$* failed, see above. Run the same command to try again." >&2; exit 1; }
	@touch $@
