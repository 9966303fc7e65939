"""A value means the same in every file and in the requests of every protocol."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.schema import read_schema
from {{ cookiecutter.package_name }}.serving import (
    mlflow,
    open_inference,
    seldon,
    tensorflow_serving,
    torchserve,
)
from {{ cookiecutter.package_name }}.serving.messages import Request, RequestError
from {{ cookiecutter.package_name }}.serving.model import Model, load_model

FILES = ("plain.csv", "pandas.csv", "nulls.parquet", "nan.parquet")
# A row as JSON has it; in a CSV file that a person has written, true is TRUE.
ROWS: list[dict[str, Any]] = [
    {
        "age": None if number % 7 == 3 else 20 + number,
        "member": None if number % 11 == 5 else number % 3 == 0,
        "joined": f"20{number:02}-02-28",
        "zip": ("01234", "10001", "94105")[number % 3],
        "country": (None, "NA", "DE", "None", "DE")[number % 5],
    }
    for number in range(40)
]
PAID = ["yes" if number > 20 else "no" for number in range(len(ROWS))]
TRAINED = ("--target", "paid", "--task", "classification", "--quiet")


def write(file: str, rows: list[dict[str, Any]], paid: list[str]) -> None:
    """Write rows as one of `FILES`."""
    texts = [{key: shown(value) for key, value in row.items()} for row in rows]
    frame = pd.DataFrame(rows).assign(paid=paid)
    if file == "plain.csv":
        pd.DataFrame(texts).assign(paid=paid).to_csv(file, index=False)
        return
    if file == "pandas.csv":
        frame.to_csv(file, index=False)
        return
    frame["joined"] = pd.to_datetime(frame["joined"]).dt.date
    table = pa.Table.from_pandas(frame)  # a missing number is a null
    if file == "nan.parquet":
        ages = pa.array(frame["age"].to_numpy(np.float64))
        assert ages.null_count == 0
        table = table.set_column(0, "age", ages)
    parquet.write_table(table, file)


def shown(value: Any) -> str:
    """Write a value as a person does."""
    if value is None:
        return ""
    return str(value).upper() if isinstance(value, bool) else str(value)


def tensors(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a tensor for each column, of the type that its values have."""
    kinds = {"age": "FP64", "member": "BOOL"}
    sent = {bool: "BOOL", str: "BYTES", int: "FP64"}
    found = []
    for name in rows[0]:
        data = [row[name] for row in rows]
        known = {sent[type(value)] for value in data if value is not None}
        kind = known.pop() if known else kinds.get(name, "BYTES")
        tensor = {"name": name, "datatype": kind, "shape": [len(rows), 1]}
        found.append({**tensor, "data": data})
    return found


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the values of each column."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def lists(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Return the values of each row."""
    return [[*row.values()] for row in rows]


# How the same rows are sent, and where an answer has its probabilities.
WAYS: dict[str, tuple[Any, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "TensorFlow Serving's rows": (
        tensorflow_serving.predict,
        lambda rows: {"instances": rows},
        lambda answer: answer["predictions"],
    ),
    "TensorFlow Serving's columns": (
        tensorflow_serving.predict,
        lambda rows: {"inputs": columns(rows)},
        lambda answer: answer["outputs"],
    ),
    "Open Inference": (
        open_inference.infer,
        lambda rows: {"inputs": tensors(rows)},
        lambda answer: np.reshape(answer["outputs"][0]["data"], (-1, 2)),
    ),
    "Seldon": (
        seldon.predict,
        lambda rows: {"data": {"names": [*rows[0]], "ndarray": lists(rows)}},
        lambda answer: answer["data"]["ndarray"],
    ),
    "TorchServe": (
        torchserve.predict,
        lambda rows: rows,
        lambda answer: [[each["no"], each["yes"]] for each in answer],
    ),
    "MLflow": (
        mlflow.predict,
        lambda rows: {"dataframe_split": {"columns": [*rows[0]], "data": lists(rows)}},
        lambda answer: answer["predictions"],
    ),
}


def ask(model: Model, way: str, rows: list[dict[str, Any]]) -> Any:
    """Return the probabilities of rows that are sent one way."""
    read, body, probabilities = WAYS[way]
    feeds, answer = read(model, Request({}, {}, orjson.dumps(body(rows))))
    return probabilities(orjson.loads(answer(model.predict(feeds)).body))


def predicted(file: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what `predict` says of a file, or why it says nothing."""
    capsys.readouterr()
    main.main(["predict", "--input", file, "--quiet"])
    said = capsys.readouterr()
    return said.out + said.err


@pytest.fixture
def model(project: Path) -> Model:
    """A model of the rows as a person wrote them; all files are there."""
    for file in FILES:
        write(file, ROWS, PAID)
    assert main.main(["schema", "--data", FILES[0], *TRAINED]) == 0
    assert main.main(["train", "--data", FILES[0], "--folds", "2", "--quiet"]) == 0
    return load_model(Path("models/model"), 1)


def test_every_file_has_the_same_schema(model: Model) -> None:
    kinds = {name: rule.kind for name, rule in model.inputs.rules.items()}
    assert kinds == {
        **{"age": "number", "member": "boolean", "joined": "date"},
        **{"zip": "category", "country": "category", "paid": "category"},
    }
    assert model.inputs.rules["country"].categories == ("DE", "NA", "None")
    nullable = {name for name, rule in model.inputs.rules.items() if rule.nullable}
    assert nullable == {"age", "member", "country"}
    for file in FILES:
        assert main.main(["schema", "--data", file, "--force", *TRAINED]) == 0
        found = read_schema(Path("configs/schemas") / f"{file.partition('.')[0]}.yaml")
        assert found == model.inputs, file


def test_every_way_gives_the_same_answer(
    model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {file: predicted(file, capsys) for file in FILES}
    assert set(answers.values()) == {answers[FILES[0]]}
    table = [line.split(",") for line in answers[FILES[0]].splitlines()[1:]]
    for way in WAYS:
        rows = np.array(ask(model, way, ROWS))
        classes = ["yes" if yes > no else "no" for no, yes in rows]
        assert classes == [name for _, name, _ in table], way
        assert np.allclose(rows.max(axis=1), [float(p) for *_, p in table], atol=1e-5)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("age", "old", 'age: must be a number, is "old"'),
        ("member", "maybe", 'member: must be true or false, is "maybe"'),
        ("joined", "2020-02-30", 'joined: must be a date like 2024-12-31, is "2020-'),
        ("joined", None, "joined: must not be missing"),
        ("zip", "99999", 'zip: must be one of "01234", "10001", "94105", is "99999"'),
        ("country", "Nowhere", 'country: must be one of "DE", "NA", "None", is "Nowhe'),
    ],
)
def test_every_way_refuses_for_the_same_reason(
    column: str,
    value: Any,
    reason: str,
    model: Model,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = [{**ROWS[0], column: value}]
    for file in FILES[:2]:
        write(file, bad, PAID[:1])
        assert reason in predicted(file, capsys)
    pd.DataFrame(bad).to_parquet("bad.parquet")
    assert reason in predicted("bad.parquet", capsys)
    for way in WAYS:
        with pytest.raises(RequestError) as refused:
            ask(model, way, bad)
        said = re.sub(r"\[\d\]:|\.data\[0\]:", ":", str(refused.value))
        assert reason.partition(": ")[2] in said, way
