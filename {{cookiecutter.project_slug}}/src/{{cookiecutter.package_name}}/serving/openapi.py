"""The OpenAPI 3.1 document of the server, https://spec.openapis.org/oas/v3.1.1.

It is written for the model that is served, from the endpoints themselves: what they are
called is their docstring, what they answer is what they just answered.
"""

import re
from importlib import metadata
from typing import Any

import orjson

from .fields import row_example
from .gate import HEALTH
from .messages import JSON, Endpoint, Request, RequestError
from .model import Model
from .operations import OPERATIONS, Operation, Schema, json_content, like, ref, schemas
from .protocols import ENDPOINTS
from .protocols.open_inference import SERVER

TAG = "Health and metrics"
TEXT: Schema = {"type": "string"}
VARIABLE = re.compile(r"\{(\w+)\}")  # of a path
KEYS: list[Schema] = [{"key": []}, {"bearer": []}]
SECURITY_SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
# Why a request is refused, wherever it is.
REFUSALS = {
    401: "The key is missing or not known.",
    404: "There is no such model or version.",
    503: "There is no model, or too much to do; see Retry-After.",
}
BODY_REFUSALS = {
    400: "The body is not what the model takes; the message names the field.",
    408: "The body did not arrive in time.",
    413: "The body is too long, or has too many rows.",
    415: "The body is of a type that is not read.",
    422: "The model has no finite answer to a row.",
}


class Served:
    """One model, whatever it is asked for by; so that the examples are its answers."""

    def __init__(self, model: Model) -> None:
        """Take the model."""
        self._model = model

    def get(self, name: str | None = None, version: str | None = None) -> Model:
        """Return the model."""
        return self._model


def document(model: Model, max_rows: int, needs_key: bool) -> dict[str, Any]:
    """Describe the whole server.

    Args:
        model: The model that it serves.
        max_rows: How many rows may be predicted at once.
        needs_key: Whether predictions need a key.

    Returns:
        What is to be written as JSON; tuples may be in it.
    """
    about = metadata.metadata(SERVER)
    errors = {error_name(endpoint): error_schema(endpoint) for endpoint in ENDPOINTS}
    errors["Error"] = like({"error": "text"})
    content: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {
            "title": SERVER,
            "version": about["Version"],
            "summary": f"Model “{model.name}”, version {model.version}.",
            "description": about["Summary"],
        },
        "tags": [
            {"name": name}
            for name in dict.fromkeys(endpoint.protocol for endpoint in ENDPOINTS)
        ]
        + [{"name": TAG}],
        "paths": paths(model, needs_key),
        "components": {"schemas": {**schemas(model, max_rows), **errors}},
    }
    if needs_key:
        content["security"] = KEYS
        content["components"]["securitySchemes"] = SECURITY_SCHEMES
    return content


def paths(model: Model, needs_key: bool) -> dict[str, Any]:
    """Return the operations by path and method."""
    found: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        methods = found.setdefault(endpoint.path, {})
        methods[endpoint.method.lower()] = described(model, endpoint, needs_key)
    return found | plain_paths(model)


def plain_paths(model: Model) -> dict[str, Any]:
    """Describe the endpoints of no protocol, which never need a key."""
    ready = {"ready": True, "model": model.name, "version": model.version}
    answers = {
        "/healthz": ("Say that the process answers.", example({"status": "alive"})),
        "/readyz": ("Say that there is a model.", example(ready)),
        "/metrics": ("Count, for Prometheus.", {"text/plain": {"schema": TEXT}}),
    }
    found: dict[str, Any] = {}
    for path, (summary, content) in answers.items():
        operation = {
            "operationId": path.strip("/"),
            "summary": summary,
            "tags": [TAG],
            "security": [],
            "responses": {"200": {"description": "The answer.", "content": content}},
        }
        found[path] = {"get": operation}
    found["/readyz"]["get"]["responses"]["503"] = {
        "description": REFUSALS[503],
        "content": json_content(ref("Error")),
    }
    return found


def described(model: Model, endpoint: Endpoint, needs_key: bool) -> Schema:
    """Describe an endpoint of a protocol."""
    values = {"name": model.name, "version": str(model.version)}
    path = {name: values[name] for name in VARIABLE.findall(endpoint.path)}
    put = ["put"] if endpoint.method == "PUT" else []
    named = ["version"] if "version" in path else []
    operation: dict[str, Any] = {
        "operationId": "_".join([endpoint.name, *named, *put]),
        "summary": str(endpoint.handler.__doc__).partition("\n")[0],
        "tags": [endpoint.protocol],
        "parameters": [parameter(name, value) for name, value in path.items()],
    }
    refusals = {503: REFUSALS[503]}
    if path:
        refusals[404] = REFUSALS[404]
    if needs_key and endpoint.name not in HEALTH:
        refusals[401] = REFUSALS[401]
    elif needs_key:
        operation["security"] = []
    if endpoint.name in OPERATIONS:
        bodies = OPERATIONS[endpoint.name](model, row_example(model))
        operation["parameters"] += bodies.parameters
        operation["requestBody"] = {"required": True, "content": asked(bodies)}
        first = orjson.dumps(next(iter(bodies.examples.values())))
        answer = answered(model, endpoint, path, first)
        content = json_content(bodies.reply, example=answer)
        content |= described_bytes(bodies.other_replies)
        refusals |= BODY_REFUSALS
    else:
        content = example(answered(model, endpoint, path))
    operation["responses"] = {"200": {"description": "The answer.", "content": content}}
    for status, why in sorted(refusals.items()):
        content = json_content(ref(error_name(endpoint)))
        operation["responses"][str(status)] = {"description": why, "content": content}
    return operation


def parameter(name: str, value: str) -> Schema:
    """Describe a variable part of a path; there is only one model to name."""
    schema = {"type": "string", "enum": [value]}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "example": value,
    }


def example(answer: Any) -> Schema:
    """Return the content of an answer that always looks like this one."""
    return json_content(like(answer), example=answer)


def asked(bodies: Operation) -> Schema:
    """Return the content of a request."""
    named = {name: {"value": value} for name, value in bodies.examples.items()}
    content = json_content(bodies.request, examples=named)
    return content | described_bytes(bodies.other_requests)


def described_bytes(types: dict[str, str]) -> Schema:
    """Return the content of bodies that are no JSON."""
    return {name: {"schema": {"description": text}} for name, text in types.items()}


def answered(
    model: Model, endpoint: Endpoint, path: dict[str, str], body: bytes = b""
) -> Any:
    """Return what an endpoint answers."""
    request = Request(path, {"content-type": JSON} if body else {}, body)
    return orjson.loads(endpoint.handler(Served(model), request).body)


def error_name(endpoint: Endpoint) -> str:
    """Return what the schema of a protocol's errors is called."""
    return endpoint.protocol.replace(" ", "") + "Error"


def error_schema(endpoint: Endpoint) -> Schema:
    """Return the schema of a protocol's errors, with one as an example."""
    error = RequestError(400, "must have 8 numbers, has 7", "instances[0][3]")
    content = orjson.loads(endpoint.refuse(error).body)
    return {**like(content), "examples": [content]}
