"""Images: load, check, scale and split them; score predictions.

Yours: pictures in a folder need no change, but `--dataset FOLDER`; for arrays of your
own, replace `load_mnist_data`. The project takes shape, classes and range from what is
loaded. Nothing here knows of a training framework.
"""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .adapter import Inputs
from .config import DataError

if TYPE_CHECKING:
    import pandas as pd

Images = npt.NDArray[Any]  # (n, height, width), or (n, height, width, 3) of colours
Labels = npt.NDArray[np.int64]  # (n,)
Labelled = tuple[Images, Labels]

TEST_FRACTION = 0.2  # of `digits` and of pictures; other sets have their own


class Data(NamedTuple):
    """What a model learns from, and all that the project knows of it."""

    training: Labelled
    test: Labelled
    classes: tuple[str, ...]  # in the order of the labels
    inputs: Inputs  # what a model of them has to be given


CLOTHES = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
CLASSES = {  # of each data set, in the order of its labels
    # 1,797 images of 8x8 pixels that come with scikit-learn: the test part of
    # https://archive.ics.uci.edu/dataset/80/
    "digits": tuple("0123456789"),
    "mnist": tuple("0123456789"),  # LeCun, 1998
    # Xiao et al., 2017, https://arxiv.org/abs/1708.07747
    "fashion_mnist": tuple(CLOTHES.split(",")),
}
# Where Keras itself downloads these sets from; the SHA-256 is of what a file holds, as
# a mirror may compress that again.
KERAS_DATASETS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# Of the files in Debian's package dataset-fashion-mnist.
FASHION_MNIST = """\
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte
"""
# The one that Keras pins.
# pragma: allowlist nextline secret
MNIST = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
FILES = {
    "mnist": {"mnist.npz": MNIST},
    "fashion_mnist": {f"{x[65:]}.gz": x[:64] for x in FASHION_MNIST.splitlines()},
}


def load_data(
    name: str,
    data_dir: Path,
    data_url: str | None,
    quiet: bool,
    shape: tuple[int, ...],
) -> Data:
    """Load a data set by its name, or pictures from a folder or a CSV file.

    Args:
        name: A key of `CLASSES`, or a path that `find_pictures` takes.
        data_dir: As `load_mnist_data` takes it; `data_url` and `quiet` too.
        shape: (height, width[, 3]) that pictures are read with; names have their own.

    Raises:
        DataError: If there is no such set, or it cannot be split by its classes.
    """
    if name not in CLASSES and Path(name).exists():
        from .pictures import load_pictures

        training, test, classes = load_pictures(Path(name), shape, data_dir)
        largest = 255.0
    else:
        training, test = load_mnist_data(name, data_dir, data_url, quiet)
        classes, count = CLASSES[name], 1 + int(training[1].max())
        if len(classes) != count:  # what `load_mnist_data` returns is yours
            classes = tuple(map(str, range(count)))
        largest = float(training[0].max())
        for images, _ in (training, test):
            check_images(images, largest)
    shape, scaled = training[0].shape[1:], name not in CLASSES
    inputs = Inputs(shape=shape, max_value=largest, scaled=scaled)
    return Data(training, test, classes, inputs)


def load_mnist_data(
    name: str = "digits",
    data_dir: str | Path = "data",
    data_url: str | None = None,
    quiet: bool = True,
) -> tuple[Labelled, Labelled]:
    """Load a data set of the MNIST family; all but `digits` are downloaded once.

    Args:
        name: A key of `CLASSES`.
        data_dir: Folder for downloaded files, made when missing.
        data_url: Folder of a mirror to download from instead.
        quiet: Whether to show no progress bar while downloading.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 (n, height, width), labels
        int64 (n,).

    Raises:
        DataError: If there is no such set, or a file of it cannot be had.
    """
    if name not in CLASSES:
        known = ", ".join(CLASSES)
        raise DataError(f"no data set {name!r}; there are {known}, and no such folder")
    if name == "digits":
        from sklearn import datasets  # half a second, and nothing else needs it

        bunch = datasets.load_digits()
        images, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.int64)
        return split_data(images, labels, TEST_FRACTION, seed=0)
    from .pictures import fetch

    contents = [
        fetch(file, sha256, data_url or KERAS_DATASETS, Path(data_dir, name), quiet)
        for file, sha256 in FILES[name].items()
    ]
    if name == "mnist":
        arrays = np.load(io.BytesIO(contents[0]), allow_pickle=False)
        parts = [arrays[key] for key in ("x_train", "y_train", "x_test", "y_test")]
    else:  # the format IDX, with a header: http://yann.lecun.com/exdb/mnist/
        pixels = [np.frombuffer(each, np.uint8, offset=16) for each in contents[::2]]
        labels = [np.frombuffer(each, np.uint8, offset=8) for each in contents[1::2]]
        images = [each.reshape(-1, 28, 28) for each in pixels]
        parts = [images[0], labels[0], images[1], labels[1]]
    x_train, y_train, x_test, y_test = parts
    return (x_train, y_train.astype(np.int64)), (x_test, y_test.astype(np.int64))


def preprocess_data(
    x_train: Images, x_test: Images | None = None, max_value: float | None = None
) -> Any:
    """Scale pixels to [0, 1].

    Args:
        x_train: Images (n, height, width), or (n, height, width, 3) of colours, from 0
            to `max_value`.
        x_test: More of them; what they hold decides nothing.
        max_value: The largest value of a pixel; that of `x_train` if not given.

    Returns:
        float32 of that shape, in [0, 1]; a pair of them if there is `x_test`.

    Raises:
        DataError: If the shape is another, or a pixel is not in the range.
    """
    largest = max_value or float(np.max(x_train, initial=0)) or 1
    check_images(x_train, largest)
    scaled = Scaled(x_train, largest)[:]
    if x_test is None:
        return scaled
    return scaled, preprocess_data(x_test, max_value=largest)


def check_images(images: Images, max_value: float) -> None:
    """Raise a DataError if images have another shape, or pixels are out of range."""
    if images.ndim < 3 or images.shape[3:] not in ((), (3,)) or 0 in images.shape:
        wanted = "(n, height, width), or (n, height, width, 3)"
        raise DataError(f"images must be {wanted}, not {images.shape}")
    low, high = images.min(), images.max()
    if not 0 <= low <= high <= max_value:  # as NaN is not, either
        problem = f"these are from {low} to {high}"
        raise DataError(f"pixels must be from 0 to {max_value:g}; {problem}")


class Scaled:
    """Images, scaled to [0, 1] as some are taken: all of them need not be in memory."""

    def __init__(self, images: Images, max_value: float, rows: Any = None) -> None:
        """Take images as `preprocess_data` does; or some of them, by their numbers."""
        self.images, self.max_value = images, np.float32(max_value)
        self.rows = np.arange(len(images)) if rows is None else rows

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def __getitem__(self, which: Any) -> npt.NDArray[np.float32]:
        """Return those of a slice or of an array of numbers."""
        taken: npt.NDArray[np.float32] = self.images[self.rows[which]].astype("f4")
        return taken / self.max_value


def split_data(
    images: Images, labels: Labels, fraction: float, seed: int
) -> tuple[Labelled, Labelled]:
    """Split images (n, ...), or their numbers, and labels (n,) in two, by class.

    A DataError says that a class would be missing from one of the parts, of which the
    second has the `fraction`, in (0, 1).
    """
    from sklearn.model_selection import train_test_split

    try:
        x_first, x_second, y_first, y_second = train_test_split(
            images, labels, test_size=fraction, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise DataError(f"cannot split the images: {error}") from error
    return (x_first, y_first), (x_second, y_second)


def class_weights(labels: Labels, kind: str) -> dict[int, float] | None:
    """Return what an image of each class counts, if classes are to be "balanced"."""
    counts = np.bincount(labels)
    weights = len(labels) / (len(counts) * np.maximum(counts, 1))
    return dict(enumerate(weights)) if kind == "balanced" else None


def get_data(
    path: str | Path, cols_to_drop: Sequence[str] = (), **options: Any
) -> "pd.DataFrame":
    """Read a CSV file with a header, or its URL, without some columns.

    The options are those of `pandas.read_csv`.

    Raises:
        DataError: If it cannot be read, or has no such column.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path, **options)
        if not isinstance(frame.index, pd.RangeIndex):
            raise ValueError("the rows have more values than the header has names")
        return frame.drop(columns=list(cols_to_drop))
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: {error}") from error


def data_fingerprint(*arrays: npt.NDArray[Any]) -> str:
    """Return a SHA-256 over the values, shapes and types of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def score_probabilities(
    probabilities: npt.NDArray[Any], labels: Labels, classes: Sequence[str]
) -> dict[str, Any]:
    """Compare probabilities (n, classes), whose rows sum to 1, with int64 labels (n,).

    Returns:
        `accuracy` in [0, 1]; `loss`, the mean cross-entropy in nats; `images`, their
        number; `classes`, with precision, recall, f1-score and support of each; and
        `confusion_matrix`, (classes, classes), a row for each true class.
    """
    from sklearn import metrics

    predicted, numbers = probabilities.argmax(axis=1), range(len(classes))
    table = metrics.classification_report(
        labels, predicted, labels=numbers, output_dict=True, zero_division=0.0
    )
    rounded = probabilities.astype(np.float32)  # whose sums are as exact as they are
    confusion = metrics.confusion_matrix(labels, predicted, labels=numbers)
    return {
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "loss": float(metrics.log_loss(labels, rounded, labels=numbers)),
        "images": len(labels),
        "classes": {name: table[str(number)] for number, name in enumerate(classes)},
        "confusion_matrix": confusion.tolist(),
    }
