"""Finished models: numbered, immutable folders with a manifest.

    models/<name>/<version>/...             the native model
                            model.onnx ...  what servers load, from the command `export`
                            manifest.json   hashes, metrics, settings, versions, origin
                            model.sig       a signature over these, if there is one
                  aliases.json              which version is in production (aliases.py)

The layout is TensorFlow Serving's, where a version is a whole number. A version is
prepared under a temporary name and renamed at the end: it is whole or it is not there.
Afterwards files are only added to it, by an export (export.py), never changed.
"""

import logging
import os
import platform
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from .config import ProjectError
from .contents import INCOMPLETE, differences, hashes, names
from .files import write_json
from .inputs import Inputs

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
SIGNATURE = "model.sig"
ONNX_FILE = "model.onnx"
STALE_SECONDS = 24 * 60 * 60


class RegistryError(ProjectError):
    """A model version is missing, damaged or not what its manifest says."""


class Manifest(BaseModel):
    """What is known of a model version.

    Attributes:
        name: The model's name.
        created: UTC, ISO 8601.
        files: SHA-256 of every file but the manifest, by its path in the folder, with
            slashes.
        metrics: Figures from training and validation; never from the test set.
        history: One value an epoch for each metric.
        settings: The settings it was trained with.
        seed: The seed of everything random.
        dataset: The data set's name.
        classes: The name of each class, in the order of the outputs.
        inputs: What the model has to be given.
        data_sha256: Fingerprint of the training set.
        libraries: Versions, Python's too.
        git_commit: The commit it was trained at, with "+" when files had changed;
            None outside a git repository.
        exports: For each format that was exported, the largest difference between its
            outputs and the native model's: absolute for probabilities; for a
            regression, in standard deviations of the target.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    created: str
    files: dict[str, str]
    metrics: dict[str, float]
    history: dict[str, list[float]]
    settings: dict[str, Any]
    seed: int
    dataset: str
    classes: tuple[str, ...]
    inputs: Inputs
    data_sha256: str
    libraries: dict[str, str]
    git_commit: str | None
    exports: dict[str, float] = {}


def versions(model_dir: Path) -> list[int]:
    """Return the versions of a model in order; empty if there is none."""
    return sorted(
        int(path.name)
        for path in model_dir.glob("*")
        if path.name.isdecimal() and (path / MANIFEST).is_file()
    )


def save_version(
    model_dir: Path,
    write_files: Callable[[Path], None],
    libraries: Iterable[str] = (),
    **facts: Any,
) -> Path:
    """Write a new version of a model.

    Args:
        model_dir: The folder of all its versions.
        write_files: Called with the empty folder to write the model's files into.
        libraries: The distributions whose versions are recorded, where installed.
        **facts: The fields of `Manifest` that are not measured here.

    Returns:
        The folder of the version.
    """
    with incomplete_folder(model_dir) as folder:
        write_files(folder)
        files = hashes(folder)
        manifest = Manifest(
            name=model_dir.name,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            files=files,
            libraries=library_versions(libraries),
            git_commit=git_commit(),
            **facts,
        )
        write_json(folder / MANIFEST, manifest.model_dump(mode="json"))
        flush_to_disk(folder, [*files, MANIFEST])
        while True:
            target = model_dir / str(max(numbered(model_dir), default=0) + 1)
            try:
                folder.rename(target)
            except OSError:
                # Another training took the number first; the next one is free.
                if not target.exists():
                    raise
            else:
                return target


def load_version(model_dir: Path, version: int | None = None) -> tuple[Path, Manifest]:
    """Find a version and check that its files are the ones that were written.

    Args:
        model_dir: The folder of all versions.
        version: The version; the newest if not given.

    Returns:
        The folder and its manifest.

    Raises:
        RegistryError: If there is no such version, or a file is missing, was changed
            or was added.
    """
    folder = find_version(model_dir, version)
    manifest, damages = inspect(folder)
    for damage in damages:
        raise RegistryError(f"{damage}; this version is not used")
    return folder, manifest


def find_version(model_dir: Path, version: int | None = None) -> Path:
    """Return the folder of a version, the newest if not given, without a look inside.

    Raises:
        RegistryError: If there is none.
    """
    known = versions(model_dir)
    if not known:
        raise RegistryError(f"no model in {model_dir}; run the command `train` first")
    if version is not None and version not in known:
        raise RegistryError(f"no version {version} in {model_dir}; there are {known}")
    return model_dir / str(version or known[-1])


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a version.

    Raises:
        RegistryError: If it is no manifest.
    """
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except ValidationError as error:
        raise RegistryError(f"{folder / MANIFEST} is damaged: {error}") from error


def inspect(folder: Path) -> tuple[Manifest, Iterator[str]]:
    """Return the manifest of a version, and what is wrong with its files.

    The second is worked out as it is asked for: hashing takes time.

    Raises:
        RegistryError: If there is no readable manifest.
    """
    seen: tuple[Manifest, set[str]] | None = None
    while True:
        manifest = read_manifest(folder)
        found = listed(folder)
        added = found - manifest.files.keys() - coming(folder)
        # An export may have ended between these lines. What is seen twice is so.
        if not added or (manifest, added) == seen:
            return manifest, differences(folder, manifest.files, found, added)
        seen = manifest, added


def listed(folder: Path) -> set[str]:
    """Return the paths of the files of a version that its manifest has to list."""
    return names(folder) - {MANIFEST, SIGNATURE}


def coming(folder: Path) -> set[str]:
    """Return the files that an export is moving into a version, or was when killed."""
    names: set[str] = set()
    for pending in folder.glob(f"{INCOMPLETE}*/{MANIFEST}"):
        with suppress(FileNotFoundError):  # the export has ended meanwhile
            names.update(read_manifest(pending.parent).files)
    return names


@contextmanager
def incomplete_folder(model_dir: Path) -> Iterator[Path]:
    """Give a folder to prepare a version in; remove it if it was not renamed."""
    model_dir.mkdir(parents=True, exist_ok=True)
    for stale in model_dir.glob(f"{INCOMPLETE}*"):
        with suppress(FileNotFoundError):  # renamed meanwhile by its own process
            # Left by a process that was killed; a day is longer than any save takes.
            if time.time() - stale.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(stale, ignore_errors=True)
    folder = model_dir / f"{INCOMPLETE}{uuid.uuid4().hex}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def numbered(model_dir: Path) -> list[int]:
    """Return every number that is taken, whatever is in the folder."""
    return [int(path.name) for path in model_dir.glob("*") if path.name.isdecimal()]


def flush_to_disk(folder: Path, names: Iterable[str]) -> None:
    """Wait until files are on disk, so that a rename cannot overtake their content."""
    for name in names:
        with (folder / name).open("rb+") as file:
            os.fsync(file.fileno())


def library_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of the distributions that are installed."""
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def git_commit() -> str | None:
    """Return the commit of the working folder, marked "+" when files have changed."""
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
        status = subprocess.run(
            ["git", "status", "--porcelain"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        # No git, no repository, or no commit yet: nothing to record.
        return None
    return commit.stdout.strip() + ("+" if status.stdout.strip() else "")
