"""The commands, from settings to files."""

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

from {{ cookiecutter.package_name }} import main, registry, utils

QUICK = ("--quiet", "--epochs", "3", "--hidden-units", "16")
LONG = "100"  # epochs: some seconds, to be stopped in the middle of
COMMAND = (sys.executable, "-m", "{{ cookiecutter.package_name }}.main")


def train(*options: str) -> Path:
    """Train and return the version's folder."""
    assert main.main(["train", *QUICK, *options]) == 0
    return max(Path("models/model").glob("[0-9]*"), key=lambda path: int(path.name))


def stop_after_an_epoch(number: signal.Signals) -> int:
    """Start a long training, signal it when there is a checkpoint; its exit status."""
    command = [*COMMAND, "train", "--quiet", "--epochs", LONG, "--hidden-units", "16"]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 60
        while not list(Path("models/model/.unfinished").glob("*/00*")):
            assert process.poll() is None, "the training ended by itself"
            assert time.monotonic() < deadline, "there is no checkpoint"
            time.sleep(0.02)
        process.send_signal(number)
        return process.wait(60)
    finally:
        process.kill()
        process.wait()


def checkpointed_epoch() -> int:
    """Return the epoch of the only checkpoint."""
    (folder,) = Path("models/model/.unfinished").glob("*/[0-9]*")
    return int(folder.name)


def test_train_evaluate_and_predict(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = train("--epochs", "30", "--hidden-units", "64")
    assert main.main(["evaluate"]) == 0
    metrics = json.loads(Path("reports/model/1/metrics.json").read_text("utf-8"))
    assert metrics["accuracy"] > 0.9
    shown = capsys.readouterr().out
    assert f"test accuracy: {metrics['accuracy']:.4f}" in shown
    assert str(version) in shown and "logs" in shown

    _, (images, labels) = utils.load_digits()
    pixels = images.reshape(len(images), -1)
    header = ",".join(["label", *(f"p{i}" for i in range(64))])
    rows = np.column_stack([labels, pixels])
    np.savetxt("test.csv", rows, "%d", ",", header=header, comments="")
    options = ["--input", "test.csv", "--drop", "label", "--output", "out/classes.csv"]
    assert main.main(["predict", *options]) == 0
    with Path("out/classes.csv").open(encoding="utf-8") as file:
        predictions = list(csv.DictReader(file))
    right = [
        row["class"] == str(label)
        for row, label in zip(predictions, labels, strict=True)
    ]
    assert np.mean(right) == pytest.approx(metrics["accuracy"])


def test_predictions_go_to_the_terminal_without_an_output(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    np.save("images.npy", np.zeros((2, 8, 8)))
    capsys.readouterr()
    assert main.main(["predict", "--input", "images.npy"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "row,class,probability"


def test_training_never_sees_the_test_set(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, _ = utils.load_digits()
    poisoned = np.full((1, 8, 8), 255, np.uint8), np.array([99])
    monkeypatch.setattr(utils, "load_digits", lambda: (training, poisoned))
    manifest = json.loads((train() / "manifest.json").read_text("utf-8"))
    assert manifest["data_sha256"] == utils.data_fingerprint(*training)
    assert not any(name.startswith("test") for name in manifest["metrics"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "run the command `train` first"),
        (["train", "--resume"], "nothing to resume"),
        (["train", "--epochs", "0"], "--epochs: '0'"),
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


def test_images_of_another_size_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    np.save("images.npy", np.zeros((2, 28, 28)))
    assert main.main(["predict", "--input", "images.npy"]) == 2
    assert "8 x 8 pixels" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_training_leaves_no_version_and_is_resumed(
    number: signal.Signals, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = stop_after_an_epoch(number)
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    assert not list(Path("models/model").glob("[0-9]*"))
    manifest = train("--epochs", LONG, "--resume") / "manifest.json"
    history = json.loads(manifest.read_text("utf-8"))["history"]
    assert len(history["loss"]) == int(LONG)
    assert not Path("models/model/.unfinished").exists()


def test_a_training_is_resumed_with_the_same_settings_only(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*arguments: object, **facts: object) -> None:
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(registry, "save_version", interrupt)
        assert main.main(["train", *QUICK]) == 128 + signal.SIGINT
    assert main.main(["train", *QUICK, "--seed", "7", "--resume"]) == 2
    assert "seed was 1 and is now 7" in capsys.readouterr().err
    assert main.main(["train", *QUICK, "--epochs", "4", "--resume"]) == 2
    assert "epochs was 3 and is now 4" in capsys.readouterr().err
    train("--epochs", "1")
    assert checkpointed_epoch() == 3  # a new training keeps the unfinished one
