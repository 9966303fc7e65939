"""The tensors of the Open Inference Protocol: in JSON, or as bytes after it.

The bytes are those of the binary tensor data extension,
https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/binary_data_extension.md
"""

import math
import struct
from typing import Any

import numpy as np

from ..messages import Request, RequestError
from ..parsing import kind_of, media_type, parse_object, quick_tensor, require_json
from ..tensors import TEXT, Array, Tensor
from ..values import NUMBER, Kind, converted, require_all, require_list, require_shape
from ..values import shape as read_shape

HEADER_LENGTH = "inference-header-content-length"
BYTES = "BYTES"
# All are little-endian. BF16 is missing: NumPy has no such type.
TYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    BYTES: TEXT,
}
FRACTIONS = [name for name, dtype in TYPES.items() if dtype.kind == "f"]
# What JSON has for NumPy's kinds: types, and what to call them.
KINDS: dict[str, Kind] = {
    "b": ({bool}, "true or false"),
    "f": NUMBER,
    "i": ({int}, "a whole number"),
    "u": ({int}, "a whole number"),
    "O": ({str}, "a text"),
}
LENGTH = struct.Struct("<I")  # of a text
NAMES = {dtype: name for name, dtype in TYPES.items()}


def read(request: Request) -> tuple[dict[str, Any], dict[str, Array], dict[str, str]]:
    """Read a request.

    Returns:
        The document; its tensors by name; and where each one was, for errors.

    Raises:
        RequestError: 4xx if it is no request of the protocol.
    """
    if HEADER_LENGTH in request.headers:
        media_type(request)  # refuses a compressed body; any type will do
        body, rest = split(request)
    else:
        require_json(request)
        body, rest = request.body, b""
    document = quick_tensor(body)
    # Numbers read in the quick way are float64, which whole ones must not go through.
    if document is None or document["inputs"][0].get("datatype") not in FRACTIONS:
        document = parse_object(body)
    if not isinstance(document.get("id", ""), str):
        raise RequestError(400, "must be a text", "id")
    arrays: dict[str, Array] = {}
    fields = {}
    for index, tensor in enumerate(require_list(document.get("inputs"), "inputs")):
        field = f"inputs[{index}]"
        name, dtype, shape = read_head(tensor, field)
        if name in arrays:
            raise RequestError(400, f"{name!r:.60} is there twice", f"{field}.name")
        size = binary_size(tensor, field)
        if size is None:
            fields[name] = f"{field}.data"
            arrays[name] = from_json(tensor.get("data"), dtype, shape, fields[name])
            continue
        if size > len(rest):
            message = f"{size}, but only {len(rest)} bytes are left after the JSON"
            raise RequestError(400, message, f"{field}.parameters.binary_data_size")
        fields[name] = field
        arrays[name] = from_bytes(rest[:size], dtype, shape, field)
        rest = rest[size:]
    if rest:
        raise RequestError(400, f"has {len(rest)} bytes too many at its end", "body")
    return document, arrays, fields


def split(request: Request) -> tuple[bytes, bytes]:
    """Return the JSON of a body, and the bytes after it.

    Raises:
        RequestError: 400 if the header that says how long the JSON is cannot be right.
    """
    text = request.headers[HEADER_LENGTH]
    length = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= length <= len(request.body):
        message = f"must be from 0 to {len(request.body)}, the body's, is {text!r:.60}"
        raise RequestError(400, message, HEADER_LENGTH)
    return request.body[:length], request.body[length:]


def read_head(tensor: Any, field: str) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    """Read the name, the type and the shape of a tensor.

    Raises:
        RequestError: 400 if one of them is missing or wrong.
    """
    if not isinstance(tensor, dict):
        raise RequestError(400, f"must be an object, is {kind_of(tensor)}", field)
    name, kind = tensor.get("name"), tensor.get("datatype")
    if not isinstance(name, str):
        raise RequestError(400, f"must be a text, is {kind_of(name)}", f"{field}.name")
    if not isinstance(kind, str) or kind not in TYPES:
        message = f"must be one of {', '.join(TYPES)}, is {kind!r:.60}"
        raise RequestError(400, message, f"{field}.datatype")
    return name, TYPES[kind], read_shape(tensor.get("shape"), f"{field}.shape")


def binary_size(tensor: dict[str, Any], field: str) -> int | None:
    """Return how many bytes after the JSON are the tensor's; None if it is in it.

    Raises:
        RequestError: 400 if that is no number of bytes, or the data are there twice.
    """
    parameters = tensor.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise RequestError(400, "must be an object", f"{field}.parameters")
    size = parameters.get("binary_data_size")
    if size is None:
        return None
    field = f"{field}.parameters.binary_data_size"
    if type(size) is not int or size < 0:
        raise RequestError(400, "must be a number of bytes", field)
    if "data" in tensor:
        raise RequestError(400, "must not be there together with `data`", field)
    return size


def from_json(
    value: Any, dtype: np.dtype[Any], shape: tuple[int, ...], field: str
) -> Array:
    """Turn the data of a tensor, in one list or in lists in lists, into an array.

    Args:
        value: The lists as parsed; or their numbers, float64 (n,).
        dtype: The type that the tensor is said to have.
        shape: The same of its shape.
        field: Where the data were.

    Raises:
        RequestError: 400 if there are too many or too few, or one of another type.
    """
    count = math.prod(shape)
    if isinstance(value, np.ndarray):
        if len(value) != count:
            message = f"must have {count} numbers for its shape, has {len(value)}"
            raise RequestError(400, message, field)
        numbers: Array = converted(value, dtype, field).reshape(shape)
        return numbers
    kind = KINDS[dtype.kind]
    nested = isinstance(value, list) and value and isinstance(value[0], list)
    require_shape(value, shape if nested else (count,), field, kind)
    if dtype.kind in "iu":
        exact = np.array(value, dtype=object)
        limits = np.iinfo(dtype)
        fits = (exact >= limits.min) & (exact <= limits.max)
        rule = f"from {limits.min} to {limits.max}"
        require_all(fits.astype(np.bool_), exact, rule, field)
    if dtype.kind == "f":
        value = converted(np.array(value, np.float64), dtype, field)
    result: Array = np.array(value, dtype=dtype).reshape(shape)
    return result


def from_bytes(
    data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], field: str
) -> Array:
    """Turn the bytes of a tensor into an array.

    Args:
        data: All of its bytes. A text is its length, 4 bytes, and then its UTF-8.
        dtype: The type that the tensor is said to have.
        shape: The same of its shape.
        field: What to call it in an error.

    Raises:
        RequestError: 400 if there are too many or too few of them.
    """
    count = math.prod(shape)
    if dtype == TEXT:
        return np.array(texts(data, count, field), dtype=TEXT).reshape(shape)
    if len(data) != count * dtype.itemsize:
        wanted = f"{count * dtype.itemsize} bytes for its shape and its type"
        raise RequestError(400, f"must have {wanted}, has {len(data)}", field)
    if dtype.kind == "b":
        flags: Array = np.frombuffer(data, np.uint8) != 0
        return flags.reshape(shape)
    return np.frombuffer(data, dtype).reshape(shape)


def texts(data: bytes, count: int, field: str) -> list[str]:
    """Read texts, each after its length.

    Raises:
        RequestError: 400 if there are more or fewer than said, or one is no UTF-8.
    """
    found = []
    start = 0
    while start < len(data):
        end = start + LENGTH.size
        if end <= len(data):
            (length,) = LENGTH.unpack(data[start:end])
            start, end = end, end + length
        if end > len(data):
            raise RequestError(400, "ends within a text", field)
        try:
            found.append(data[start:end].decode())
        except UnicodeDecodeError as error:
            raise RequestError(400, "is no UTF-8", f"{field}[{len(found)}]") from error
        start = end
    if len(found) != count:
        raise RequestError(400, f"must have {count} texts, has {len(found)}", field)
    return found


def to_bytes(values: Array) -> bytes:
    """Return the bytes of a tensor of numbers."""
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def datatype(dtype: np.dtype[Any]) -> str:
    """Return what the protocol calls a type."""
    return NAMES[dtype.newbyteorder("<")]


def described(tensor: Tensor) -> dict[str, Any]:
    """Describe an input or an output of a model."""
    kind = datatype(tensor.dtype)
    return {"name": tensor.name, "datatype": kind, "shape": tensor.shape}
