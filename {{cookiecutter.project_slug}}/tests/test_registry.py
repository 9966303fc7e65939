"""Model versions: whole, numbered, never changed; and which one is in production."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import filelock
import pytest

from {{ cookiecutter.package_name }} import files, main, registry
from {{ cookiecutter.package_name }}.config import ProjectError

Save = Callable[[], Path]
Output = pytest.CaptureFixture[str]


def test_versions_are_numbered_and_the_newest_is_the_default(
    save: Save, model_dir: Path
) -> None:
    assert [save().name for _ in range(11)][-1] == "11"
    folder, manifest = registry.load_version(model_dir)
    assert folder.name == "11" and manifest.metrics == {"val_accuracy": 0.9}
    assert manifest.files.keys() == {"model.bin", "variables/data"}
    assert manifest.libraries.keys() == {"python", "numpy"}
    assert manifest.exports == {"onnx": 1e-7}
    assert registry.load_version(model_dir, 2)[0].name == "2"
    with pytest.raises(ProjectError, match=r"no version 12 in .*there are \[1, "):
        registry.load_version(model_dir, 12)


def test_every_difference_from_what_was_written_is_named(
    save: Save, model_dir: Path
) -> None:
    folder = save()
    (folder / "model.bin").write_bytes(b"Weights")
    (folder / "variables/data").unlink()
    (folder / "variables/more").touch()
    with pytest.raises(ProjectError) as refused:
        registry.load_version(model_dir)
    for problem in ("bin was changed", "variables/data is missing", "more was added"):
        assert problem in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_to_the_same_content_is_refused(save: Save, model_dir: Path) -> None:
    file = save() / "model.bin"
    file.rename(model_dir / "elsewhere.bin")
    file.symlink_to(model_dir / "elsewhere.bin")
    with pytest.raises(ProjectError, match="model.bin was changed"):
        registry.load_version(model_dir)


@pytest.mark.parametrize("change", [{"seed": "x"}, {"unknown": 1}])
def test_a_damaged_manifest_is_refused(
    change: dict[str, Any], project: Path, save: Save, capsys: Output
) -> None:
    file = save() / registry.MANIFEST
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, **change}), encoding="utf-8")
    assert main.main(["registry", "verify"]) == 2
    assert "manifest.json is damaged" in capsys.readouterr().err


def test_a_save_that_fails_leaves_nothing(model_dir: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "model.bin").write_bytes(b"weights")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        registry.save_version(model_dir, fail)
    assert list(model_dir.iterdir()) == []


def test_a_save_that_is_killed_leaves_no_version(save: Save, model_dir: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from {{ cookiecutter.package_name }} import registry\n"
        "def die(folder):\n"
        "    (folder / 'model.bin').write_bytes(b'weights')\n"
        "    os._exit(9)\n"
        "registry.save_version(pathlib.Path(sys.argv[1]), die)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(model_dir)], check=False)
    assert killed.returncode == 9
    assert registry.versions(model_dir) == []
    (left,) = model_dir.iterdir()
    assert save().name == "1"
    assert left.exists()  # another process may still be writing it
    os.utime(left, (0, 0))
    assert save().name == "2"
    assert not left.exists()


def test_versions_saved_at_the_same_time_get_numbers_of_their_own(
    save: Save, model_dir: Path
) -> None:
    with ThreadPoolExecutor(8) as pool:
        saved = [pool.submit(save) for _ in range(8)]
    assert {each.result().name for each in saved} == set("12345678")
    assert registry.versions(model_dir) == list(range(1, 9))


def test_what_was_promoted_is_served_and_rolled_back_if_it_is_whole(
    save: Save, model_dir: Path
) -> None:
    for _ in range(3):
        save()
    assert registry.production(model_dir) is None
    assert registry.served_version(model_dir) == 3
    for version in (1, 3, 3):
        registry.promote(model_dir, version)
    content = json.loads((model_dir / registry.ALIASES).read_text(encoding="utf-8"))
    assert content == {"production": 3, "history": [1, 3]}
    registry.rollback(model_dir)
    assert registry.production(model_dir) == registry.served_version(model_dir) == 1
    with pytest.raises(ProjectError, match="there was none before"):
        registry.rollback(model_dir)
    registry.promote(model_dir, 2)
    (model_dir / "1/model.bin").unlink()
    for change in (registry.rollback, lambda folder: registry.promote(folder, 1)):
        with pytest.raises(ProjectError, match="model.bin is missing"):
            change(model_dir)
    assert registry.production(model_dir) == 2


def test_two_commands_do_not_change_it_at_the_same_time(
    save: Save, model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save()
    monkeypatch.setattr(registry, "LOCK_SECONDS", 0)
    with filelock.FileLock(model_dir / f".{registry.ALIASES}.lock"):
        with pytest.raises(filelock.Timeout, match="could not be acquired"):
            registry.promote(model_dir, 1)
    assert registry.production(model_dir) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"history": ["x"]}'])
def test_a_damaged_alias_file_is_refused_with_the_way_out(
    content: str, save: Save, model_dir: Path
) -> None:
    save()
    (model_dir / registry.ALIASES).write_text(content, encoding="utf-8")
    for command in (registry.production, registry.served_version, registry.rollback):
        with pytest.raises(ProjectError, match="aliases.json is damaged.*remove it an"):
            command(model_dir)


def test_the_command_lists_shows_verifies_promotes_and_rolls_back(
    project: Path, save: Save, capsys: Output
) -> None:
    def run(*arguments: str) -> str:
        assert main.main(["registry", *arguments]) == 0
        return capsys.readouterr().out

    save(), save()
    shown = json.loads(run("show", "--version", "2"))
    assert (shown["name"], shown["metrics"]) == ("model", {"val_accuracy": 0.9})
    assert run("promote", "--version", "1") == "production: version 1\n"
    header, row, _ = run().splitlines()
    assert header.split() == ["version", "created", "score", "exports"]
    assert row.split()[2:] == ["val_accuracy", "0.9000", "onnx", "<-", "production"]
    assert run("promote") == "production: version 2\n"
    assert run("rollback") == "production: version 1\n"
    assert run("verify").count(": 2 files, all as written") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["promote", "--version", "9"], "no version 9"),
        (["list", "--version", "1"], "registry list takes no --version"),
        (["rollback", "--version", "1"], "registry rollback takes no --version"),
        (["remove"], "action on the command line: 'remove': Input should be 'list'"),
        (["verify", "--model-name", "other"], "run the command `train` first"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    arguments: list[str], message: str, project: Path, save: Save, capsys: Output
) -> None:
    save()
    assert main.main(["registry", *arguments]) == 2
    shown = capsys.readouterr().err
    assert message in shown and "Traceback" not in shown


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    files.write_json(file, {"accuracy": 1})
    with pytest.raises(UnicodeEncodeError):
        files.write_text(file, "\ud800")
    assert json.loads(file.read_text(encoding="utf-8")) == {"accuracy": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_the_commit_is_recorded_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert files.git_commit() is None
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    file = tmp_path / "models.py"
    file.touch()
    for command in (["init"], ["add", "."], [*identity, "commit", "-m", "first"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    clean = files.git_commit()
    assert clean is not None and len(clean) == 40
    file.write_text("changed", encoding="utf-8")
    assert files.git_commit() == f"{clean}+"
