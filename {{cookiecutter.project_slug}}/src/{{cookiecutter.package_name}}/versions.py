"""The command `registry`: what versions there are, and which one is in production."""

from collections.abc import Callable
from pathlib import Path

import yaml

from . import aliases, recording
from .config import ConfigError
from .registry import (
    Manifest,
    RegistryError,
    find_version,
    inspect,
    read_manifest,
    versions,
)
from .shared_settings import RegistrySettings

# What a version is judged by, whichever of these it has.
SCORES = ("val_accuracy", "cv_accuracy_mean", "val_r2", "cv_r2_mean")


def registry(settings: RegistrySettings) -> None:
    """Do what the settings say with the versions of a model."""
    model_dir = settings.models_dir / settings.model_name
    if settings.version is not None and settings.action in ("list", "rollback"):
        raise ConfigError(f"--version: {settings.action} takes none")
    find_version(model_dir, settings.version)
    actions: dict[str, Callable[[Path, int | None], None]] = {
        "list": list_versions,
        "show": show,
        "promote": promote,
        "rollback": rollback,
        "verify": verify,
    }
    actions[settings.action](model_dir, settings.version)
    if settings.action in ("promote", "rollback"):
        recording.promoted(settings)


def list_versions(model_dir: Path, version: int | None) -> None:
    """Print a line for each version."""
    promoted = aliases.production(model_dir)
    print(f"{'version':>7}  {'created':<20}  {'score':<25}  exports")
    for number in versions(model_dir):
        try:
            manifest = read_manifest(model_dir / str(number))
        except RegistryError:
            print(f"{number:>7}  its manifest is damaged; see `registry verify`")
            continue
        formats = ", ".join(manifest.exports) or "none"
        mark = "  <- production" if number == promoted else ""
        print(
            f"{number:>7}  {manifest.created:<20}  {score(manifest):<25}  "
            f"{formats}{mark}"
        )


def score(manifest: Manifest) -> str:
    """Return the figure of the validation that a version is judged by."""
    for name in SCORES:
        if name in manifest.metrics:
            return f"{name} {manifest.metrics[name]:.4f}"
    return "none"


def show(model_dir: Path, version: int | None) -> None:
    """Print the manifest of a version, the newest if not given."""
    folder = find_version(model_dir, version)
    manifest = read_manifest(folder).model_dump(mode="json")
    # Hundreds of numbers; whoever wants them has the file.
    manifest["history"] = {
        name: f"{len(values)} values, the last one {values[-1]:.6g}"
        for name, values in manifest["history"].items()
        if values
    }
    print(f"# {folder}")
    print(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True), end="")


def promote(model_dir: Path, version: int | None) -> None:
    """Put a version into production, the newest if not given."""
    number = int(find_version(model_dir, version).name)
    aliases.promote(model_dir, number)
    print(f"production: version {number}")


def rollback(model_dir: Path, version: int | None) -> None:
    """Put the version back into production that was there before."""
    print(f"production: version {aliases.rollback(model_dir)}")


def verify(model_dir: Path, version: int | None) -> None:
    """Compare every file of one version, or of all, with the hash in its manifest.

    Raises:
        RegistryError: If a file is not as it should be; it names every one.
    """
    aliases.read_aliases(model_dir)
    problems = []
    for number in versions(model_dir) if version is None else [version]:
        folder = model_dir / str(number)
        try:
            manifest, damages = inspect(folder)
        except RegistryError as error:
            problems.append(str(error))
            continue
        found = list(damages)
        problems += found
        if not found:
            print(f"version {number}: {len(manifest.files)} files, all as written")
    if problems:
        raise RegistryError("\n  ".join(["damaged:", *problems]))
