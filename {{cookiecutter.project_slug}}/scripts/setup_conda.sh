#!/usr/bin/env bash
# Set the project up with mamba, conda or micromamba, on Linux and macOS (Windows:
# setup_conda.ps1).
#
#   bash scripts/setup_conda.sh           all that development needs: requirements/dev.txt
#   bash scripts/setup_conda.sh train     requirements/train.txt alone; name several, if need be
#   source scripts/setup_conda.sh         dev.txt, then activates the environment in this very
#                                         shell: its bin folder goes first on PATH
#
# environment.yml names the environment; conda brings Python and pip. Everything else is
# what the other set-ups install too: the exact versions, each checked by its hash, and the
# project itself, editable. The Makefile uses .venv, not this environment: here, call poe.

# Sourced, in bash or zsh: the work is done in a child, so that no option, folder, variable
# or `exit` of it reaches this shell.
if [[ ${BASH_SOURCE:-$0} != "$0" || ${ZSH_EVAL_CONTEXT:-} == *:file ]]; then
    bash "${BASH_SOURCE:-$0}" || return
    # Activating is a shell function, which the tool prints for the shell to define.
    if command -v conda >/dev/null 2>&1; then
        eval "$(conda shell.posix hook)" && conda activate '{{ cookiecutter.project_slug }}'
    elif command -v mamba >/dev/null 2>&1; then
        eval "$(mamba shell hook --shell posix)" && mamba activate '{{ cookiecutter.project_slug }}'
    else
        eval "$("${MAMBA_EXE:-micromamba}" shell hook --shell posix)" &&
            micromamba activate '{{ cookiecutter.project_slug }}'
    fi
    return
fi

set -euo pipefail
unset CDPATH
cd "$(dirname "$0")/.."
NAME='{{ cookiecutter.project_slug }}'
FILES=()
for name in "${@:-dev}"; do FILES+=(-r "requirements/$name.txt"); done

fail() {
    printf 'setup_conda: %s\n' "$*" >&2
    exit 1
}

# mamba first: it resolves faster. The shell functions that `conda init` defines do not
# reach this child, but they leave the programs' paths in the environment.
for CONDA in mamba "${CONDA_EXE:-conda}" "${MAMBA_EXE:-micromamba}" ""; do
    if command -v "$CONDA" >/dev/null 2>&1; then break; fi
done
[ -n "$CONDA" ] || fail "no mamba, conda or micromamba on PATH; install one, or use setup_uv.sh"
# Ask nothing: not every version of each tool has --yes here, but all read these.
export CONDA_ALWAYS_YES=true MAMBA_ALWAYS_YES=true
# `update` would do for a new environment too, but not in every version of each tool.
ACTION=create
if "$CONDA" run --name "$NAME" python --version >/dev/null 2>&1; then ACTION=update; fi
echo "$CONDA env $ACTION: environment $NAME"
"$CONDA" env "$ACTION" --name "$NAME" --file environment.yml ||
    fail "the environment could not be made; $CONDA says why above"

# What builds packages comes first, by hash too: in isolation, pip would fetch whatever a
# package without a wheel asks for. `conda env` cannot do that: it calls pip once.
echo "installing ${FILES[*]}; this takes minutes"
install() { "$CONDA" run --name "$NAME" python -m pip --quiet install --no-user "$@"; }
{
    install --require-hashes -r requirements/build.txt &&
        install --require-hashes --no-build-isolation "${FILES[@]}" &&
        install --no-deps --no-build-isolation --editable .
} || fail "the packages could not be installed; pip says why above"
echo "ready: activate $NAME, then {{ cookiecutter.project_slug }} --help"
