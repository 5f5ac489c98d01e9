# Every target sets up what it needs. A fresh machine needs Python 3.11 or newer, and make.

PYTHON ?= python3
STAGE ?= dev
ASSEMBLY ?= cdk.out/$(STAGE)
OUTPUTS ?= outputs.json
PORT ?= 4566
SEED ?= 1
MINUTES ?= 120
WORLDS ?= 4

# The project's own python, node and cdk come before any others on the PATH.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
# Python keeps its bytecode: without it, each of the many processes compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

TOOLS := .venv/.ready node_modules/.ready
SLOWEST := --durations=10

.PHONY: help run update demo accept faults simulate rolling restore bench check test lint synth assemble diff deploy \
    drift audit sbom report docs release publish lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: $(TOOLS) ## start the shop on this machine and serve until Ctrl-C (PORT=4566)
	@python -m local run --port $(PORT)

update: $(TOOLS) ## deploy your changes into the shop that `make run` serves
	@python -m local update

demo: $(TOOLS) ## send sample orders through the saga, check its laws, and stop
	@python -m proof demo

accept: $(TOOLS) ## try a deployed stage through its API, and check the laws (STAGE=dev URL= STRIPE_URL=)
	@python -m proof accept --stage $(STAGE) $(if $(URL),--url $(URL)) $(if $(STRIPE_URL),--stripe-url $(STRIPE_URL))

faults: $(TOOLS) ## inject faults into calls to AWS and Stripe, and check the laws (SEED=1 MINUTES=120 WORLDS=4)
	@python -m proof faults --seed $(SEED) --budget-minutes $(MINUTES) --worlds $(WORLDS)

simulate: SEED =
simulate: MINUTES = 10
simulate: $(TOOLS) ## play every fault at every call in simulated time, and check the laws (SEED= MINUTES=10)
	@python -m proof simulate --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

rolling: $(TOOLS) .build/.layer ## deploy this release over the previous one and back, with orders under way (FROM=)
	@python -m proof rolling $(if $(FROM),--from $(FROM))
	@python -m proof rolling --embedded $(if $(FROM),--from $(FROM))

restore: $(TOOLS) ## lose the tables of the embedded run, restore earlier ones, and check the laws
	@python -m proof restore --embedded

bench: $(TOOLS) .build/.layer ## measure, and print and write the tables; keep the machine idle
	@python -m proof bench
	@python -m docgen write
	@python -m docgen show docs/performance.md docs/cost.md

check: lint .build/.layer ## the quick part of `make test`: lint, types, tests without a running shop
	@python -m pytest $(SLOWEST) --numprocesses logical tests/unit tests/stacks

test: lint .build/.layer .build/.wheels ## everything that must pass
	@python -m pytest $(SLOWEST)

lint: $(TOOLS) ## check format, lint and types; the deployed code also as Python 3.13
	@ruff format --check --quiet .
	@ruff check --quiet .
	@mypy
	@mypy --python-version 3.13 lambdas

synth: $(TOOLS) .build/.layer ## write a stage's templates to cdk.out (STAGE=local|dev|prod STAGE_FILE=stages/STAGE.toml)
	@cdk synth --quiet -c stage=$(STAGE) $(if $(STAGE_FILE),-c stage_file=$(STAGE_FILE))

# The steps of the pipeline (.github/workflows). `diff`, `deploy` and `drift` read what `assemble` has written.

assemble: $(TOOLS) .build/.layer ## synthesize each stage that has a file into cdk.out/STAGE
	@for stage in dev prod; do [ ! -e stages/$$stage.toml ] \
	    || cdk synth --quiet -c stage=$$stage --output cdk.out/$$stage || exit 1; done

diff: $(TOOLS) ## show as Markdown what a deployment of cdk.out/STAGE changes
	@printf '## cdk diff: %s\n\n```text\n' $(STAGE)
	@cdk diff --ci --no-color --app $(ASSEMBLY)
	@echo '```'

deploy: $(TOOLS) ## deploy cdk.out/STAGE
	@cdk deploy --all --ci --app $(ASSEMBLY) --require-approval never --outputs-file $(OUTPUTS)

drift: $(TOOLS) ## fail if the resources of cdk.out/STAGE were changed by hand
	@cdk drift --ci --app $(ASSEMBLY) --fail

report: .venv/.ready ## compare orders, payments and stock of a deployed stage, and fail if they differ (STAGE=dev)
	@python -m cli reconcile report --run --stage $(STAGE)

audit: $(TOOLS) .build/.pipeline ## look up known vulnerabilities of the locked packages
	@.build/pipeline/bin/pip-audit --strict --disable-pip --require-hashes \
	    -r requirements/lambda.txt -r requirements/dev.txt
	@npm audit --audit-level=high

sbom: .build/.pipeline ## list the packages of the Lambda layer in .build/sbom.json (CycloneDX)
	@.build/pipeline/bin/cyclonedx-py requirements requirements/lambda.txt --output-reproducible --output-file .build/sbom.json

docs: .venv/.ready ## write the generated parts of the documentation again
	@python -m docgen write

release: $(TOOLS) ## check, commit and tag a release in this clone (VERSION=1.2.0)
	@python -m docgen release "$(VERSION)"

publish: .venv/.ready sbom ## publish the tag that is checked out at GitHub, with the list of the layer's packages
	@python -m docgen notes "$$GITHUB_REF_NAME" "$$GITHUB_SERVER_URL/$$GITHUB_REPOSITORY" > .build/notes.md
	@gh release create "$$GITHUB_REF_NAME" --verify-tag --title "$$GITHUB_REF_NAME" --notes-file .build/notes.md .build/sbom.json

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-annotate --no-header --quiet
# awslambdaric has no wheel for macOS: its native part is left out there.
INSTALLS := uv pip install --dry-run --quiet --no-deps --target .build/none -r requirements/dev.txt --only-binary :all:

lock: .venv/.ready ## resolve pyproject.toml's groups into requirements/*.txt again
	@$(COMPILE) --group dev --output-file requirements/dev.txt
	@$(COMPILE) --group pipeline --output-file requirements/pipeline.txt
	@$(COMPILE) --group lambda --constraints requirements/dev.txt --output-file requirements/lambda.txt

clean: ## remove what the other targets made
	@rm -rf .venv node_modules cdk.out .build .local .mypy_cache .pytest_cache .ruff_cache

# The toolchain is set up again when a lock file changes, or when PYTHON names another version than .venv has.

ifneq ($(origin PYTHON), file)
ifneq ($(shell $(PYTHON) --version 2>&1), $(shell .venv/bin/python --version 2>&1))
.PHONY: .venv/.ready
endif
endif

.venv/.ready: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
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

.build/.pipeline: requirements/pipeline.txt .venv/.ready
	@echo "Setting up the tools of the pipeline ..."
	@python -m venv --clear .build/pipeline
	@uv pip sync --quiet --python .build/pipeline/bin/python --require-hashes requirements/pipeline.txt
	@touch $@

# Every locked package can be installed on every system that README names. Like the set-up, this asks the registry.
.build/.wheels: requirements/dev.txt .venv/.ready
	@echo "Checking that other systems have the locked packages, too ..."
	@for version in 3.11 3.13; do \
	    $(INSTALLS) --python-version $$version --python-platform x86_64-manylinux_2_28 && \
	    $(INSTALLS) --python-version $$version --python-platform aarch64-manylinux_2_28 && \
	    $(INSTALLS) --python-version $$version --python-platform aarch64-apple-darwin --no-binary awslambdaric \
	    || exit 1; \
	done
	@mkdir -p .build && touch $@
