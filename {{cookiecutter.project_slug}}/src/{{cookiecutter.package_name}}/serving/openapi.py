"""The OpenAPI 3.1 document of the server, for the model that it serves.

It is made of examples: those below are sent to the endpoints, and schemas are what
bodies and answers have in common. So nothing in it is wrong, and nothing lacks a type.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from typing import Any, TypeAlias

import orjson

from . import rows
from .messages import JSON, TEXT, Array, Endpoint, Request, RequestError, dump
from .model import Model
from .open_inference import NAMES

Schema: TypeAlias = dict[str, Any]
Called: TypeAlias = Callable[[Any], str | None]
SERVER = "{{ cookiecutter.project_slug }}"
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string"}
KINDS |= {dict: "object", type(None): "null"}
KEYS = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
REFUSAL = (
    "400, 415, 422: the body is not what the model takes; the message names the field. "
    "401: a key is missing. 404: no such model or version. 408, 413: the body is slow, "
    "or too long. 503: no model, or too much to do; see Retry-After."
)


def document(model: Model, endpoints: Sequence[Endpoint], needs_key: bool) -> Schema:
    """Describe the server.

    Args:
        model: The model that it serves.
        endpoints: Those of all protocols.
        needs_key: Whether predictions need a key.
    """
    row = rows.row_example(model)
    examples = requests(model, row)
    schemas = {rows.ROW: rows.row_schema(model)}
    if model.classes:
        schemas["Class"] = {"type": "string", "enum": model.classes}
        schemas["Probabilities"] = like([dict.fromkeys(model.classes, 1.0)])

    def called(value: Any) -> str | None:
        """Return the name of the schema that a value has, if it is one of these."""
        if value is row:
            return rows.ROW
        named = isinstance(value, dict) and value.keys() == set(model.classes)
        return "Probabilities" if named and value else None

    def content(name: str, values: Iterable[Any], **more: Any) -> Schema:
        """Return the content of a body in JSON; its schema gets a name."""
        schemas[name] = like(values, called)
        return {JSON: {"schema": ref(name), **more}}

    paths: dict[str, Schema] = {}
    for endpoint in endpoints:
        bodies = examples.get(endpoint.name, {})
        operation = described(model, endpoint, bodies, content)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.1",
        "info": {
            "title": SERVER,
            "version": metadata.version(SERVER),
            "summary": f"Model “{model.name}”, version {model.version}.",
            "description": metadata.metadata(SERVER)["Summary"],
        },
        "security": [{name: []} for name in KEYS] if needs_key else [],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": KEYS},
    }


def described(
    model: Model,
    endpoint: Endpoint,
    bodies: dict[str, Any],
    content: Callable[..., Schema],
) -> Schema:
    """Describe an endpoint; there are bodies, by what they show, if it predicts."""
    known = {"name": model.name, "version": str(model.version), "label": "production"}
    variables = re.findall(r"(\w+)}", endpoint.path)
    path = {name: known.get(name, "any") for name in variables}
    answers = [
        answered(model, endpoint, path, body) for body in bodies.values() or [None]
    ]
    words = [endpoint.name, *(name for name in variables if name != "name")]
    put = ["put"] if endpoint.method == "PUT" else []
    parameter = {"in": "path", "required": True, "schema": {"type": "string"}}
    reply = content(f"{endpoint.name}_reply", answers, example=answers[0])
    error = RequestError(400, "must have 8 numbers, has 7", "instances[0][3]")
    refusal = orjson.loads(endpoint.refuse(error).body)
    refused = content(f"{endpoint.protocol}_error".replace(" ", "_"), [refusal])
    operation: Schema = {
        "operationId": "_".join(words + put),
        "summary": str((endpoint.read or endpoint.handler).__doc__).partition("\n")[0],
        "tags": [endpoint.protocol],
        "parameters": [
            {"name": name, "example": value} | parameter for name, value in path.items()
        ],
        "responses": {
            "200": {"description": "The answer.", "content": reply},
            "default": {"description": REFUSAL, "content": refused},
        },
    }
    if bodies:
        named = {name: {"value": body} for name, body in bodies.items()}
        name = f"{endpoint.name}_request"
        request = content(name, bodies.values(), examples=named)
        operation["requestBody"] = {"required": True, "content": request}
    if endpoint.probe:
        operation["security"] = []
    return operation


def requests(model: Model, row: Any) -> dict[str, dict[str, Any]]:
    """Return bodies by what they show, by the name of the endpoint that takes them."""
    instances = {"instances": [row]}
    if isinstance(row, dict):  # of a table
        names, values = list(row), [list(row.values())]
        inputs = {"inputs": {name: [value] for name, value in row.items()}}
        seldon: dict[str, Any] = {"ndarray": {"ndarray": values}}
        seldon["names"] = {"names": names, "ndarray": values}
        mlflow: dict[str, Any] = {"dataframe_split": {"columns": names, "data": values}}
    else:
        inputs = {"inputs": {model.tensors[0].name: [row]}}
        seldon, mlflow = {"ndarray": {"ndarray": [row]}}, instances
    feeds = rows.from_rows(model, [row], "example")
    tensors = [
        {"name": name, "datatype": NAMES[each.dtype], "shape": each.shape}
        | {"data": flat(each)}
        for name, each in feeds.items()
    ]
    return {
        "tensorflow_serving_predict": {"instances": instances, "inputs": inputs},
        "open_inference_infer": {"inputs": {"inputs": tensors}},
        "seldon_predict": {name: {"data": data} for name, data in seldon.items()},
        "torchserve_predict": {"row": row, "rows": [row, row], "instances": instances},
        "mlflow_invocations": {next(iter(mlflow)): mlflow, "inputs": inputs},
    }


def flat(array: Array) -> list[Any]:
    """Return the values of a tensor in one list, numbers without float32's noise."""
    values = array.reshape(-1)
    return values.tolist() if array.dtype == TEXT else orjson.loads(dump(values))


def answered(model: Model, endpoint: Endpoint, path: Any, body: Any) -> Any:
    """Return what an endpoint answers."""
    request = Request(path, {"content-type": JSON}, dump(body) if body else b"")
    if endpoint.handler is not None:
        return orjson.loads(endpoint.handler(model, request).body)
    assert endpoint.read is not None
    feeds, write = endpoint.read(model, request)
    return orjson.loads(write(model.predict(feeds)).body)


def like(values: Iterable[Any], called: Called = lambda value: None) -> Schema:
    """Return the schema of such values; those that are called something have one."""
    kinds: dict[str, list[Any]] = {}
    for value in values:
        kind = called(value) or KINDS.get(type(value), "array")
        kinds.setdefault(kind, []).append(value)
    schemas = [of_kind(kind, same, called) for kind, same in kinds.items()]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def of_kind(kind: str, values: list[Any], called: Called) -> Schema:
    """Return the schema of values of one kind."""
    if kind == "array":
        items = [item for value in values for item in value] or [""]
        return {"type": kind, "items": like(items, called)}
    if kind != "object":
        return {"type": kind} if kind in KINDS.values() else ref(kind)
    names = list(dict.fromkeys(name for value in values for name in value))
    return {
        "type": kind,
        "required": [name for name in names if all(name in each for each in values)],
        # What may be missing may be null.
        "properties": {
            name: like([each.get(name) for each in values], called) for name in names
        },
    }


def ref(name: str) -> Schema:
    """Point to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}
