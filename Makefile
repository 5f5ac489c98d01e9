# Every target sets up what it needs: Python 3.11+ and make are all a fresh machine must have.

PYTHON ?= python3
STAGE ?= dev
PORT ?= 4566
SEED ?= 1
MINUTES ?= 120
WORLDS ?= 4

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

.PHONY: help run demo faults test lint synth docs lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: .venv/.ready node_modules/.ready ## start everything on this machine and serve until Ctrl-C (PORT=4566)
	@python -m local run --port $(PORT)

demo: .venv/.ready node_modules/.ready ## send sample orders through the saga, check its laws, stop
	@python -m proof demo

faults: .venv/.ready node_modules/.ready ## the proof: make every call fail in every way (SEED=1 MINUTES=120 WORLDS=4)
	@python -m proof faults --seed $(SEED) --budget-minutes $(MINUTES) --worlds $(WORLDS)

test: lint .build/.layer ## everything that must pass
	@python -m pytest

lint: .venv/.ready node_modules/.ready ## format, lint and type checks
	@ruff format --check --quiet .
	@ruff check --quiet .
	@mypy

synth: .venv/.ready node_modules/.ready .build/.layer ## write a stage's templates to cdk.out (STAGE=local|dev|prod)
	@cdk synth --quiet -c stage=$(STAGE)

docs: .venv/.ready ## write the generated parts of the documentation again
	@python -m docgen write

lock: .venv/.ready ## resolve pyproject.toml's groups into requirements/*.txt again
	@uv pip compile --group dev --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-annotate --no-header --quiet --output-file requirements/dev.txt
	@uv pip compile --group lambda --universal --python-version 3.11 --constraints requirements/dev.txt \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet \
	    --output-file requirements/lambda.txt

clean: ## remove what the other targets made
	@rm -rf .venv node_modules cdk.out .build .local .mypy_cache .pytest_cache .ruff_cache

# The toolchain, in steps that run again when a lock file changes.

.venv/.ready: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; call make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up Python packages ..."
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check \
	    "uv==$$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements/dev.txt)"
	@.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt
	@touch $@

node_modules/.ready: package-lock.json .venv/.ready
	@echo "Setting up the CDK command line ..."
	@npm ci --silent
	@touch $@

.build/.layer: requirements/lambda.txt stacks/constructs/dependency_layer.py .venv/.ready
	@echo "Building the Lambda layer ..."
	@python -m stacks.constructs.dependency_layer
	@touch $@
