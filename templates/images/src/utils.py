"""Images: load, verify, split and preprocess them, and score their predicted classes.

Everything here works with NumPy arrays and knows nothing of a training framework.
To use your own images, give `load_mnist_data` another branch, or replace it: the rest
of the project takes the shape and the number of classes from what it returns.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.format import open_memmap

from .datasets import DATASETS, DataError, fetch, parse_idx
from .inputs import Inputs

Images = npt.NDArray[Any]  # (n, height, width)
Labels = npt.NDArray[np.int64]  # (n,)

TEST_FRACTION = 0.2  # of `digits`; the other sets name their own test images


def load_mnist_data(
    name: str,
    data_dir: Path,
    data_url: str | None = None,
    progress: bool = False,
) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """Load a data set of the MNIST family; download it first if need be.

    Args:
        name: A key of `DATASETS`.
        data_dir: Folder for downloaded files, made when missing.
        data_url: Folder of a mirror to download from instead.
        progress: Whether to show a bar while downloading.

    Returns:
        `(train_images, train_labels), (test_images, test_labels)`. Images are uint8
        (n, height, width) from 0 to the set's `max_value`, labels int64 (n,).

    Raises:
        DataError: If a file cannot be downloaded or is not the expected one.
    """
    if name == "digits":
        return load_digits()
    dataset = DATASETS[name]
    contents = {
        file: fetch(file, sha256, data_url or dataset.url, data_dir / name, progress)
        for file, sha256 in dataset.files.items()
    }
    if name == "mnist":
        arrays = np.load(io.BytesIO(contents["mnist.npz"]), allow_pickle=False)
        train = arrays["x_train"], arrays["y_train"]
        test = arrays["x_test"], arrays["y_test"]
    else:
        parts = [parse_idx(content) for content in contents.values()]
        train, test = (parts[0], parts[1]), (parts[2], parts[3])
    return (
        (train[0], train[1].astype(np.int64)),
        (test[0], test[1].astype(np.int64)),
    )


def load_digits() -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """Load scikit-learn's digits; one fifth of them, always the same, are the test."""
    # scikit-learn takes half a second to import, and only this needs it.
    from sklearn import datasets, model_selection

    bunch = datasets.load_digits()
    train_images, test_images, train_labels, test_labels = (
        model_selection.train_test_split(
            bunch.images.astype(np.uint8),
            bunch.target.astype(np.int64),
            test_size=TEST_FRACTION,
            stratify=bunch.target,
            random_state=0,
        )
    )
    return (train_images, train_labels), (test_images, test_labels)


def preprocess_data(images: Images, max_value: float) -> npt.NDArray[np.float32]:
    """Scale pixels to [0, 1].

    Args:
        images: (n, height, width), any number type, from 0 to `max_value`.
        max_value: The largest value a pixel can have.

    Returns:
        float32 (n, height, width), in [0, 1].

    Raises:
        DataError: If the shape is another, or a pixel is outside the range or not a
            number.
    """
    if images.ndim != 3 or 0 in images.shape:
        raise DataError(f"images must be (n, height, width), not {images.shape}")
    if not (images.min() >= 0 and images.max() <= max_value):
        raise DataError(
            f"pixels must be from 0 to {max_value}; these are from {images.min()} "
            f"to {images.max()}"
        )
    return (images / np.float32(max_value)).astype(np.float32)


def split_data(
    images: Images, labels: Labels, validation_fraction: float, seed: int
) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """Split the training set, keeping the share of each class.

    Args:
        images: (n, height, width).
        labels: int64 (n,).
        validation_fraction: In (0, 1).
        seed: Decides which images go where.

    Returns:
        `(train_images, train_labels), (validation_images, validation_labels)`.

    Raises:
        DataError: If the numbers of images and labels differ, or a class would be
            missing from one of the two parts.
    """
    from sklearn import model_selection

    try:
        train_images, val_images, train_labels, val_labels = (
            model_selection.train_test_split(
                images,
                labels,
                test_size=validation_fraction,
                stratify=labels,
                random_state=seed,
            )
        )
    except ValueError as error:
        raise DataError(f"cannot split the training set: {error}") from error
    return (train_images, train_labels), (val_images, val_labels)


def get_data(path: Path, cols_to_drop: Sequence[str] = ()) -> npt.NDArray[np.float64]:
    """Read images from a file.

    Args:
        path: A .csv file with a header and one image a row, its pixels row by row;
            or a .npy file.
        cols_to_drop: CSV columns that are not pixels, such as a label.

    Returns:
        float64 (n, pixels) from a CSV file; as stored, (n, height, width), from .npy.

    Raises:
        DataError: If the file is missing, is of another kind, or holds something else
            than numbers; the message names the row.
    """
    if path.suffix not in {".csv", ".npy"}:
        raise DataError(f"{path}: expected a .csv or .npy file")
    try:
        if path.suffix == ".npy":
            # Mapped, not loaded: no pickles, and no memory for what is not there.
            return np.array(open_memmap(path, mode="r"), dtype=np.float64)
        with path.open(encoding="utf-8", newline="") as file:
            return parse_csv(file, cols_to_drop)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def get_images(
    path: Path, cols_to_drop: Sequence[str], inputs: Inputs
) -> npt.NDArray[np.float64]:
    """Read images of the size that a model takes.

    Args:
        path: As `get_data` takes it.
        cols_to_drop: CSV columns that are not pixels.
        inputs: What the model takes.

    Returns:
        float64 (n, height, width), as stored.

    Raises:
        DataError: If the file cannot be read, or its images are of another size.
    """
    pixels = get_data(path, cols_to_drop)
    height, width = inputs.height, inputs.width
    if pixels.size == 0 or pixels.size != len(pixels) * height * width:
        raise DataError(
            f"{path} has the shape {pixels.shape}; the model takes images "
            f"of {height} x {width} pixels"
        )
    return pixels.reshape(-1, height, width)


def parse_csv(
    lines: Iterable[str], cols_to_drop: Sequence[str]
) -> npt.NDArray[np.float64]:
    """Parse the rows of a CSV file with a header into float64 (n, columns)."""
    reader = csv.reader(lines)
    header = next(reader, [])
    missing = [column for column in cols_to_drop if column not in header]
    if missing:
        raise DataError(f"no column {', '.join(missing)}; there are {header}")
    kept = [i for i, column in enumerate(header) if column not in cols_to_drop]
    rows = []
    for number, row in enumerate(reader, start=2):
        if len(row) != len(header):
            raise DataError(f"row {number}: {len(row)} values, expected {len(header)}")
        try:
            rows.append([float(row[i]) for i in kept])
        except ValueError as error:
            raise DataError(f"row {number}: {error}") from error
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(kept))


def data_fingerprint(*arrays: npt.NDArray[Any]) -> str:
    """Return a SHA-256 over the values, shapes and types of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def score_probabilities(
    probabilities: npt.NDArray[np.float32], labels: Labels, classes: Sequence[str]
) -> dict[str, Any]:
    """Compare predicted probabilities with the truth.

    Args:
        probabilities: float32 (n, classes), rows summing to 1.
        labels: int64 (n,), from 0 to len(classes) - 1.
        classes: The name of each class.

    Returns:
        `accuracy` in [0, 1]; `loss`, the mean cross-entropy in nats; `images`, their
        number; `classes`, with precision, recall, f1-score and support of each; and
        `confusion_matrix`, (classes, classes), a row for each true class.
    """
    from sklearn import metrics

    predicted = probabilities.argmax(axis=1)
    numbers = range(len(classes))
    report = metrics.classification_report(
        labels,
        predicted,
        labels=numbers,
        target_names=classes,
        output_dict=True,
        zero_division=0,
    )
    return {
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "loss": float(metrics.log_loss(labels, probabilities, labels=numbers)),
        "images": len(labels),
        "classes": {name: report[name] for name in classes},
        "confusion_matrix": metrics.confusion_matrix(
            labels, predicted, labels=numbers
        ).tolist(),
    }
