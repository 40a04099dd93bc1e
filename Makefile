# Everything below sets itself up on first use and needs only Python 3.11+, its venv module and make.
PYTHON ?= python3
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help page page-check playground run test scale e2e check bench format lint types template audit audit-packages build lock clean

help:  ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/local/ready .venv/engine/ready  ## Start the whole stack here, on http://127.0.0.1:8081 (PORT, DYNAMODB_PORT, SEED=0)
	@exec .venv/local/bin/python -m console.local_stack

test: .venv/dev/ready .venv/engine/ready  ## Run the offline tests
	@.venv/dev/bin/python -m pytest -m "not scale and not e2e" $(PYTEST_ARGS)

e2e: .venv/dev/ready .venv/sam/ready .venv/e2e/ready  ## Build the stack, deploy it to an emulator, try it and delete it (needs python3.13)
	@.venv/dev/bin/python -m pytest -n 0 -m e2e tests/e2e $(PYTEST_ARGS)

scale: .venv/dev/ready .venv/engine/ready
	@.venv/dev/bin/python -m pytest -m scale $(PYTEST_ARGS)

check: format lint types template page-check scale test  ## What CI runs: format, lint, types, template validation, tests

bench: .venv/bench/ready .venv/engine/ready  ## Measure the sweep beside what people use instead (BENCH=quick, BENCH=all, BENCH_ARGS)
	@exec .venv/bench/bin/python -m benchmarks $(BENCH) $(BENCH_ARGS)

playground:  ## For maintainers: vendor GraphiQL again from its npm packages (needs npm)
	@$(PYTHON) -m playground

page:  ## For maintainers: build the operator's page from dashboard/ into the package (needs Node.js 20 and npm)
	@command -v npm >/dev/null 2>&1 || { echo "No npm here. On Debian and Ubuntu: apt-get install npm" >&2; exit 1; }
	@cd dashboard && npm ci --silent && npm run --silent check && npm run --silent build

page-check:
	@if command -v npm >/dev/null 2>&1; then \
	  built=$$(mktemp -d) && trap 'rm -rf "$$built"' EXIT && cd dashboard && npm ci --silent && npm run --silent check && \
	  node build.mjs "$$built" && diff -r "$$built" ../layers/jobs/barycenter_jobs/web/console || { \
	    echo "The page in the package is not that of dashboard/: run make page" >&2; exit 1; }; \
	else echo "Skipped: no Node.js here to build the page again with"; fi

format: .venv/dev/ready
	@.venv/dev/bin/ruff format --check .

lint: .venv/dev/ready
	@.venv/dev/bin/ruff check .

types: .venv/dev/ready
	@.venv/dev/bin/mypy

template: .venv/dev/ready .venv/sam/ready  ## Validate template.yaml with cfn-lint and sam
	@.venv/dev/bin/cfn-lint template.yaml monitoring/*.yaml
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv/sam/bin/sam validate --lint --template-file template.yaml

# Bandit's B311, B506 and B608 are ruff's S311, S506 and S608, whose exceptions stand in the lines that they are about.
audit: .venv/security/ready  ## Look for weaknesses in the templates (checkov) and in the code (bandit)
	@.venv/security/bin/checkov --config-file .checkov.yaml --file template.yaml monitoring/*.yaml
	@.venv/security/bin/bandit --quiet --recursive --skip B311,B506,B608 layers/jobs functions console

# Asks the public index of vulnerabilities, so not on a machine without the internet. Strict: a package that nobody could ask about is no good news.
audit-packages: .venv/security/ready  ## Look up known vulnerabilities of all locked packages (needs the internet)
	@for name in functions local engine sam; do \
	  .venv/security/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements/$$name.txt || exit 1; \
	done

build: .venv/sam/ready  ## Build what AWS runs, into .aws-sam (needs python3.13 on PATH)
	@SAM_CLI_TELEMETRY=0 .venv/sam/bin/sam build

lock: .venv/lock/ready  ## Resolve requirements/*.in again, with hashes
	@for name in functions local dev bench engine e2e sam security lock; do \
	  .venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done
	@cp requirements/functions.txt layers/dependencies/requirements.txt

clean:  ## Remove everything that make has made here
	@rm -rf .venv .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis dashboard/node_modules

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
