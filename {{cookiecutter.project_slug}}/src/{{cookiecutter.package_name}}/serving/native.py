"""The pipeline itself in place of an ONNX graph, which not every estimator has."""

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from ..adapter import predictor
from ..registry import Manifest
from .tensors import Array, Feeds

logger = logging.getLogger(__name__)

TYPES = {"number": "tensor(double)", "category": "tensor(string)"}


class Pipeline:
    """A pipeline that is asked as ONNX Runtime's InferenceSession is."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Load the pipeline of a version, by the library that has made it."""
        why = manifest.not_exported.get("onnx", "not exported")
        logger.warning("%s: the pipeline itself predicts; no ONNX: %s", folder, why)
        self.predict = predictor(folder, manifest)
        self.columns = manifest.inputs.columns
        self.classes = manifest.classes

    def get_inputs(self) -> list[SimpleNamespace]:
        """Describe a tensor for each column."""
        return [
            SimpleNamespace(name=name, type=TYPES[kind], shape=["n", 1])
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
