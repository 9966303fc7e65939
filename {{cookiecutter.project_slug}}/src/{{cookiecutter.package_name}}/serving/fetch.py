"""The command `fetch`: a version of the model from an address, checked by its hash.

What is fetched is a tar or zip archive of one version's folder, made with, for example,
`tar -C models/model -czf model-3.tar.gz 3`. It is used only if its SHA-256 is the one
that was asked for, and its files are those that the version's manifest lists.
"""

import os
import shutil
import sys
import zipfile
from pathlib import Path

from .. import registry
from ..config import ProjectError
from ..files import careful, incomplete_folder
from .settings import FetchSettings

TIMEOUT_SECONDS = 30  # without a byte


class FetchError(ProjectError):
    """A model cannot be fetched, or is not what was asked for."""


def fetch(settings: FetchSettings) -> None:
    """Fetch a version and make it the one that is served.

    With `then_serve`, it does not return: the process becomes the server, so that a
    container stays one process, which gets the signals.
    """
    model_dir = settings.model_dir
    folder = fetch_version(settings.model_url, settings.model_sha256, model_dir)
    registry.promote(model_dir, int(folder.name))
    print(f"model:   {folder}", flush=True)
    if settings.then_serve:
        command = [sys.executable, "-m", f"{registry.__package__}.main", "serve"]
        for name in ("config", "models_dir", "model_name", "log_dir", "log_level"):
            command += ["--" + name.replace("_", "-"), str(getattr(settings, name))]
        command += ["--quiet"] if settings.quiet else []
        os.execv(sys.executable, command)


def fetch_version(url: str, sha256: str, model_dir: Path) -> Path:
    """Download a version into the folder of all versions; return the version's folder.

    Raises:
        FetchError: If the archive cannot be had, is another one, is not of one version,
            or has the number of another version that is there already.
        FileError: If it cannot be unpacked.
        RegistryError: If the files are not the ones of the manifest.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")  # it logs addresses with their passwords
    get = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS)
    with incomplete_folder(model_dir) as folder:
        try:
            file = pooch.retrieve(url, sha256, "archive", folder, downloader=get)
        except OSError as error:  # as all of requests' are, and these name the address
            answer = getattr(error, "response", None)
            reason = getattr(answer, "status_code", type(error).__name__)
            raise FetchError(f"model_url cannot be downloaded: {reason}") from None
        except ValueError as error:
            raise FetchError(f"not the archive that was asked for: {error}") from error
        unpacked = folder / "unpacked"
        with careful(Path(file)):  # nothing of it gets out of the folder
            if zipfile.is_zipfile(file):
                shutil.unpack_archive(file, unpacked, "zip")
            else:
                shutil.unpack_archive(file, unpacked, "tar", filter="data")
        if len(registry.versions(unpacked)) != 1:
            raise FetchError("the archive must hold one folder, named as a version: 3")
        new, manifest = registry.load_version(unpacked)
        target = model_dir / new.name
        try:
            new.rename(target)
        except OSError as error:
            # There already if it was fetched before, as when a container starts again.
            if registry.load_version(model_dir, int(new.name))[1] != manifest:
                raise FetchError(
                    f"{target} is another version {new.name} than that of model_url; "
                    "fetch it into another folder, with --models-dir"
                ) from error
        return target
