"""A value means the same in every file and in the requests of every protocol."""

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
    open_inference,
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

Output = pytest.CaptureFixture[str]
Row = dict[str, Any]

FILES = ("plain.csv", "pandas.csv", "nulls.parquet", "nan.parquet")
ROWS: list[Row] = [
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
KINDS = {"age": "FP64", "member": "BOOL"}  # of Open Inference; others are BYTES
WAYS = ("TensorFlow Serving", "Open Inference", "Seldon", "TorchServe")


def write(file: str, rows: list[Row], paid: list[str]) -> None:
    """Write rows as one of `FILES`; what a person writes has whole numbers and TRUE."""
    frame = pd.DataFrame(rows, dtype=object if file == "plain.csv" else None)
    frame["paid"] = paid
    if file == "plain.csv":
        frame["member"] = frame["member"].replace({True: "TRUE", False: "FALSE"})
    if file.endswith(".csv"):
        frame.to_csv(file, index=False)
        return
    frame["joined"] = pd.to_datetime(frame["joined"]).dt.date
    table = pa.Table.from_pandas(frame)  # a missing number is a null
    if file == "nan.parquet":
        ages = pa.array(frame["age"].to_numpy(np.float64))
        assert ages.null_count == 0
        table = table.set_column(0, "age", ages)
    parquet.write_table(table, file)


def tensor(name: str, rows: list[Row]) -> Row:
    """Return the values of a column, as texts if one is a text."""
    data = [row[name] for row in rows]
    kind = "BYTES" if str in map(type, data) else KINDS.get(name, "BYTES")
    return {"name": name, "datatype": kind, "shape": [len(rows), 1], "data": data}


def ask(model: Model, way: str, rows: list[Row]) -> Any:
    """Return the probabilities of rows that are sent one way."""
    lists = [[*row.values()] for row in rows]
    read: Any
    read, body = {
        "TensorFlow Serving": (tensorflow_serving.predict, {"instances": rows}),
        "Open Inference": (
            open_inference.infer,
            {"inputs": [tensor(name, rows) for name in rows[0]]},
        ),
        "Seldon": (seldon.predict, {"data": {"names": [*rows[0]], "ndarray": lists}}),
        "TorchServe": (torchserve.predict, rows),
    }[way]
    feeds, _ = read(model, Request({}, {}, orjson.dumps(body)))
    return model.predict(feeds)


def predicted(file: str, capsys: Output) -> str:
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


def test_every_way_gives_the_same_answer(model: Model, capsys: Output) -> None:
    answers = {file: predicted(file, capsys) for file in FILES}
    assert set(answers.values()) == {answers[FILES[0]]}
    table = [line.split(",") for line in answers[FILES[0]].splitlines()[1:]]
    for way in WAYS:
        outputs = ask(model, way, ROWS)
        assert [("no", "yes")[each] for each in outputs.argmax(axis=1)] == [
            name for _, name, _ in table
        ], way
        shares = [float(share) for *_, share in table]
        assert np.allclose(outputs.max(axis=1), shares, atol=1e-5), way


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("age", "old", 'must be a number, is "old"'),
        ("member", "maybe", 'must be true or false, is "maybe"'),
        ("joined", "2020-02-30", 'must be a date like 2024-12-31, is "2020-'),
        ("joined", None, "must not be missing"),
        ("zip", "99999", 'must be one of "01234", "10001", "94105", is "99999"'),
        ("country", "Nowhere", 'must be one of "DE", "NA", "None", is "Nowhe'),
    ],
)
def test_every_way_refuses_for_the_same_reason(
    column: str, value: Any, reason: str, model: Model, capsys: Output
) -> None:
    bad = [{**ROWS[0], column: value}]
    for file in FILES[:2]:
        write(file, bad, PAID[:1])
        assert f"{column}: {reason}" in predicted(file, capsys)
    pd.DataFrame(bad).to_parquet("bad.parquet")
    assert f"{column}: {reason}" in predicted("bad.parquet", capsys)
    for way in WAYS:
        with pytest.raises(RequestError) as refused:
            ask(model, way, bad)
        assert reason in str(refused.value), way
