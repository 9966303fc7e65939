"""Where a table comes from: scikit-learn, a file, or a URL; always a file in the end.

A table that is named is written to data/raw/ as a CSV file before it is used, so that
the default goes the way of any other file: text cells, types that a schema names.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from .config import ConfigError, ProjectError
from .files import file_sha256, write_whole
from .inputs import Task

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

DOWNLOAD_RETRIES = 4  # pooch waits 1, 2, 3 and 4 s between them
DOWNLOAD_TIMEOUT = 30  # seconds without a byte
SUFFIXES = (".csv", ".csv.gz", ".parquet")


class DataError(ProjectError):
    """Data cannot be had, or are not what they should be."""


@dataclass(frozen=True)
class Named:
    """A table that comes with scikit-learn.

    Attributes:
        loader: The function of `sklearn.datasets` that loads it.
        target: What its target column is called here.
        task: Whether that is a class or a number.
    """

    loader: str
    target: str
    task: Task


NAMED = {
    # 569 tumours, 30 measurements: https://doi.org/10.24432/C5DW2B
    "breast_cancer": Named("load_breast_cancer", "diagnosis", "classification"),
    # 178 wines of three cultivars, 13 measurements: https://doi.org/10.24432/C5PC7J
    "wine": Named("load_wine", "cultivar", "classification"),
    # 150 flowers of three species, 4 measurements: Fisher, 1936
    "iris": Named("load_iris", "species", "classification"),
    # 442 patients, 10 measurements, how far the disease went in a year:
    # Efron et al., 2004, https://doi.org/10.1214/009053604000000067
    "diabetes": Named("load_diabetes", "progression", "regression"),
}


@dataclass(frozen=True)
class Source:
    """A table that is there to be read.

    Attributes:
        name: What schemas and reports are called after.
        path: The file.
        target: The column to predict.
        task: Whether that is a class or a number.
    """

    name: str
    path: Path
    target: str
    task: Task


def locate(
    data: str,
    data_dir: Path,
    target: str | None = None,
    task: Task | None = None,
    sha256: str | None = None,
    progress: bool = False,
) -> Source:
    """Return the file that a setting `data` names; write or download it if need be.

    Args:
        data: A key of `NAMED`, a path, or an http(s) URL.
        data_dir: Files that are written or downloaded go to its folder `raw`.
        target: The column to predict; known for a named table.
        task: Whether that is a class or a number; known for a named table.
        sha256: What the file's SHA-256 has to be, if given.
        progress: Whether to show a bar while downloading.

    Raises:
        ConfigError: If `target` or `task` is needed and not given.
        DataError: If the file cannot be had, or is not the one with that SHA-256.
    """
    named = NAMED.get(data)
    target = target or (named.target if named else None)
    task = task or (named.task if named else None)
    if target is None:
        raise ConfigError(
            f"which column of {data} is to be predicted? Name it with --target"
        )
    if task is None:
        raise ConfigError(
            f"is {target!r} a class or a number? Say --task classification or "
            "--task regression"
        )
    folder = data_dir / "raw"
    remote = re.match(r"https?://", data) is not None
    if named:
        path = materialise(data, folder)
    elif remote:
        path = fetch(data, folder, progress)
    else:
        path = Path(data)
        if not path.is_file():
            raise DataError(
                f"data: {data} is no file, no URL and none of {', '.join(NAMED)}"
            )
    name = table_name(data)
    if sha256 and (found := file_sha256(path)) != sha256:
        if remote:
            path.unlink()
        raise DataError(
            f"{data} is not the table that --data-sha256 names"
            f"{', and was removed' if remote else ''}.\n"
            f"  expected SHA-256 {sha256}\n  found            {found}"
        )
    return Source(name, path, target, task)


def table_name(data: str) -> str:
    """Return the name of a table: the last part of its path, without the suffix.

    Raises:
        DataError: If the path ends otherwise than in one of `SUFFIXES`.
    """
    if data in NAMED:
        return data
    last = PurePosixPath(unquote(urlsplit(data).path) if "://" in data else data)
    file = Path(last).name
    for suffix in SUFFIXES:
        if file.endswith(suffix):
            return re.sub(r"[^\w-]+", "-", file.removesuffix(suffix)).strip("-")
    raise DataError(f"{data}: expected a file that ends in {', '.join(SUFFIXES)}")


def materialise(name: str, folder: Path) -> Path:
    """Write a table that comes with scikit-learn as a CSV file, if it is not there.

    Returns:
        The file: a header, the measurements, and last the target; classes by name.
    """
    path = folder / f"{name}.csv"
    if not path.exists():
        frame = load_named(name)
        write_whole(
            path, lambda file: frame.to_csv(file, index=False, lineterminator="\n")
        )
    return path


def load_named(name: str) -> "pd.DataFrame":
    """Load a table from scikit-learn, with readable classes and categories."""
    from sklearn import datasets

    named = NAMED[name]
    unscaled = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, named.loader)(as_frame=True, **unscaled)
    frame: pd.DataFrame = bunch.data
    if named.task == "classification":
        return frame.assign(**{named.target: bunch.target_names[bunch.target]})
    # The source has 1 and 2, and does not say which is which.
    sex = frame["sex"].map({1: "sex1", 2: "sex2"})
    return frame.assign(sex=sex, **{named.target: bunch.target})


def fetch(url: str, folder: Path, progress: bool) -> Path:
    """Return a downloaded file; download it if it is not there yet.

    pooch downloads to a temporary name and renames at the end, so that a file in
    `folder` is always a whole one. Its name starts with a part of the URL's hash:
    two files called data.csv are kept apart.

    Raises:
        DataError: If the file cannot be had.
    """
    # requests takes 0.2 s to import, and only downloads need it.
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    last = PurePosixPath(unquote(urlsplit(url).path)).name
    table_name(url)
    file = f"{hashlib.sha256(url.encode()).hexdigest()[:8]}-{last}"
    store = pooch.create(
        path=folder,
        base_url="",
        registry={file: None},
        urls={file: url},
        retry_if_failed=DOWNLOAD_RETRIES,
    )
    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=DOWNLOAD_TIMEOUT)
    known = (folder / file).exists()
    try:
        path = Path(store.fetch(file, downloader=downloader))
    except (requests.RequestException, OSError) as error:
        raise DataError(
            f"cannot download {url}: {error}\n"
            "Download it yourself and name the file with --data, or work offline "
            "with --data breast_cancer"
        ) from error
    if not known:
        logger.info("%s: SHA-256 %s; pin it with data_sha256", url, file_sha256(path))
    return path
