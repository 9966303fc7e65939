"""The command `export`: adds to a version what servers load.

What that is, and how it is made, is in `exporting`. Here it is made beside the version,
compared with the native model, and only then moved in. The manifest, replaced last,
makes it part of the version. Whoever reads the version meanwhile sees the old manifest,
and in the folder that the export works in, the new one: between the two, every file is
accounted for, also after the export was killed (see `registry.inspect`).
"""

import logging
import os
import shutil
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import exporting
from .agreement import Format, Sample, largest_difference
from .contents import INCOMPLETE, hashes
from .files import locked, write_json
from .registry import (
    MANIFEST,
    Manifest,
    RegistryError,
    coming,
    find_version,
    flush_to_disk,
    incomplete_folder,
    library_versions,
    listed,
    load_version,
    read_manifest,
)
from .shared_settings import ExportSettings
from .watching import reference
from .watching.keeping import keep_reference

logger = logging.getLogger(__name__)

LOCK = ".export.lock"  # in the model's folder


def export(settings: ExportSettings) -> Path:
    """Add the formats that a version does not have yet, and return its folder.

    With them goes a reference for `monitor` (watching/reference.py).

    A version's files never change. One that has every format is verified and left.
    With `into`, that is a copy of the version in another models folder.
    """
    source = settings.models_dir / settings.model_name
    version = int(find_version(source, settings.version).name)
    model_dir = (settings.into or settings.models_dir) / settings.model_name
    busy = RegistryError(
        f"another export of {model_dir} is running; wait for it to end"
    )
    with locked(model_dir / LOCK, busy):
        if model_dir != source:
            copy_version(source, version, model_dir)
        folder, manifest = load_version(model_dir, version)
        clean(folder)
        formats = {
            name: each
            for name, each in exporting.formats(folder, manifest).items()
            if name not in manifest.exports
        }
        if formats or reference.FILE not in manifest.files:
            sample = exporting.held_out(settings, folder, manifest)
            keep = partial(keep_reference, settings, folder, manifest)
            manifest = add(folder, manifest, formats, sample, keep)
    for name, difference in manifest.exports.items():
        new = "" if name in formats else ", exported before"
        print(f"{name + ':':<12} {difference:.1e} off the model at most{new}")
    print(f"model:   {folder}")
    return folder


def copy_version(source: Path, version: int, model_dir: Path) -> None:
    """Copy a version to another models folder, whole or not at all.

    Args:
        source: The folder of all versions that it is copied from.
        version: The version; its files must be whole.
        model_dir: The folder of all versions that it is copied to.

    Raises:
        RegistryError: If it is damaged, or another one has its number there.
    """
    folder, manifest = load_version(source, version)
    target = model_dir / folder.name
    if target.exists():
        if not manifest.files.items() <= read_manifest(target).files.items():
            raise RegistryError(
                f"{target} is another version than {folder}; remove it, or name "
                "another folder with --into"
            )
        return
    with incomplete_folder(model_dir) as copy:
        for name in (*manifest.files, MANIFEST):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, copy / name)
        flush_to_disk(copy, [*manifest.files, MANIFEST])
        copy.rename(target)


def add(
    folder: Path,
    manifest: Manifest,
    formats: dict[str, Format],
    sample: Sample,
    keep: Callable[[Path], object],
) -> Manifest:
    """Write formats into a version, all or none, if they agree with its model.

    Args:
        folder: The version.
        manifest: Its manifest.
        formats: Those to add.
        sample: What they are compared on.
        keep: Writes what `monitor` needs of the training; called with the folder that
            the formats were written to.

    Returns:
        The new manifest.

    Raises:
        ExportError: If a format cannot be made, or does not agree.
    """
    pending = folder / f"{INCOMPLETE}{uuid.uuid4().hex}"
    pending.mkdir()
    try:
        found = {}
        for name, each in formats.items():
            each.write(pending)
            outputs = each.run(pending, sample.feeds)
            found[name] = largest_difference(name, sample, outputs)
            logger.info("%s: compared on %d rows", name, len(outputs))
        keep(pending)
        added = hashes(pending)
        manifest = manifest.model_copy(
            update={
                "files": dict(sorted({**manifest.files, **added}.items())),
                "exports": {**manifest.exports, **found},
                "libraries": {
                    **library_versions(exporting.EXPORT_LIBRARIES),
                    **manifest.libraries,
                },
            }
        )
        write_json(pending / MANIFEST, manifest.model_dump(mode="json"))
        flush_to_disk(pending, [*added, MANIFEST])
        # saved_model.pb after the variables: TensorFlow Serving looks for it alone.
        for name in sorted(added, key=lambda name: (-name.count("/"), name)):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (pending / name).rename(target)
        (pending / MANIFEST).replace(folder / MANIFEST)
    finally:
        clean(folder)
    return manifest


def clean(folder: Path) -> None:
    """Remove what exports have left that did not end; the caller holds the lock.

    What they moved in goes first. Until then their manifests stay, which tell readers
    that it is no damage.
    """
    known = read_manifest(folder).files
    for name in listed(folder) & (coming(folder) - known.keys()):
        (folder / name).unlink()
    for pending in folder.glob(f"{INCOMPLETE}*"):
        shutil.rmtree(pending)
    for parent, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(parent):
            os.rmdir(parent)
