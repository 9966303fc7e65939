"""What an interrupted training leaves behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import checkpoints
from {{ cookiecutter.package_name }}.checkpoints import ResumeError, Run, State


def write_model(folder: Path) -> None:
    """Stand in for a model."""
    (folder / "model.bin").write_text("weights", encoding="utf-8")


def test_only_the_newest_epoch_is_kept(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for epoch in (1, 2, 12):
        run.save(State({"seed": 1}, epoch, {"loss": [0.5] * epoch}), write_model)
    assert run.epochs() == [12]
    state, folder = run.load({"seed": 1})
    assert (state.epoch, state.history) == (12, {"loss": [0.5] * 12})
    assert (folder / "model.bin").read_text(encoding="utf-8") == "weights"


def test_a_checkpoint_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.save(State({}, 1), write_model)

    def fail(folder: Path) -> None:
        (folder / "model.bin").write_text("half", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run.save(State({}, 2), fail)
    assert run.epochs() == [1]
    run.save(State({}, 2), write_model)
    assert run.epochs() == [2]


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.save(State({"seed": 1, "dropout": 0.2}, 1), write_model)
    with pytest.raises(ResumeError, match="seed was 1 and is now 2"):
        run.load({"seed": 2, "dropout": 0.2})


def test_the_newest_unfinished_run_is_resumed(tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match="nothing to resume"):
        checkpoints.newest_unfinished(tmp_path)
    folder = tmp_path / checkpoints.FOLDER
    for name in ("20260101T000000Z-9", "20260102T000000Z-1"):
        Run(folder / name).save(State({}, 1), write_model)
    (folder / "20260103T000000Z-1").mkdir()  # stopped before its first epoch ended
    newest = checkpoints.newest_unfinished(tmp_path)
    assert newest.folder.name == "20260102T000000Z-1"
    newest.remove()
    assert checkpoints.newest_unfinished(tmp_path).folder.name.startswith("20260101")


def test_a_finished_run_leaves_no_folder(tmp_path: Path) -> None:
    run = Run.new(tmp_path)
    run.save(State({}, 1), write_model)
    run.remove()
    assert list(tmp_path.iterdir()) == []


def write_state(text: str) -> Callable[[Path], None]:
    """Return a function that writes another state."""

    def change(folder: Path) -> None:
        (folder / checkpoints.STATE_FILE).write_text(text, encoding="utf-8")

    return change


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "swapped": (lambda folder: (folder / "model.bin").write_text("x"), "was changed"),
    "added": (lambda folder: (folder / "more").write_text("x"), "more was added"),
    "missing": (lambda folder: (folder / "model.bin").unlink(), "is missing"),
    "cut off": (write_state('{"identity": {'), "state.json"),
    "no state": (write_state("[]"), "state.json"),
    "without hashes": (write_state('{"identity": {}}'), "was added"),
    "gone": (lambda folder: (folder / checkpoints.STATE_FILE).unlink(), "state.json"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_a_checkpoint_that_was_changed_is_not_loaded(
    change: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    run.save(State({}, 1), write_model)
    change(tmp_path / "00001")
    with pytest.raises(ResumeError, match=f"(?s){message}.*Remove .* and train again"):
        run.load({})
