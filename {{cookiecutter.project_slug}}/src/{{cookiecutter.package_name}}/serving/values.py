"""From the bytes of a body to Python objects that keep the rules of a request.

Each error names the very value that is wrong. None is raised while another exception is
handled: it would keep that one, and with it the whole body.
"""

import gzip
import io
import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import uuid4

import numpy as np
import orjson
import simdjson
from pydantic import BaseModel, Field, PositiveInt, ValidationError

from .messages import JSON, LARGE_BODY, TEXT, Array, Request, RequestError
from .model import Model

Document = TypeVar("Document", bound=BaseModel)
# No model here has an input of more dimensions.
Shape: TypeAlias = Annotated[list[PositiveInt], Field(min_length=1, max_length=4)]
Kind: TypeAlias = tuple[set[type], str]  # types of Python, and what to call them
NUMBER: Kind = ({int, float}, "a number")
# What `curl -d` says if nobody tells it otherwise; the documentation of TensorFlow
# Serving and of others asks for it that way.
FORM = "application/x-www-form-urlencoded"
# What numbers in JSON, and the blanks between them, are written with.
OF_NUMBERS = b"0123456789+-.eE \t\n\r"
PLACE = uuid4().hex  # where numbers were; a text that no client can know
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


def read_json(
    model: Model, request: Request, *keys: str | int, flat: bool = False
) -> Any:
    """Parse a body; refuse, with 415 or 413, what says it is not JSON or is too much.

    Args:
        model: What the rows are for.
        request: What was sent.
        *keys: Where the rows are; if they are nothing but numbers, an array is there.
        flat: Whether that is one list of numbers, not rows as the model takes them.
    """
    kind = media_type(request)
    if kind not in (JSON, FORM, "") and not kind.endswith("+json"):
        raise RequestError(415, f"is {kind!r:.60}; send {JSON}", "content-type")
    require_size(model, request.body, request.most_rows)
    shape = () if flat else model.tensors[0].shape[1:]
    # The rows of a table have names; to parse these is the smaller part.
    quick = flat or len(shape) > 1
    document = with_array(request.body, shape, keys) if quick else None
    return parse(request.body) if document is None else document


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


def with_array(body: bytes, shape: tuple[int, ...], keys: Sequence[str | int]) -> Any:
    """Parse JSON with rows of numbers in it, and make an object of no number.

    Returns:
        The document, an array where the keys lead to; None if anything is unusual, so
        that `parse` has to look.
    """
    opens = body.find(b"[", body.find(f'"{keys[-1]}"'.encode()) if keys else 0)
    closes = body.rfind(b"]") if shape else body.find(b"]", opens)
    array = numbers(body[opens : closes + 1], shape)
    if array is None:
        return None
    around = body[:opens] + f'"{PLACE}"'.encode() + body[closes + 1 :]
    try:
        part: Any = [orjson.loads(around)]
        whole, (*way, last) = part, (0, *keys)
        for key in way:
            part = part[key]
        if part[last] != PLACE:
            return None
        part[last] = array
    except (ValueError, LookupError, TypeError):
        return None
    return whole[0]


@cache
def marks_of(shape: tuple[int, ...]) -> bytes:
    """Return the brackets and commas of lists of a shape."""
    lists = b""
    for size in reversed(shape):
        lists = b"[" + b",".join([lists] * size) + b"]"
    return lists


def numbers(text: bytes, shape: tuple[int, ...]) -> Array | None:
    """Parse a list of numbers, or of lists of a shape; None if it is anything else.

    simdjson makes one flat array of lists of every form, so their brackets and commas
    are compared with those of the form that is wanted.
    """
    lists = marks_of(shape)
    marks = text.translate(None, OF_NUMBERS)
    rows = (len(marks) - 1) // (len(lists) + 1)
    if rows < 1 or marks != b"[" + b",".join([lists] * rows) + b"]":
        return None
    try:
        found: Any = simdjson.Parser().parse(text)
        return np.frombuffer(found.as_buffer(of_type="d")).reshape(rows, *shape)
    except ValueError:
        return None


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


def flattened(
    value: Any, shape: Sequence[int], field: str, kind: Kind = NUMBER
) -> list[Any]:
    """Return the values of lists of a shape; refuse another shape, or kind of value."""
    level = [value]
    for depth, size in enumerate(shape):
        for index, each in enumerate(level):
            if isinstance(each, list) and len(each) == size:
                continue
            is_list, inner = isinstance(each, list), depth + 1 < len(shape)
            found = f"has {len(each)}" if is_list else f"is {kind_of(each)}"
            wanted = f"must be a list of {size} {'lists' if inner else 'values'}"
            message = f"{wanted}, {found}; the shape wanted is {list(shape)}"
            raise RequestError(400, message, place(field, index, shape[:depth]))
        level = list(chain.from_iterable(level))
    allowed, wanted = kind
    if not set(map(type, level)) <= allowed:
        index = next(i for i, each in enumerate(level) if type(each) not in allowed)
        message = f"must be {wanted}, is {kind_of(level[index])}"
        raise RequestError(400, message, place(field, index, shape))
    return level


def place(field: str, index: int, shape: Sequence[int]) -> str:
    """Name one of the values that are in lists of a shape."""
    return field + "".join(f"[{i}]" for i in np.unravel_index(index, tuple(shape)))
