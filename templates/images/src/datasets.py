"""The data sets that can be named, and how their files are downloaded and checked.

A file is used only if it holds, byte for byte, what this project was tested with.
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .config import ProjectError

DOWNLOAD_RETRIES = 4  # pooch waits 1, 2, 3 and 4 s between them
DOWNLOAD_TIMEOUT = 30  # seconds without a byte


class DataError(ProjectError):
    """Data cannot be had, or are not what they should be."""


@dataclass(frozen=True)
class Dataset:
    """What there is to know of a data set without loading it.

    Attributes:
        url: The folder that its files are downloaded from.
        files: The files and the SHA-256 of what they hold, after decompression, so
            that a mirror may compress them again.
        max_value: The largest pixel value; the smallest is 0.
        classes: The name of each class, in the order of the labels.
    """

    url: str
    files: dict[str, str]
    max_value: int
    classes: tuple[str, ...]


DIGIT_NAMES = tuple("0123456789")

# The folder that Keras itself downloads these two sets from.
KERAS_DATASETS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

DATASETS = {
    # 1,797 images of 8x8 pixels that come with scikit-learn: the test part of
    # https://archive.ics.uci.edu/dataset/80/
    "digits": Dataset(url="", files={}, max_value=16, classes=DIGIT_NAMES),
    # LeCun et al., 1998. The hash is the one that Keras 3.15 pins.
    "mnist": Dataset(
        url=KERAS_DATASETS,
        files={
            "mnist.npz": (
                # pragma: allowlist nextline secret
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
            )
        },
        max_value=255,
        classes=DIGIT_NAMES,
    ),
    # Xiao et al., 2017, https://arxiv.org/abs/1708.07747. The hashes are those of the
    # files in Debian's package dataset-fashion-mnist, decompressed.
    "fashion_mnist": Dataset(
        url=KERAS_DATASETS,
        files={
            "train-images-idx3-ubyte.gz": (
                # pragma: allowlist nextline secret
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
            ),
            "train-labels-idx1-ubyte.gz": (
                # pragma: allowlist nextline secret
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
            ),
            "t10k-images-idx3-ubyte.gz": (
                # pragma: allowlist nextline secret
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                # pragma: allowlist nextline secret
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
            ),
        },
        max_value=255,
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
}


def fetch(file: str, sha256: str, url: str, folder: Path, progress: bool) -> bytes:
    """Return the verified, decompressed content of a file; download it if missing.

    pooch downloads to a temporary name and renames at the end, so that a file in
    `folder` is always a whole one.

    Raises:
        DataError: If the file cannot be had, or does not hold what it should; in
            that case it is removed.
    """
    # requests takes 0.2 s to import, and only downloads need it.
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    source = url.rstrip("/") + "/"
    store = pooch.create(
        path=folder,
        base_url=source,
        registry={file: None},
        retry_if_failed=DOWNLOAD_RETRIES,
    )
    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=DOWNLOAD_TIMEOUT)
    try:
        path = Path(store.fetch(file, downloader=downloader))
    except (requests.RequestException, OSError) as error:
        raise DataError(
            f"cannot download {source}{file}: {error}\n"
            f"Put the file into {folder} yourself, name a mirror with --data-url, "
            "or work offline with --dataset digits"
        ) from error
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if file.endswith(".gz") else content
        found = hashlib.sha256(content).hexdigest()
    except (EOFError, OSError, zlib.error) as error:
        found = f"not readable: {error}"
    if found != sha256:
        path.unlink()
        raise DataError(
            f"{file} from {source} is damaged, or is not the file this project was "
            f"tested with, and was removed.\n  expected SHA-256 {sha256}\n"
            f"  found            {found}"
        )
    return content


def parse_idx(content: bytes) -> npt.NDArray[np.uint8]:
    """Parse the IDX format: two zero bytes, type, rank, sizes (big-endian), data.

    Source: http://yann.lecun.com/exdb/mnist/, "The IDX file format".

    Raises:
        DataError: If the content is not an IDX file of unsigned bytes.
    """
    if content[:3] != b"\x00\x00\x08":
        raise DataError("not an IDX file of unsigned bytes")
    rank = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=rank, offset=4)
    data = np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * rank)
    if data.size != shape.prod(dtype=np.int64):
        raise DataError(f"an IDX file of shape {tuple(shape)} has {data.size} values")
    return data.reshape(tuple(shape))
