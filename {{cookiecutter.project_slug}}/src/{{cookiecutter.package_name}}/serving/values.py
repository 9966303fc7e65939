"""From the bytes of a body to Python objects that keep the rules of a request.

Each error names the very value that is wrong. None is raised while another exception is
handled: it would keep that one, and with it the whole body.
"""

import gzip
import io
import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import numpy as np
import orjson
from pydantic import BaseModel, Field, PositiveInt, ValidationError

from .messages import JSON, LARGE_BODY, TEXT, Request, RequestError
from .model import Model

Document = TypeVar("Document", bound=BaseModel)
# No model here has an input of more dimensions.
Shape: TypeAlias = Annotated[list[PositiveInt], Field(min_length=1, max_length=4)]
Kind: TypeAlias = tuple[set[type], str]  # types of Python, and what to call them
NUMBER: Kind = ({int, float}, "a number")
# What `curl -d` says if nobody tells it otherwise; the documentation of TensorFlow
# Serving and of others asks for it that way.
FORM = "application/x-www-form-urlencoded"
# What simdjson raises, and who asks for what is not in its document.
GIVES_UP = (ValueError, KeyError, TypeError, RuntimeError, AttributeError)
MARKS_IN_TEXT = 32  # commas and brackets of a text, on average if there are all rows
AROUND = 100  # the same around the rows
SHOWN = 5  # names of a list that an error repeats


def unpacked(body: bytes, headers: Mapping[str, str], limit: int) -> bytes:
    """Return a body without its compression, gzip or none, up to a length."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "x-gzip"):
        message = f"is {encoding!r:.60}; send it uncompressed, or by gzip"
        raise RequestError(415, message, "body")
    try:
        result = gzip.GzipFile(fileobj=io.BytesIO(body)).read(limit + 1)
    except (OSError, EOFError, zlib.error):
        result = b""
    if len(result) > limit:
        raise RequestError(413, f"is longer than {limit} bytes when unpacked", "body")
    if not result:
        raise RequestError(400, "is not a whole gzip file", "body")
    return result


def media_type(request: Request) -> str:
    """Return the type of the body, without its parameters; "" if it has none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_json(model: Model, request: Request) -> None:
    """Refuse a body that says it is not JSON, with 415; or is too much, with 413."""
    kind = media_type(request)
    if kind not in (JSON, FORM, "") and not kind.endswith("+json"):
        raise RequestError(415, f"is {kind!r:.60}; send {JSON}", "content-type")
    require_size(model, request.body, request.most_rows)


def require_size(model: Model, body: bytes, most_rows: int) -> None:
    """Refuse, before it is parsed, what holds more than all rows together can need.

    As Python objects, 16 MB of `[],` take half a gigabyte. Counted are the commas and
    the brackets, those within texts too, for which there is room.
    """
    if len(body) <= LARGE_BODY:
        return
    lists = values = 1  # of a row: it may be a list or an object itself
    for tensor in model.tensors:
        within = MARKS_IN_TEXT if tensor.dtype == TEXT else 0
        lists += math.prod(tensor.shape[1:-1]) + within
        values += math.prod(tensor.shape[1:]) + within
    content = np.frombuffer(body, np.uint8)
    for mark, most in (("[", lists), ("{", lists), (",", values)):
        if np.count_nonzero(content == ord(mark)) > most_rows * most + AROUND:
            message = f"holds more than {most_rows} rows, the most at once, need"
            raise RequestError(413, message, "body")


def parse(body: bytes) -> Any:
    """Parse JSON (RFC 8259): no NaN, no Infinity, at most 1024 levels."""
    if not body:
        raise RequestError(400, "is empty; it must be JSON", "body")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        problem = str(error)
    raise RequestError(400, f"is not valid JSON: {problem}", "body")


def validated(kind: type[Document], content: Any) -> Document:
    """Return parsed JSON as what it has to be; the error is about its first fault."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    parts = [f"[{x}]" if isinstance(x, int) else f".{x}" for x in first["loc"]]
    message = first["msg"].replace("Input should be", "must be")
    if first["type"] == "model_type":
        message = "must be an object"
    raise RequestError(400, message, "".join(parts)[1:] or "body")


def only(question: BaseModel, *names: str, field: str = "body") -> tuple[str, Any]:
    """Return the one of some keys that a document has, and its value."""
    found = [name for name in names if getattr(question, name) is not None]
    if len(found) != 1:
        raise RequestError(400, f"must have one of {', '.join(names)}", field)
    return found[0], getattr(question, found[0])


def kind_of(value: object) -> str:
    """Say what a parsed value is, as JSON calls it."""
    names = {type(None): "null", bool: "a boolean", str: "a text", list: "a list"}
    return names.get(type(value), "an object" if type(value) is dict else "a number")


def require_list(value: Any, field: str, of: str = "rows") -> list[Any]:
    """Return a list as it is; refuse anything else, and an empty one."""
    if not isinstance(value, list):
        raise RequestError(400, f"must be a list of {of}, is {kind_of(value)}", field)
    if not value:
        raise RequestError(400, f"is empty; it must have at least one of {of}", field)
    return value


def require_names(given: Collection[str], known: Sequence[str], field: str) -> None:
    """Refuse names that are unknown, missing, or there twice."""
    if list(given) == list(known):  # as nearly always
        return
    names = set(given)
    if unknown := sorted(names.difference(known)):
        message = f"unknown: {listed(unknown)}; known: {listed(known)}"
        raise RequestError(400, message, field)
    if missing := [name for name in known if name not in names]:
        raise RequestError(400, f"missing: {listed(missing)}", field)
    if len(given) > len(names):
        raise RequestError(400, "a name is there twice", field)


def listed(names: Sequence[str]) -> str:
    """Write some names for a message; not all of a long list, not all of a long one."""
    shown = ", ".join(f"{name!r:.60}" for name in names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def require_shape(
    value: Any,
    shape: Sequence[int],
    field: str,
    kind: Kind = NUMBER,
    whole: Sequence[int] = (),
) -> None:
    """Refuse what is not lists of a shape, with values of a kind in the innermost.

    `whole` is the shape of what the value is a part of.
    """
    size, *inner = shape
    (allowed, wanted), whole = kind, whole or shape
    rule = f"must be a list of {size} {'lists' if inner else 'values'}"
    if not isinstance(value, list):
        problem = f"{rule}, is {kind_of(value)}"
    elif len(value) != size:
        problem = f"{rule}, has {len(value)}"
    elif inner:
        for index, each in enumerate(value):
            require_shape(each, inner, f"{field}[{index}]", kind, whole)
        return
    elif set(map(type, value)) <= allowed:
        return
    else:
        index = next(i for i, each in enumerate(value) if type(each) not in allowed)
        field, problem = f"{field}[{index}]", f"must be {wanted}"
        problem += f", is {kind_of(value[index])}"
    raise RequestError(400, f"{problem}; the shape wanted is {list(whole)}", field)
