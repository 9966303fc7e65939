"""Nothing is installed that no hash was checked of: not here, and not in a project.

Reads every text that tells pip or uv to install something, in scripts, images, CI files
and pages. What is not by hash is in the list below, with the reason.
"""

import re
from pathlib import Path

import pytest

from conftest import PROJECT, ROOT, files_below

# A command: also where `install` is a function or a list of the script, and over
# continued lines.
INSTALL = re.compile(
    r"`?(?:uv )?pip(?: -[\w-]+(?: /\S+)?)* (?:install|sync|wheel)\b[^\n]*"
    r"|^ *install --[^\n]*|@Install --[^\n]*"
    r"|uv tool run[^\n]*|uvx [^\n]*|uv run [^\n]*--with[^\n]*|poetry install[^\n]*",
    re.MULTILINE,
)
CONTINUED = re.compile(r" *[\\`]\n[ \t#]*")
# What needs no hash: the project itself, from its folder or from a wheel just built.
ITSELF = re.compile(
    r"--no-deps .*(?:--editable \.|dist/\*\.whl|--wheel-dir dist \.| \.)"
)
# Where a command may say otherwise, and why.
BY_RANGES = {
    "pip install --group": "a project's README says that this goes by ranges",
    "poetry install": "a project's README says that this goes by ranges",
    '"$@"; }': "the function of a script; each call is a command here",
    "uvx dvc": "it only calls commands, in an environment of its own",
    "pip install cookiecutter": "what a user needs before there is a project",
    "torchserve==0.12.0": "TorchServe is archived; an environment of its own",
    "tensorflow-serving-api": "for one script, wherever its user wants it",
    "uv pip install NAME": "what somebody tries, beside what the project needs",
    "uv run --no-sync --with jupyterlab": "an editor, in an environment of its own",
    "uv pip install ipykernel": "what an editor brings, beside what the project needs",
    "uvx cruft": "what a user updates a project with, in an environment of its own",
}
# Neither what nobody installs from, nor caches and environments.
SILENT = re.compile(
    r"(?:^|/)(?:tests|benchmarks|build|\.git|\.u?v(?:env)?|\.\w*cache|\.hypothesis)/"
    r"|(?:^|/)requirements/\w+\.txt$|(?:^|/)docs/explanation/|CHANGELOG\.md$"
    r"|^answers/names\.py$"  # names of programs
    r"|^docs/handbook/"  # teaches what pip and uv do, with wheels that it builds itself
)


def texts() -> dict[str, str]:
    """Return every text of the repository that may tell somebody to install."""
    return {
        name: CONTINUED.sub(" ", (ROOT / name).read_text(encoding="utf-8"))
        for name in files_below(ROOT)
        if not SILENT.search(name) and Path(name).suffix not in {".png", ".pyc"}
    }


def unhashed(text: str) -> list[str]:
    """Return the commands in a text that install without checking a hash."""
    return [
        command
        for command in INSTALL.findall(text)
        if "--require-hashes" not in command
        and not ITSELF.search(command)
        and not any(excused in command for excused in BY_RANGES)
    ]


def test_every_install_checks_hashes() -> None:
    found = {name: unhashed(text) for name, text in texts().items()}
    assert {name: commands for name, commands in found.items() if commands} == {}


def test_every_excuse_is_needed() -> None:
    everything = "\n".join(texts().values())
    for excused in BY_RANGES:
        assert excused in everything, excused


def test_enough_commands_are_seen() -> None:
    """A pattern that finds nothing would find nothing wrong."""
    seen = {name for name, text in texts().items() if INSTALL.search(text)}
    scripts = [
        f"setup_{kind}.{end}"
        for kind in ("uv", "venv", "conda")
        for end in ("sh", "ps1")
    ]
    expected = {f"{PROJECT}/scripts/{name}" for name in scripts}
    expected |= {f"{PROJECT}/{name}" for name in ("Dockerfile", "README.md")}
    expected |= {"Makefile", ".github/workflows/ci.yml"}
    assert expected <= seen


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install -r requirements/serve.txt",
        '"$UV" pip sync --quiet requirements/dev.txt',
        "& $Uv pip sync requirements/dev.txt",
        "    install --no-build-isolation -r requirements/dev.txt",
        "& $Uv @Install --no-build-isolation @Files",
        "uv tool run --constraints requirements/dev.txt black",
        "- run: uv pip install ruff",
    ],
)
def test_an_install_without_hashes_is_found(line: str) -> None:
    assert len(unhashed(line)) == 1


@pytest.mark.parametrize(
    "file",
    [path for path in sorted(ROOT.glob("requirements/*.txt"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_pin_has_a_hash(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    pins = [number for number, line in enumerate(lines) if line[:1].isalnum()]
    assert pins
    for number in pins:
        assert "==" in lines[number] and lines[number].endswith("\\"), lines[number]
        assert lines[number + 1].lstrip().startswith("--hash=sha256:"), lines[number]
