# The commands a developer needs. `make` prints them.
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
TEST_ENV := DATA_DIR=$(CURDIR)/var/test EMBEDDED_DURABLE=0

.PHONY: help run stop test test-all nightly coverage chaos check smoke doctor fix schema screenshots bench mlflow install install-dev clean

help:  ## print this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

run: install  ## demo hospital, web, workers: everything in this terminal (Ctrl-C stops it)
	@$(BIN)/python manage.py serve --demo

stop: install  ## stop what `make run` started
	@$(BIN)/python manage.py stop

test: install-dev  ## all tests but the chaos, on embedded servers of their own
	@$(TEST_ENV) $(BIN)/python -m pytest -m "not chaos" $(ARGS); status=$$?; \
	  $(TEST_ENV) $(BIN)/python manage.py stop > /dev/null; exit $$status

test-all: test chaos  ## those and the chaos

nightly: coverage chaos bench  ## what a machine does at night

coverage: install-dev  ## all tests but the chaos, and the lines that none of them runs
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term -q"

chaos: install-dev  ## kill every process at random during imports; compare with a clean run
	@$(TEST_ENV) $(BIN)/python -m pytest -m chaos tests; status=$$?; \
	  $(TEST_ENV) $(BIN)/python manage.py stop > /dev/null; exit $$status

check:  ## the whole check: lint, types, contracts, migrations, tests, journeys, smoke
	@bash .ci/run

smoke: install  ## the main job on real processes; one JSON line
	@DATA_DIR=$${DATA_DIR:-$(CURDIR)/var} $(BIN)/python manage.py smoke

doctor: install  ## say what is wrong with this installation
	@$(BIN)/python manage.py doctor

fix: install-dev  ## format and repair what a tool can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/djlint templates --lint

schema: install-dev  ## write the OpenAPI schema anew
	@$(TEST_ENV) $(BIN)/python manage.py spectacular --file docs/reference/openapi.yaml --validate --fail-on-warn

screenshots: install-dev  ## the pictures of the README, from a running demo
	@$(BIN)/python docs/screenshots.py

bench: install-dev  ## measure against limits and peers
	@for script in benchmarks/*.py; do $(TEST_ENV) $(BIN)/python $$script || exit 1; done

mlflow: install-dev  ## the page of experiments and models on http://127.0.0.1:5500 (Ctrl-C stops it)
	@mkdir -p var/mlflow && MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
	  $(BIN)/mlflow ui --host 127.0.0.1 --port 5500 --workers 1 \
	  --backend-store-uri sqlite:///$(CURDIR)/var/mlflow/mlflow.db

install: .venv/.run
install-dev: .venv/.dev

.venv/.run: requirements.txt constraints.txt
	@bash deploy/make_venv "$(PYTHON)" requirements.txt && touch $@

.venv/.dev: requirements.txt requirements-science.txt requirements-dev.txt constraints.txt
	@bash deploy/make_venv "$(PYTHON)" requirements-dev.txt && touch .venv/.run $@

clean: ## remove the environment and all data of this installation
	@[ ! -x $(BIN)/python ] || $(BIN)/python manage.py stop || true
	@rm -rf .venv var
