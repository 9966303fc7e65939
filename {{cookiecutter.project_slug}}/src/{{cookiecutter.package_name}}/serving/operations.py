"""What the protocols' predictions take and answer, for the OpenAPI document.

Schemas are written for the model that is served: its sizes, its columns, its classes.
Examples are sent to the handlers before they are printed, so none can be wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from . import fields, rows
from .messages import JSON
from .model import Model
from .protocols.tensors_v2 import HEADER_LENGTH, datatype
from .tensors import TEXT, Array

Schema: TypeAlias = dict[str, Any]
BYTES = "application/octet-stream"


@dataclass(frozen=True)
class Operation:
    """The bodies of a prediction.

    Attributes:
        request: The schema of the body.
        examples: Bodies that work, by what they show.
        reply: The schema of the answer.
        parameters: Those beside the path's.
        other_requests: Types of bodies that are no JSON, and what they hold.
        other_replies: The same of answers.
    """

    request: Schema
    examples: dict[str, Any]
    reply: Schema
    parameters: tuple[Schema, ...] = ()
    other_requests: dict[str, str] = field(default_factory=dict)
    other_replies: dict[str, str] = field(default_factory=dict)


def ref(name: str) -> Schema:
    """Point to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: dict[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object."""
    properties = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": properties}


def many(items: Schema, **limits: int) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **limits}


def schemas(model: Model, max_rows: int) -> dict[str, Schema]:
    """Return what more than one operation speaks of."""
    number: Schema = {"type": "number"}
    names = list(model.classes)
    shared = {
        fields.ROW: fields.row_schema(model),
        "Rows": {
            **many(ref(fields.ROW), minItems=1),
            "description": f"At most {max_rows} rows at once, else status 413.",
        },
    }
    if not names:
        prediction = number
        for _ in model.outputs[0].shape[1:]:
            prediction = many(prediction, minItems=1, maxItems=1)
        return {**shared, "Prediction": prediction, "Named": number}
    shared["Class"] = {"type": "string", "enum": names}
    text = "The probability of each class, in the order of `Class`."
    shared["Prediction"] = {
        **many(number, minItems=len(names), maxItems=len(names)),
        "description": text,
    }
    text = "The probability of each class by name, the most probable one first."
    shared["Named"] = {**record(dict.fromkeys(names, number)), "description": text}
    return shared


def tensorflow_serving(model: Model, row: Any) -> Operation:
    """Describe TensorFlow Serving's prediction."""
    return Operation(
        request={
            "oneOf": [
                record({"instances": ref("Rows")}),
                record({"inputs": fields.columns_schema(ref("Rows"))}),
            ]
        },
        examples={
            "instances: row by row": {"instances": [row]},
            "inputs: tensor by tensor": {"inputs": fields.columns_example(row)},
        },
        reply={
            "oneOf": [
                record({"predictions": many(ref("Prediction"))}),
                record({"outputs": many(ref("Prediction"))}),
            ]
        },
    )


def open_inference(model: Model, row: Any) -> Operation:
    """Describe the Open Inference Protocol's prediction."""
    feeds = rows.from_rows(model, [row], "example")
    inputs = [
        {
            "name": tensor.name,
            "datatype": datatype(tensor.dtype),
            "shape": feeds[tensor.name].shape,
            "data": short(feeds[tensor.name]),
        }
        for tensor in model.tensors
    ]
    text: Schema = {"type": "string"}
    size: Schema = {"type": "integer", "minimum": 0}
    head = {"name": text, "datatype": text, "shape": many(size)}
    tensor = record(
        {**head, "name": {"type": "string", "enum": [each["name"] for each in inputs]}},
        data={"type": "array"},
        parameters=record({}, binary_data_size=size),
    )
    answer = record(head, data=many({"type": "number"}))
    return Operation(
        request=record({"inputs": many(tensor, minItems=1)}, id=text),
        examples={"one row": {"inputs": inputs}},
        reply=record(
            {"model_name": text, "model_version": text, "outputs": many(answer)},
            id=text,
        ),
        parameters=(
            {
                "name": HEADER_LENGTH.title(),
                "in": "header",
                "description": "With tensors as bytes after the JSON: its length.",
                "schema": size,
            },
        ),
        other_requests={BYTES: "JSON, then the bytes of each tensor."},
        other_replies={BYTES: "JSON, then the bytes of the output."},
    )


def seldon(model: Model, row: Any) -> Operation:
    """Describe Seldon's prediction."""
    examples = {"ndarray": {"data": fields.array_example(model, row)}}
    if all(tensor.dtype != TEXT for tensor in model.tensors):
        names, values = fields.one_array(rows.from_rows(model, [row], "example"))
        tensor = {"shape": values.shape, "values": short(values)}
        named = {"names": names} if names else {}
        examples["tensor"] = {"data": {**named, "tensor": tensor}}
    numbers, texts = many({"type": "number"}), many({"type": "string"})
    flat = record({"shape": many({"type": "integer"}), "values": numbers})
    row_schema = {"anyOf": [ref(fields.ROW), {"type": "array"}]}
    asked = [
        record({"ndarray": many(row_schema, minItems=1)}, names=texts),
        record({"tensor": flat}, names=texts),
    ]
    answered = [
        record({"names": texts, "ndarray": many(numbers)}),
        record({"names": texts, "tensor": flat}),
    ]
    return Operation(
        request=record({"data": {"oneOf": asked}}, meta={}),
        examples=examples,
        reply=record({"data": {"oneOf": answered}, "meta": {"type": "object"}}),
    )


def torchserve(model: Model, row: Any) -> Operation:
    """Describe TorchServe's prediction."""
    several = many(ref("Named"))
    return Operation(
        request={
            "oneOf": [ref(fields.ROW), ref("Rows"), record({"instances": ref("Rows")})]
        },
        examples={
            "one row": row,
            "several rows": [row, row],
            "instances": {"instances": [row]},
        },
        reply={"oneOf": [ref("Named"), several, record({"predictions": several})]},
        other_requests=dict.fromkeys(fields.PICTURES, "A picture of the right size."),
    )


# By the name of the endpoint.
OPERATIONS: dict[str, Callable[[Model, Any], Operation]] = {
    "tensorflow_serving_predict": tensorflow_serving,
    "open_inference_infer": open_inference,
    "seldon_predict": seldon,
    "torchserve_predict": torchserve,
}


def short(values: Array) -> list[Any]:
    """Return the values of a tensor in one list, numbers without float32's noise."""
    if values.dtype == TEXT:
        return values.reshape(-1).tolist()
    return [float(f"{value:.7g}") for value in values.reshape(-1).tolist()]


def like(value: Any) -> Schema:
    """Return the schema of everything that looks like a value."""
    if isinstance(value, dict):
        return record({name: like(each) for name, each in value.items()})
    if isinstance(value, list):
        return many(like(value[0]) if value else {})
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "integer" if isinstance(value, int) else "number"}
    return {"type": "string"}


def json_content(schema: Schema, **more: Any) -> Schema:
    """Return the content of a body that is JSON."""
    return {JSON: {"schema": schema, **more}}
