"""Model versions: whole, numbered, and checked when they are loaded."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import contents, registry
from {{ cookiecutter.package_name }}.registry import RegistryError

from samples import INPUTS

FACTS: dict[str, Any] = {
    "metrics": {"val_accuracy": 0.9},
    "history": {"val_accuracy": [0.8, 0.9]},
    "settings": {"epochs": 2},
    "seed": 1,
    "dataset": "digits",
    "classes": ("0", "1"),
    "inputs": INPUTS,
    "data_sha256": "0" * 64,
}


def write_files(folder: Path) -> None:
    """Stand in for a model."""
    (folder / "model.bin").write_bytes(b"weights")


def save(model_dir: Path) -> Path:
    """Save a version."""
    return registry.save_version(model_dir, write_files, ("numpy", "absent"), **FACTS)


def test_versions_are_numbered_and_the_newest_is_the_default(tmp_path: Path) -> None:
    model_dir = tmp_path / "model"
    assert [save(model_dir).name for _ in range(11)][-1] == "11"
    folder, manifest = registry.load_version(model_dir)
    assert folder.name == "11"
    assert manifest.metrics == {"val_accuracy": 0.9}
    assert manifest.files.keys() == {"model.bin"}
    assert manifest.libraries.keys() == {"python", "numpy"}
    assert registry.load_version(model_dir, 2)[0].name == "2"


@pytest.mark.parametrize("version", [None, 7])
def test_a_version_that_is_not_there_is_refused(
    version: int | None, tmp_path: Path
) -> None:
    if version:
        save(tmp_path)
    with pytest.raises(
        RegistryError, match="there are \\[1\\]|run the command `train`"
    ):
        registry.load_version(tmp_path, version)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    (save(tmp_path) / "model.bin").write_bytes(b"Weights")
    with pytest.raises(RegistryError, match="model.bin was changed"):
        registry.load_version(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    (save(tmp_path) / "model.bin").unlink()
    with pytest.raises(RegistryError, match="model.bin is missing from"):
        registry.load_version(tmp_path)


def test_an_added_file_is_refused(tmp_path: Path) -> None:
    (save(tmp_path) / "more.txt").touch()
    with pytest.raises(RegistryError, match="more.txt was added to"):
        registry.load_version(tmp_path)


def test_files_in_folders_belong_to_a_version(tmp_path: Path) -> None:
    def write_more(folder: Path) -> None:
        write_files(folder)
        (folder / "variables" / "part").mkdir(parents=True)
        (folder / "variables" / "part" / "data").write_bytes(b"numbers")

    folder = registry.save_version(tmp_path, write_more, **FACTS)
    _, manifest = registry.load_version(tmp_path)
    assert manifest.files.keys() == {"model.bin", "variables/part/data"}
    (folder / "variables" / "more").touch()
    with pytest.raises(RegistryError, match="variables/more was added to"):
        registry.load_version(tmp_path)


def test_a_manifest_from_before_there_were_exports_is_read(tmp_path: Path) -> None:
    file = save(tmp_path) / registry.MANIFEST
    content = json.loads(file.read_text(encoding="utf-8"))
    del content["exports"]
    file.write_text(json.dumps(content), encoding="utf-8")
    assert registry.load_version(tmp_path)[1].exports == {}


def test_an_export_that_ends_while_a_version_is_read_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save(tmp_path)
    listed = registry.listed

    def export_meanwhile(folder: Path) -> set[str]:
        # After the manifest was read, and before the files are listed.
        if not (folder / "model.onnx").exists():
            (folder / "model.onnx").write_bytes(b"graph")
            manifest = registry.read_manifest(folder)
            files = contents.hashes(folder)
            del files[registry.MANIFEST]
            new = manifest.model_copy(update={"files": files}).model_dump_json()
            (folder / registry.MANIFEST).write_text(new, encoding="utf-8")
        return listed(folder)

    monkeypatch.setattr(registry, "listed", export_meanwhile)
    assert "model.onnx" in registry.load_version(tmp_path)[1].files
    assert (folder / "model.onnx").exists()


@pytest.mark.parametrize("change", [{"seed": "x"}, {"unknown": 1}])
def test_a_damaged_manifest_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    file = save(tmp_path) / registry.MANIFEST
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, **change}), encoding="utf-8")
    with pytest.raises(RegistryError, match="manifest.json is damaged"):
        registry.load_version(tmp_path)


def test_a_save_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write_files(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        registry.save_version(tmp_path, fail, **FACTS)
    assert list(tmp_path.iterdir()) == []


def test_a_save_that_is_killed_leaves_no_version(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from {{ cookiecutter.package_name }} import registry\n"
        "def die(folder):\n"
        "    (folder / 'model.bin').write_bytes(b'weights')\n"
        "    os._exit(9)\n"
        "registry.save_version(pathlib.Path(sys.argv[1]), die)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == 9
    assert registry.versions(tmp_path) == []
    (left,) = tmp_path.iterdir()
    assert save(tmp_path).name == "1"
    assert left.exists()  # another process may still be writing it
    os.utime(left, (0, 0))
    assert save(tmp_path).name == "2"
    assert not left.exists()


def test_versions_saved_at_the_same_time_get_numbers_of_their_own(
    tmp_path: Path,
) -> None:
    threads = [threading.Thread(target=save, args=(tmp_path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.versions(tmp_path) == list(range(1, 9))


def test_the_commit_is_recorded_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert registry.git_commit() is None
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    commit = ["git", *identity, "commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(commit, check=True)
    clean = registry.git_commit()
    assert clean is not None and len(clean) == 40
    (tmp_path / "new.txt").touch()
    assert registry.git_commit() == f"{clean}+"
