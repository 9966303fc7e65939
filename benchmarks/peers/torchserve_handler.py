"""A handler of TorchServe; the model comes in the archive."""

import os

import numpy as np


class Mlp:
    """The custom handler of TorchServe's documentation."""

    def initialize(self, context):
        """Load the model in the worker."""
        folder = context.system_properties["model_dir"]
        os.environ["MODEL"] = os.path.join(folder, "model.onnx")
        import mlp

        self.probabilities = mlp.probabilities

    def handle(self, data, context):
        """Answer the requests that came together: one, unless batching is set."""
        images = [np.asarray(row["body"]["instances"], np.float32) for row in data]
        return [{"predictions": self.probabilities(one).tolist()} for one in images]
