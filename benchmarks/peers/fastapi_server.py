"""FastAPI as its tutorial shows it: pydantic models in and out."""

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


@app.post("/predict")
async def predict(images: Images) -> Predictions:
    """Answer one request."""
    return Predictions(predictions=probabilities(images.instances).tolist())


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
