"""Keep the reference: called by `export`, which has an exported model at hand."""

from pathlib import Path

from ..agreement import PROBABILITIES, VALUE, run_onnx
from ..registry import ONNX_FILE, Manifest
from ..shared_settings import ExportSettings
from . import reference, rows
from .drift import Array
from .reference import Reference


def keep_reference(
    settings: ExportSettings, folder: Path, manifest: Manifest, pending: Path
) -> None:
    """Write what later rows are compared with, unless the version has it.

    Args:
        settings: Those of `export`.
        folder: The version.
        manifest: Its manifest.
        pending: Where to; the exported model is there, or in the version already.

    Raises:
        DataError: If the data set cannot be had, or has changed since.
    """
    if reference.FILE in manifest.files:
        return
    new = pending / ONNX_FILE
    onnx = new if new.is_file() else folder / ONNX_FILE
    training, unseen, labels = rows.known_rows(settings, folder, manifest)
    outputs = predicted(onnx, manifest, unseen)
    kept = Reference(
        rows.input_variables(training, manifest.inputs),
        reference.output_variables(outputs, manifest.classes),
        reference.errors(outputs, labels, manifest.classes),
    )
    reference.write_reference(pending, kept)


def predicted(onnx: Path, manifest: Manifest, feeds: rows.Feeds) -> Array:
    """Return what an exported model says of rows: (n, classes), or (n, 1)."""
    return run_onnx(onnx, feeds, PROBABILITIES if manifest.classes else VALUE)
