"""Starlette, orjson and ONNX Runtime, nothing else: no checks, limits or metrics."""

import sys

import numpy as np
import orjson
import uvicorn
from mlp import probabilities
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

HEAD_BYTES = "inference-header-content-length"


async def predict(request):
    """Answer one request."""
    images = orjson.loads(await request.body())["instances"]
    answer = {"predictions": probabilities(images)}
    body = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, media_type="application/json")


async def infer(request):
    """Answer a request of the Open Inference Protocol whose tensors are bytes."""
    body = await request.body()
    size = int(request.headers[HEAD_BYTES])
    (tensor,) = orjson.loads(body[:size])["inputs"]
    images = np.frombuffer(body, "<f4", offset=size).reshape(tensor["shape"])
    answer = probabilities(images)
    about = {"name": "probabilities", "datatype": "FP32", "shape": answer.shape}
    about["parameters"] = {"binary_data_size": answer.nbytes}
    head = orjson.dumps({"model_name": "model", "outputs": [about]})
    headers = {HEAD_BYTES: str(len(head))}
    return Response(head + answer.tobytes(), headers=headers)


routes = [
    Route("/predict", predict, methods=["POST"]),
    Route("/infer", infer, methods=["POST"]),
]
app = Starlette(routes=routes)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
