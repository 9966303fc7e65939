"""A version of a model, ready to predict."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime

from ..adapter import Inputs
from ..files import careful
from ..registry import ONNX_FILE, Manifest, RegistryError, load_version
#% if cookiecutter.__data_kind == "tabular"
from .native import Pipeline
#% endif
from .tensors import FROM_ONNX, TEXT, Array, Feeds, Tensor, limits_of

QUIET = 3  # of ONNX Runtime's log: errors, but no warnings


class Model:
    """A verified version of a model; safe to use from several threads.

    Attributes:
        name: What requests call it.
        version: Its number.
        classes: The name of each class, in the order of the output; none for a
            regression.
        inputs: What it has to be given, from the manifest.
        folder: The version's files.
        manifest: What else is known of it.
        platform: What computes, as the Open Inference Protocol calls it.
        tensors: The inputs of the graph.
        outputs: The outputs of the graph: `probabilities` or `value`.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, session: onnxruntime.InferenceSession
    ) -> None:
        """Compare the graph with the manifest.

        Args:
            folder: The version's: `<name>/<version>`.
            manifest: The version's.
            session: The graph, loaded.

        Raises:
            RegistryError: If an input or output is missing, is one too many, or is of
                another shape or type; the message says which.
        """
        self.name = folder.parent.name
        self.version = int(folder.name)
        self.folder = folder
        self.manifest = manifest
        self.classes = manifest.classes
        self.inputs: Inputs = manifest.inputs
        onnx = ONNX_FILE in manifest.files
        self.platform = "onnxruntime_onnx" if onnx else "python"
        where = str(folder / ONNX_FILE)
        limits = limits_of(self.inputs)
        self.tensors = tuple(
            replace(tensor, limits=limits[tensor.name])
            for tensor in checked(session.get_inputs(), self.inputs.shapes, where)
        )
        outputs: dict[str, tuple[int, ...]] = {}
        if self.classes:
            outputs["probabilities"] = (-1, len(self.classes))
        else:
            outputs["value"] = (-1, 1)[: len(session.get_outputs()[0].shape)]
        self.outputs = checked(session.get_outputs(), outputs, where)
        self._names = [tensor.name for tensor in self.outputs]
        self._session = session

    def predict(self, feeds: Feeds) -> dict[str, Array]:
        """Predict a batch.

        Args:
            feeds: An array for every one of `tensors`, of its type and shape.

        Returns:
            An array for every one of `outputs`.
        """
        return dict(zip(self._names, self._session.run(self._names, dict(feeds))))


class Models(Protocol):
    """The models that a server has, whichever are the newest."""

    def get(self, name: str | None = None, version: str | None = None) -> Model:
        """Return a model.

        Args:
            name: What the request calls it; the only one if not given.
            version: The number as the request writes it; the served one if not given.

        Raises:
            RequestError: 404 if there is no such model or version; 503 if there is
                none at all yet.
        """


def load_model(model_dir: Path, version: int, threads: int = 1) -> Model:
    """Load a version, check it, and predict once with it.

    Args:
        model_dir: The folder of all its versions; its name is the model's.
        version: The version.
        threads: How many threads one prediction may use.

    Raises:
        RegistryError: If there is no such version, it was changed, it is not
            exported, or its graph is not what the manifest says.
        FileError: If it cannot be loaded.
    """
    folder, manifest = load_version(model_dir, version)
    with careful(folder / ONNX_FILE):
        model = Model(folder, manifest, load_session(folder, manifest, threads))
        # The first prediction allocates memory; no request shall wait for that.
        model.predict({tensor.name: blank(tensor) for tensor in model.tensors})
    return model


def load_session(folder: Path, manifest: Manifest, threads: int) -> Any:
    """Return what computes, of a version that was verified."""
    #% if cookiecutter.__data_kind == "tabular"
    if ONNX_FILE not in manifest.files:
        return Pipeline(folder, manifest)
    #% endif
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    # ONNX Runtime reads no other file than those of the folder.
    return onnxruntime.InferenceSession(
        folder / ONNX_FILE, options, providers=["CPUExecutionProvider"]
    )


def checked(
    nodes: Iterable[Any], expected: Mapping[str, tuple[int, ...]], where: str
) -> tuple[Tensor, ...]:
    """Return the inputs or outputs of a graph, in the order that is expected.

    Args:
        nodes: ONNX Runtime's `NodeArg` objects.
        expected: The shape for each name, -1 for any size.
        where: What to call the graph in an error.

    Raises:
        RegistryError: If they are not the expected ones.
    """
    found = {node.name: node for node in nodes}
    if found.keys() != expected.keys():
        raise RegistryError(
            f"{where} has {sorted(found)} where the manifest has {sorted(expected)}; "
            "export this version again"
        )
    tensors = []
    for name, shape in expected.items():
        node = found[name]
        # A free size has a name in the graph, or none.
        sizes = tuple(size if isinstance(size, int) else -1 for size in node.shape)
        fits = len(sizes) == len(shape) and all(
            size in (-1, wanted) for size, wanted in zip(sizes, shape)
        )
        if node.type not in FROM_ONNX or not fits or sizes[0] != -1:
            raise RegistryError(
                f"{where}: {name} is {node.type} of {node.shape}, and must be of "
                f"{list(shape)} (-1: any number)"
            )
        tensors.append(Tensor(name, FROM_ONNX[node.type], shape))
    return tuple(tensors)


def blank(tensor: Tensor) -> Array:
    """Return one row that means nothing, for the first prediction."""
    shape = [1 if size == -1 else size for size in tensor.shape]
    if tensor.dtype == TEXT:
        return np.array([""] * math.prod(shape), dtype=TEXT).reshape(shape)
    return np.zeros(shape, dtype=tensor.dtype)
