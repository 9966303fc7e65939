"""Images in files: find pictures, read each as the model is to see it; other files.

A data set of your own is a folder with a folder for each class, or a CSV file with the
columns `path` and `label`. Where folders `train`, `test` and perhaps `validation` are
above those, or such words in a column `part`, that is the split; what is for validation
joins the training, which sets some aside itself.

Yours: `read_picture`, if pictures are to be cut or corrected first. A server reads what
it is sent by the same function.
"""

import gzip
import hashlib
import logging
import math
import zlib
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.pool import ThreadPool
from pathlib import Path
from tempfile import TemporaryFile
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
PARTS = ("train", "validation", "test")
LEAST = 2  # of a class to train on: one of them is to validate
# What Pillow raises for files that are cut off or damaged, or would be huge.
DAMAGED = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
SHOWN = 5  # files that a message names
BLOCK = 256  # pictures that are in memory at a time


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
    try:
        with Image.open(source, formats=tuple(FORMATS.values())) as image:
            # What is in the header is known before anything is unpacked.
            if image.width * image.height > MOST_PIXELS:
                raise DataError(f"has more than {MOST_PIXELS:,} pixels")
            # `convert` would cut the bright ones off, as Pillow does with colours.
            if image.mode[0] in "IF" or ";16" in str(getattr(image, "tile", "")):
                raise DataError("has more than 8 bits a channel; save it with 8")
            ImageOps.exif_transpose(image, in_place=True)
            if not scale and image.size != (width, height):
                given = "{} x {}, and is not resized".format(*image.size)
                raise DataError(f"must be {width} x {height} pixels, is {given}")
            seen: Image.Image = image
            if image.has_transparency_data:
                white = Image.new("RGBA", image.size, "white")
                seen = Image.alpha_composite(white, image.convert("RGBA"))
            seen = seen.convert("RGB" if len(shape) == 3 else "L")
            return np.asarray(seen.resize((width, height), Image.Resampling.BILINEAR))
    except DataError:
        raise
    except DAMAGED as error:  # Pillow's own words name objects of this process
        why = type(error).__name__
        raise DataError(f"is not a JPEG, PNG or WebP picture: {why}") from error


def load_pictures(
    path: Path, shape: tuple[int, ...], folder: Path
) -> tuple[Labelled, Labelled, tuple[str, ...]]:
    """Return training and test pictures, as `read_pictures` does, and the classes.

    Split as the folders or the column `part` say, or else by chance and class. A
    DataError says that pictures are in no part, or that a class has too few.
    """
    found = find_pictures(path)
    parts = sorted(set(found["part"]))
    if parts != [""] and not set(parts) <= set(PARTS):
        wanted = f"one of {', '.join(PARTS)}, or none in any"
        raise DataError(f"{path}: each picture must be in {wanted}; here are {parts}")
    found["number"], classes = found["label"].factorize(sort=True)
    found["is_test"] = found["part"] == "test"
    if "test" not in parts:
        rows, numbers = np.arange(len(found)), found["number"]
        _, (rows, _) = split_data(rows, numbers, TEST_FRACTION, seed=0)
        found.loc[rows, "is_test"] = True
    # Training first, so that both are a piece of one file.
    found = found.sort_values("is_test", kind="stable")
    images, bad = read_pictures(list(found["path"]), shape, folder=folder)
    found = found[~found["path"].isin(list(bad))]
    labels, count = found["number"].to_numpy(), int((~found["is_test"]).sum())
    counts = np.bincount(labels[:count], minlength=len(classes))
    if len(counts) < 2 or counts.min() < LEAST:
        needed = f"two classes or more, each with {LEAST} pictures to train on"
        told = dict(zip(classes, counts.tolist()))
        raise DataError(f"{path}: there must be {needed}; there are {told}")
    training, test = (images[:count], labels[:count]), (images[count:], labels[count:])
    return training, test, tuple(classes)


def read_pictures(
    files: Sequence[Path],
    shape: tuple[int, ...],
    scale: bool = True,
    folder: Path | None = None,
) -> tuple[Pixels, dict[Path, str]]:
    """Return all pictures that can be read, (n, *shape), and what is wrong with others.

    They are in a file without a name, which is mapped, so they need not fit in memory.

    Args:
        files: The pictures.
        shape: As `read_picture` takes it; `scale` too.
        folder: Where that file is, made when missing; that of the system if not given.

    Raises:
        DataError: If none is left.
    """

    def read(file: Path) -> Pixels | str:
        try:
            return read_picture(file, shape, scale)
        except DataError as error:
            return str(error)

    bad = {}
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    # Pillow decodes outside of Python's lock.
    with TemporaryFile(dir=folder) as store, ThreadPool() as pool:
        for first in range(0, len(files), BLOCK):
            block = files[first : first + BLOCK]
            for path, found in zip(block, pool.map(read, block)):
                if isinstance(found, str):
                    bad[path] = found
                else:
                    store.write(found.tobytes())
        store.flush()
        count = store.tell() // math.prod(shape)  # a file may be named twice
        if bad:
            shown = "; ".join(f"{path} {why}" for path, why in [*bad.items()][:SHOWN])
            lost, given = len(files) - count, len(files)
            text = f"{lost} of {given} pictures are left out: {shown}"
            if not count:
                raise DataError(text)
            logger.warning(text)
        return np.memmap(store, np.uint8, "r", shape=(count, *shape)), bad


def picture_files(path: Path) -> list[Path]:
    """Return a picture's file, or those below a folder in the order of their names."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = [file for file in files if file.suffix.lower() in FORMATS]
    if not path.exists() or not found:
        raise DataError(f"{path}: there is no JPEG, PNG or WebP picture")
    return found


def find_pictures(path: Path) -> "pd.DataFrame":
    """Return the pictures of a data set: their `path`, `label` and `part`, or "".

    A DataError says that there are none, or that their classes are not known.
    """
    import pandas as pd

    if path.suffix.lower() == ".csv":
        # "NA" and "01" are names like any other.
        frame = get_data(path, dtype=str, keep_default_na=False)
        if absent := {"path", "label"} - set(frame):
            raise DataError(f"{path}: no column {', '.join(sorted(absent))}")
        frame["path"] = [path.parent / name for name in frame["path"]]
        frame["part"] = frame.get("part", "")
    else:
        found = []
        for file in picture_files(path):
            part, *folders = file.relative_to(path).parts[:-1] or ("",)
            if part not in PARTS:
                part, folders = "", [part]
            found.append((file, folders[0] if folders else "", part))
        frame = pd.DataFrame(found, columns=["path", "label", "part"])
    if not all(frame["label"]):
        raise DataError(
            f"{path}: each picture needs a label: a folder for each class, with "
            f"pictures in it; above those there may be {', '.join(PARTS)}"
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
        if path.suffix.lower() == ".npy":
            pixels = open_memmap(path, mode="r")  # no pickle, no archive
        else:
            pixels = get_data(path, cols_to_drop).to_numpy()
        return np.array(pixels, dtype=np.float64).reshape(len(pixels), *shape)
    except (OSError, ValueError, TypeError) as error:
        size = f"the model takes images of {' x '.join(map(str, shape))} pixels"
        raise DataError(f"{path}: {error}; {size}") from error


def fetch(file: str, sha256: str, url: str, folder: Path, quiet: bool) -> bytes:
    """Return the verified, decompressed content of a file; download it if missing.

    Raises:
        DataError: If it cannot be had, or is not what it should be: then it is removed.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    url = url.rstrip("/")
    files = {file: None}  # what is in them is checked below, decompressed
    store = pooch.create(folder, f"{url}/", registry=files, retry_if_failed=4)
    loader = pooch.HTTPDownloader(progressbar=not quiet, timeout=30)
    try:
        path = Path(store.fetch(file, downloader=loader))
    except OSError as error:
        advice = f"put it into {folder}, name a mirror by --data-url, or take digits"
        raise DataError(f"cannot download {url}/{file}: {error}; {advice}") from error
    content = path.read_bytes()
    if file.endswith(".gz"):
        with suppress(EOFError, OSError, zlib.error):  # the hash is another one, then
            content = gzip.decompress(content)
    if hashlib.sha256(content).hexdigest() != sha256:
        path.unlink()
        problem = f"what it holds has not the SHA-256 {sha256}, and it was removed"
        raise DataError(f"{path} from {url}: {problem}")
    return content
