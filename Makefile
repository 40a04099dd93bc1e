# Everything below sets itself up on first use and needs only Python 3.11+, its venv module and make.
PYTHON ?= python3
SHELL := /bin/sh
.DEFAULT_GOAL := help
# Where this is set, each of the hundreds of processes that the tests start would compile all that it imports again.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help page page-check playground run test scale tests e2e check bench format lint types template audit audit-packages build \
  lock clean environments collected

help:  ## Show these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/local/ready .venv/engine/ready  ## Start the whole stack here, on http://127.0.0.1:8081 (PORT, DYNAMODB_PORT, SEED=0)
	@exec .venv/local/bin/python -m console.local_stack

test: .venv/dev/ready .venv/engine/ready  ## Run the offline tests
	@.venv/dev/bin/python -m pytest -m "not scale and not e2e" $(PYTEST_ARGS)

scale: .venv/dev/ready .venv/engine/ready
	@.venv/dev/bin/python -m pytest -m scale $(PYTEST_ARGS)

# Both of the above at once: the tests are collected but once, and the long ones run beside the others.
tests: .venv/dev/ready .venv/engine/ready
	@.venv/dev/bin/python -m pytest -m "not e2e" $(PYTEST_ARGS)

e2e: .venv/dev/ready .venv/engine/ready .venv/sam/ready .venv/e2e/ready  ## Build the stack, deploy it to an emulator, try it and delete it (needs python3.13)
	@if python3.13 -c '' 2>/dev/null || pyenv prefix 3.13 >/dev/null 2>&1; then \
	  .venv/dev/bin/python -m pytest -n 0 -m e2e tests/e2e $(PYTEST_ARGS); \
	else echo "Skipped: no python3.13 here, which sam build needs: nothing was built or deployed"; fi

# Two at a time, the longest first: much of what the tests and the deployment take is waiting. Each says how long it took.
STAGES = tests format lint types template page-check audit audit-packages e2e
SYNCED = $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

check:  ## What CI runs: format, lint, types, templates, weaknesses, all tests, a deployment
	@$(MAKE) --no-print-directory stage-environments
	@$(MAKE) --no-print-directory --jobs=2 --keep-going $(SYNCED) $(STAGES:%=stage-%)

environments:
	@$(MAKE) --no-print-directory --silent --jobs=2 $(patsubst %,.venv/%/ready,dev engine sam) collected \
	  $(patsubst %,.venv/%/ready,security e2e guard)

# Once, while packages are fetched: otherwise each of the tests' processes compiles the same modules on its first import.
collected: .venv/dev/ready .venv/engine/ready
	@.venv/dev/bin/python -m pytest -n 0 --collect-only -q >/dev/null 2>&1 || true  # what is wrong, the tests tell

stage-%:
	@began=$$(date +%s); outcome=passed; $(MAKE) --no-print-directory $* || outcome=FAILED; \
	echo "== $*: $$outcome after $$(($$(date +%s) - began)) s"; test $$outcome = passed

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
audit: .venv/security/ready .venv/guard/ready  ## Look for weaknesses in the templates (checkov, cfn-guard) and in the code (bandit)
	@.venv/security/bin/checkov --config-file .checkov.yaml --file template.yaml monitoring/*.yaml
	@AWS_DEFAULT_REGION=us-east-1 .venv/guard/bin/python -m guard
	@.venv/security/bin/bandit --quiet --recursive --skip B311,B506,B608 layers/jobs functions console

# Asks the public index, and is strict: a package that nobody could ask about is no good news. Who knows nothing against a
# version that is known to be vulnerable, such as a mirror, is nobody to ask. Where there is nobody, before or halfway, that is
# said and is no failure; what was found by then is one.
SOMEBODY_ANSWERS = echo requests==2.19.0 >.venv/security/known.txt && .venv/security/bin/pip-audit --no-deps --disable-pip \
  --requirement .venv/security/known.txt 2>&1 | grep --quiet '^Found [1-9]'
audit-packages: .venv/security/ready  ## Look up known vulnerabilities of all locked packages (needs the internet)
	@{ $(SOMEBODY_ANSWERS); } || { echo "Skipped: nobody to ask about vulnerabilities (no internet)"; exit 0; }; \
	for name in functions local engine sam; do \
	  said=$$(.venv/security/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements/$$name.txt 2>&1) && \
	    { echo "$$name.txt: $$said"; continue; }; \
	  echo "$$name.txt: $$said" >&2; \
	  case "$$said" in *"Found "*" known vulnerabilit"*) exit 1;; esac; \
	  ! { $(SOMEBODY_ANSWERS); } || exit 1; \
	  echo "Skipped: nobody to ask about the rest of the packages any more (no internet)"; exit 0; \
	done

build: .venv/sam/ready  ## Build what AWS runs, into .aws-sam (needs python3.13 on PATH)
	@SAM_CLI_TELEMETRY=0 .venv/sam/bin/sam build

lock: .venv/lock/ready  ## Resolve requirements/*.in again, with hashes
	@for name in functions local dev bench engine e2e sam security guard lock; do \
	  overrides=requirements/$$name.overrides; test -f $$overrides && overrides="--overrides $$overrides" || overrides=; \
	  .venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" $$overrides \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done
	@cp requirements/functions.txt layers/dependencies/requirements.txt

clean:  ## Remove everything that make has made here
	@rm -rf .venv .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis dashboard/node_modules

# What runs built functions is a Python of their own version, where there is one: a shim of pyenv's may lead to none.
.venv/e2e/ready: PYTHON = $(shell for python in python3.13 "$$(pyenv prefix 3.13 2>/dev/null)/bin/python3.13" python3; do \
  "$$python" -c '' 2>/dev/null && echo "$$python" && break; done)

# One environment a purpose: the engine and the SAM CLI pin versions that ours must not follow. They share a pip, and most of
# what they hold is never imported, so that each module is compiled on its first import: both save most of the time.
.venv/%/ready: requirements/%.txt | .venv/pip/ready
	@echo "Setting up .venv/$* (once)" >&2
	@rm -rf .venv/$* && $(PYTHON) -m venv --without-pip .venv/$*
	@.venv/pip/bin/python -m pip --python .venv/$*/bin/python install --quiet --disable-pip-version-check --no-compile \
	  --require-hashes --no-deps --requirement $< 2>.venv/$*/pip.log || { \
	  cat .venv/$*/pip.log >&2; echo "Setting up .venv/$* failed, see above. Run the same command to try again." >&2; exit 1; }
	@touch $@

.venv/pip/ready:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "No $(PYTHON) here. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old. Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@rm -rf .venv/pip && $(PYTHON) -m venv .venv/pip
	@touch $@
