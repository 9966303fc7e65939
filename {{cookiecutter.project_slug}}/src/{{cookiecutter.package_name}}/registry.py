"""Finished models: numbered, hashed folders that never change.

    models/<name>/<version>/model.*        the native model
                            model.onnx ... what servers load
                            manifest.json  hashes, metrics, settings, versions, origin
                  aliases.json             which version is in production

The layout is TensorFlow Serving's. A version is written under a temporary name and
renamed at the end: it is whole or it is not there. Yours: nothing has to change here.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
from pydantic import BaseModel, ConfigDict, Field

from .adapter import Inputs
from .config import ProjectError, RegistrySettings
from .files import careful, hashes, incomplete_folder, write_json

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
ONNX_FILE = "model.onnx"
ALIASES = "aliases.json"
LOCK_SECONDS = 10  # far longer than anybody needs


class Manifest(BaseModel):
    """What is known of a version; nothing in it comes from the test set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    created: str  # UTC, ISO 8601
    # When the training began, UTC, ISO 8601; what older versions do not say.
    started: str = Field(default_factory=lambda told: str(told["created"]))
    files: dict[str, str]  # SHA-256 of each file but this one, by its path
    metrics: dict[str, float]  # of training and validation
    history: dict[str, list[float]]  # for each metric, a value an epoch or a fold
    settings: dict[str, Any]
    seed: int
    dataset: str
    classes: tuple[str, ...]  # in the order of the outputs; none for a regression
    inputs: Inputs  # what the model has to be given
    data_sha256: str  # of the training set
    libraries: dict[str, str] = {}  # their versions, Python's too
    git_commit: str | None = None  # with "+" when files had changed
    # The largest difference between each exported format and the native model: of a
    # probability, or of a value in standard deviations of the target.
    exports: dict[str, float] = {}
    not_exported: dict[str, str] = {}  # why a format is missing


def versions(model_dir: Path) -> list[int]:
    """Return the versions of a model in order; empty if there is none."""
    folders = [path.parent.name for path in model_dir.glob(f"*/{MANIFEST}")]
    return sorted(int(name) for name in folders if name.isdecimal())


def find_version(model_dir: Path, version: int | None = None) -> Path:
    """Return the folder of a version, the newest if not given, or a ProjectError."""
    known = versions(model_dir)
    if not known:
        raise ProjectError(f"no model in {model_dir}; run the command `train` first")
    if version is not None and version not in known:
        raise ProjectError(f"no version {version} in {model_dir}; there are {known}")
    return model_dir / str(version or known[-1])


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a version; a ProjectError says that it is damaged."""
    with careful(folder / MANIFEST):
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())


def load_version(model_dir: Path, version: int | None = None) -> tuple[Path, Manifest]:
    """Return the folder and the manifest of a version, the newest if not given.

    Raises:
        ProjectError: If it is not there, or any file is missing, changed or added.
    """
    folder = find_version(model_dir, version)
    manifest, found = read_manifest(folder), hashes(folder)
    found.pop(MANIFEST, None)
    problems = [
        f"{name} {'was changed' if name in found else 'is missing'}"
        for name, sha256 in manifest.files.items()
        if found.get(name) != sha256
    ]
    problems += [f"{name} was added" for name in found.keys() - manifest.files.keys()]
    if problems:
        raise ProjectError(f"{folder} is not used: {'; '.join(sorted(problems))}")
    return folder, manifest


def save_version(
    model_dir: Path, write: Callable[[Path], Mapping[str, Any] | None], **facts: Any
) -> Path:
    """Write a new version of a model, whole or not at all, and return its folder.

    Args:
        model_dir: The folder of all its versions.
        write: Called with an empty folder to write all files into; it may return
            fields of `Manifest` that come of it.
        **facts: The other fields of `Manifest` that are not measured here.
    """
    with incomplete_folder(model_dir) as folder:
        facts |= write(folder) or {}
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        files, name = hashes(folder), model_dir.name
        manifest = Manifest(name=name, created=created, files=files, **facts)
        write_json(folder / MANIFEST, manifest.model_dump(mode="json"))
        for name in (*manifest.files, MANIFEST):
            # On disk first, so that the rename cannot overtake the content.
            with (folder / name).open("rb+") as file:
                os.fsync(file.fileno())
        while True:
            taken = [int(p.name) for p in model_dir.glob("*") if p.name.isdecimal()]
            target = model_dir / str(max(taken, default=0) + 1)
            try:
                return folder.rename(target)
            except OSError:
                if not target.exists():
                    raise  # else another training took the number first: the next one


def promotions(model_dir: Path) -> list[int]:
    """Return the versions that were put into production, the one there now last."""
    file = model_dir / ALIASES
    if not file.exists():
        return []
    with careful(file, "remove it and promote the version that was in production"):
        return [int(number) for number in json.loads(file.read_bytes())["history"]]


def production(model_dir: Path) -> int | None:
    """Return the version in production; None if none was promoted."""
    return next(reversed(promotions(model_dir)), None)


def served_version(model_dir: Path) -> int:
    """Return the version that servers use: in production, or else the newest."""
    return production(model_dir) or int(find_version(model_dir).name)


@contextmanager
def changed_promotions(model_dir: Path) -> Iterator[list[int]]:
    """Give the promotions to change, which nobody else can meanwhile."""
    with filelock.FileLock(model_dir / f".{ALIASES}.lock", timeout=LOCK_SECONDS):
        history = promotions(model_dir)
        yield history
        content = {"production": history[-1], "history": history}
        write_json(model_dir / ALIASES, content)
    logger.info("%s: version %d is in production", model_dir, history[-1])


def promote(model_dir: Path, version: int) -> None:
    """Put a version into production, if its files are whole, and it is not there."""
    load_version(model_dir, version)
    with changed_promotions(model_dir) as history:
        if history[-1:] != [version]:
            history.append(version)


def rollback(model_dir: Path) -> None:
    """Put the version back into production that was there before, if it is whole."""
    with changed_promotions(model_dir) as history:
        if len(history) < 2:
            advice = "choose one by `registry promote --version N`"
            raise ProjectError(f"{model_dir}: there was none before; {advice}")
        load_version(model_dir, history[-2])
        history.pop()


def registry(settings: RegistrySettings) -> None:
    """Do what the settings say with the versions of a model."""
    model_dir, action = settings.model_dir, settings.action
    if settings.version and action in ("list", "rollback"):
        raise ProjectError(f"registry {action} takes no --version")
    folder = find_version(model_dir, settings.version)
    if action == "list":
        list_versions(model_dir)
    elif action == "show":
        print((folder / MANIFEST).read_text("utf-8"), end="")
    elif action == "verify":
        for number in [settings.version] if settings.version else versions(model_dir):
            _, found = load_version(model_dir, number)
            print(f"version {number}: {len(found.files)} files, all as written")
    elif action == "promote":
        promote(model_dir, int(folder.name))
    else:
        rollback(model_dir)
    if action in ("promote", "rollback"):
        print(f"production: version {production(model_dir)}")


def list_versions(model_dir: Path) -> None:
    """Print a line for each version."""
    promoted = production(model_dir)
    print("version  created               score                      exports")
    for number in versions(model_dir):
        manifest = read_manifest(model_dir / str(number))
        # Of a cross-validation, the first is what it goes by.
        names = {"val_accuracy"} & manifest.metrics.keys() or [*manifest.metrics][:1]
        score = " ".join(f"{name} {manifest.metrics[name]:.4f}" for name in names)
        exports = ", ".join(manifest.exports) or "none"
        mark = "  <- production" if number == promoted else ""
        print(f"{number:>7}  {manifest.created}  {score:<25}  {exports}{mark}")
