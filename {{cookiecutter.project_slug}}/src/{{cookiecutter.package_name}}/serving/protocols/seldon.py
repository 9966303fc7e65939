"""Seldon's first protocol: `data` as `ndarray` or as `tensor`.

https://docs.seldon.ai/seldon-core-1/reference/apis/prediction is what it says. The
answer comes in the form of the question; `names` says which number belongs to which
class. Not offered: `tftensor`, `binData`, `strData`, `jsonData`.
"""

import math
from typing import Any

from .. import rows, values
from ..messages import Endpoint, Reply, Request, RequestError
from ..model import Model, Models
from ..parsing import kind_of, parse_object, require_json
from ..predictions import Prediction, dump, predict, reply_json
from ..tensors import Feeds

NDARRAY, TENSOR = "ndarray", "tensor"


def model_predict(models: Models, request: Request) -> Reply:
    """Predict; there is one model, so the path names none.

    Raises:
        RequestError: 4xx if the body is not what the model takes.
    """
    require_json(request)
    model = models.get()
    form, meta = NDARRAY, None
    feeds = rows.quick(model, request.body, "data", NDARRAY)
    if feeds is None:
        document = parse_object(request.body)
        form, feeds = read(model, document)
        meta = document.get("meta")
    prediction = predict(model, feeds, request)
    data = {"names": rows.output_names(model), form: written(prediction, form)}
    return prediction.reply(dump({"data": data, "meta": meta_of(model, meta)}))


def read(model: Model, document: dict[str, Any]) -> tuple[str, Feeds]:
    """Read a message.

    Args:
        model: What it is for.
        document: The message, parsed.

    Returns:
        The form that its data have, and the feeds.

    Raises:
        RequestError: 400 if there is no data in one of the two forms, or they are not
            what the model takes.
    """
    data = document.get("data")
    if not isinstance(data, dict) or (NDARRAY in data) == (TENSOR in data):
        message = f"must be an object with either `{NDARRAY}` or `{TENSOR}`"
        raise RequestError(400, message, "data")
    names = data.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RequestError(400, "must be a list of texts", "data.names")
    if NDARRAY in data:
        field = f"data.{NDARRAY}"
        if not names:
            names = [tensor.name for tensor in model.tensors]
        return NDARRAY, rows.from_rows(model, data[NDARRAY], field, names)
    field, tensor = f"data.{TENSOR}", data[TENSOR]
    if not isinstance(tensor, dict) or tensor.keys() != {"shape", "values"}:
        message = f"must be an object of `shape` and `values`, is {kind_of(tensor)}"
        raise RequestError(400, message, field)
    shape = values.shape(tensor["shape"], f"{field}.shape")
    size = (math.prod(shape),)
    table = values.numbers(tensor["values"], size, f"{field}.values").reshape(shape)
    return TENSOR, rows.from_array(model, table, f"{field}.values", names)


def written(prediction: Prediction, form: str) -> Any:
    """Return the values in the form of the request, one row for each row of it."""
    table = prediction.values.reshape(len(prediction.values), -1)
    if form == NDARRAY:
        return table
    return {"shape": table.shape, "values": table.reshape(-1)}


def meta_of(model: Model, given: Any) -> dict[str, Any]:
    """Return which version answered, and the request's own id if it has one."""
    meta: dict[str, Any] = {"requestPath": {model.name: str(model.version)}}
    puid = given.get("puid") if isinstance(given, dict) else None
    if isinstance(puid, str):
        meta["puid"] = puid
    return meta


def refuse(error: RequestError) -> Reply:
    """Write an error as a Seldon `Status` message."""
    status = {
        "code": error.status,
        "info": str(error),
        "reason": "MICROSERVICE_BAD_DATA" if error.status < 500 else "UNAVAILABLE",
        "status": "FAILURE",
    }
    return reply_json({"status": status}, error.status)


ENDPOINTS = [
    Endpoint(
        "POST",
        "/api/v1.0/predictions",
        model_predict,
        "seldon_predict",
        refuse,
        "Seldon",
    )
]
