#!/usr/bin/env bash
# Set the project up with nothing but Python and pip, on Linux and macOS (Windows:
# setup_venv.ps1). setup_uv.sh does the same, faster.
#
#   bash scripts/setup_venv.sh     makes the environment .venv. A program cannot change the
#                                  shell that started it, so nothing goes on your PATH:
#                                  use make, or .venv/bin/NAME.
#   source scripts/setup_venv.sh   the same, then activates .venv in this very shell:
#                                  .venv/bin goes first on PATH until you `deactivate`.
#
# Installed are the exact versions in requirements/dev.txt, each checked by its hash, and
# the project itself, editable. PYTHON=/path/to/python chooses the interpreter; otherwise
# .python-version names the preferred one.

# Sourced, in bash or zsh: the work is done in a child, so that no option, folder, variable
# or `exit` of it reaches this shell.
if [[ ${BASH_SOURCE:-$0} != "$0" || ${ZSH_EVAL_CONTEXT:-} == *:file ]]; then
    # shellcheck disable=SC1091  # it exists only after the set-up
    bash "${BASH_SOURCE:-$0}" && . "$(dirname "${BASH_SOURCE:-$0}")/../.venv/bin/activate"
    return
fi

set -euo pipefail
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")/.."
SUPPORTED='>=3.11,<3.14'
PREFERRED=$(<.python-version)

say() { printf '%s\n' "$*"; }
fail() {
    printf 'setup_venv: %s\n' "$*" >&2
    exit 1
}

# Is $1 a Python that the project runs on? Programs that only look like one (pyenv's
# shims for a version that is not chosen, for example) say no by failing.
supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
        2>/dev/null
}

make_venv() {
    local name
    for name in ${PYTHON:+"$PYTHON"} "python$PREFERRED" python3.13 python3.12 python3.11 \
        python3 python; do
        supported "$name" || continue
        "$name" -m venv .venv ||
            fail "$name cannot make a virtual environment (Debian: install python3-venv)"
        case $(.venv/bin/python --version) in
        "Python $PREFERRED."*) ;;
        *) [ -n "${PYTHON:-}" ] ||
            say "Python $PREFERRED is not here: using $(.venv/bin/python --version)" ;;
        esac
        return
    done
    fail "no Python $SUPPORTED on PATH; install one, or set PYTHON=/path/to/python"
}

if ! supported .venv/bin/python; then
    if [ -f .venv/pyvenv.cfg ]; then
        say "replacing .venv: its Python is gone or not $SUPPORTED"
        rm -rf .venv
    elif [ -e .venv ]; then
        fail ".venv is no virtual environment; move it away"
    fi
    make_venv
fi

# An environment that uv made has no pip.
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null

pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }

say "installing requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }} into .venv ($(.venv/bin/python --version)); this takes a few minutes"
# What builds packages comes first, by hash too: in isolation, pip would fetch whatever a
# package without a wheel asks for.
pip install --require-hashes -r requirements/build.txt ||
    fail "the build requirements could not be installed; pip says why above"
pip install --require-hashes --no-build-isolation -r requirements/dev.txt{{ ' -r requirements/tracking.txt' if 'track' in cookiecutter.__extras }} ||
    fail "the requirements could not be installed; pip says why above"
pip install --no-deps --no-build-isolation --editable . ||
    fail "the project could not be installed; pip says why above"
say "ready: .venv/bin/{{ cookiecutter.project_slug }} --help, or \`source .venv/bin/activate\` first"
