"""The command `registry`: list, show, promote, rollback, verify."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from {{ cookiecutter.package_name }} import aliases, main

Save = Callable[[bool], Path]
Output = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("project")


def run(capsys: Output, *arguments: str) -> str:
    """Run the command, which has to work, and return what it prints."""
    capsys.readouterr()
    assert main.main(["registry", *arguments]) == 0
    return capsys.readouterr().out


def refused(capsys: Output, *arguments: str) -> str:
    """Run the command, which has to be refused, and return what it says."""
    capsys.readouterr()
    assert main.main(["registry", *arguments]) == 2
    return capsys.readouterr().err


def test_versions_are_listed_with_score_exports_and_what_is_in_production(
    save: Save, capsys: Output
) -> None:
    save(True)
    (save(True) / "manifest.json").write_text("{", encoding="utf-8")
    save(False)
    assert "production: version 1" in run(capsys, "promote", "--version", "1")
    header, first, second, third = run(capsys).splitlines()
    assert header.split() == ["version", "created", "score", "exports"]
    assert first.split()[2:] == ["val_accuracy", "0.9000", "onnx", "<-", "production"]
    assert "damaged; see `registry verify`" in second
    assert third.split()[0] == "3" and third.endswith("  none")
    assert run(capsys, "list") == run(capsys)


def test_a_manifest_is_shown_as_yaml(save: Save, capsys: Output) -> None:
    save(True)
    save(False)
    shown = yaml.safe_load(run(capsys, "show", "--version", "1"))
    assert shown["exports"] == {"onnx": 1e-7}
    assert shown["history"] == {"val_accuracy": "2 values, the last one 0.9"}
    assert yaml.safe_load(run(capsys, "show"))["exports"] == {}


def test_the_newest_version_is_promoted_and_rolled_back(
    save: Save, capsys: Output, model_dir: Path
) -> None:
    save(True)
    run(capsys, "promote")
    save(True)
    assert run(capsys, "promote") == "production: version 2\n"
    assert run(capsys, "rollback") == "production: version 1\n"
    assert aliases.production(model_dir) == 1
    assert "choose one with `registry promote" in refused(capsys, "rollback")


def test_every_damaged_file_of_every_version_is_named(
    save: Save, capsys: Output
) -> None:
    whole, broken, unreadable = save(True), save(True), save(True)
    assert run(capsys, "verify").count(": 2 files, all as written") == 3
    (broken / "model.bin").unlink()
    (broken / "model.onnx").write_bytes(b"Graph")
    (broken / "more.txt").touch()
    (unreadable / "manifest.json").write_text("{}", encoding="utf-8")
    shown = refused(capsys, "verify")
    for problem in (
        f"more.txt was added to {broken.relative_to(Path.cwd())}",
        "model.bin is missing from",
        f"{broken.relative_to(Path.cwd()) / 'model.onnx'} was changed",
        f"{unreadable.relative_to(Path.cwd()) / 'manifest.json'} is damaged",
    ):
        assert problem in shown
    assert f"version {whole.name}: 2 files" in run(capsys, "verify", "--version", "1")
    assert "model.bin is missing" in refused(capsys, "verify", "--version", "2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--version", "1"], "--version: list takes none"),
        (["rollback", "--version", "1"], "--version: rollback takes none"),
        (["show", "--version", "9"], "no version 9"),
        (["promote"], "version 1 of models/model is not exported; run `export"),
        (["remove"], "ACTION: 'remove': Input should be 'list', 'show'"),
        (["verify", "--model-name", "other"], "run the command `train` first"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    arguments: list[str], message: str, save: Save, capsys: Output
) -> None:
    save(False)
    shown = refused(capsys, *arguments)
    assert message in shown.replace("\\", "/") and "Traceback" not in shown
