#!/usr/bin/env bash
# Set the project up with uv, on Linux and macOS (Windows: setup_uv.ps1).
#
#   bash scripts/setup_uv.sh           all that development needs: requirements/dev.txt
#   bash scripts/setup_uv.sh train     requirements/train.txt alone; name several, if need be
#   source scripts/setup_uv.sh         dev.txt, then activates .venv in this very shell:
#                                      .venv/bin goes first on PATH until you `deactivate`
#
# .venv gets the exact versions of these files, each checked by its hash, and the project
# itself, editable. What you have installed there besides stays; `make clean` starts anew.
# uv is taken from PATH; where there is none, a pinned one is put into .uv, not into your
# home. PYTHON=/path/to/python chooses the interpreter; otherwise .python-version names the
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
    printf 'setup_uv: %s\n' "$*" >&2
    exit 1
}
supported() { # Is there an environment, of a Python that the project runs on?
    .venv/bin/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
        2>/dev/null
}

# The uv inside .venv is passed over: it must not replace itself while it runs.
UV=$(command -v uv || true)
case $UV in "" | "$PWD/.venv/"*) UV=.uv/bin/uv ;; esac
if ! "$UV" --version >/dev/null 2>&1; then
    echo "no uv on PATH: installing one into .uv"
    rm -rf .uv
    PIP=(-m pip --disable-pip-version-check --quiet install --no-user --require-hashes -r requirements/uv.txt)
    # By the pip that is there; where there is none, by that of a new environment.
    "${PYTHON:-python3}" "${PIP[@]}" --target .uv 2>/dev/null ||
        { "${PYTHON:-python3}" -m venv --clear .uv && .uv/bin/python "${PIP[@]}"; } ||
        fail "no uv (on Debian, python3-venv may be missing); install it, or use setup_venv.sh"
fi

if ! supported; then
    [ ! -e .venv ] || [ -f .venv/pyvenv.cfg ] ||
        fail ".venv is no virtual environment; move it away"
    rm -rf .venv
    if [ -n "${PYTHON:-}" ]; then
        { "$UV" venv --quiet --no-python-downloads --python "$PYTHON" .venv && supported; } ||
            fail "PYTHON=$PYTHON is no Python $SUPPORTED"
    # The preferred one, from here or from a download; otherwise any other one that is here.
    elif ! UV_HTTP_RETRIES=${UV_HTTP_RETRIES:-1} \
        "$UV" venv --quiet --python "$PREFERRED" .venv 2>/dev/null; then
        "$UV" venv --quiet --no-python-downloads --python "$SUPPORTED" .venv ||
            fail "no Python $SUPPORTED here, nor to be downloaded; install one, or set PYTHON=/path/to/python"
        echo "Python $PREFERRED is neither here nor to be downloaded: using $(.venv/bin/python --version)"
    fi
fi

# What builds packages comes first, by hash too: in isolation, uv would fetch whatever a
# package without a wheel asks for.
echo "installing ${FILES[*]} into .venv ($(.venv/bin/python --version))"
install() { "$UV" pip install --quiet --python .venv/bin/python "$@"; }
{
    install --require-hashes -r requirements/build.txt &&
        install --require-hashes --no-build-isolation "${FILES[@]}" &&
        install --no-deps --no-build-isolation --editable .
} || fail "the packages could not be installed; uv says why above"
echo "ready: .venv/bin/{{ cookiecutter.project_slug }} --help, or \`source .venv/bin/activate\` first"
