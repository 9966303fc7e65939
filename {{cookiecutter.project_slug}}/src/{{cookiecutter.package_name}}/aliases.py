"""Which version of a model is in production, and which ones were before.

    models/<name>/aliases.json    {"production": 3, "history": [1, 3]}

The file is replaced as a whole, so that a server that reads it, whenever it does, finds
either the old version or the new one.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from .files import locked, write_json
from .registry import (
    ONNX_FILE,
    Manifest,
    RegistryError,
    find_version,
    load_version,
    read_manifest,
    versions,
)
from .signing import verify

ALIASES = "aliases.json"
LOCK = ".aliases.lock"


class Aliases(BaseModel):
    """What the alias file says.

    Attributes:
        production: The version that servers use; None if none was ever promoted.
        history: Every version that was promoted and not rolled back, in that order;
            the last one is in production.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    production: int | None = None
    history: tuple[int, ...] = ()

    @model_validator(mode="after")
    def ends_with_production(self) -> Self:
        """Refuse a history that ends with another version."""
        if (self.history[-1] if self.history else None) != self.production:
            raise ValueError("the last version of the history must be in production")
        return self


def read_aliases(model_dir: Path) -> Aliases:
    """Return what the alias file says; nothing is in production where there is none.

    Raises:
        RegistryError: If the file is damaged.
    """
    file = model_dir / ALIASES
    try:
        return Aliases.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Aliases()
    except ValidationError as error:
        problems = "; ".join(found["msg"] for found in error.errors())
        raise RegistryError(
            f"{file} is damaged: {problems}; remove it and run `registry promote "
            "--version N` with the version that was in production"
        ) from error


def production(model_dir: Path) -> int | None:
    """Return the version in production; None if none was promoted.

    Raises:
        RegistryError: If the alias file is damaged.
    """
    return read_aliases(model_dir).production


def promote(
    model_dir: Path,
    version: int,
    known: tuple[int, ...] | None = None,
    verify_key: Path | None = None,
) -> None:
    """Put a version into production; nothing changes if it is there already.

    Args:
        model_dir: The folder of all versions.
        version: The version; it must be exported, and its files whole.
        known: The history that the caller has decided by; any if not given.
        verify_key: The public key that it must be signed for, if any.

    Raises:
        RegistryError: If it is not, the alias file is damaged, or another version was
            promoted or rolled back since.
        SignatureError: If it is not signed with that key.
    """
    load_exported(model_dir, version, verify_key)
    with aliases_locked(model_dir):
        history = read_aliases(model_dir).history
        if known is not None and history != known:
            raise RegistryError(
                f"{model_dir / ALIASES} has changed meanwhile, so version {version} "
                "was not compared with the one in production; nothing was promoted"
            )
        if history[-1:] != (version,):
            write_history(model_dir, (*history, version))


def rollback(model_dir: Path, verify_key: Path | None = None) -> int:
    """Put the version back into production that was there before.

    Args:
        model_dir: The folder of all versions.
        verify_key: The public key that it must be signed for, if any.

    Returns:
        That version.

    Raises:
        RegistryError: If there was none, or it cannot be used any more.
        SignatureError: If it is not signed with that key.
    """
    with aliases_locked(model_dir):
        *earlier, _ = read_aliases(model_dir).history or (None,)
        if not earlier:
            raise RegistryError(
                f"no version of {model_dir} was in production before; choose one with "
                "`registry promote --version N`"
            )
        load_exported(model_dir, earlier[-1], verify_key)
        write_history(model_dir, tuple(earlier))
    return int(earlier[-1])


def served_version(model_dir: Path) -> int:
    """Return the version that a server is to use: no file is hashed.

    Returns:
        The one in production; if none was promoted, the newest that is exported.

    Raises:
        RegistryError: If there is none; the message says which command to run.
    """
    promoted = production(model_dir)
    if promoted is not None:
        return promoted
    newest = int(find_version(model_dir).name)
    for version in reversed(versions(model_dir)):
        if ONNX_FILE in read_manifest(model_dir / str(version)).files:
            return version
    raise RegistryError(
        f"version {newest} of {model_dir} is not exported; run `export`"
    )


def load_exported(
    model_dir: Path, version: int, verify_key: Path | None = None
) -> tuple[Path, Manifest]:
    """Return the folder and the manifest of a version that servers can load.

    Args:
        model_dir: The folder of all versions.
        version: The version.
        verify_key: The public key that it must be signed for, if any.

    Raises:
        RegistryError: If it is damaged, not exported or not there.
        SignatureError: If it is not signed with that key.
    """
    folder, manifest = load_version(model_dir, version)
    verify(folder, verify_key)
    if ONNX_FILE not in manifest.files:
        raise RegistryError(
            f"version {version} of {model_dir} is not exported; run `export --version "
            f"{version}`"
        )
    return folder, manifest


def aliases_locked(model_dir: Path) -> AbstractContextManager[None]:
    """Let nobody else write the alias file meanwhile."""
    return locked(
        model_dir / LOCK,
        RegistryError(
            f"another command is changing {model_dir / ALIASES}; run it again"
        ),
    )


def write_history(model_dir: Path, history: tuple[int, ...]) -> None:
    """Replace the alias file."""
    aliases = Aliases(production=history[-1], history=history)
    write_json(model_dir / ALIASES, aliases.model_dump(mode="json"))
