# Playcaller's commands. `make` alone prints this help; everything sets itself up on first use.
.DEFAULT_GOAL := help
SHELL := /bin/bash
ENGINE ?= embedded
ARGS ?=
WORKERS ?= 2
# What Python has compiled it keeps, whatever the environment says: half of a short run would go into compiling anew.
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv/bin/
PYTHON_IN := $(VENV)python

##@ Start here
.PHONY: run test unit
run: setup ## Start the whole ring and play the story (ENGINE=kafka for Kafka + PostgreSQL; ARGS=--once ends after it)
	@exec $(PYTHON_IN) -m playcaller up --engine $(ENGINE) $(ARGS)
test: setup ## Run every test, with the real servers and the browser they need (TESTS=tests/house for a part)
	@exec $(PYTHON_IN) -m pytest -n $(WORKERS) --dist loadgroup $(TESTS)
unit: setup ## Run the tests that need no process, no server and no browser: what to run after each change
	@exec $(PYTHON_IN) -m pytest -n $(WORKERS) -m unit $(TESTS)

##@ The house
.PHONY: check format schemas playbook
check: setup ## Lint, types, import contracts, schema freshness, the playbook
	$(VENV)ruff check . && $(VENV)ruff format --check . && $(VENV)mypy && $(VENV)lint-imports --no-cache && $(PYTHON_IN) -m schemas.publishing --check && $(PYTHON_IN) -m playcaller playbook check
format: setup ## Let ruff put the code in order
	$(VENV)ruff check --fix . && $(VENV)ruff format .
schemas: setup ## Write schemas/published anew from the facts (refuses a change that is not additive)
	$(PYTHON_IN) -m schemas.publishing
playbook: setup ## Check the marketers' playbook: every fault at once, and the coverage of its plays
	$(PYTHON_IN) -m playcaller playbook check

##@ Measure
.PHONY: soak bench
soak: setup ## The kill tests and property tests with their full counts (the other tests know no counts: make test)
	PLAYCALLER_TEST_PROFILE=soak $(PYTHON_IN) -m pytest -n $(WORKERS) --dist loadgroup -m "faults or hypothesis" --durations=12 $(TESTS)
bench: setup ## Speed, each figure beside its limit (ARGS="B1 B3 --rounds 3" for a part)
	$(PYTHON_IN) -m tests.bench $(ARGS)

##@ Ship
.PHONY: image compose lock
image: ## Build the container image (needs Docker or a command that takes its arguments: DOCKER=podman)
	$(or $(DOCKER),docker) build -f deploy/Dockerfile -t playcaller:$(or $(TAG),dev) .
compose: ## Kafka, PostgreSQL and the three services on this machine (needs Docker)
	$(or $(DOCKER),docker) compose -f deploy/compose.yaml up --build
lock: setup ## Compile both lock files anew from pyproject.toml
	.ci/lock

##@ Other
.PHONY: help setup clean
setup: ## Make .venv as requirements.lock says (the other targets do this by themselves)
	@.ci/setup
clean: ## Remove what running and testing left behind, but no data
	rm -rf .mypy_cache .ruff_cache .hypothesis .pytest_cache .import_linter_cache && find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
help: ## This help
	@awk 'BEGIN {FS = ":.*## "; print "Playcaller: webhooks in, one play for one rep out.\n\nUsage: make <target>"} /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  \033[36m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
