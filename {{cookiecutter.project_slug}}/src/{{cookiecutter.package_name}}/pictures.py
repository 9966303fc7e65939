"""Images in files: find pictures, read each as the model is to see it; read arrays.

A data set of your own is a folder with a folder for each class, or a CSV file with the
columns `path` and `label`. Where folders `train` and `test` are above those, or such
words in a column `part`, that is the split.

Yours: `read_picture`, if pictures are to be cut or corrected first. A server reads what
it is sent by the same function.
"""

import logging
from collections.abc import Iterable, Sequence
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numpy.lib.format import open_memmap
from PIL import Image, ImageOps

from .config import DataError
from .utils import TEST_FRACTION, Labelled, get_data, split_data

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)
Pixels = npt.NDArray[np.uint8]

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
MOST_PIXELS = 2**25  # 100 MB of colours while it is read
PARTS = ("train", "validation", "test")  # `train` sets some aside to validate on itself
# What Pillow raises for files that are cut off or damaged, or would be huge.
DAMAGED = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
SHOWN = 5  # files that a message names


def read_picture(
    source: Path | IO[bytes], shape: tuple[int, ...], scale: bool = True
) -> Pixels:
    """Return a picture as a viewer shows it: turned by its EXIF, on white, in 8 bits.

    Args:
        source: A JPEG, PNG or WebP file.
        shape: (height, width) for brightness, or (height, width, 3) for colours.
        scale: Whether to stretch what has another size; else it is refused.

    Returns:
        uint8 of that shape, 0 is black.

    Raises:
        DataError: If it is no such picture, is damaged, or has more than 8 bits.
    """
    height, width = shape[:2]
    problem = "is not a JPEG, PNG or WebP picture that can be read"
    try:
        with Image.open(source, formats=tuple(FORMATS.values())) as image:
            # What is in the header is known before anything is unpacked.
            if image.width * image.height > MOST_PIXELS:
                raise DataError(f"has more than {MOST_PIXELS:,} pixels")
            if image.mode[0] in "IF":  # `convert` would cut the bright ones off
                raise DataError("has more than 8 bits a channel; save it with 8")
            ImageOps.exif_transpose(image, in_place=True)
            if not scale and image.size != (width, height):
                given = "{} x {}".format(*image.size)
                problem = f"must be {width} x {height} pixels, is {given}"
                raise DataError(f"{problem}, and is not resized")
            seen: Image.Image = image
            if image.has_transparency_data:
                white = Image.new("RGBA", image.size, "white")
                seen = Image.alpha_composite(white, image.convert("RGBA"))
            seen = seen.convert("RGB" if len(shape) == 3 else "L")
            return np.asarray(seen.resize((width, height), Image.Resampling.BILINEAR))
    except DataError:
        raise
    except DAMAGED as error:  # Pillow's own words name objects of this process
        problem = f"{problem} ({type(error).__name__})"
    raise DataError(problem)


def load_pictures(
    path: Path, shape: tuple[int, ...]
) -> tuple[Labelled, Labelled, tuple[str, ...]]:
    """Return training and test pictures, (n, *shape), with labels; and the classes.

    Split as the folders or the column `part` say, or else by chance and class.
    """
    found = find_pictures(path)
    images, bad = read_pictures(found["path"], shape)
    found = found[~found["path"].isin(list(bad))]
    labels, classes = found["label"].factorize(sort=True)
    is_test = (found["part"] == "test").to_numpy()
    if is_test.any():
        training, test = images[~is_test], images[is_test]
        parts = (training, labels[~is_test]), (test, labels[is_test])
    else:
        parts = split_data(images, labels, TEST_FRACTION, seed=0)
    return *parts, tuple(classes)


def read_pictures(
    files: Iterable[Path], shape: tuple[int, ...]
) -> tuple[Pixels, dict[Path, str]]:
    """Return all pictures that can be read, (n, *shape), and what is wrong with others.

    Scaled as `read_picture` does. A DataError says that none is left.
    """

    def read(file: Path) -> Pixels | str:
        try:
            return read_picture(file, shape)
        except DataError as error:
            return str(error)

    paths = list(files)
    with ThreadPool() as pool:  # Pillow decodes outside of Python's lock
        found = pool.map(read, paths)
    bad = {path: each for path, each in zip(paths, found) if isinstance(each, str)}
    good = [each for each in found if not isinstance(each, str)]
    shown = "; ".join(f"{path} {why}" for path, why in list(bad.items())[:SHOWN])
    if not good:
        raise DataError(f"none of {len(paths)} pictures can be read: {shown}")
    if bad:
        counts = len(bad), len(paths)
        logger.warning("%d of %d pictures are left out: %s", *counts, shown)
    return np.stack(good), bad


def find_pictures(path: Path) -> "pd.DataFrame":
    """Return the pictures of a data set: their `path`, `label` and `part`, or "".

    A DataError says that there are none, or that their classes are not known.
    """
    import pandas as pd

    if path.suffix == ".csv":
        frame = get_data(path)
        if absent := {"path", "label"} - set(frame):
            raise DataError(f"{path}: no column {', '.join(sorted(absent))}")
        frame["path"] = [path.parent / str(name) for name in frame["path"]]
        parts = frame["part"] if "part" in frame else ""
        return frame[["path"]].assign(label=frame["label"].astype(str), part=parts)
    found = []
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in FORMATS:
            part, *folders = file.relative_to(path).parts[:-1] or ("",)
            if part not in PARTS:
                part, folders = "", [part]
            found.append((file, folders[0] if folders else "", part))
    frame = pd.DataFrame(found, columns=["path", "label", "part"])
    if frame.empty or not all(frame["label"]):
        raise DataError(
            f"{path} must have a folder for each class, with JPEG, PNG or WebP pictures"
        )
    return frame


def read_images(
    path: Path, shape: tuple[int, ...], cols_to_drop: Sequence[str] = ()
) -> npt.NDArray[np.float64]:
    """Read images of one shape, float64 (n, *shape), as they are stored.

    Args:
        path: A .csv file, one image a row, its pixels row by row; or a .npy file.
        shape: (height, width[, 3]) of an image, in pixels.
        cols_to_drop: CSV columns that are not pixels.

    Raises:
        DataError: If the file cannot be read, or holds anything else.
    """
    try:
        if path.suffix == ".npy":
            # Mapped first: no pickles, and no memory for what the file lacks.
            pixels = np.array(open_memmap(path, mode="r"), dtype=np.float64)
        else:
            pixels = get_data(path, cols_to_drop).to_numpy(dtype=np.float64)
        images = pixels.reshape(len(pixels), *shape)
        if np.isnan(images).any():
            raise ValueError("a pixel is missing, or is not a number")
    except (OSError, ValueError, TypeError) as error:
        size = f"the model takes images of {' x '.join(map(str, shape))} pixels"
        raise DataError(f"{path}: {error}; {size}") from error
    return images
