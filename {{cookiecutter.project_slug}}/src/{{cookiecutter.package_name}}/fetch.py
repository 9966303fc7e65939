"""A model from an address: downloaded, checked by its hash, unpacked with care.

What is fetched is a tar or zip archive of one version's folder, made with, for example,
`tar -C models/model -czf model-3.tar.gz 3`. It is used only if its SHA-256 is the one
that was asked for, if it holds nothing but plain files below that folder, and if these
files are the ones that the version's manifest lists.
"""

import hashlib
import http.client
import logging
import os
import re
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import urlopen

from . import aliases, registry
from .config import ProjectError
from .delivery_settings import FetchSettings
from .signing import verify

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30  # without a byte
CHUNK_BYTES = 1 << 20
MAX_FILES = 10_000
MAX_BYTES = 8 << 30  # of what an archive unpacks to

# A version's number, then names that mean the same on every system: no "..", no drive.
SAFE_NAME = re.compile(r"[1-9][0-9]{0,8}(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
# How reading an archive fails that is damaged or encrypted.
UNREADABLE = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class FetchError(ProjectError):
    """A model cannot be fetched, or is not what was asked for."""


class Member(NamedTuple):
    """What an archive says of something in it: its path, its size, what it is."""

    name: str
    size: int
    plain: bool  # a file or a folder; no link, device or pipe


def fetch(settings: FetchSettings) -> Path:
    """Fetch a version, make it the one that is served, and return its folder.

    With `then_serve`, it does not return: the process becomes the server, so that a
    container stays one process, which gets the signals.
    """
    model_dir = settings.models_dir / settings.model_name
    key = settings.verify_key
    folder = fetch_version(settings.model_url, settings.model_sha256, model_dir, key)
    aliases.promote(model_dir, int(folder.name), verify_key=key)
    print(f"model:   {folder}", flush=True)
    if settings.then_serve:
        program = [sys.executable, "-m", f"{__package__}.main", "serve"]
        model = ["--models-dir", str(settings.models_dir)]
        model += ["--model-name", settings.model_name]
        if key:
            model += ["--verify-key", str(key)]
        os.execv(sys.executable, [*program, *model])
    return folder


def fetch_version(
    url: str, sha256: str, model_dir: Path, verify_key: Path | None = None
) -> Path:
    """Download a version of a model.

    Args:
        url: The address of the archive.
        sha256: The SHA-256 that it must have, as 64 hexadecimal digits.
        model_dir: The folder of all versions.
        verify_key: The public key that it must be signed for, if any.

    Returns:
        The folder of the version, which has the number that the archive gives it.

    Raises:
        FetchError: If the archive cannot be had, is another one, holds what it should
            not, or has the number of another version that is there already.
        RegistryError: If the files are not the ones of the manifest.
        SignatureError: If they are not signed with that key.
    """
    with registry.incomplete_folder(model_dir) as folder:
        archive = folder / "archive"
        found = download(url, archive)
        if found != sha256.lower():
            raise FetchError(
                f"{shown(url)} is not the archive that was asked for:\n"
                f"  expected SHA-256 {sha256.lower()}\n  found            {found}"
            )
        unpacked = folder / "unpacked"
        version = unpack(archive, unpacked)
        new, manifest = registry.load_version(unpacked, version)
        verify(new, verify_key)
        target = model_dir / str(version)
        try:
            new.rename(target)
        except OSError as error:
            if not target.exists():
                raise
            # Fetched before, as when a container starts again.
            if registry.load_version(model_dir, version)[1] != manifest:
                raise FetchError(
                    f"{target} is another version {version} than {shown(url)}; "
                    "fetch it into another folder, with --models-dir"
                ) from error
        return target


def download(url: str, file: Path) -> str:
    """Write what is at an address to a file and return its SHA-256.

    Raises:
        FetchError: If it cannot be had.
    """
    digest = hashlib.sha256()
    try:
        with urlopen(url, timeout=TIMEOUT_SECONDS) as answer, file.open("wb") as out:
            while chunk := answer.read(CHUNK_BYTES):
                digest.update(chunk)
                out.write(chunk)
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"cannot download {shown(url)}: {error}") from error
    logger.info("downloaded %s: %d bytes", shown(url), file.stat().st_size)
    return digest.hexdigest()


def shown(url: str) -> str:
    """Return an address for messages: without what may be a password or a key."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def unpack(archive: Path, folder: Path) -> int:
    """Unpack the archive of one version.

    Args:
        archive: A tar file, compressed or not, or a zip file.
        folder: Where to; made if need be.

    Returns:
        The version: the name of the one folder in the archive.

    Raises:
        FetchError: If it is no archive, or holds what `checked` refuses; in that case,
            nothing was written.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                version = checked(map(of_zip, zipped.infolist()))
                zipped.extractall(folder)
        else:
            with tarfile.open(archive) as tar:
                version = checked(map(of_tar, tar))
                tar.extractall(folder, filter="data")
    except UNREADABLE as error:
        raise FetchError(f"the archive cannot be unpacked: {error}") from error
    return version


def of_zip(info: zipfile.ZipInfo) -> Member:
    """Describe what is in a zip file; Unix' kinds of files are in the upper half."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
    return Member(info.filename, info.file_size, plain)


def of_tar(info: tarfile.TarInfo) -> Member:
    """Describe what is in a tar file."""
    return Member(info.name, info.size, info.isfile() or info.isdir())


def checked(members: Iterable[Member]) -> int:
    """Return the version that an archive is of, if it holds nothing else.

    Raises:
        FetchError: If there is a link, a device, a path that leads elsewhere, a path
            twice, too much, or not exactly one folder named as a version.
    """
    versions, names, size = set(), set(), 0
    for member in members:
        name = member.name.removeprefix("./").rstrip("/")
        if name in ("", "."):
            continue  # what `tar -c .` starts with
        if not SAFE_NAME.fullmatch(name) or name in names or not member.plain:
            raise FetchError(
                f"the archive holds {member.name!r}, which is no plain file in a "
                "folder named as a version, or is there twice; nothing was unpacked"
            )
        names.add(name)
        versions.add(int(name.split("/")[0]))
        size += member.size
        if len(names) > MAX_FILES or size > MAX_BYTES:
            raise FetchError(
                f"the archive holds more than {MAX_FILES} files or {MAX_BYTES} bytes"
            )
    if len(versions) != 1:
        raise FetchError(
            "the archive must hold one folder, with a version's number as its name; "
            f"it holds {sorted(versions) or 'none'}"
        )
    return versions.pop()
