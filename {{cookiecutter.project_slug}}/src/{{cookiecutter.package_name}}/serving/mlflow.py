"""MLflow's scoring protocol: `/invocations`.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ is what it says. A
body has one of four keys; the answer is `{"predictions": [...]}`, probabilities or
values, as the model gives them. Not offered: CSV, and `params`, as no model has any.
"""

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from . import rows
from .messages import Array, Asked, Endpoint, Request, RequestError, reply_json
from .model import Model
from .values import parse, require_json, validated


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
    require_json(model, request)
    given = dict(validated(Question, parse(request.body)))
    keys = [key for key, value in given.items() if value is not None]
    if len(keys) != 1:
        raise RequestError(400, f"must have one of {', '.join(given)}", "body")
    (key,) = keys
    if key == "inputs":
        return rows.from_columns(model, given[key], key), write
    if key != "dataframe_split":
        return rows.from_rows(model, given[key], key), write
    table = given[key]
    return rows.from_rows(model, table.data, f"{key}.data", table.columns), write


def write(values: Array) -> Response:
    """Answer with a value or a list of probabilities for each row."""
    return reply_json({"predictions": values})


def refuse(error: RequestError) -> Response:
    """Write an error as MLflow does."""
    code = "BAD_REQUEST" if error.status < 500 else "TEMPORARILY_UNAVAILABLE"
    return reply_json({"error_code": code, "message": str(error)}, error.status)


NAME = "mlflow_invocations"
ENDPOINTS = [Endpoint("POST", "/invocations", NAME, "MLflow", refuse, read=predict)]
