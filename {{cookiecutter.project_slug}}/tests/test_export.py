"""An export: all of it becomes part of a version, or none, and none is ever damaged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from {{ cookiecutter.package_name }} import export, exporting, registry
from {{ cookiecutter.package_name }}.agreement import Format, Sample
from {{ cookiecutter.package_name }}.config import ProjectError
from {{ cookiecutter.package_name }}.contents import INCOMPLETE
from {{ cookiecutter.package_name }}.files import locked
from {{ cookiecutter.package_name }}.main import main
from {{ cookiecutter.package_name }}.watching import reference

Save = Callable[[bool], Path]
NATIVE = np.array([[0.25, 0.75], [0.5, 0.5]])
SAMPLE = Sample({}, NATIVE)


class Killed(BaseException):
    """Stands for the end of the process."""


def write_onnx(folder: Path) -> None:
    """Stand in for an export to one file."""
    (folder / "model.onnx").write_bytes(b"graph")


def write_folders(folder: Path) -> None:
    """Stand in for a SavedModel, with a folder that stays empty."""
    (folder / "assets").mkdir()
    (folder / "variables").mkdir()
    (folder / "variables" / "data").write_bytes(b"numbers")
    (folder / "saved_model.pb").write_bytes(b"signature")


FORMATS = {
    "onnx": Format(write_onnx, lambda folder, feeds: NATIVE + 1e-6),
    "saved_model": Format(write_folders, lambda folder, feeds: NATIVE),
}
ADDED = {"model.onnx", "saved_model.pb", "variables/data"}


def add(folder: Path, formats: dict[str, Format] = FORMATS) -> registry.Manifest:
    """Add formats to a version."""
    manifest = registry.read_manifest(folder)
    return export.add(folder, manifest, formats, SAMPLE, lambda pending: None)


def paths(folder: Path) -> set[str]:
    """Return everything that is in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_what_was_exported_is_part_of_the_version(save: Save, model_dir: Path) -> None:
    folder = save(False)
    before = registry.read_manifest(folder)
    after = add(folder)
    assert registry.load_version(model_dir)[1] == after
    assert after.files.keys() == {"model.bin", *ADDED}
    assert after.exports == {"onnx": pytest.approx(1e-6), "saved_model": 0}
    assert after.metrics == before.metrics and after.created == before.created
    assert "onnxruntime" in after.libraries
    assert paths(folder) == {"manifest.json", "model.bin", "variables", *ADDED}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [(NATIVE + 1e-3, "saved_model is up to 0.001 off"), (NATIVE[:1], "saved_model gi")],
)
def test_an_export_that_does_not_agree_leaves_nothing(
    outputs: npt.NDArray[np.float64], message: str, save: Save, model_dir: Path
) -> None:
    folder = save(False)
    before = paths(folder)
    wrong = Format(write_folders, lambda folder, feeds: outputs)
    with pytest.raises(ProjectError, match=message):
        add(folder, {**FORMATS, "saved_model": wrong})
    assert paths(folder) == before
    assert registry.load_version(model_dir)[1].exports == {}


@pytest.mark.parametrize("moves", range(len(ADDED) + 2))
def test_a_killed_export_leaves_a_version_that_loads_and_the_next_one_tidies_up(
    moves: int, save: Save, model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the first file was moved, after it, ..., after the manifest."""
    folder = save(False)
    left = moves
    rename, replace = Path.rename, Path.replace

    def count() -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1

    def counted_rename(path: Path, target: Path) -> Path:
        count()
        return rename(path, target)

    def counted_replace(path: Path, target: Path) -> Path:
        if path.name == registry.MANIFEST:
            count()
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", counted_rename)
        patch.setattr(Path, "replace", counted_replace)
        patch.setattr(export, "clean", lambda folder: None)
        if moves > len(ADDED):
            add(folder)
        else:
            with pytest.raises(Killed):
                add(folder)
    manifest = registry.load_version(model_dir)[1]
    assert bool(manifest.exports) == (moves > len(ADDED))
    export.clean(folder)
    assert not list(folder.glob(f"{INCOMPLETE}*"))
    assert registry.listed(folder) == manifest.files.keys()
    if not manifest.exports:
        assert add(folder).files.keys() == {"model.bin", *ADDED}


def test_a_version_is_whole_to_readers_before_every_step_of_an_export(
    save: Save, model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save(False)
    seen: list[dict[str, float]] = []

    def reading(step: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def read_and_step(path: Path, target: Path) -> Path:
            seen.append(registry.load_version(model_dir)[1].exports)
            return step(path, target)

        return read_and_step

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", reading(Path.rename))
        patch.setattr(Path, "replace", reading(Path.replace))
        add(folder)
    # The pending manifest is written by a replace of its own.
    assert seen == [{}] * (len(ADDED) + 2)


def test_a_second_export_adds_only_what_is_missing(
    project: Path,
    save: Save,
    model_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def keep(settings: object, folder: Path, manifest: Any, pending: Path) -> None:
        if reference.FILE not in manifest.files:
            (pending / reference.FILE).write_bytes(b"kept")

    save(False)
    monkeypatch.setattr(exporting, "held_out", lambda *arguments: SAMPLE)
    monkeypatch.setattr(export, "keep_reference", keep)
    offered = {"onnx": FORMATS["onnx"]}
    monkeypatch.setattr(exporting, "formats", lambda *arguments: offered)
    assert main(["export", "--quiet"]) == 0
    assert "onnx:        1.0e-06 off the model at most\n" in capsys.readouterr().out
    assert (model_dir / "1" / reference.FILE).read_bytes() == b"kept"
    unchanged = (model_dir / "1" / "model.onnx").stat().st_mtime_ns
    offered |= FORMATS
    assert main(["export", "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert "onnx:        1.0e-06 off the model at most, exported before\n" in shown
    assert "saved_model: 0.0e+00 off the model at most\n" in shown
    assert (model_dir / "1" / "model.onnx").stat().st_mtime_ns == unchanged
    assert main(["export", "--quiet"]) == 0
    assert capsys.readouterr().out.count("exported before") == 2


def test_an_export_into_another_folder_leaves_the_version_as_it_was(
    project: Path,
    save: Save,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = paths(save(False).parent)
    monkeypatch.setattr(exporting, "held_out", lambda *arguments: SAMPLE)
    monkeypatch.setattr(exporting, "formats", lambda *arguments: FORMATS)
    monkeypatch.setattr(export, "keep_reference", lambda *arguments: None)
    for _ in range(2):  # the second finds everything there
        assert main(["export", "--quiet", "--into", "release"]) == 0
        _, manifest = registry.load_version(Path("release/model"))
        assert manifest.files.keys() == {"model.bin", *ADDED}
    assert paths(Path("models/model")) == before
    other = Path("release/model/1/manifest.json")
    hashed = manifest.files["model.bin"]
    other.write_text(other.read_text("utf-8").replace(hashed, "0" * 64), "utf-8")
    assert main(["export", "--quiet", "--into", "release"]) == 2
    assert "is another version than" in capsys.readouterr().err


def test_a_damaged_version_is_not_exported(
    project: Path, save: Save, capsys: pytest.CaptureFixture[str]
) -> None:
    (save(False) / "model.bin").write_bytes(b"Weights")
    assert main(["export"]) == 2
    assert "model.bin was changed" in capsys.readouterr().err


def test_two_exports_do_not_run_at_the_same_time(
    project: Path, save: Save, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(False)
    with locked(model_dir / export.LOCK, AssertionError()):
        assert main(["export"]) == 2
    assert "another export of" in capsys.readouterr().err


def test_without_a_model_the_command_to_run_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export"]) == 2
    assert "run the command `train` first" in capsys.readouterr().err
    assert not Path("models").exists()
