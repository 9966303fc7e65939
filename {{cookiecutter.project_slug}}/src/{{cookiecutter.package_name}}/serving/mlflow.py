"""MLflow's scoring protocol: `/invocations`.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ is what it says. A
body has one of four keys; the answer is `{"predictions": [...]}`, probabilities or
values, as the model gives them. Not offered: CSV, and `params`, as no model has any.
"""

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from . import rows
from .messages import Asked, Endpoint, Request, RequestError, reply_json
from .model import Model
from .values import only, read_json, validated


class Split(BaseModel, strict=True):
    """A table as pandas writes it with `orient="split"`."""

    columns: list[str] = Field(min_length=1, fail_fast=True)
    data: Any


class Question(BaseModel, strict=True):
    """The body of a request."""

    dataframe_split: Split | None = None
    dataframe_records: Any = None
    instances: Any = None
    inputs: Any = None


def predict(model: Model, request: Request) -> Asked:
    """Predict from a table, in one piece or by rows, or from tensors."""
    question = validated(Question, read_json(model, request, "instances"))
    key, given = only(question, *Question.model_fields)
    if key == "inputs":
        feeds = rows.from_columns(model, given, key)
    elif key == "dataframe_split":
        feeds = rows.from_rows(model, given.data, f"{key}.data", given.columns)
    else:
        feeds = rows.from_rows(model, given, key)
    return feeds, lambda values: reply_json({"predictions": values})


def refuse(error: RequestError) -> Response:
    """Write an error as MLflow does."""
    code = "BAD_REQUEST" if error.status < 500 else "TEMPORARILY_UNAVAILABLE"
    return reply_json({"error_code": code, "message": str(error)}, error.status)


NAME = "mlflow_invocations"
ENDPOINTS = [Endpoint("POST", "/invocations", NAME, refuse, read=predict)]
