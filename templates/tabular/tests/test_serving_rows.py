"""Rows in requests: columns by name, and refused by the very cell that is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import models, registry
from {{ cookiecutter.package_name }}.adapter import MISSING
from {{ cookiecutter.package_name }}.serving import messages, rows
from {{ cookiecutter.package_name }}.serving.fields import typical
from {{ cookiecutter.package_name }}.serving.model import Model, load_model
from {{ cookiecutter.package_name }}.serving.protocols import ENDPOINTS
from {{ cookiecutter.package_name }}.serving.tensors import Limits

from gates import OneModel
from graphs import (
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

FIELDS = {name: name for name in TENSORS}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model of the columns age, home town and joined."""
    return OneModel(tmp_path_factory.mktemp("models")).model


def same(feeds: Any) -> bool:
    """Whether feeds are what the model takes, with the values of the sample."""
    for name, array in TENSORS.items():
        assert feeds[name].dtype == array.dtype
        nan = array.dtype != object
        assert np.array_equal(feeds[name], array, equal_nan=nan), name
    return bool(feeds.keys() == TENSORS.keys())


def test_rows_are_read_from_every_form(model: Model) -> None:
    assert same(rows.from_rows(model, ROWS, "instances"))
    turned = [dict(reversed(row.items())) for row in ROWS]
    assert same(rows.from_rows(model, turned, "instances"))
    boxed = [{name: [value] for name, value in row.items()} for row in ROWS]
    assert same(rows.from_rows(model, boxed, "instances"))
    assert same(rows.from_columns(model, COLUMNS, "inputs"))
    names = ["joined", "age", "home town"]
    lists = [[row[name] for name in names] for row in ROWS]
    assert same(rows.from_rows(model, lists, "data.ndarray", names))
    assert same(rows.from_rows(model, LISTS, "data.ndarray", list(TENSORS)))
    assert same(rows.from_tensors(model, TENSORS, FIELDS))
    flat = {name: array.reshape(-1) for name, array in TENSORS.items()}
    assert same(rows.from_tensors(model, flat, FIELDS))
    one = rows.from_row(model, ROWS[0], "body")
    assert [len(array) for array in one.values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": "31"}, "x[1].age: must be a number, is a text"),
        ({"age": True}, "x[1].age: must be a number, is a boolean"),
        ({"age": [1, 2]}, "x[1].age: must be a number, is a list"),
        ({"age": {}}, "x[1].age: must be a number, is an object"),
        ({"age": -1}, "x[1].age: must be from 0 to 150, is -1.0"),
        ({"age": 151}, "x[1].age: must be from 0 to 150, is 151.0"),
        ({"home town": 5}, "x[1].home town: must be a text, is a number"),
        ({"joined": None}, "x[1].joined: must not be missing"),
        ({"joined": "soon"}, "x[1].joined: must be a date like 2024-12-31, is 'soon'"),
        ({"joined": "1999-12-31"}, "x[1].joined: must be from 10957 to inf, is 10956"),
        ({"joined": 1e300}, "x[1].joined: must be from 10957 to inf, is 1e+300"),
        ({"size": 1}, "x[1]: unknown: 'size'; known: 'age', 'home town', 'joined'"),
    ],
)
def test_the_wrong_cell_is_named(change: Any, message: str, model: Model) -> None:
    with pytest.raises(messages.RequestError) as refused:
        rows.from_rows(model, [ROWS[0], {**ROWS[1], **change}], "x")
    assert str(refused.value).startswith(message)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([{"age": 1}], "x[0]: missing: 'home town', 'joined'"),
        ([LISTS[0]], "x[0]: must be an object with a value for each column, is a list"),
        ([1], "x[0]: must be an object"),
        ([], "x: is empty"),
        ({}, "x: must be a list of rows, is an object"),
    ],
)
def test_what_are_no_rows_is_refused(given: Any, message: str, model: Model) -> None:
    with pytest.raises(messages.RequestError) as refused:
        rows.from_rows(model, given, "x")
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (["age"], [[1]], "names: missing: 'home town', 'joined'"),
        (["age", "age", "home town", "joined"], LISTS, "names: a name is there twice"),
        (["Age", "home town", "joined"], LISTS, "names: unknown: 'Age'"),
        (list(TENSORS), [[1]], "x[0]: must have 3 values, has 1"),
        (list(TENSORS), [1], "x[0]: must be a list, is a number"),
    ],
)
def test_lists_must_fit_their_names(
    names: list[str], given: Any, message: str, model: Model
) -> None:
    with pytest.raises(messages.RequestError) as refused:
        rows.from_rows(model, given, "x", names)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": [1]}, "x.home town: must have 1 values as the others, has 2"),
        ({"age": 1}, "x.age: must be a list of values, is a number"),
        ({"age": ["a", 1]}, "x.age[0]: must be a number, is a text"),
        ({"more": [1, 2]}, "x: unknown: 'more'"),
    ],
)
def test_columns_must_fit_together(change: Any, message: str, model: Model) -> None:
    with pytest.raises(messages.RequestError) as refused:
        rows.from_columns(model, {**COLUMNS, **change}, "x")
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": np.zeros((2, 2))}, "age: must be of shape [n, 1] or [n]"),
        ({"age": np.zeros(3)}, "home town: must be of shape"),
        ({"age": np.array([1.0, np.inf])}, "age[1]: must be from 0 to 150, is inf"),
        ({"age": np.array(["1", "2"], dtype=object)}, "age: must be numbers, is texts"),
        ({"home town": np.zeros(2)}, "home town: must be texts, is numbers"),
    ],
)
def test_the_wrong_tensor_is_named(change: Any, message: str, model: Model) -> None:
    with pytest.raises(messages.RequestError) as refused:
        rows.from_tensors(model, {**TENSORS, **change}, FIELDS)
    assert str(refused.value).startswith(message)


def test_one_array_has_no_place_for_texts(model: Model) -> None:
    with pytest.raises(messages.RequestError, match="x: must be texts, is numbers"):
        rows.from_array(model, np.full((2, 3), 100.0), "x", list(reversed(TENSORS)))
    with pytest.raises(messages.RequestError, match=r"x: must be of shape \[n, 3\]"):
        rows.from_array(model, np.zeros((2, 2)), "x")


def test_a_picture_is_refused(model: Model) -> None:
    with pytest.raises(messages.RequestError, match="takes rows, as JSON") as refused:
        rows.from_picture(model, b"", "body")
    assert refused.value.status == 415


def test_a_row_in_json_needs_no_list_around_it(tmp_path: Path) -> None:
    (handler,) = {e.handler for e in ENDPOINTS if e.name == "torchserve_predict"}
    served = OneModel(tmp_path)
    path = {"name": "model"}
    reply = handler(served, messages.Request(path, {}, orjson.dumps(ROWS[0])))
    assert orjson.loads(reply.body)["yes"] == pytest.approx(expected()[0, 1])
    bad = orjson.dumps({**ROWS[0], "age": "old"})
    with pytest.raises(messages.RequestError, match=r"^body\.age: must be a number"):
        handler(served, messages.Request(path, {}, bad))
    with pytest.raises(messages.RequestError, match="is a picture"):
        handler(served, messages.Request(path, {"content-type": "image/png"}, b""))


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
    assert "no ONNX: there is no converter" in caplog.text
    feeds = rows.from_rows(model, ROWS, "instances")
    wanted = models.predict_outputs(pipeline, frame)
    assert wanted.tolist() == [[1, 0], [0, 1]]
    assert np.allclose(model.predict(feeds)["probabilities"], wanted)


def test_a_regression_answers_with_values(tmp_path: Path) -> None:
    served = OneModel(tmp_path, task="regression")
    handlers = {(each.method, each.path): each.handler for each in ENDPOINTS}
    wanted = logits()

    def ask(path: str, body: Any) -> Any:
        request = messages.Request({"name": "model"}, {}, orjson.dumps(body))
        reply = handlers["POST", path](served, request)
        assert (reply.rows, reply.classes) == (2, {})
        return orjson.loads(reply.body)

    answer = ask("/v1/models/{name}:predict", {"instances": ROWS})
    assert np.allclose(answer["predictions"], wanted)
    answer = ask("/api/v1.0/predictions", {"data": {"ndarray": LISTS}})
    assert answer["data"]["names"] == ["paid"]
    assert np.allclose(answer["data"]["ndarray"], wanted)
    assert np.allclose(ask("/predictions/{name}", ROWS), wanted.ravel())


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(minimum=10, maximum=30), 20),
        (Limits(minimum=100_400, maximum=100_450), 100_425),
        (Limits(minimum=0, maximum=50), 17),
        (Limits(minimum=0, maximum=0.28), 0.09),
        (Limits(minimum=-3, maximum=-3), -3),
        (Limits(minimum=5), 5),
        (Limits(maximum=-5), -5),
        (Limits(maximum=5), 0),
        (Limits(), 0),
    ],
)
def test_a_typical_value_is_in_the_middle_of_the_range(
    limits: Limits, expected: float
) -> None:
    assert typical(limits) == pytest.approx(expected)
