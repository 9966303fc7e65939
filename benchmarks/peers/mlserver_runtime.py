"""An MLServer runtime: the Open Inference Protocol, version 2."""

from mlp import probabilities
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Mlp(MLModel):
    """The custom runtime of MLServer's documentation."""

    async def load(self):
        """Say that the model is there: importing it has loaded it."""
        return True

    async def predict(self, payload):
        """Answer one request."""
        images = NumpyCodec.decode_input(payload.inputs[0])
        output = NumpyCodec.encode_output("probabilities", probabilities(images))
        return InferenceResponse(model_name=self.name, outputs=[output])
