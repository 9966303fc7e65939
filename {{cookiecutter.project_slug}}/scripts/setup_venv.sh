#!/usr/bin/env bash
# Set the project up with nothing but Python and pip, on Linux and macOS (Windows:
# setup_venv.ps1). setup_uv.sh does the same, faster.
#
#   bash scripts/setup_venv.sh           all that development needs: requirements/dev.txt
#   bash scripts/setup_venv.sh train     requirements/train.txt alone; name several, if need be
#   source scripts/setup_venv.sh         dev.txt, then activates .venv in this very shell:
#                                        .venv/bin goes first on PATH until you `deactivate`
#
# .venv gets the exact versions of these files, each checked by its hash, and the project
# itself, editable. What you have installed there besides stays; `make clean` starts anew.
# PYTHON=/path/to/python chooses the interpreter; otherwise .python-version names the
# preferred one.

# Sourced, in bash or zsh: the work is done in a child, so that no option, folder, variable
# or `exit` of it reaches this shell.
if [[ ${BASH_SOURCE:-$0} != "$0" || ${ZSH_EVAL_CONTEXT:-} == *:file ]]; then
    # shellcheck disable=SC1091  # it exists only after the set-up
    bash "${BASH_SOURCE:-$0}" && . "$(dirname "${BASH_SOURCE:-$0}")/../.venv/bin/activate"
    return
fi

set -euo pipefail
unset CDPATH
cd "$(dirname "$0")/.."
SUPPORTED='>=3.11,<3.14'
PREFERRED=$(<.python-version)
FILES=()
for name in "${@:-dev}"; do FILES+=(-r "requirements/$name.txt"); done

fail() {
    printf 'setup_venv: %s\n' "$*" >&2
    exit 1
}
supported() { # Is $1 a Python that the project runs on? pyenv's shims say no by failing.
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}

if ! supported .venv/bin/python; then
    [ ! -e .venv ] || [ -f .venv/pyvenv.cfg ] ||
        fail ".venv is no virtual environment; move it away"
    rm -rf .venv
    for name in ${PYTHON:+"$PYTHON"} "python$PREFERRED" python3.{13,12,11} python3 python; do
        supported "$name" || continue
        "$name" -m venv .venv ||
            fail "$name cannot make a virtual environment (Debian: install python3-venv)"
        break
    done
    [ -x .venv/bin/python ] ||
        fail "no Python $SUPPORTED on PATH; install one, or set PYTHON=/path/to/python"
    case $(.venv/bin/python --version) in
    "Python $PREFERRED."*) ;;
    *) [ -n "${PYTHON:-}" ] ||
        echo "Python $PREFERRED is not here: using $(.venv/bin/python --version)" ;;
    esac
fi
# An environment that uv made has no pip.
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null

# What builds packages comes first, by hash too: in isolation, pip would fetch whatever a
# package without a wheel asks for.
echo "installing ${FILES[*]} into .venv ($(.venv/bin/python --version)); this takes minutes"
install() { .venv/bin/python -m pip --disable-pip-version-check --quiet install --no-user "$@"; }
{
    install --require-hashes -r requirements/build.txt &&
        install --require-hashes --no-build-isolation "${FILES[@]}" &&
        install --no-deps --no-build-isolation --editable .
} || fail "the packages could not be installed; pip says why above"
echo "ready: .venv/bin/{{ cookiecutter.project_slug }} --help, or \`source .venv/bin/activate\` first"
