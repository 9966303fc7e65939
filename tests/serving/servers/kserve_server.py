"""KServe's Python server with the golden model: python kserve_server.py PORT.

KServe's own scikit-learn server is not on PyPI; it, too, is a subclass of `Model`. What
reads requests and writes responses is KServe's.
"""

import socket
import sys
from typing import Any

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.protocol.rest.server import RESTServer

import golden_model


class GoldenModel(Model):  # type: ignore[misc]
    """Answers both protocols of KServe."""

    def load(self) -> bool:
        """Make the model."""
        self.model = golden_model.as_scikit_learn()
        self.ready = True
        return self.ready

    def predict(self, payload: Any, headers: Any = None) -> Any:
        """Return probabilities for `instances`, or for the first input tensor."""
        if not isinstance(payload, InferRequest):
            images = np.array(payload["instances"])
            return {"predictions": self.model.predict_proba(images).tolist()}
        found = self.model.predict_proba(payload.inputs[0].as_numpy())
        output = InferOutput("probabilities", list(found.shape), "FP32")
        output.set_data_from_numpy(found.astype(np.float32), binary_data=False)
        wanted = payload.request_outputs  # binary or not
        return InferResponse(payload.id, self.name, [output], requested_outputs=wanted)


if __name__ == "__main__":
    # `ModelServer.start` would listen on every address.
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    model = GoldenModel("model")
    model.load()
    server = ModelServer(enable_grpc=False)
    server.register_model(model)
    RESTServer(
        "kserve.model_server:app",
        server.dataplane,
        server.model_repository_extension,
        int(sys.argv[1]),
    ).run(sockets=[listener])
