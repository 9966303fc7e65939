"""FastAPI as its tutorial shows it: pydantic models in and out.

python fastapi_server.py PORT def|async
"""

import sys

import uvicorn
from fastapi import FastAPI
from mlp import probabilities
from pydantic import BaseModel


class Images(BaseModel):
    """What is asked."""

    instances: list[list[list[float]]]


class Predictions(BaseModel):
    """What is answered."""

    predictions: list[list[float]]


app = FastAPI()


def predict(images: Images) -> Predictions:
    """Answer one request in a thread."""
    return Predictions(predictions=probabilities(images.instances).tolist())


async def predict_here(images: Images) -> Predictions:
    """Answer one request where all of them are read."""
    return predict(images)


app.post("/predict")(predict if sys.argv[2] == "def" else predict_here)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
