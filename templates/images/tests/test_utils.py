"""Images: loading, splitting, scaling, reading files, scoring."""

from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import datasets, utils
from {{ cookiecutter.package_name }}.datasets import DataError


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
    whole = (tmp_path / "images.npy").read_bytes()
    bad = tmp_path / "bad.npy"
    np.save(bad, np.array([{}], dtype=object), allow_pickle=True)
    pickled = bad.read_bytes()
    huge = whole.replace(b"(2, 3, 3), }     ", b"(2, 3, 333333), }")
    for content in (pickled, b"", whole[:-1], huge, b"PK\3\4" + whole):
        bad.write_bytes(content)
        with pytest.raises(DataError, match="bad.npy"):
            utils.get_data(bad)


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


def test_scores_are_those_of_the_predictions() -> None:
    probabilities = np.eye(3, dtype=np.float32)[[0, 0, 1, 1]]
    labels = np.array([0, 1, 1, 1])
    scores = utils.score_probabilities(probabilities, labels, ("a", "b", "c"))
    assert scores["accuracy"] == 0.75
    assert scores["classes"]["a"]["precision"] == 0.5
    assert scores["classes"]["b"]["recall"] == pytest.approx(2 / 3)
    assert scores["classes"]["c"]["support"] == 0
    assert scores["confusion_matrix"] == [[1, 0, 0], [1, 2, 0], [0, 0, 0]]
