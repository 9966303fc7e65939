"""Which version is in production: promoted, rolled back, and what a server takes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import aliases
from {{ cookiecutter.package_name }}.files import locked
from {{ cookiecutter.package_name }}.registry import RegistryError

Save = Callable[[bool], Path]


def test_what_was_promoted_is_served_and_rolled_back(
    save: Save, model_dir: Path
) -> None:
    for _ in range(3):
        save(True)
    assert aliases.production(model_dir) is None
    assert aliases.served_version(model_dir) == 3
    aliases.promote(model_dir, 1)
    aliases.promote(model_dir, 3)
    aliases.promote(model_dir, 3)
    content = json.loads((model_dir / aliases.ALIASES).read_text(encoding="utf-8"))
    assert content == {"production": 3, "history": [1, 3]}
    assert aliases.rollback(model_dir) == 1
    assert aliases.production(model_dir) == aliases.served_version(model_dir) == 1
    with pytest.raises(RegistryError, match="no version of .* was in production bef"):
        aliases.rollback(model_dir)
    assert aliases.production(model_dir) == 1


def test_only_an_exported_and_whole_version_is_promoted(
    save: Save, model_dir: Path
) -> None:
    save(False)
    with pytest.raises(RegistryError, match="run `export --version 1`"):
        aliases.promote(model_dir, 1)
    (save(True) / "model.onnx").write_bytes(b"Graph")
    with pytest.raises(RegistryError, match="model.onnx was changed"):
        aliases.promote(model_dir, 2)
    with pytest.raises(RegistryError, match="no version 7"):
        aliases.promote(model_dir, 7)
    assert not (model_dir / aliases.ALIASES).exists()


def test_a_version_that_was_damaged_meanwhile_is_not_rolled_back_to(
    save: Save, model_dir: Path
) -> None:
    first = save(True)
    save(True)
    aliases.promote(model_dir, 1)
    aliases.promote(model_dir, 2)
    (first / "model.bin").unlink()
    with pytest.raises(RegistryError, match="model.bin is missing"):
        aliases.rollback(model_dir)
    assert aliases.production(model_dir) == 2


def test_a_server_without_a_model_is_told_which_command_to_run(
    save: Save, model_dir: Path
) -> None:
    with pytest.raises(RegistryError, match="no model in .* run the command `train`"):
        aliases.served_version(model_dir)
    save(False)
    with pytest.raises(RegistryError, match="version 1 of .* is not exported; run `ex"):
        aliases.served_version(model_dir)
    save(True)
    save(False)
    assert aliases.served_version(model_dir) == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "Invalid JSON"),
        ('{"production": "x", "history": []}', "valid integer"),
        ('{"production": 2, "history": [1]}', "last version of the history"),
        ('{"production": 2, "history": []}', "last version of the history"),
        ('{"production": null, "staging": 1}', "Extra inputs"),
    ],
)
def test_a_damaged_file_is_refused_with_the_way_out(
    content: str, problem: str, save: Save, model_dir: Path
) -> None:
    save(True)
    (model_dir / aliases.ALIASES).write_text(content, encoding="utf-8")
    for command in (aliases.production, aliases.served_version, aliases.rollback):
        with pytest.raises(RegistryError, match=f"damaged: .*{problem}.*remove it and"):
            command(model_dir)


def test_two_commands_do_not_write_at_the_same_time(
    save: Save, model_dir: Path
) -> None:
    save(True)
    with locked(model_dir / aliases.LOCK, AssertionError()):
        with pytest.raises(RegistryError, match="another command is changing"):
            aliases.promote(model_dir, 1)
    aliases.promote(model_dir, 1)
    assert aliases.production(model_dir) == 1
