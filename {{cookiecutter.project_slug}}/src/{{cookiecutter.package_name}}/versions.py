"""The command `registry`: what versions there are, which one serves, and who signed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from . import aliases, recording, signing
from .config import ConfigError, ProjectError
from .registry import (
    Manifest,
    RegistryError,
    find_version,
    inspect,
    load_version,
    read_manifest,
    versions,
)
from .shared_settings import RegistrySettings

# What a version is judged by, whichever of these it has.
SCORES = ("val_accuracy", "cv_accuracy_mean", "val_r2", "cv_r2_mean")

WITHOUT_VERSION = ("list", "rollback", "new-key")


def registry(settings: RegistrySettings) -> None:
    """Do what the settings say with the versions of a model."""
    model_dir = settings.models_dir / settings.model_name
    if settings.version is not None and settings.action in WITHOUT_VERSION:
        raise ConfigError(f"--version: {settings.action} takes none")
    if settings.action == "new-key":
        print(f"public key: {signing.new_key(sign_key(settings))}")
        return
    find_version(model_dir, settings.version)
    verify_key = settings.verify_key
    actions: dict[str, Callable[[Path, int | None], None]] = {
        "list": list_versions,
        "show": show,
        "promote": partial(promote, verify_key=verify_key),
        "rollback": partial(rollback, verify_key=verify_key),
        "verify": partial(verify, verify_key=verify_key),
        "sign": lambda folder, version: sign(folder, version, sign_key(settings)),
    }
    actions[settings.action](model_dir, settings.version)
    if settings.action in ("promote", "rollback"):
        recording.promoted(settings)


def sign_key(settings: RegistrySettings) -> Path:
    """Return the private key that the settings name.

    Raises:
        ConfigError: If they name none.
    """
    if settings.sign_key is None:
        raise ConfigError(f"--sign-key: {settings.action} needs the file of a key")
    return settings.sign_key


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


def promote(model_dir: Path, version: int | None, verify_key: Path | None) -> None:
    """Put a version into production, the newest if not given."""
    number = int(find_version(model_dir, version).name)
    aliases.promote(model_dir, number, verify_key=verify_key)
    print(f"production: version {number}")


def rollback(model_dir: Path, version: int | None, verify_key: Path | None) -> None:
    """Put the version back into production that was there before."""
    print(f"production: version {aliases.rollback(model_dir, verify_key)}")


def sign(model_dir: Path, version: int | None, key: Path) -> None:
    """Sign a version, the newest if not given, whose files are as they were written."""
    folder, _ = load_version(model_dir, version)
    print(f"signature: {signing.sign(folder, key)}")


def verify(model_dir: Path, version: int | None, verify_key: Path | None) -> None:
    """Compare every file of one version, or of all, with the hash in its manifest.

    With a public key, their signatures are verified, too.

    Raises:
        RegistryError: If a file or a signature is not as it should be; it names every
            one.
        SignatureError: If the key cannot be read, or model-signing is missing.
    """
    aliases.read_aliases(model_dir)
    if verify_key is not None:
        signing.verifier(verify_key)  # else each version would be blamed for the key
    problems = []
    for number in versions(model_dir) if version is None else [version]:
        folder = model_dir / str(number)
        try:
            manifest, damages = inspect(folder)
            found = list(damages)
            if not found:
                signing.verify(folder, verify_key)
        except ProjectError as error:
            problems.append(str(error))
            continue
        problems += found
        if not found:
            signed = f", signed for {verify_key}" if verify_key else ""
            print(
                f"version {number}: {len(manifest.files)} files, all as written{signed}"
            )
    if problems:
        raise RegistryError("\n  ".join(["not as they should be:", *problems]))
