# Forwards to the tasks in pyproject.toml (`poe`), which also run where there is no make:
# uv run --no-sync poe test, after `uv venv` and
# `uv pip sync --require-hashes --no-build requirements/dev.txt`.

PYTHON ?= python3
VENV := .venv
# uv is used if it is there; otherwise it is installed into .uv, by hash.
UV := $(or $(shell command -v uv),.uv/bin/uv)
# By the pip that is there; where there is none, by that of a new environment.
BY_HASH = install --no-user --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH):$(CURDIR)/.uv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo fix check test docs matrix bench lock refresh clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.uv/bin/uv: requirements/uv.txt
	@echo "installing uv into .uv"
	@rm -rf .uv
	@$(PYTHON) -m pip $(BY_HASH) --target .uv 2>/dev/null || \
		{ $(PYTHON) -m venv .uv && .uv/bin/python -m pip $(BY_HASH); }

$(VENV)/bin/python: | $(UV)
	@"$(UV)" venv --quiet --no-python-downloads --python '>=3.11,<3.14' $(VENV)

# dev.txt, or what `demo` needs of it: cookiecutter alone.
$(VENV)/.%: requirements/%.txt | $(VENV)/bin/python
	@"$(UV)" pip install --quiet --python $(VENV)/bin/python --require-hashes --no-build -r $<
	@touch $@

setup: $(VENV)/.dev ## Make .venv with the tested versions (needs only Python)

demo: export DEMO_STARTED := $(shell date +%s)
demo: $(VENV)/.render ## Render into build/demo, set up, train, serve; FRAMEWORK=pytorch
	@$(VENV)/bin/python tools/demo.py $(FRAMEWORK:%=framework=%) $(ARGS)

fix check test docs matrix bench lock refresh: $(VENV)/.dev
	@poe --quiet $@ $(ARGS)

fix: ## Format the code
check: ## Formatting, lint, types, workflows and secrets, changing nothing
test: ## Run all tests; ARGS="-m 'not generated'" for the quick ones
docs: ## Build the site into build/site; a warning is an error
matrix: ## Run what test leaves out: more combinations of answers, for an hour
bench: ## Measure rendering and training
lock: ## Compile requirements/*.txt, of the template and of the generated project
refresh: ## The same with the newest versions; then test

clean: ## Remove the environment, caches and renders
	rm -rf $(VENV) .uv build .mypy_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
