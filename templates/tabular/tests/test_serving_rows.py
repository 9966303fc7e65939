"""Rows in requests: columns by name, and refused by the very cell that is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import models, registry
from {{ cookiecutter.package_name }}.adapter import MISSING, Column
from {{ cookiecutter.package_name }}.serving import (
    mlflow,
    rows,
    seldon,
    tensorflow_serving,
    torchserve,
)
from {{ cookiecutter.package_name }}.serving.messages import (
    Request,
    RequestError,
)
from {{ cookiecutter.package_name }}.serving.model import (
    Model,
    load_model,
)

import graphs
from graphs import (
    ASKED,
    CLASSES,
    COLUMNS,
    FACTS,
    LISTS,
    ROWS,
    TENSORS,
    expected,
    inputs_for,
    logits,
)

DATE = "must be a date like 2024-12-31 from 2000-01-01"
FIELDS = {name: name for name in TENSORS}


def same(feeds: Any) -> bool:
    """Whether feeds are what the model takes, with the values of the sample."""
    for name, array in TENSORS.items():
        assert feeds[name].dtype == array.dtype
        nan = array.dtype != object
        assert np.array_equal(feeds[name], array, equal_nan=nan), name
    return bool(feeds.keys() == TENSORS.keys())


def test_rows_are_read_from_every_form(model: Model) -> None:
    assert same(rows.from_rows(model, ROWS, "instances"))
    assert same(rows.from_rows(model, LISTS, "instances"))
    assert same(rows.from_rows(model, [ROWS[0], LISTS[1]], "instances"))
    turned = [dict(reversed(row.items())) for row in ROWS]
    assert same(rows.from_rows(model, turned, "instances"))
    boxed = [{name: [value] for name, value in row.items()} for row in ROWS]
    assert same(rows.from_rows(model, boxed, "instances"))
    assert same(rows.from_columns(model, COLUMNS, "inputs"))
    assert same(rows.from_columns(model, LISTS, "inputs"))
    names = ["joined", "age", "home town"]
    lists = [[row[name] for name in names] for row in ROWS]
    assert same(rows.from_rows(model, lists, "data.ndarray", names))
    assert same(rows.from_tensors(model, ASKED, FIELDS))
    flat = {name: array.reshape(-1) for name, array in ASKED.items()}
    assert same(rows.from_tensors(model, flat, FIELDS))
    one = rows.from_row(model, ROWS[0], "body")
    assert [len(array) for array in one.values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": "31"}, 'x[1].age: must be a number from 0 up to 150, is "31"'),
        ({"age": True}, "x[1].age: must be a number from 0 up to 150, is true"),
        ({"age": [1, 2]}, "x[1].age: must be a number from 0 up to 150, is [1, 2]"),
        ({"age": 151}, "x[1].age: must be a number from 0 up to 150, is 151"),
        ({"home town": 5}, "x[1].home town: must be a text, is 5"),
        ({"joined": None}, "x[1].joined: must not be missing"),
        ({"joined": "soon"}, f'x[1].joined: {DATE}, is "soon"'),
        ({"joined": "1999-12-31"}, f'x[1].joined: {DATE}, is "1999-12-31"'),
        ({"joined": 20000}, f"x[1].joined: {DATE}, is 20000"),
        ({"size": 1}, "x[1]: unknown: 'size'; known: 'age', 'home town', 'joined'"),
    ],
)
def test_the_wrong_cell_is_named(change: Any, message: str, model: Model) -> None:
    with pytest.raises(RequestError) as refused:
        rows.from_rows(model, [ROWS[0], {**ROWS[1], **change}], "x")
    assert str(refused.value).startswith(message)
    assert refused.value.status == 400
    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    ("given", "names", "message"),
    [
        ([{"age": 1}], [], "x[0]: missing: 'home town', 'joined'"),
        ([1], [], "x[0]: must be an object or a list with a value for each column, is"),
        ([[1]], [], "x[0]: must have 3 values, has 1"),
        ([], [], "x: is empty"),
        ({}, [], "x: must be a list of rows, is an object"),
        ([[1]], ["age"], "names: missing: 'home town', 'joined'"),
        (LISTS, ["age", "age", "home town", "joined"], "names: a name is there twice"),
        (LISTS, ["Age", "home town", "joined"], "names: unknown: 'Age'"),
        ([[1]], list(TENSORS), "x[0]: must have 3 values, has 1"),
        ([[11] * 3], list(reversed(TENSORS)), "x[0].home town: must be a text, is"),
    ],
)
def test_what_are_no_rows_is_refused(
    given: Any, names: list[str], message: str, model: Model
) -> None:
    with pytest.raises(RequestError) as refused:
        rows.from_rows(model, given, "x", names)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": [1]}, "x.home town: must have 1 values as the others, has 2"),
        ({"age": 1}, "x.age: must be a list of values, is a number"),
        ({"age": ["a", 1]}, "x.age[0]: must be a number from 0"),
        ({"more": [1, 2]}, "x: unknown: 'more'"),
    ],
)
def test_columns_must_fit_together(change: Any, message: str, model: Model) -> None:
    with pytest.raises(RequestError) as refused:
        rows.from_columns(model, {**COLUMNS, **change}, "x")
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": np.zeros((2, 2))}, "age[0]: must be a number from 0 up to 150, is [0"),
        ({"age": np.zeros(3)}, "home town: must have 3 values as the others, has 2"),
        ({"age": np.array([1.0, np.inf])}, "age[1]: must be a number from 0 up to 150"),
        ({"home town": np.zeros(2)}, "home town[0]: must be a text, is 0.0"),
        ({"joined": TENSORS["joined"]}, f"joined[0]: {DATE}, is 18262.0"),
    ],
)
def test_the_wrong_tensor_is_named(change: Any, message: str, model: Model) -> None:
    tensors = {**ASKED, **change}
    with pytest.raises(RequestError) as refused:
        rows.from_tensors(model, tensors, {name: name for name in tensors})
    assert str(refused.value).startswith(message)


def test_a_row_in_json_needs_no_list_around_it(model: Model) -> None:
    for row in (ROWS[0], LISTS[0]):
        feeds, write = torchserve.predict(model, Request({}, {}, orjson.dumps(row)))
        content = orjson.loads(write(model.predict(feeds)).body)
        assert content["yes"] == pytest.approx(expected()[0, 1])
    bad = orjson.dumps({**ROWS[0], "age": "old"})
    with pytest.raises(RequestError, match=r"^body\.age: must be a number"):
        torchserve.predict(model, Request({}, {}, bad))
    with pytest.raises(RequestError, match="is a picture; this model takes") as refused:
        torchserve.predict(model, Request({}, {"content-type": "image/png"}, b""))
    assert refused.value.status == 415


def test_where_onnx_was_refused_the_pipeline_itself_predicts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frame = pd.DataFrame({name: each[:, 0] for name, each in TENSORS.items()})
    frame["home town"] = frame["home town"].mask(frame["home town"] == MISSING)
    table = pd.concat([frame] * 5, ignore_index=True)
    pipeline = models.build_pipeline("sklearn.neighbors.KNeighborsClassifier")
    pipeline.fit(table, [0, 1] * 5)

    def write(folder: Path) -> dict[str, Any]:
        models.save_model(pipeline, folder)
        return {"not_exported": {"onnx": "there is no converter"}}

    facts = {**FACTS, "classes": CLASSES, "inputs": inputs_for()}
    registry.save_version(tmp_path / "model", write, **facts)
    model = load_model(tmp_path / "model", 1)
    assert model.platform == "python"
    assert "not ONNX: there is no converter" in caplog.text
    feeds = rows.from_rows(model, ROWS, "instances")
    wanted = models.predict_outputs(pipeline, frame)
    assert wanted.tolist() == [[1, 0], [0, 1]]
    assert np.allclose(model.predict(feeds), wanted)


def test_a_regression_answers_with_values(tmp_path: Path) -> None:
    graphs.save(tmp_path / "model", task="regression")
    model, wanted = load_model(tmp_path / "model", 1), logits()

    def ask(protocol: Any, body: Any) -> Any:
        feeds, write = protocol.predict(model, Request({}, {}, orjson.dumps(body)))
        return orjson.loads(write(model.predict(feeds)).body)

    for protocol in (tensorflow_serving, mlflow):
        answer = ask(protocol, {"instances": ROWS})
        assert np.allclose(answer["predictions"], wanted)
    answer = ask(seldon, {"data": {"ndarray": LISTS}})
    assert answer["data"]["names"] == ["paid"]
    assert np.allclose(answer["data"]["ndarray"], wanted)
    assert np.allclose(ask(torchserve, ROWS), wanted.ravel())


def test_an_example_is_the_one_of_the_schema_or_within_its_bounds() -> None:
    for rule, example in (
        ({"kind": "number", "maximum": 30, "example": 13.5}, 13.5),
        ({"kind": "date", "example": "2020-01-02"}, "2020-01-02"),
        ({"kind": "number", "maximum": -5}, -5),
        ({"kind": "boolean"}, True),
    ):
        assert rows.value_example(Column.model_validate(rule)) == example


def test_what_means_a_missing_value_in_files_does_so_in_requests(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = model.inputs.model_copy(update={"na_values": ("NA", "-9")})
    monkeypatch.setattr(model, "inputs", given)
    row = {**ROWS[1], "home town": "NA", "age": -9}
    assert same(rows.from_rows(model, [ROWS[0], row], "x"))
    assert same(rows.from_rows(model, [ROWS[0], {**row, "home town": ""}], "x"))
    with pytest.raises(RequestError, match="joined: must not be missing"):
        rows.from_rows(model, [{**row, "joined": "NA"}], "x")


def test_the_example_of_a_row_keeps_its_schema(model: Model) -> None:
    row, schema = rows.row_example(model), rows.row_schema(model)
    assert list(row) == schema["required"] == list(schema["properties"])
    assert rows.from_row(model, row, "x")["age"].shape == (1, 1)
    assert schema["properties"]["age"] == {
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": 150,
        "examples": [row["age"]],
    }
