# Forwards to the tasks in pyproject.toml (`poe`), which also run where there is no make:
# uv run --no-sync poe test, after `uv venv` and
# `uv pip sync --require-hashes --no-build requirements/dev.txt`.

PYTHON ?= python3
VENV := .venv
POE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/poe
INSTALLED := $(VENV)/.installed
TOOLS := .uv

.DEFAULT_GOAL := help
.PHONY: help setup demo fix check test matrix bench lock refresh clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# uv is used if it is there; otherwise it is installed into .uv, by hash.
$(INSTALLED): requirements/dev.txt requirements/uv.txt
	@set -e; uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
		echo "installing uv into $(TOOLS)"; \
		$(PYTHON) -m venv $(TOOLS); \
		$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check \
			--require-hashes -r requirements/uv.txt; \
		uv=$(TOOLS)/bin/uv; \
	fi; \
	[ -x $(VENV)/bin/python ] || "$$uv" venv --quiet --no-python-downloads \
		--python '>=3.11,<3.14' $(VENV); \
	"$$uv" pip sync --quiet --python $(VENV)/bin/python --require-hashes --no-build \
		requirements/dev.txt
	@touch $@

setup: $(INSTALLED) ## Make .venv with the tested versions (needs only Python)

demo fix check test matrix bench lock refresh: $(INSTALLED)
	@$(POE) --quiet $@ $(ARGS)

demo: ## Render into build/demo, set up, train, serve; FRAMEWORK=pytorch
demo: override ARGS += $(FRAMEWORK:%=framework=%)
fix: ## Format the code
check: ## Formatting, lint, types, workflows and secrets, changing nothing
test: ## Run all tests; ARGS="-m 'not generated'" for the quick ones
matrix: ## Run what test leaves out: more combinations of answers, for an hour
bench: ## Measure rendering and training
lock: ## Compile requirements/*.txt, of the template and of the generated project
refresh: ## The same with the newest versions; then test

clean: ## Remove the environment, caches and renders
	rm -rf $(VENV) $(TOOLS) build .mypy_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
