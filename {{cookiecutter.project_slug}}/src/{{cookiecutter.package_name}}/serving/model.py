"""A version of a model, ready to predict, and which one of them is served.

Promoting a version writes the alias file. Every worker looks at that file once a second
and loads the new version beside the old one, whose last requests it still answers.
"""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime

#% if cookiecutter.__data_kind == "tabular"
from ..adapter import Inputs, predictor
#% else
from ..adapter import Inputs
#% endif
from ..files import careful
from ..registry import ALIASES, ONNX_FILE, Manifest, RegistryError
from ..registry import load_version, served_version
from .messages import TEXT, Array, Feeds, RequestError

# https://onnxruntime.ai/docs/api/python/api_summary.html, `NodeArg.type`.
FROM_ONNX: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(string)": TEXT,
}
QUIET = 3  # of ONNX Runtime's log: errors, but no warnings
# A version that cannot be loaded is tried again: its files may still be on their way.
RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value may be.

    Attributes:
        minimum: The smallest number; for a date, in days since 1970.
        maximum: The largest one.
        categories: The texts that may occur; None for any.
        nullable: Whether a value may be missing.
        date: Whether the numbers are dates, which JSON has as texts (ISO 8601).
    """

    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    nullable: bool = False
    date: bool = False


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output of a graph; -1 in its shape is a free size, `object` texts."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    limits: Limits = Limits()


class Model:
    """A verified version of a model; safe to use from several threads.

    Attributes:
        name: What requests call it.
        version: Its number.
        classes: The name of each class, in the order of the output; none: a regression.
        inputs: What it has to be given, from the manifest.
        folder: The version's files.
        manifest: What else is known of it.
        platform: What computes, as the Open Inference Protocol calls it.
        tensors: The inputs of the graph.
        outputs: Its one output, `probabilities` or `value`.
        seconds: How long one row takes.
        most_rows: How many rows a request may have.
    """

    seconds = 0.0

    def __init__(
        self, folder: Path, manifest: Manifest, session: Any, most_rows: int = 4096
    ) -> None:
        """Compare the graph with the manifest.

        Raises:
            RegistryError: If an input or output is missing, is one too many, or is of
                another shape or type; the message says which.
        """
        self.name, self.version = folder.parent.name, int(folder.name)
        self.folder, self.manifest, self.most_rows = folder, manifest, most_rows
        self.classes, self.inputs = manifest.classes, manifest.inputs
        onnx = ONNX_FILE in manifest.files
        self.platform = "onnxruntime_onnx" if onnx else "python"
        where, limits = str(folder / ONNX_FILE), limits_of(self.inputs)
        self.tensors = tuple(
            replace(tensor, limits=limits[tensor.name])
            for tensor in checked(session.get_inputs(), self.inputs.shapes, where)
        )
        shape = (-1, 1)[: len(session.get_outputs()[0].shape)]
        expected: dict[str, tuple[int, ...]] = {"value": shape}
        if self.classes:
            expected = {"probabilities": (-1, len(self.classes))}
        self.outputs = checked(session.get_outputs(), expected, where)
        self._names = list(expected)
        self._session = session

    def predict(self, feeds: Feeds) -> Array:
        """Predict from an array for each of `tensors`; return that of `outputs`."""
        result: Array = self._session.run(self._names, feeds)[0]
        return result


#% if cookiecutter.__data_kind == "tabular"
class Pipeline:
    """A pipeline that is asked as an ONNX session is: not every estimator has a graph."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Load the pipeline of a version, by the library that has made it."""
        self.predict = predictor(folder, manifest)
        self.columns, self.classes = manifest.inputs.columns, manifest.classes

    def get_inputs(self) -> list[SimpleNamespace]:
        """Describe a tensor for each column."""
        types = {"number": "tensor(double)", "category": "tensor(string)"}
        return [
            SimpleNamespace(name=name, type=types[kind], shape=["n", 1])
            for name, kind in self.columns.items()
        ]

    def get_outputs(self) -> list[SimpleNamespace]:
        """Describe the tensor of the answer."""
        name = "probabilities" if self.classes else "value"
        shape = ["n", len(self.classes) or 1]
        return [SimpleNamespace(name=name, type="tensor(float)", shape=shape)]

    def run(self, names: list[str], feeds: Feeds) -> list[Array]:
        """Predict from a tensor (n, 1) for each column; float32 (n, outputs)."""
        import pandas as pd

        rows = pd.DataFrame({name: values[:, 0] for name, values in feeds.items()})
        return [self.predict(rows[list(self.columns)]).astype(np.float32)]


#% endif
class ServedModel:
    """The one model of a server; replaced while requests are answered."""

    def __init__(self, model_dir: Path, threads: int = 1, most_rows: int = 4096) -> None:
        """Load the version that is to be served.

        Args:
            model_dir: The folder of all versions; its name is the model's.
            threads: How many threads one prediction may use.
            most_rows: How many rows a request may have.

        Raises:
            RegistryError: If there is none, or it cannot be used.
        """
        self.model_dir, self.threads, self.most_rows = model_dir, threads, most_rows
        # Before the version: a promote in between is then seen by the first look.
        self.seen = self.state()
        self.model = self.load(served_version(model_dir))
        self.retry_at = math.inf

    def get(self, name: str | None = None, version: str | None = None) -> Model:
        """Return the model.

        Args:
            name: What the request calls it; any if not given.
            version: The number as the request writes it, 1 or 1.0; any if not given.

        Raises:
            RequestError: 404 if it is called something else, or is of another version.
        """
        model = self.model
        if name is not None and name != model.name:
            raise RequestError(
                404, f"no model {name!r}; {model.name!r} is served here", "name"
            )
        number = model.version
        if version is not None and version not in (str(number), f"{number}.0"):
            raise RequestError(
                404, f"version {version!r} is not served; {number} is", "version"
            )
        return model

    def load(self, version: int) -> Model:
        """Load a version as this server predicts with it."""
        return load_model(self.model_dir, version, self.threads, self.most_rows)

    def state(self) -> tuple[int, int, int] | None:
        """Return what changes when the alias file is replaced; None if it is absent."""
        try:
            found = (self.model_dir / ALIASES).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def refresh(self) -> bool:
        """Load another version if one is to be served; return whether it is another.

        Raises:
            RegistryError: If the version cannot be used; the old one goes on.
        """
        state = self.state()
        if state == self.seen and time.monotonic() < self.retry_at:
            return False
        self.seen = state
        self.retry_at = time.monotonic() + RETRY_SECONDS  # unless this goes well
        version = served_version(self.model_dir)
        changed = version != self.model.version
        if changed:
            self.model = self.load(version)
        self.retry_at = math.inf
        return changed


def load_model(
    model_dir: Path, version: int, threads: int = 1, most_rows: int = 4096
) -> Model:
    """Load a version, check it, and measure how long a row takes.

    Raises:
        RegistryError: If there is no such version, it was changed, it is not
            exported, or its graph is not what the manifest says.
        FileError: If it cannot be loaded.
    """
    folder, manifest = load_version(model_dir, version)
    with careful(folder / ONNX_FILE):
        session = load_session(folder, manifest, threads)
        model = Model(folder, manifest, session, most_rows)
        blank = {tensor.name: blank_row(tensor) for tensor in model.tensors}
        model.predict(blank)  # the first time takes memory: no request waits for that
        began = time.perf_counter()
        model.predict(blank)
        model.seconds = time.perf_counter() - began
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


def limits_of(inputs: Inputs) -> dict[str, Limits]:
    """Return the limits of each input of a model, from its manifest."""
    #% if cookiecutter.__data_kind == "images"
    return dict.fromkeys(inputs.shapes, Limits(minimum=0, maximum=inputs.max_value))
    #% else
    return {
        name: Limits(
            minimum=None if rule.minimum is None else rule.bounds[0],
            maximum=None if rule.maximum is None else rule.bounds[1],
            categories=rule.categories,
            nullable=rule.nullable,
            date=rule.kind == "date",
        )
        for name, rule in inputs.rules.items()
        if name != inputs.target
    }
    #% endif


def blank_row(tensor: Tensor) -> Array:
    """Return one row that means nothing, to try a model with."""
    shape = [1 if size == -1 else size for size in tensor.shape]
    return np.full(shape, "" if tensor.dtype == TEXT else 0, dtype=tensor.dtype)
