"""KServe's Python server with a custom model; it answers TensorFlow Serving's JSON."""

import sys

from kserve import Model, ModelServer
from mlp import probabilities


class Mlp(Model):
    """The custom predictor of KServe's documentation."""

    def load(self):
        """Say that the model is there: importing it has loaded it."""
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        """Answer one request."""
        return {"predictions": probabilities(payload["instances"]).tolist()}


model = Mlp("model")
model.load()
ModelServer(http_port=int(sys.argv[1]), workers=1, enable_grpc=False).start([model])
