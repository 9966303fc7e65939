"""The command `fetch`: a version of the model from an address, checked by its hash.

What is fetched is a tar archive of one version's folder, packed or not, made with, for
example, `tar -C models/model -czf model-3.tar.gz 3`.
"""

import shutil
from pathlib import Path

from .. import registry
from ..config import DataError
from ..files import careful, incomplete_folder
from .settings import FetchSettings


def fetch(settings: FetchSettings) -> None:
    """Fetch a version and make it the one that is served.

    Raises:
        DataError: If the archive cannot be had, is another one, holds no version, or
            has the number of another version that is there already.
        ProjectError: If it cannot be unpacked, or is not what its manifest says.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")  # it logs addresses with their passwords
    model_dir, sha256 = settings.model_dir, settings.model_sha256
    with incomplete_folder(model_dir) as folder:
        try:
            file = pooch.retrieve(settings.model_url, sha256, "archive", folder)
        except OSError as error:  # as all of requests' are, and these name the address
            answer = getattr(error, "response", None)
            reason = getattr(answer, "status_code", type(error).__name__)
            raise DataError(f"model_url cannot be downloaded: {reason}") from None
        except ValueError as error:
            raise DataError(f"not the archive that was asked for: {error}") from error
        with careful(Path(file)):  # nothing of it gets out of the folder
            shutil.unpack_archive(file, folder / "unpacked", "tar", filter="data")
        if not registry.versions(folder / "unpacked"):
            raise DataError("the archive must hold one folder, named as a version: 3")
        new, manifest = registry.load_version(folder / "unpacked")
        target, version = model_dir / new.name, int(new.name)
        try:
            new.rename(target)
        except OSError as error:  # there already, maybe since a moment
            if registry.load_version(model_dir, version)[1] != manifest:
                raise DataError(
                    f"{target} is another version {version} than that of model_url; "
                    "fetch it into another folder, with --models-dir"
                ) from error
    registry.promote(model_dir, version)
    print(f"model:   {target}")
