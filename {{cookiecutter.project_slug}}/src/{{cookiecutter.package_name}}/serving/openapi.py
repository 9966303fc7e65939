"""The OpenAPI 3.1 document of the server, for the model that it serves.

It is made of examples: those below are sent to the endpoints, and schemas are what
bodies and answers have in common. So nothing in it is wrong, and nothing lacks a type.
"""

import re
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any, TypeAlias

import numpy as np
import orjson

from . import rows
from .messages import JSON, Endpoint, Request, RequestError, dump
from .model import Model
from .open_inference import NAMES, SERVER

Schema: TypeAlias = dict[str, Any]
Called: TypeAlias = Callable[[Any], str | None]
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
    """Describe a model's server by its endpoints; predictions may need a key."""
    row = rows.row_example(model)
    examples = requests(model, row)
    paths: dict[str, Schema] = {}
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

    known = {"name": model.name, "version": str(model.version), "label": "production"}
    error = RequestError(400, "must have 8 numbers, has 7", "instances[0][3]")
    for each in endpoints:
        variables = re.findall(r"(\w+)}", each.path)
        path = {name: known.get(name, "any") for name in variables}
        bodies = examples.get(each.name, {})
        asked = list(bodies.values())
        answers = [answered(model, each, path, body) for body in asked or [b""]]
        schemas[f"{each.name}_reply"] = like(answers, called)
        schemas[error_name(each)] = like([orjson.loads(each.refuse(error).body)])
        if bodies:
            schemas[f"{each.name}_request"] = like(asked, called)
        operation = described(each, path, bodies, answers[0])
        paths.setdefault(each.path, {})[each.method.lower()] = operation
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
    endpoint: Endpoint, path: dict[str, str], bodies: dict[str, Any], answer: Any
) -> Schema:
    """Describe an endpoint, by examples of all that goes in and out."""
    name, variables = endpoint.name, [each for each in path if each != "name"]
    put = ["put"] if endpoint.method == "PUT" else []
    refused, reply = content(error_name(endpoint)), content(f"{name}_reply")
    operation: Schema = {
        "operationId": "_".join([name, *variables, *put]),
        "summary": str((endpoint.read or endpoint.handler).__doc__).partition("\n")[0],
        "tags": [endpoint.protocol],
        "parameters": [
            {"name": each, "in": "path", "required": True, "example": example}
            | {"schema": {"type": "string"}}
            for each, example in path.items()
        ],
        "responses": {
            "200": {"description": "The answer.", "content": reply},
            "default": {"description": REFUSAL, "content": refused},
        },
    }
    reply[JSON]["example"] = answer
    if bodies:
        request = content(f"{name}_request")
        request[JSON]["examples"] = {key: {"value": bodies[key]} for key in bodies}
        operation["requestBody"] = {"required": True, "content": request}
    if endpoint.probe:
        operation["security"] = []
    return operation


def error_name(endpoint: Endpoint) -> str:
    """Return what the schema of an endpoint's errors is called."""
    return f"{endpoint.protocol}_error".replace(" ", "_")


def content(name: str) -> Schema:
    """Return the content of a body in JSON, of a schema."""
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def requests(model: Model, row: Any) -> dict[str, dict[str, Any]]:
    """Return bodies by what they show, by the name of the endpoint that takes them."""
    instances, table = {"instances": [row]}, isinstance(row, dict)
    names, values = (list(row), list(row.values())) if table else ([], row)
    columns = zip(names, values) if table else [(model.tensors[0].name, row)]
    inputs = {"inputs": {name: [value] for name, value in columns}}
    seldon: dict[str, Any] = {"ndarray": {"ndarray": [values]}}
    mlflow: dict[str, Any] = {"instances": instances, "inputs": inputs}
    if table:
        seldon["names"] = {"names": names, "ndarray": [values]}
        mlflow["split"] = {"dataframe_split": {"columns": names, "data": [values]}}
    tensors = [
        {
            "name": each.name,
            "datatype": NAMES[rows.asked(each).newbyteorder("<")],
            "shape": [1, *each.shape[1:]],
            "data": np.ravel(inputs["inputs"][each.name]).tolist(),
        }
        for each in model.tensors
    ]
    return {
        "tensorflow_serving_predict": {"instances": instances, "inputs": inputs},
        "open_inference_infer": {"inputs": {"inputs": tensors}},
        "seldon_predict": {name: {"data": data} for name, data in seldon.items()},
        "torchserve_predict": {"row": row, "rows": [row, row], "instances": instances},
        "mlflow_invocations": mlflow,
    }


def answered(model: Model, endpoint: Endpoint, path: dict[str, str], body: Any) -> Any:
    """Return what an endpoint answers."""
    request = Request(path, {"content-type": JSON}, body and dump(body))
    if endpoint.handler is not None:
        return orjson.loads(endpoint.handler(model, request).body)
    assert endpoint.read is not None
    feeds, write = endpoint.read(model, request)
    return orjson.loads(write(model.predict(feeds)).body)


def like(values: Sequence[Any], called: Called = lambda value: None) -> Schema:
    """Return the schema of values; those that are called something have one."""
    kinds: dict[str, list[Any]] = {}
    for value in values:
        kind = called(value) or KINDS.get(type(value), "array")
        kinds.setdefault(kind, []).append(value)
    schemas = [of_kind(kind, same, called) for kind, same in kinds.items()]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def of_kind(kind: str, values: list[Any], called: Called) -> Schema:
    """Return the schema of values of one kind."""
    if called(values[0]):
        schema: Schema = content(kind)[JSON]["schema"]
        return schema
    schema = {"type": kind}
    if kind == "array":
        schema["items"] = like([x for value in values for x in value] or [""], called)
    if kind == "object":
        names = list(dict.fromkeys(name for value in values for name in value))
        each = {name: [value.get(name) for value in values] for name in names}
        schema["required"] = [name for name in names if all(name in x for x in values)]
        # What may be missing may be null.
        schema["properties"] = {name: like(each[name], called) for name in names}
    return schema
