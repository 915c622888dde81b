.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.installed
WORKFLOWS := $(wildcard examples/*/*.yml .github/workflows/*.yml)
SHELL_SCRIPTS := .ci/run $(wildcard scripts/*.sh) src/promoter/completions/promoter.bash
LOCKS := uv build image dev docs spark
BENCH_ROWS := 1000000

.PHONY: help install demo test test-hostile test-faults test-mutants test-compat coverage github-data lint lint-workflows format docs screenshots image release-check bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Create .venv with everything (PYTHON=... to choose the interpreter)

$(STAMP): scripts/install.sh pyproject.toml requirements/uv.txt requirements/dev.txt requirements/docs.txt
	@scripts/install.sh
	@touch $@

demo: $(STAMP) ## Run the main job end to end, without any account; leaves demo-output/
	$(BIN)/promoter demo --output demo-output

test: $(STAMP) ## Run all tests and the coverage gate (PYTEST_ARGS=... to pass more)
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term $(PYTEST_ARGS)

test-hostile: $(STAMP) ## 100,000 broken requests and answers; escapes from the sandbox, here and in the image
	PROMOTER_FUZZ_FILES=100000 $(BIN)/pytest -q -k t28_whatever tests/trust/test_requests.py
	PYTHONPATH=src $(BIN)/python -m tests.sandbox.run
	PYTHONPATH=src $(BIN)/python -m tests.sandbox.answers_fuzzed 100000
	PYTHONPATH=src $(BIN)/python -m tests.image.escapes

test-faults: $(STAMP) ## 20,000 schedules of faults, kills, races and replays; no wrong move (FAULTS_ARGS=...)
	PYTHONPATH=src $(BIN)/python -m tests.faults.run $(FAULTS_ARGS)

test-mutants: $(STAMP) ## Change what decides in small ways; unit tests must notice 90 % (MUTANTS_ARGS=...)
	PYTHONPATH=src $(BIN)/python -m tests.mutation.run $(MUTANTS_ARGS)

test-compat: $(STAMP) ## Try versions with real MLflow servers (MLFLOW="3.3.0 ..." PYTHON="3.11 ..." COMPAT_ARGS=...)
	PYTHONPATH=src $(BIN)/python -m tests.compat.run $(if $(MLFLOW),--mlflow $(MLFLOW)) \
	  $(if $(PYTHON),--python $(PYTHON)) $(COMPAT_ARGS)

coverage: $(STAMP) ## Show what the last test run covered, of all the source
	$(BIN)/coverage report --include='src/promoter/**' --fail-under=0

github-data: $(STAMP) ## Fetch GitHub's own descriptions, which contract tests are held to (needs npm)
	$(BIN)/python -m tests.github_data

lint: $(STAMP) ## Run every linter, type checker and style budget
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/check_budgets.py
	$(BIN)/zizmor --quiet --offline --strict-collection --persona pedantic action.yml .github/dependabot.yml $(WORKFLOWS)
	$(BIN)/actionlint -shellcheck $(BIN)/shellcheck $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/shellcheck $(SHELL_SCRIPTS)
	$(BIN)/hadolint Dockerfile Dockerfile.spark

lint-workflows: $(STAMP) ## Have GitHub's own parser read action.yml and every workflow (needs Node and npm)
	mkdir -p .venv/workflow-parser
	cp requirements/workflow-parser/package.json requirements/workflow-parser/package-lock.json .venv/workflow-parser/
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix .venv/workflow-parser
	node scripts/check_workflows.mjs .venv/workflow-parser/node_modules action.yml $(WORKFLOWS)

format: $(STAMP) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP) ## Build the documents as a site, into site/; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

screenshots: $(STAMP) ## Write docs/images/*.png of the demo's comment and report (needs Chromium, and npm for Mermaid)
	$(BIN)/promoter demo --output demo-output
	$(BIN)/python -m tests.browser.screenshots demo-output docs/images

image: ## Build the action's image and prove it starts safely
	scripts/image.sh

release-check: $(STAMP) ## Build what a release publishes, and print it with digests (RELEASE_ARGS=--without-image)
	$(BIN)/python -m scripts.release_check $(RELEASE_ARGS)

bench: $(STAMP) ## Time Promoter beside what one would write by hand (BENCH_ARGS=..., BENCH_ROWS=10000000)
	$(BIN)/python -m tests.benchmarks.validate_against_script $(BENCH_ARGS)
	$(BIN)/python -m tests.benchmarks.calls_against_minimum
	$(BIN)/python -m tests.benchmarks.cold_start
	$(BIN)/python -m tests.benchmarks.image_against_plain
	$(BIN)/python -m tests.benchmarks.resampling_against_scipy
	$(BIN)/python -m tests.benchmarks.drift_against_gets --most-gets 1000
	$(BIN)/python -m tests.benchmarks.many_requests --requests 8
	$(BIN)/python -m tests.benchmarks.inference_against_loops --rows 6000 --flat 6000 --trees 50
	$(BIN)/python -m tests.benchmarks.inference_against_loops --rows $(BENCH_ROWS) $(BENCH_INFERENCE_ARGS)
	$(BIN)/python -m tests.benchmarks.spark_against_local --rows 10000 100000

lock: $(STAMP) ## Write requirements/*.txt anew from *.in (UPGRADE=--upgrade for newer versions)
	@set -e; cd requirements; for name in $(LOCKS); do \
	  echo "requirements/$$name.txt"; \
	  ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --custom-compile-command 'make lock' $(UPGRADE) $$name.in -o $$name.txt; \
	done

clean: ## Remove what the other targets made, .venv included
	rm -rf .venv demo-output dist site .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
