# Branchline's commands. Everything runs from this folder: no Docker, no root, no system packages.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
UV := .venv/uv/bin/uv

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
# The first Python on the path that is supported; choose another with PYTHON=...
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c '$(SUPPORTED)' 2>/dev/null && echo "$$python" && break; done)

# Each worker has a PostgreSQL of its own. The end-to-end tests share one stack, which needs the machine for itself.
SIDE_BY_SIDE := -n logical --dist worksteal

# The query goes to the program as it was typed, through the environment: no shell and no make reads it.
ifdef Q
override export Q := $(value Q)
endif

# So does whose rights are changed; what only the environment says, and nobody typed, is not meant.
given = $(filter command override,$(origin $(1)))
$(foreach name,WHO ROLE CLIENT LOCATION,$(if $(call given,$(name)),$(eval override export $(name) := $$(value $(name)))))
PLACE = $(if $(call given,CLIENT),--client="$$CLIENT") $(if $(call given,LOCATION),--location="$$LOCATION")

.PHONY: help venv run stop sql people grant revoke status migrate dictionary clean lint types test test-fast bench lock

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; \
		do printf '  make %-10s %s\n' "$$name" "$$text"; done

venv: .venv/.installed ## Install the locked packages into .venv (again only when the lock changes)

run: .venv/.installed ## Start everything, sync each source once, show what landed; ONCE=1 ends there
	@$(BIN)/python -m stack run $(if $(filter 1,$(ONCE)),--once)

stop: .venv/.installed ## Stop whatever is left running
	@$(BIN)/python -m stack stop

sql: .venv/.installed ## Query the warehouse: make sql Q="select ..."
	@$(BIN)/python -m stack sql

people: .venv/.installed ## Tell who has which role where: make people CLIENT=lgm
	@$(BIN)/python -m stack access list $(PLACE)

grant: .venv/.installed ## Grant a role: make grant WHO=jane ROLE=MANAGER CLIENT=lgm LOCATION=12
	@$(BIN)/python -m stack access grant $(PLACE) $(if $(call given,WHO),"$$WHO") $(if $(call given,ROLE),"$$ROLE")

revoke: .venv/.installed ## Revoke one, or without ROLE all: make revoke WHO=jane ROLE=MANAGER CLIENT=lgm
	@$(BIN)/python -m stack access revoke $(PLACE) $(if $(call given,WHO),"$$WHO") $(if $(call given,ROLE),"$$ROLE")

status: .venv/.installed ## Tell which processes run and where their logs are
	@$(BIN)/python -m stack status

migrate: .venv/.installed ## Bring the warehouse to the newest schema
	@$(BIN)/python -m stack migrate

dictionary: .venv/.installed ## Write docs/dictionary.md and docs/erd.md anew from the migrations
	@$(BIN)/python -m stack dictionary

clean: .venv/.installed ## Stop everything and remove the database, the secrets and the logs
	@$(BIN)/python -m stack clean

lint: .venv/.installed ## Check style: Python and SQL
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/sqlfluff lint include/sql

types: .venv/.installed ## Check types
	$(BIN)/mypy

test: lint types ## Check style and types, then run every test
	$(BIN)/pytest -m e2e
	$(BIN)/pytest -m "not e2e" $(SIDE_BY_SIDE)

test-fast: .venv/.installed ## Run the tests that need no Airflow scheduler
	$(BIN)/pytest -m "not e2e" $(SIDE_BY_SIDE)

bench: .venv/.installed .venv-bench/.installed ## Measure, side by side: make bench CASES="w1 rate"
	PYTHONPATH=plugins $(BIN)/python -m bench $(CASES)

lock: $(UV) ## Renew requirements.lock from the requirements files
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --upgrade --output-file requirements.lock requirements-dev.txt

# A virtual environment that is there already is used, unless its Python is gone or unsupported.
$(UV): requirements-uv.txt
	@$(BIN)/python -c '$(SUPPORTED)' 2>/dev/null || { \
		test -n "$(PYTHON)" || { \
			echo 'Branchline needs Python 3.11, 3.12 or 3.13, and none is on the path.' \
				'Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12' >&2; exit 1; }; \
		"$(PYTHON)" -c '$(SUPPORTED)' || { \
			echo 'Branchline needs Python 3.11, 3.12 or 3.13;' "$(PYTHON) is $$($(PYTHON) --version 2>&1)." \
				'Name another: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12' >&2; exit 1; }; \
		"$(PYTHON)" -m venv --clear .venv; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade \
		--target .venv/uv --requirement requirements-uv.txt
	@touch $@

# uv reads the same package index as pip where none is set for uv itself.
.venv/.installed: requirements.lock $(UV)
	@echo 'Installing the locked packages into .venv ...'
	@index="$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get \
		global.index-url 2>/dev/null)}}}"; \
		if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
		$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@touch $@

# What is measured beside Branchline has an environment of its own.
.venv-bench/.installed: requirements-bench.lock $(UV)
	@echo 'Installing the packages to compare with into .venv-bench ...'
	@index="$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get \
		global.index-url 2>/dev/null)}}}"; \
		if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
		$(UV) venv --quiet --clear --python $(BIN)/python .venv-bench && \
		$(UV) pip sync --quiet --require-hashes --python .venv-bench/bin/python requirements-bench.lock
	@touch $@
