"""TorchServe's inference API: JSON or a picture in, `{class: probability}` out.

https://pytorch.org/serve/inference_api.html is what it says; what is in a body, it
leaves to a handler. Here it is one row, a list of rows, a picture, or `{"instances":
[...]}`, which is answered by `{"predictions": [...]}`. Not offered: forms; a picture is
the whole body, as `curl -T digit.png` sends it.
"""

from typing import Any

from .. import rows
from ..messages import Endpoint, Reply, Request, RequestError
from ..model import Models
from ..parsing import media_type, parse, require_json
from ..predictions import Prediction, dump, predict, reply_json

PROTOCOL = "TorchServe"
INSTANCES = "instances"
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # how PNG and JPEG files start
# What TorchServe calls its errors, by status.
TYPES = {
    400: "BadRequestException",
    404: "ModelNotFoundException",
    405: "MethodNotAllowedException",
    413: "RequestEntityTooLargeException",
    415: "UnsupportedMediaTypeException",
    429: "TooManyRequestsException",
    503: "ServiceUnavailableException",
}


def ping(models: Models, request: Request) -> Reply:
    """Say that the server is up; 503 while it has no model."""
    models.get()
    return reply_json({"status": "Healthy"})


def model_predict(models: Models, request: Request) -> Reply:
    """Predict from JSON or from a picture.

    Raises:
        RequestError: 4xx if the body is not what the model takes.
    """
    version = request.path.get("version")
    # TorchServe's versions look like 1.0.
    version = version.removesuffix(".0") if version else None
    model = models.get(request.path["name"], version)
    if is_picture(request):
        feeds = rows.from_picture(model, request.body, "body")
        return one(predict(model, feeds, request))
    require_json(request)
    if (quick := rows.quick(model, request.body)) is not None:
        return many(predict(model, quick, request))
    given = parse(request.body)
    if isinstance(given, dict) and given.keys() == {INSTANCES}:
        feeds = rows.from_rows(model, given[INSTANCES], INSTANCES)
        prediction = predict(model, feeds, request)
        return prediction.reply(dump({"predictions": named(prediction)}))
    if rows.is_one(model, given):
        return one(predict(model, rows.from_row(model, given, "body"), request))
    return many(predict(model, rows.from_rows(model, given, "body"), request))


def is_picture(request: Request) -> bool:
    """Whether the body is a picture: by its type, or by its first bytes.

    `curl -T` names no type, and other options of curl a wrong one.
    """
    kind = media_type(request)
    return kind.startswith("image/") or request.body.startswith(PICTURES)


def one(prediction: Prediction) -> Reply:
    """Return what was predicted for the only row."""
    return prediction.reply(dump(named(prediction)[0]))


def many(prediction: Prediction) -> Reply:
    """Return what was predicted for each row."""
    return prediction.reply(dump(named(prediction)))


def named(prediction: Prediction) -> list[Any]:
    """Return probabilities by class, the largest first; or the values."""
    names = prediction.model.classes
    if not names:
        return prediction.values.reshape(-1).tolist()
    orders = (-prediction.values).argsort(axis=1, kind="stable").tolist()
    return [
        {names[index]: row[index] for index in order}
        for row, order in zip(prediction.values.tolist(), orders)
    ]


def refuse(error: RequestError) -> Reply:
    """Write an error as TorchServe does."""
    kind = TYPES.get(error.status, "InternalServerException")
    content = {"code": error.status, "type": kind, "message": str(error)}
    return reply_json(content, error.status)


PATH = "/predictions/{name}"
ENDPOINTS = [
    Endpoint("GET", "/ping", ping, "torchserve_ping", refuse, PROTOCOL),
    # `curl -T` sends PUT.
    *(
        Endpoint(method, path, model_predict, "torchserve_predict", refuse, PROTOCOL)
        for method in ("POST", "PUT")
        for path in (PATH, PATH + "/{version}")
    ),
]
