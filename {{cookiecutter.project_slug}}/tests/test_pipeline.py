"""dvc.yaml names the code and the settings that each of its steps goes by."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from {{ cookiecutter.package_name }} import settings, shared_settings
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.recording import RecordSettings

ROOT = Path(__file__).parents[1]
SOURCE = "src/{{ cookiecutter.package_name }}"
# How settings are read and files written: no change of these changes a result.
PLUMBING = {"config.py", "delivery_settings.py", "files.py", "retrain_settings.py"}
PLUMBING |= {"recording.py", "settings.py", "shared_settings.py"}
COMMANDS = {**settings.COMMANDS, **shared_settings.COMMANDS}
# Settings of a training that cannot change the model: where things are, what is shown.
NO_MATTER = {"data_url", "data_sha256", "resume", "schemas_dir"}
NO_MATTER |= set(RecordSettings.model_fields) - set(Settings.model_fields)


def pipeline() -> dict[str, Any]:
    """Return the stages, the names in them resolved."""
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    stages: dict[str, Any] = yaml.safe_load(text.replace("${src}", SOURCE))["stages"]
    return stages


def parameters(stage: str) -> set[str]:
    """Return the settings that are a stage's own."""
    (given,) = pipeline()[stage].get("params", [{"configs/train.yaml": []}])
    return set(given["configs/train.yaml"])


def imported(path: Path) -> set[Path]:
    """Return the modules of the package that a module imports, wherever it does."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1]
            module = folder.joinpath(*(node.module or "").split("."))
            names = [module, *(module / alias.name for alias in node.names)]
            found.update(name.with_suffix(".py") for name in names)
    return {module for module in found if module.is_file()}


def needed(module: str) -> set[Path]:
    """Return every module that one needs, itself included."""
    found: set[Path] = set()
    left = {ROOT / SOURCE / module}
    while left:
        path = left.pop()
        if path.relative_to(ROOT / SOURCE).as_posix() not in PLUMBING:
            found.add(path)
            left |= imported(path) - found
    return found


@pytest.mark.parametrize("stage", pipeline())
def test_every_module_that_decides_a_result_is_named(stage: str) -> None:
    module, _ = COMMANDS[stage].function.split(":")
    stages = pipeline()
    # What every stage needs is named by the first one: if that runs, all of them do.
    named = {
        ROOT / dep for name in ("train", stage) for dep in stages[name].get("deps", [])
    }
    missing = [
        path.relative_to(ROOT).as_posix()
        for path in needed(module.replace(".", "/") + ".py")
        if not named & {path, *path.parents}
    ]
    assert missing == []


def test_every_file_that_is_named_is_there() -> None:
    own = [dep for stage in pipeline().values() for dep in stage.get("deps", [])]
    files = {dep for dep in own if not dep.startswith("pipeline/")}
    assert [name for name in files if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("stage", ["train", "explain"])
def test_the_settings_that_are_named_are_in_the_file(stage: str) -> None:
    text = (ROOT / "configs/train.yaml").read_text(encoding="utf-8")
    there = set(yaml.safe_load(text))
    assert parameters(stage) <= there  # DVC stops where one is missing
    own = set(COMMANDS[stage].settings.model_fields) - set(Settings.model_fields)
    named = parameters("train") | parameters(stage)
    assert own & there - named <= NO_MATTER


def test_every_setting_that_decides_what_is_trained_is_named() -> None:
    own = set(COMMANDS["train"].settings.model_fields) - set(Settings.model_fields)
    assert own - parameters("train") == own & NO_MATTER
