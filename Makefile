# Every chore of this repository; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
export PIP_ROOT_USER_ACTION = ignore
RUN_STAMP := $(VENV)/.installed-$(shell cksum requirements.txt | cut -d' ' -f1)
DEV_STAMP := $(VENV)/.installed-dev-$(shell cksum tests/requirements.txt | cut -d' ' -f1)
# More processes than the two cores that are reckoned with: a third of the time tests wait for others.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadgroup
# The tests that must pass through every branch of the critical paths, which setup.cfg names.
CRITICAL := tests/auth tests/accounts tests/db tests/jobs tests/posts tests/web tests/webhooks tests/media/uploads \
	tests/media/imports/test_resumption.py tests/media/imports/test_slow_servers.py \
	tests/contract/test_confined_keys.py tests/server/test_deadlines.py $(addprefix tests/media/library/test_,$(addsuffix .py,cleanup confined_keys library quotas)) \
	$(addprefix tests/cli/test_,$(addsuffix .py,doctor jobs keys users vault_reseal))
COVERED := PYTHONPATH=$(CURDIR) $(BIN)/python -m coverage run -m pytest -q -m "not long"
MUTATION := $(VENV)/mutation
MUTATION_STAMP := $(MUTATION)/.installed-$(shell cksum tests/mutation/requirements.txt | cut -d' ' -f1)
# Every file of every release that the index offers, for any system and any Python from 3.11 on.
PINNED := requirements tests/requirements tests/mutation/requirements
PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --annotation-style line --no-strip-extras \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help demo run test test-fast test-long coverage mutation check lint types imports audit pins openapi env-example migration land bench doctor clean

help: ## list every chore
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(RUN_STAMP): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -d $(VENV) || { echo "Creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what the server runs on ..."
	@$(PIP) install --require-hashes --no-deps -r requirements.txt
	@touch $@

$(DEV_STAMP): tests/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -d $(VENV) || { echo "Creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what developing needs ..."
	@$(PIP) install --require-hashes --no-deps -r tests/requirements.txt
	@touch $@ $(RUN_STAMP)

demo: $(RUN_STAMP) ## do the whole job once against the simulator, then keep serving (ONCE=1: stop after the job)
	@$(BIN)/python -m tiktok_api.cli.chores.demo $(if $(ONCE),--once)

run: $(RUN_STAMP) ## serve for development: API, worker and simulator
	@$(BIN)/python -m tiktok_api.cli.chores.run

test: $(DEV_STAMP) ## every test but the long hauls, PostgreSQL and a Redis-protocol server included
	@$(PYTEST) -m "not long"

test-fast: $(DEV_STAMP) ## a third of the tests, one set of parameters each, without servers and kills
	@$(PYTEST) -m "not long" --fast

test-long: $(DEV_STAMP) ## the long hauls: thousands of kills, large uploads, hundreds of examples
	@$(PYTEST) -m long --timeout 7200
	@$(MAKE) --no-print-directory mutation

coverage: $(DEV_STAMP) ## the critical paths, killed processes included: fails below 100 % of their branches (MORE=1: tries once more to pass what was missed)
	@$(if $(MORE),true,rm -f .coverage .coverage.*)
	@paths="$(if $(MORE),$$($(BIN)/python -m tests.missed_paths),$(CRITICAL))"; test -n "$$paths" || { echo "Nothing is known to be missed."; exit 1; }; \
	$(COVERED) -n 3 --dist loadgroup $$paths || { echo "Once more, what has failed:"; $(COVERED) --last-failed --last-failed-no-failures=none $(CRITICAL); }
	@$(BIN)/python -m coverage combine --quiet $(if $(MORE),--append)
	@$(BIN)/python -m coverage report

$(MUTATION_STAMP): tests/mutation/requirements.txt
	@$(PYTHON) -m venv $(MUTATION)
	@$(MUTATION)/bin/pip --disable-pip-version-check --quiet install --require-hashes --no-deps -r tests/mutation/requirements.txt
	@touch $@

mutation: $(DEV_STAMP) $(MUTATION_STAMP) ## break publishing and the vault in every small way: what no test finds is shown (SAMPLE=40: that many of each)
	@PYTHONPATH=. $(MUTATION)/bin/python -m tests.mutation --python $(abspath $(BIN)/python) $(if $(SAMPLE),--sample $(SAMPLE))

# An audit that could not look is said in `make check`, and fails `make audit` alone: a machine without internet has no choice.
check: AUDIT := $(or $(AUDIT),optional)
check: lint types imports audit ## lint, types, import contracts, and the audit where its database can be reached (AUDIT=required)

lint: $(DEV_STAMP) ## ruff and bandit
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/bandit --quiet --recursive tiktok_api --severity-level medium

types: $(DEV_STAMP) ## mypy --strict
	@$(BIN)/mypy

imports: $(DEV_STAMP) ## the import contracts of setup.cfg
	@$(BIN)/lint-imports --config setup.cfg

audit: $(DEV_STAMP) ## hold every pin against the advisory database; fails also where it cannot be asked (AUDIT=optional: warns)
	@$(BIN)/python -m tests.audit $(if $(filter optional,$(AUDIT)),--optional)

pins: $(DEV_STAMP) ## compile the short lists of what was chosen (*.in) into pins with hashes (UPGRADE=1: the newest of what those bring)
	@for list in $(PINNED); do $(PIN) $$list.in --output-file $$list.txt || exit 1; done

openapi: $(RUN_STAMP) ## write the OpenAPI document to openapi.json
	@$(BIN)/python -m tiktok_api.cli.chores.openapi > openapi.json
	@echo "Written to openapi.json"

env-example: $(RUN_STAMP) ## write .env.example from the declarations of the settings
	@$(BIN)/python -m tiktok_api.cli.chores.env_example

migration: $(DEV_STAMP) ## write a migration from the models: make migration MESSAGE="add labels"
	@$(BIN)/python -m tiktok_api.cli.chores.migration "$(MESSAGE)"

land: $(RUN_STAMP) ## freeze the migrations that are written: their checksums go to migrations/landed.txt
	@$(BIN)/python -m tiktok_api.cli.chores.migration --land

bench: $(DEV_STAMP) ## measure beside a floor and the last run, printed with the machine (ONLY="http start_up": some; SHORT=1: quickly)
	@$(BIN)/python -m benchmarks $(ONLY) $(if $(SHORT),--short)

doctor: $(RUN_STAMP) ## check the settings and name everything that is wrong
	@$(BIN)/python -m tiktok_api.cli.chores.doctor

clean: ## remove the virtual environment, caches, what was built and everything in instance/
	@rm -rf $(VENV) instance build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
