"""LitServe with one worker."""

import sys

import litserve
import numpy as np


class Mlp(litserve.LitAPI):
    """The API of LitServe's documentation; the worker is a process of its own."""

    def setup(self, device):
        """Load the model in the worker."""
        from mlp import probabilities

        self.probabilities = probabilities

    def decode_request(self, request):
        """Read the images."""
        return np.asarray(request["instances"], np.float32)

    def predict(self, images):
        """Run the model."""
        return self.probabilities(images)

    def encode_response(self, output):
        """Answer one request."""
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Mlp(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
