"""The columns that requests have in Parquet files, and their types.

    time        timestamp[us, UTC]
    request     string, its id
    row         int64, which row of the request it is, from 0
    version     int64, the one that answered
    number      int64, of the request in its log
    ...         one for each input: double or string; for an image, lists of lists
    prediction  double; for classes a list of probabilities

An input that is masked is not there, a number that is missing is null. Next to lists,
the metadata of their column say which shapes they have, as `shape`: "28x28".
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from .reference import WatchError

SHAPE = b"shape"
OWN = {
    "time": pa.timestamp("us", tz="UTC"),
    "request": pa.string(),
    "row": pa.int64(),
    "version": pa.int64(),
    "number": pa.int64(),
}
PREDICTION = "prediction"
TAKEN = {*OWN, PREDICTION, "date"}  # the date is in the name of the folder


class Request(NamedTuple):
    """A request as the log has it.

    Attributes:
        number: Its place in the log.
        time: Microseconds since 1970.
        request: Its id.
        version: Which version of the model answered.
        feeds: What was asked, as JSON: n rows of each tensor.
        outputs: What was answered, as JSON: (n,) or (n, k).
    """

    number: int
    time: int
    request: str
    version: int
    feeds: str
    outputs: str

    def tensors(self) -> dict[str, list[Any]]:
        """Return inputs and prediction by the names of their columns, n rows of each.

        Raises:
            ValueError: If it is not JSON.
        """
        feeds = json.loads(self.feeds)
        tensors = {column_name(name): single(each) for name, each in feeds.items()}
        return {**tensors, PREDICTION: single(json.loads(self.outputs))}


@dataclass
class Column:
    """A column of a file.

    Attributes:
        kind: Its type.
        shapes: Those of its lists, such as "28x28"; none if it has no lists.
    """

    kind: pa.DataType
    shapes: list[str]


class Kinds:
    """The types that columns have in all files, so that these can be read as one."""

    def __init__(self) -> None:
        """Prepare; no column is known yet."""
        self.known: dict[str, tuple[pa.DataType, str]] = {}

    def require(self, name: str, kind: pa.DataType, where: str) -> None:
        """Refuse a column that has another type elsewhere.

        Args:
            name: The column.
            kind: Its type.
            where: Where it has that.

        Raises:
            WatchError: If it has; the message says where.
        """
        known, place = self.known.setdefault(name, (kind, where))
        if kind != known:
            raise WatchError(
                f"the column {name} is {kind} in {where}, but {known} in {place}; give "
                "each version a folder of its own, with --version N --to FOLDER"
            )

    def add_request(self, request: Request, columns: dict[str, Column]) -> int:
        """Add the columns of a request to those of its file, and return its rows.

        Raises:
            WatchError: If one has another type elsewhere.
            ValueError: If the request is not JSON.
        """
        tensors = request.tensors()
        where = f"request {request.request} to version {request.version}"
        for name, tensor in tensors.items():
            kind, shape = type_of(tensor)
            self.require(name, kind, where)
            shapes = columns.setdefault(name, Column(kind, [])).shapes
            if shape and shape not in shapes:
                shapes.append(shape)
        return len(tensors[PREDICTION])


def columns_of(schema: pa.Schema) -> dict[str, Column]:
    """Return the columns of a file by name, without those that every file has."""
    columns = {}
    for field in schema:
        shapes = (field.metadata or {}).get(SHAPE, b"").decode()
        columns[field.name] = Column(field.type, shapes.split(", ") if shapes else [])
    return {name: column for name, column in columns.items() if name not in OWN}


def schema_of(columns: dict[str, Column]) -> pa.Schema:
    """Return the schema of a file: what every file has, inputs, and the prediction."""
    fields = [pa.field(name, kind) for name, kind in OWN.items()]
    for name in sorted(columns, key=PREDICTION.__eq__):
        column = columns[name]
        shapes = {SHAPE: ", ".join(column.shapes)} if column.shapes else None
        fields.append(pa.field(name, column.kind, metadata=shapes))
    return pa.schema(fields)


def column_name(name: str) -> str:
    """Return what the column of an input is called.

    One whose name is taken gets a "_" at its end, and so does who has one already: no
    two get the same name. Case is no difference to DuckDB and Spark.
    """
    return f"{name}_" if name.rstrip("_").lower() in TAKEN else name


def single(tensor: list[Any]) -> list[Any]:
    """Return the rows of a tensor; of (n, 1), as the columns of a table are, (n,)."""
    row = tensor[0]
    if isinstance(row, list) and len(row) == 1 and not isinstance(row[0], list):
        return [value for (value,) in tensor]
    return tensor


def type_of(tensor: list[Any]) -> tuple[pa.DataType, str]:
    """Return the type of the rows of a tensor, and their shape, such as "28x28".

    A number is a double, whatever it was; null is one that is missing. No text is.
    """
    shape, value = [], tensor[0]
    while isinstance(value, list):
        shape.append(str(len(value)))
        value = value[0] if value else None
    kind = pa.string() if isinstance(value, str) else pa.float64()
    for _ in shape:
        kind = pa.list_(kind)
    return kind, "x".join(shape)
