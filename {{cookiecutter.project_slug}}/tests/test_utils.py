"""Data and housekeeping."""

import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import datasets, utils
from {{ cookiecutter.package_name }}.config import ConfigError
from {{ cookiecutter.package_name }}.datasets import DataError

LOGGING = Path("configs/logging.yaml")


def test_digits_are_complete_disjoint_and_always_the_same() -> None:
    (images, labels), (test_images, test_labels) = utils.load_mnist_data(
        "digits", Path("unused")
    )
    assert images.shape == (1437, 8, 8)
    assert test_images.shape == (360, 8, 8)
    assert images.dtype == np.uint8 and labels.dtype == np.int64
    assert images.max() == datasets.DATASETS["digits"].max_value
    assert set(labels) == set(test_labels) == set(range(10))
    again, _ = utils.load_digits()
    assert utils.data_fingerprint(*again) == utils.data_fingerprint(images, labels)


def test_preprocessing_scales_to_one() -> None:
    images = np.array([[[0, 8], [16, 4]]], dtype=np.uint8)
    scaled = utils.preprocess_data(images, 16)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, [[[0, 0.5], [1, 0.25]]])


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 4)),
        np.zeros((0, 2, 2)),
        np.full((1, 2, 2), 17.0),
        np.full((1, 2, 2), -1.0),
        np.full((1, 2, 2), np.nan),
        np.full((1, 2, 2), np.inf),
    ],
)
def test_images_of_another_shape_or_range_are_refused(images: np.ndarray) -> None:
    with pytest.raises(DataError, match="must be"):
        utils.preprocess_data(images, 16)


def test_the_split_keeps_every_image_once_and_the_share_of_each_class() -> None:
    images = np.arange(100, dtype=np.float32).reshape(100, 1, 1)
    labels = np.repeat(np.arange(4, dtype=np.int64), 25)
    train, validation = utils.split_data(images, labels, 0.2, seed=1)
    assert sorted(np.concatenate([train[0], validation[0]]).ravel()) == list(range(100))
    assert list(np.bincount(validation[1])) == [5, 5, 5, 5]
    again, _ = utils.split_data(images, labels, 0.2, seed=1)
    other, _ = utils.split_data(images, labels, 0.2, seed=2)
    assert (again[0] == train[0]).all() and not (other[0] == train[0]).all()


def test_a_class_with_one_image_cannot_be_split() -> None:
    with pytest.raises(DataError, match="cannot split"):
        utils.split_data(np.zeros((5, 1, 1)), np.array([0, 0, 0, 0, 1]), 0.5, seed=1)


def test_a_csv_file_is_read_without_the_dropped_columns(tmp_path: Path) -> None:
    file = tmp_path / "images.csv"
    file.write_text("label,p0,p1\n7,1,2.5\n3,0,4\n", encoding="utf-8")
    np.testing.assert_array_equal(utils.get_data(file, ["label"]), [[1, 2.5], [0, 4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p0,p1\n1,2\n3\n", "row 3: 1 values, expected 2"),
        ("p0,p1\n1,x\n", "row 2: could not convert string to float: 'x'"),
        ("p0,p1\n1,2\n", "no column label"),
    ],
)
def test_a_bad_csv_file_is_refused_with_its_row(
    text: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "images.csv"
    file.write_text(text, encoding="utf-8")
    drop = ["label"] if "label" in message else []
    with pytest.raises(DataError, match=message):
        utils.get_data(file, drop)


def test_an_array_file_is_read_but_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.ones((2, 3, 3)))
    assert utils.get_data(tmp_path / "images.npy").shape == (2, 3, 3)
    np.save(tmp_path / "bad.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="bad.npy"):
        utils.get_data(tmp_path / "bad.npy")


@pytest.mark.parametrize("name", ["missing.csv", "images.txt"])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=name):
        utils.get_data(tmp_path / name)


def test_the_fingerprint_tells_values_shapes_and_types_apart() -> None:
    array = np.arange(6, dtype=np.int64)
    fingerprints = {
        utils.data_fingerprint(array),
        utils.data_fingerprint(array[::-1]),
        utils.data_fingerprint(array.reshape(2, 3)),
        utils.data_fingerprint(array.astype(np.int32)),
    }
    assert len(fingerprints) == 4


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    utils.write_json(file, {"accuracy": 1})
    with pytest.raises(UnicodeEncodeError):
        utils.write_atomically(file, "\ud800")
    assert json.loads(file.read_text(encoding="utf-8")) == {"accuracy": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_the_log_file_has_one_json_object_a_line_and_the_console_the_level(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = utils.set_up_logging(LOGGING, project / "logs", "WARNING", quiet=False)
    utils.logger.info("for the file: %s", "é")
    utils.logger.warning("for both")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("from a library", UserWarning, stacklevel=1)
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [record["level"] for record in records] == ["INFO", "WARNING", "WARNING"]
    assert records[0]["message"] == "for the file: é"
    assert "from a library" in records[2]["message"]
    console = capsys.readouterr().err
    assert "for both" in console and "for the file" not in console


def test_quiet_hides_information_but_no_warning(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    utils.set_up_logging(LOGGING, project / "logs", "DEBUG", quiet=True)
    logging.getLogger(utils.__name__).info("hidden")
    logging.getLogger(utils.__name__).warning("shown")
    console = capsys.readouterr().err
    assert "shown" in console and "hidden" not in console


def test_a_logging_file_without_the_two_handlers_is_refused(project: Path) -> None:
    (project / LOGGING).write_text("version: 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="logging.yaml cannot be used"):
        utils.set_up_logging(LOGGING, project / "logs", "INFO", quiet=False)


def test_an_uncaught_exception_is_logged_with_its_traceback(project: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from {{ cookiecutter.package_name }} import utils\n"
        f"utils.set_up_logging(Path('{LOGGING.as_posix()}'), Path('logs'), 'INFO', 0)\n"
        "1 / 0"
    )
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    (file,) = Path("logs").iterdir()
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["level"] == "CRITICAL"
    assert "ZeroDivisionError" in record["exc_info"]
