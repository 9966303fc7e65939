"""TorchServe's inference API: JSON or a picture in, `{class: probability}` out.

https://pytorch.org/serve/inference_api.html is what it says; what is in a body, it
leaves to a handler. Here it is one row, a list of rows, either of them as `{"data":
...}`, a picture, or `{"instances": [...]}`, which is answered by `{"predictions":
[...]}`. Not offered: forms; a picture is the whole body, as `curl -T 7.png` sends it.
"""

from functools import partial
from http import HTTPStatus
from operator import itemgetter
from typing import Any

from starlette.responses import Response

from . import rows
from .messages import Array, Asked, Endpoint, Request, RequestError, reply_json
from .model import Model
from .values import media_type, read_json

INSTANCES, DATA = "instances", "data"
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")  # PNG, JPEG, WebP begin so


def ping(model: Model, request: Request) -> Response:
    """Say that the server is up; 503 while it has no model."""
    return reply_json({"status": "Healthy"})


def predict(model: Model, request: Request) -> Asked:
    """Predict from JSON or from a picture."""
    one, many = partial(write, model, "one"), partial(write, model, "many")
    # `curl -T` names no type, and other options of curl a wrong one.
    if media_type(request).startswith("image/") or request.body.startswith(PICTURES):
        return rows.from_picture(model, request.body, "body"), one
    given, field = read_json(model, request), "body"
    columns = {tensor.name for tensor in model.tensors}  # one may be called as a key is
    if isinstance(given, dict) and given.keys() != columns:
        if given.keys() == {INSTANCES}:
            feeds = rows.from_rows(model, given[INSTANCES], INSTANCES)
            return feeds, partial(write, model, INSTANCES)
        if given.keys() == {DATA}:
            given, field = given[DATA], DATA
    if rows.is_one(model, given):
        return rows.from_row(model, given, field), one
    return rows.from_rows(model, given, field), many


def write(model: Model, form: str, values: Array) -> Response:
    """Answer for the only row, for each row, or so in an object.

    An answer is the probabilities by class, the largest first; or the value.
    """
    answers: list[Any] = values.reshape(-1).tolist()
    if model.classes:
        pairs = [zip(model.classes, row) for row in values.tolist()]
        answers = [dict(sorted(x, key=itemgetter(1), reverse=True)) for x in pairs]
    if form == "one":
        return reply_json(answers[0])
    return reply_json({"predictions": answers} if form == INSTANCES else answers)


def refuse(error: RequestError) -> Response:
    """Write an error as TorchServe does."""
    phrase = HTTPStatus(error.status).phrase if error.status != 404 else "ModelNotFound"
    kind = f"{phrase.replace(' ', '')}Exception"
    content = {"code": error.status, "type": kind, "message": str(error)}
    return reply_json(content, error.status)


ENDPOINTS = [
    Endpoint("GET", "/ping", "torchserve_ping", refuse, ping, probe="alive"),
    *(
        Endpoint(method, path, "torchserve_predict", refuse, read=predict)
        for method in ("POST", "PUT")  # `curl -T` sends PUT
        for path in ("/predictions/{name}", "/predictions/{name}/{version}")
    ),
]
