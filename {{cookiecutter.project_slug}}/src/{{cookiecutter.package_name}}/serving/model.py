"""A version of a model, ready to predict; and which version is served."""

import logging
import time
import timeit
from dataclasses import dataclass
from pathlib import Path
#% if cookiecutter.__data_kind == "tabular"
from types import SimpleNamespace
#% endif
from typing import Any

import numpy as np

#% if cookiecutter.__data_kind == "tabular"
from ..adapter import Limits, predictor
#% else
from ..adapter import Limits
#% endif
from ..config import ProjectError
from ..export import onnx_session
from ..files import careful
from ..registry import (
    ONNX_FILE,
    Manifest,
    load_version,
    production,
    served_version,
)
from .messages import TEXT, Array, Feeds, RequestError

logger = logging.getLogger(__name__)

# https://onnxruntime.ai/docs/api/python/api_summary.html, `NodeArg.type`.
FROM_ONNX: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(string)": TEXT,
}
# A version that cannot be loaded is tried again: its files may still be on their way.
RETRY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output of a graph; in its shape, -1 is a free size."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    limits: Limits | None = None  # what a value may be; of an output, anything


class Model:
    """A verified version of a model; safe to use from several threads.

    Attributes:
        path: What the variables of a request's path may be.
        classes: In the order of the output; none for a regression.
        platform: What computes, as the Open Inference Protocol calls it.
        tensors: The inputs of the graph.
        outputs: Its one output, `probabilities` or `value`.
        seconds: How long one row takes.
    """

    def __init__(self, folder: Path, manifest: Manifest, session: Any) -> None:
        """Try the model, or raise ProjectError if it is not that of the manifest."""
        self.name, self.version = folder.parent.name, int(folder.name)
        # What a path may name; the second is the version in TorchServe's archives.
        versions = [str(self.version), f"{self.version}.0"]
        self.path = {"name": [self.name], "version": versions, "label": ["production"]}
        self.folder, self.manifest = folder, manifest
        self.classes, self.inputs = manifest.classes, manifest.inputs
        onnx = ONNX_FILE in manifest.files
        self.platform = "onnxruntime_onnx" if onnx else "python"
        self._session = session
        self._names = ["probabilities" if self.classes else "value"]
        types = {node.name: FROM_ONNX[node.type] for node in session.get_inputs()}
        shapes, limits = self.inputs.shapes, self.inputs.limits
        if types.keys() != shapes.keys():
            raise ProjectError(
                f"{folder / ONNX_FILE} takes {sorted(types)}, and {sorted(shapes)} by "
                "the manifest; export this version again"
            )
        self.tensors = tuple(
            Tensor(name, types[name], shape, limits[name])
            for name, shape in shapes.items()
        )
        # Of two rows: it fails now if the graph does not take what the manifest says.
        answer = self.predict(self.blank(2))
        shape = (-1, *answer.shape[1:])
        self.outputs = (Tensor(self._names[0], answer.dtype, shape),)
        # The quickest of some: a machine that is busy makes others slower.
        one = self.blank(1)
        self.seconds = min(timeit.repeat(lambda: self.predict(one), number=1))

    def blank(self, rows: int) -> Feeds:
        """Return so many rows of nothing."""
        return {
            each.name: np.full(
                (rows, *each.shape[1:]), "" if each.dtype == TEXT else 0, each.dtype
            )
            for each in self.tensors
        }

    def predict(self, feeds: Feeds) -> Array:
        """Predict from an array for each of `tensors`; return that of `outputs`."""
        result: Array = self._session.run(self._names, feeds)[0]
        return result


#% if cookiecutter.__data_kind == "tabular"
class Pipeline:
    """A pipeline that is asked as an ONNX session is: not all have a graph."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Load the pipeline of a version, by the library that has made it."""
        self.predict = predictor(folder, manifest)
        self.columns = manifest.inputs.columns

    def get_inputs(self) -> list[SimpleNamespace]:
        """Describe a tensor for each column."""
        types = {"number": "tensor(double)", "category": "tensor(string)"}
        return [
            SimpleNamespace(name=name, type=types[kind])
            for name, kind in self.columns.items()
        ]

    def run(self, names: list[str], feeds: Feeds) -> list[Array]:
        """Predict from a tensor (n, 1) for each column; float32 (n, outputs)."""
        import pandas as pd

        rows = pd.DataFrame({name: feeds[name][:, 0] for name in self.columns})
        return [self.predict(rows).astype(np.float32)]


#% endif
class ServedModel:
    """The one model of a server; a version that is promoted takes its place."""

    def __init__(self, model_dir: Path, threads: int = 1) -> None:
        """Load the version that is to be served, or raise ProjectError.

        Args:
            model_dir: The folder of all versions; its name is the model's.
            threads: How many threads one prediction may use.
        """
        self.model_dir, self.threads = model_dir, threads
        self.retry_at = 0.0
        self.model = load_model(model_dir, served_version(model_dir), threads)

    def get(self, **path: str) -> Model:
        """Return the model, or raise RequestError if a path asks for another one."""
        model = self.model
        for key, asked in path.items():
            if asked not in (served := model.path.get(key, [asked])):
                message = f"{asked!r:.60} is not served; {served[0]!r} is"
                raise RequestError(404, message, key)
        return model

    def refresh(self) -> bool:
        """Load another version if one is promoted; return whether it is another.

        Raises:
            ProjectError: If the version cannot be used; the old one goes on.
        """
        if time.monotonic() < self.retry_at:
            return False
        self.retry_at = time.monotonic() + RETRY_SECONDS  # unless this goes well
        version = production(self.model_dir) or self.model.version
        if changed := version != self.model.version:
            self.model = load_model(self.model_dir, version, self.threads)
        self.retry_at = 0.0
        return changed


def load_model(model_dir: Path, version: int, threads: int = 1) -> Model:
    """Load a version, or say what is wrong with it by ProjectError."""
    folder, manifest = load_version(model_dir, version)
    with careful(folder / ONNX_FILE):
        #% if cookiecutter.__data_kind == "tabular"
        if ONNX_FILE not in manifest.files:
            why = manifest.not_exported.get("onnx", "it was not exported")
            logger.warning("the pipeline itself predicts, not ONNX: %s", why)
            return Model(folder, manifest, Pipeline(folder, manifest))
        #% endif
        return Model(folder, manifest, onnx_session(folder / ONNX_FILE, threads))
