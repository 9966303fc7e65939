"""Keras in the server: `model.predict` per request, as many tutorials do."""

import os
import sys

import keras
import numpy as np
import onnx
import orjson
import uvicorn
from onnx import numpy_helper
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

layers = keras.layers
model = keras.Sequential(
    [
        keras.Input((28, 28)),
        layers.Rescaling(1 / 255),
        layers.Flatten(),
        layers.Dense(128, "relu"),
        layers.Dense(10, "softmax"),
    ]
)
stored = onnx.load(os.environ["MODEL"]).graph.initializer
weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in stored}
names = ("first", "first_bias", "second", "second_bias")
model.set_weights([weights[name] for name in names])


async def predict(request):
    """Answer one request."""
    images = np.array(orjson.loads(await request.body())["instances"], np.float32)
    return JSONResponse({"predictions": model.predict(images, verbose=0).tolist()})


app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
