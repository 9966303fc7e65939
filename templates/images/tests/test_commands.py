"""The commands, from settings to files; what stops them, and how they go on."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import (
    commands,
    export,
    files,
    main,
    models,
    registry,
    utils,
)
from {{ cookiecutter.package_name }}.registry import Manifest

from samples import QUICK_TRAINING

QUICK = ("--quiet", *QUICK_TRAINING)
LONG = ("--quiet", "--epochs", "40", "--hidden-units", "16", "--batch-size", "128")
MODEL_DIR = Path("models/model")
CHECKPOINT = "[0-9]*/manifest.json"
# A training in a process of its own, which may be killed. It keeps every epoch.
PROGRAM = f"""
import sys
from {commands.__package__} import commands, main
commands.CHECKPOINT_SECONDS = 0
sys.exit(main.main(["train", *{LONG}, *sys.argv[1:]]))
"""


def train(*options: str) -> Manifest:
    """Train, and return the manifest of the version."""
    assert main.main(["train", *QUICK, *options]) == 0
    return registry.load_version(MODEL_DIR)[1]


def saved_checkpoints() -> list[Path]:
    """Return the whole checkpoints that there are."""
    return sorted(MODEL_DIR.glob(f".unfinished/*/{CHECKPOINT}"))


def wait_for_another(pattern: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process has written one more of something beside its checkpoints."""
    pattern = f".unfinished/*/{pattern}"
    before, deadline = set(MODEL_DIR.glob(pattern)), time.monotonic() + 300
    while not set(MODEL_DIR.glob(pattern)) - before:
        assert process.poll() is None, "the training ended by itself"
        assert time.monotonic() < deadline, f"there is no other {pattern}"
        time.sleep(0.005)


def test_train_evaluate_and_predict(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = train("--epochs", "30", "--hidden-units", "64")
    assert set(manifest.metrics) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 30 for values in manifest.history.values())
    assert "onnx" in manifest.exports and "onnxruntime" in manifest.libraries
    assert saved_checkpoints() == []
    assert main.main(["evaluate"]) == 0
    metrics = json.loads(Path("reports/model/1/metrics.json").read_text("utf-8"))
    assert metrics["accuracy"] > 0.9
    shown = capsys.readouterr().out
    assert f"test accuracy: {metrics['accuracy']:.4f}" in shown
    assert f"model:   {MODEL_DIR / '1'}" in shown

    _, (images, labels) = utils.load_mnist_data()
    rows = np.column_stack([labels, images.reshape(len(images), -1)])
    header = ",".join(["label", *(f"p{i}" for i in range(64))])
    np.savetxt("test.csv", rows, "%d", ",", header=header, comments="")
    options = ["--input", "test.csv", "--drop", "label", "--output", "out/classes.csv"]
    assert main.main(["predict", *options]) == 0
    with Path("out/classes.csv").open(encoding="utf-8") as file:
        predicted = [int(row["class"]) for row in csv.DictReader(file)]
    assert np.mean(predicted == labels) == pytest.approx(metrics["accuracy"])

    np.save("images.npy", np.zeros((2, 8, 8)))
    capsys.readouterr()
    assert main.main(["predict", "--input", "images.npy"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "row,class,probability"
    np.save("images.npy", np.zeros((2, 28, 28)))
    assert main.main(["predict", "--input", "images.npy"]) == 2
    assert "8 x 8 pixels" in capsys.readouterr().err


def test_training_never_learns_from_the_test_set(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, (images, labels) = utils.load_mnist_data()
    first = registry.load_version(MODEL_DIR)[1]
    poisoned = np.full_like(images, 16), labels[::-1]
    monkeypatch.setattr(utils, "load_mnist_data", lambda *rest: (training, poisoned))
    second = train()
    assert first.data_sha256 == utils.data_fingerprint(*training)
    assert first.history == second.history


def test_augmentation_and_class_weights_are_settings(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "write_exports", lambda *_: {})  # it takes seconds
    plain = train()
    for option in ("--augment", "--class-weights=balanced"):
        first, again = train(option), train(option)
        assert first.history == again.history
        assert first.history["val_loss"] != plain.history["val_loss"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "run the command `train` first"),
        (["train", "--resume"], "nothing to resume"),
        (["train", "--epochs", "0"], "epochs on the command line: '0'"),
        (["predict", "--input", "x.csv"], "run the command `train` first"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    arguments: list[str],
    message: str,
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(arguments) == 2
    shown = capsys.readouterr().err
    assert message in shown and "Traceback" not in shown


def test_a_terminal_that_cannot_show_the_result_costs_no_version(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "write_exports", lambda *_: {})
    monkeypatch.setattr(commands, "print", lambda *_: 1 / 0, raising=False)
    with pytest.raises(ZeroDivisionError):
        main.main(["train", *QUICK])
    assert registry.versions(MODEL_DIR) == [1]


def test_an_export_that_disagrees_leaves_no_version(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_onnx = export.run_onnx
    monkeypatch.setattr(export, "run_onnx", lambda *args: run_onnx(*args)[:, ::-1])
    assert main.main(["train", *QUICK]) == 2
    assert "onnx is up to" in capsys.readouterr().err
    assert registry.versions(MODEL_DIR) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_training_that_is_stopped_thrice_ends_as_if_it_were_not(
    project: Path,
) -> None:
    command = [sys.executable, "-c", PROGRAM]
    for number, status in {
        signal.SIGINT: 128 + signal.SIGINT,
        signal.SIGTERM: 128 + signal.SIGTERM,
        signal.SIGKILL: -signal.SIGKILL,
    }.items():
        with subprocess.Popen(command) as process:
            try:
                wait_for_another(CHECKPOINT, process)
                if number == signal.SIGKILL:  # in the middle of saving
                    wait_for_another(f"{files.INCOMPLETE}*", process)
                process.send_signal(number)
                assert process.wait() == status
            finally:
                process.kill()
        command = [sys.executable, "-c", PROGRAM, "--resume"]
    assert registry.versions(MODEL_DIR) == []
    resumed = train(*LONG, "--resume")
    assert saved_checkpoints() == []
    whole = train(*LONG)
    assert resumed.history == whole.history
    assert len(whole.history["loss"]) == 40
    first, second = (models.load_model(MODEL_DIR / name) for name in "12")
    images = np.random.default_rng(0).random((9, 8, 8), dtype=np.float32)
    np.testing.assert_array_equal(
        models.predict_probabilities(first, images),
        models.predict_probabilities(second, images),
    )


def test_a_training_is_resumed_with_the_same_settings_and_files_only(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(commands, "CHECKPOINT_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(
            commands, "write_exports", lambda *_: signal.raise_signal(signal.SIGINT)
        )
        assert main.main(["train", *QUICK]) == 128 + signal.SIGINT
    monkeypatch.setattr(commands, "write_exports", lambda *_: {})  # it takes seconds
    assert len(saved_checkpoints()) == 1  # the last one alone is kept
    for option, message in {
        "--seed=7": "seed was 1 and is now 7",
        "--epochs=4": "epochs was 3 and is now 4",
        "--dropout=0.5": "dropout was 0.2 and is now 0.5",
    }.items():
        assert main.main(["train", *QUICK, option, "--resume"]) == 2
        assert message in capsys.readouterr().err
    train("--epochs", "1")
    (checkpoint,) = saved_checkpoints()  # a new training keeps the unfinished one
    model = checkpoint.with_name(models.MODEL_FILE)
    content, begun = model.read_bytes(), registry.read_manifest(model.parent).started
    model.write_bytes(content[:-1])
    assert main.main(["train", *QUICK, "--resume"]) == 2
    assert f"{models.MODEL_FILE} was changed" in capsys.readouterr().err
    model.write_bytes(content)
    assert main.main(["train", *QUICK, "--resume", "--log-level", "DEBUG"]) == 0
    assert saved_checkpoints() == []
    assert registry.load_version(MODEL_DIR)[1].started == begun
