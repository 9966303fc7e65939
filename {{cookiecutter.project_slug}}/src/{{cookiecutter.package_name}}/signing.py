"""Signatures of versions: OpenSSF's model-signing, with a key of one's own.

    models/<name>/<version>/model.sig      over every other file, the manifest too

The hashes of a manifest tell a version that was damaged. They do not tell one that was
replaced together with its manifest: a signature does. An export adds files, so a
version is signed after it. `model_signing verify key` reads these signatures, too.

This module must stay quick to import: settings are read from it.
"""

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import Field

from .config import ProjectError, Settings
from .files import write_whole
from .registry import SIGNATURE


class SignatureError(ProjectError):
    """A version is not signed, or not with the key that it should be."""


class VerifySettings(Settings):
    """What can be set where a version is taken over."""

    verify_key: Path | None = Field(
        None, description="Public key that versions must be signed for; none: not asked"
    )


def new_key(file: Path) -> Path:
    """Write a private key, and beside it the public one.

    They are of the curve P-256, in PEM; the private one is not encrypted.

    Args:
        file: Where to; the public key's name has ".pub" at its end.

    Returns:
        The file of the public key.

    Raises:
        SignatureError: If one of the files is there already, or cannot be written;
            no half of a pair is left behind.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public_file = file.with_name(f"{file.name}.pub")
    for path in (file, public_file):
        if os.path.lexists(path):
            raise SignatureError(
                f"{path} is there already, and what is signed with it needs it; name "
                "another file"
            )
    written: list[Path] = []
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for path, content, mode in (
            (file, private, 0o600),
            (public_file, public, 0o644),
        ):
            # Never world-readable, not even for a moment; and no key is written over.
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            written.append(path)
            with open(opened, "wb") as out:
                out.write(content)
    except OSError as error:
        # Half a pair would be in the way of the next attempt.
        for path in written:
            path.unlink()
        raise SignatureError(
            f"{file} and {public_file} cannot be written: {error}; name another file"
        ) from error
    return public_file


def sign(folder: Path, key: Path) -> Path:
    """Sign the files of a version as they are now, and return the signature's file.

    Args:
        folder: The version; an older signature is replaced.
        key: A private key of the curve P-256, P-384 or P-521, in PEM, not encrypted.

    Raises:
        SignatureError: If the key cannot be read, the files cannot be read, the
            signature cannot be written, or model-signing is missing.
    """
    library = model_signing()
    try:
        signer = library.signing.Config().use_elliptic_key_signer(private_key=key)
    except (OSError, TypeError, ValueError) as error:
        raise SignatureError(
            f"{key} is no private key to sign with: {error}; `registry new-key "
            "--sign-key FILE` makes one"
        ) from error
    signer.set_hashing_config(everything(library))
    file = folder / SIGNATURE
    try:
        write_whole(file, lambda temporary: signer.sign(folder, temporary))
    except OSError as error:
        raise SignatureError(f"{folder} cannot be signed: {error}") from error
    return file


def verify(folder: Path, key: Path | None) -> None:
    """Refuse a version that the owner of a key has not signed as it is.

    Args:
        folder: The version.
        key: The public key, in PEM; None asks nothing.

    Raises:
        SignatureError: If it is not signed, signed with another key, or a file was
            changed, added or removed since; or if model-signing is missing.
    """
    if key is None:
        return
    config = verifier(key)
    file = folder / SIGNATURE
    if not file.is_file():
        raise SignatureError(
            f"{folder} is not signed, and {key} asks for it; sign it with `registry "
            f"sign --version {folder.name} --sign-key FILE`"
        )
    try:
        config.verify(folder, file)
    except Exception as error:  # a damaged signature brings whatever reads it runs into
        reason = str(error) or "the signature does not fit"
        raise SignatureError(
            f"{folder} is not what the owner of {key} has signed: {reason}. It is not "
            "used; after an export, it has to be signed again"
        ) from error


def verifier(key: Path) -> Any:
    """Return what verifies signatures with a public key.

    Raises:
        SignatureError: If the key cannot be read, or model-signing is missing.
    """
    library = model_signing()
    try:
        config = library.verifying.Config().use_elliptic_key_verifier(public_key=key)
    except (OSError, TypeError, ValueError) as error:
        raise SignatureError(f"{key} is no public key: {error}") from error
    return config.set_hashing_config(everything(library))


def everything(library: ModuleType) -> Any:
    """Return what is signed: every file but the signature, and links are refused."""
    config = library.hashing.Config()
    # It would leave out files of git, too.
    return config.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)


def model_signing() -> ModuleType:
    """Import model-signing, which most commands do without.

    Raises:
        SignatureError: If it is not installed.
    """
    try:
        return import_module("model_signing")
    except ImportError as error:
        raise SignatureError(
            "signatures need the group `sign`; install it with "
            "`uv pip install -r requirements/sign.txt`"
        ) from error
