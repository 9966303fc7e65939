"""From the bytes of a body to Python objects, or straight to an array of numbers.

A list of numbers becomes an array in one of two ways. The quick one never makes a
Python object of a number; it gives up (None) on whatever is not plainly right. Then the
exact one parses again and walks through the lists to name what is wrong. So the quick
way need not explain anything, it only must not accept what the exact way refuses.
"""

from typing import Any

import numpy as np
import orjson
import simdjson

from .messages import JSON, Request, RequestError

# What `curl -d` says if nobody tells it otherwise; the documentation of TensorFlow
# Serving and of others asks for it that way.
FORM = "application/x-www-form-urlencoded"
# What simdjson raises: for syntax and NaN; for a path that is not there; for a value
# that is no number; for an integer of more than 64 bits and for too many levels.
GIVES_UP = (ValueError, KeyError, TypeError, RuntimeError)


def media_type(request: Request) -> str:
    """Return the type of the body, without its parameters; "" if it has none.

    Raises:
        RequestError: 415 if the body is compressed.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        raise RequestError(415, f"is {encoding}; send it uncompressed", "body")
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_json(request: Request) -> None:
    """Refuse a body that says it is not JSON.

    Raises:
        RequestError: 415 if it does.
    """
    kind = media_type(request)
    if kind not in (JSON, FORM, "") and not kind.endswith("+json"):
        raise RequestError(415, f"is {kind!r:.60}; send {JSON}", "content-type")


def parse(body: bytes) -> Any:
    """Parse JSON (RFC 8259): no NaN, no Infinity, at most 1024 levels.

    Raises:
        RequestError: 400 if it is none; the message says where.
    """
    if not body:
        raise RequestError(400, "is empty; it must be JSON", "body")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, f"is not valid JSON: {error}", "body") from error


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse JSON that must be an object.

    Raises:
        RequestError: 400 if it is none.
    """
    document = parse(body)
    if not isinstance(document, dict):
        raise RequestError(400, f"must be an object, is {kind_of(document)}", "body")
    return document


def kind_of(value: object) -> str:
    """Say what a parsed value is, as JSON calls it."""
    names = {type(None): "null", bool: "a boolean", str: "a text", list: "a list"}
    return names.get(type(value), "an object" if type(value) is dict else "a number")


def quick_tensor(body: bytes) -> dict[str, Any] | None:
    """Read an inference request with one flat tensor of numbers, in the quick way.

    Args:
        body: JSON as the Open Inference Protocol has it.

    Returns:
        The document, `inputs[0].data` an array in it, float64 (n,) with n > 0; None if
        the exact way has to look.
    """
    if body[:1] != b"{":
        return None
    try:
        parsed: Any = simdjson.Parser().parse(body)
        (tensor,) = parsed["inputs"]
        data = tensor["data"]
        if not isinstance(data, simdjson.Array) or not len(data):
            return None
        tops = {key: plain(parsed[key]) for key in parsed if key != "inputs"}
        rest = {key: plain(tensor[key]) for key in tensor if key != "data"}
        # Without its data, the document has a list less; were there lists in the data,
        # or a "[" in a text, the body would have more of them.
        lists = 2 + lists_in(tops) + lists_in(rest)
        # Of a key that is there twice, the exact way takes the last one.
        twice = len(tops) + 1 != len(parsed) or len(rest) + 1 != len(tensor)
        if twice or lists_opened(body) != lists:
            return None
        numbers = np.frombuffer(data.as_buffer(of_type="d"))
    except GIVES_UP:
        return None
    return {**tops, "inputs": [{**rest, "data": numbers}]}


def lists_opened(body: bytes) -> int:
    """Count the "[" of a body.

    `bytes.count` looks at every byte by itself and takes three to nine times as long.
    """
    return len(body) - len(body.replace(b"[", b""))


def plain(value: Any) -> Any:
    """Return simdjson's view of a value as Python objects."""
    if isinstance(value, simdjson.Array):
        return value.as_list()
    return value.as_dict() if isinstance(value, simdjson.Object) else value


def lists_in(value: object) -> int:
    """Count the lists in a parsed document."""
    if isinstance(value, dict):
        return sum(map(lists_in, value.values()))
    return 1 + sum(map(lists_in, value)) if isinstance(value, list) else 0
