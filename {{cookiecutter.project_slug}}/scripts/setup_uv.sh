#!/usr/bin/env bash
# Set the project up with uv, on Linux and macOS (Windows: setup_uv.ps1).
#
#   bash scripts/setup_uv.sh     makes the environment .venv; `make setup` does this.
#                                A program cannot change the shell that started it, so
#                                nothing goes on your PATH: use make, or .venv/bin/NAME.
#   source scripts/setup_uv.sh   the same, then activates .venv in this very shell:
#                                .venv/bin goes first on PATH until you `deactivate`.
#
# Installed are the exact versions in requirements/dev.txt, each checked by its hash, and
# the project itself, editable. uv is taken from PATH; where there is none, a pinned one
# is put into .uv, not into your home. PYTHON=/path/to/python chooses the interpreter;
# otherwise .python-version names the preferred one.

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
    printf 'setup_uv: %s\n' "$*" >&2
    exit 1
}

# Is $1 a Python that the project runs on? Programs that only look like one (pyenv's
# shims for a version that is not chosen, for example) say no by failing.
supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
        2>/dev/null
}

find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} "python$PREFERRED" python3.13 python3.12 python3.11 \
        python3 python; do
        if supported "$name"; then
            say "$name"
            return
        fi
    done
    fail "no Python $SUPPORTED on PATH; install one, or set PYTHON=/path/to/python"
}

# The uv inside .venv is passed over: it must not replace itself while it runs.
find_uv() {
    local found
    found=$(command -v uv || true)
    case $found in
    "" | "$PWD/.venv/"*) say .uv/bin/uv ;;
    *) say "$found" ;;
    esac
}

bootstrap_uv() {
    local python
    python=$(find_python)
    say "no uv on PATH: installing one into .uv"
    "$python" -m venv --clear .uv ||
        fail "$python cannot make a virtual environment (Debian: install python3-venv)"
    .uv/bin/python -m pip --disable-pip-version-check --quiet install \
        --require-hashes -r requirements/uv.txt ||
        fail "uv could not be installed; install it yourself, or use setup_venv.sh"
}

# First what is installed, then a download of the preferred version, then any other
# version that is supported.
make_venv() {
    if [ -n "${PYTHON:-}" ]; then
        "$UV" venv --quiet --no-python-downloads --python "$PYTHON" .venv ||
            fail "PYTHON=$PYTHON is no Python to build on"
        return
    fi
    "$UV" venv --quiet --no-python-downloads --python "$PREFERRED" .venv 2>/dev/null && return
    UV_HTTP_RETRIES=${UV_HTTP_RETRIES:-1} \
        "$UV" venv --quiet --managed-python --python "$PREFERRED" .venv 2>/dev/null && return
    "$UV" venv --quiet --no-python-downloads --python "$SUPPORTED" .venv ||
        fail "no Python $SUPPORTED here, nor to be downloaded; install one, or set PYTHON=/path/to/python"
    say "Python $PREFERRED is neither here nor to be downloaded: using $(.venv/bin/python --version)"
}

UV=$(find_uv)
"$UV" --version >/dev/null 2>&1 || bootstrap_uv

if ! supported .venv/bin/python; then
    if [ -f .venv/pyvenv.cfg ]; then
        say "replacing .venv: its Python is gone or not $SUPPORTED"
        rm -rf .venv
    elif [ -e .venv ]; then
        fail ".venv is no virtual environment; move it away"
    fi
    make_venv
    supported .venv/bin/python || fail "$(.venv/bin/python --version) is not $SUPPORTED"
fi

say "installing requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }} into .venv ($(.venv/bin/python --version))"
# What builds packages comes first, by hash too: in isolation, uv would fetch whatever a
# package without a wheel asks for. Compiled now, as pip does, so that the first command
# does not have to.
"$UV" pip install --quiet --python .venv/bin/python --require-hashes \
    -r requirements/build.txt ||
    fail "the build requirements could not be installed; uv says why above"
"$UV" pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes \
    --no-build-isolation \
    requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }} ||
    fail "the requirements could not be installed; uv says why above"
"$UV" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . ||
    fail "the project could not be installed; uv says why above"
say "ready: .venv/bin/{{ cookiecutter.project_slug }} --help, or \`source .venv/bin/activate\` first"
