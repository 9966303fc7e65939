"""Starlette, orjson and ONNX Runtime, nothing else: no checks, limits or metrics."""

import sys

import orjson
import uvicorn
from mlp import probabilities
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route


async def predict(request):
    """Answer one request."""
    images = orjson.loads(await request.body())["instances"]
    answer = {"predictions": probabilities(images)}
    body = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, media_type="application/json")


app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
