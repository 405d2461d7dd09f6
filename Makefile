PY ?= python3.11
PORT ?= 8000
V  := .venv
BIN := $(V)/bin
unexport PYTHONDONTWRITEBYTECODE  # every process of the tests would compile every module anew
.DEFAULT_GOAL := help
.PHONY: drill golden help demo test check fix lock vendor wheel bench chromium

help:  ## say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(V)/.run: requirements.lock
	@test -x $(BIN)/uv || { $(PY) -m venv $(V) && $(BIN)/python -m pip install -q --disable-pip-version-check uv==0.13.9; }
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

$(BIN)/shebao: $(V)/.run
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" -m shebao "$$@"\n' "$(CURDIR)/src" "$(CURDIR)/$(BIN)/python" > $@
	@chmod +x $@

$(V)/.dev: requirements-dev.lock $(BIN)/shebao
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(BIN)/shebao  ## load the demo city and serve it at http://127.0.0.1:8000 (PORT=8200 for another)
	@exec $(BIN)/shebao demo --port $(PORT)

test: $(V)/.dev chromium  ## everything: units on both databases, journeys in Chromium
	$(BIN)/python -m pytest -q -n 3 --dist worksteal --ignore=tests/journeys --create-db --reuse-db
	$(BIN)/python -m tests.run_journeys --reuse-db
	$(BIN)/python -m tests.on_postgres

chromium:
	@command -v chromium-headless-shell >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium-headless-shell fonts-noto-cjk; } || command -v chromium >/dev/null || { echo "浏览器测试需要 Chromium：请以管理员身份运行 apt-get install chromium-headless-shell fonts-noto-cjk，再运行 make test。"; exit 1; }

check: $(V)/.dev  ## linters, types, import contracts, migrations, regions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet src/shebao/web/templates
	SHEBAO_TEST_DIR=var/check PYTHONPATH=src DJANGO_SETTINGS_MODULE=shebao.config.settings.test $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/shebao region check
	! grep -rnE '://' requirements*.lock

fix: $(V)/.dev  ## format and repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(V)/.run  ## choose versions anew and write the lock files
	$(BIN)/uv lock -q --upgrade
	$(BIN)/uv export -q --locked --no-header --no-annotate --format requirements-txt --no-emit-project --all-extras -o requirements-dev.lock
	$(BIN)/uv export -q --locked --no-header --no-annotate --no-dev --format requirements-txt --no-emit-project -o requirements.lock

vendor: $(V)/.run  ## refresh the vendored browser files from the installed packages
	$(BIN)/python tools/vendor.py

wheel: $(V)/.dev  ## pack the program and its regions as a wheel in dist/
	rm -rf build dist src/*.egg-info
	$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -w dist .

$(V)/.bench: bench/requirements.txt requirements-dev.lock $(V)/.dev
	@$(BIN)/uv venv -q --allow-existing --python $(BIN)/python $(V)/bench
	@$(BIN)/uv pip install -q --python $(V)/bench/bin/python --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install -q --python $(V)/bench/bin/python -r bench/requirements.txt
	@touch $@

drill: $(V)/.dev  ## the long proofs: fuzz, kill -9, tampering, planted faults; writes docs/drill.md (an hour)
	$(BIN)/python -m drill

golden: $(V)/.dev chromium  ## keep the looks of the key pages as they are now (tests/journeys/golden)
	SHEBAO_GOLDEN=write $(BIN)/python -m pytest -q -m journey tests/journeys/test_golden.py

bench: $(V)/.bench  ## measure: engine (beside OpenFisca-core), import (beside model forms and django-import-export), pages
	PYTHONPATH=src $(V)/bench/bin/python bench/engine.py
	PYTHONPATH=src $(BIN)/python bench/sheets_import.py
	PYTHONPATH=src $(BIN)/python bench/sheets_limits.py cell
	PYTHONPATH=src $(BIN)/python bench/sheets_limits.py memory
	PYTHONPATH=src $(V)/bench/bin/python bench/sheets_limits.py others
	PYTHONPATH=src $(BIN)/python bench/pages.py
	$(V)/bench/bin/python bench/papers.py
	$(BIN)/python bench/settlement.py 10000 100000 --keep
	$(BIN)/python bench/partitions.py 50000 12
	PYTHONPATH=src $(BIN)/python bench/signing.py
