"""Tables as teams have them go through every command by settings alone."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from {{ cookiecutter.package_name }} import main

Settings = dict[str, Any]
Table = tuple[pd.DataFrame, Settings]
QUICK = {"folds": 2, "trials": 2, "quiet": True}
# What is done so often that it takes most of the time.
OFTEN = {
    "report": "reporting.scores.RESAMPLES",
    "retrain": "monitoring.retrain.PERMUTATIONS",
}
QUICK_EXTRAS = {"explained_rows": 3, "background_rows": 10, "lime_samples": 20}


def passengers(random: np.random.Generator) -> Table:
    """Return numbers, texts, gaps, a number that only counts, and rows not known."""
    sex = random.choice(["female", "male"], 300)
    lived = random.random(300) < np.where(sex == "female", 0.8, 0.2)
    frame = pd.DataFrame(
        {
            "PassengerId": range(1, 301),
            "Name": [f"Nobody, Mr. No {number}" for number in range(300)],
            "Sex": sex,
            "Age": random.integers(1, 80, 300),
            "Fare": random.gamma(2, 16, 300).round(2),
            "Embarked": random.choice(["S", "C", "Q"], 300),
            "Survived": np.where(lived, "yes", "no"),
        }
    )
    frame["Age"] = frame["Age"].mask(random.random(300) < 0.2)
    frame.loc[::40, ["Embarked", "Survived"]] = None
    settings: Settings = {"target": "Survived", "task": "classification"}
    settings |= {"parameters": {"n_estimators": 10}}
    return frame, settings | {"id_columns": ["PassengerId"], "drop": ["Name"]}


def sales(random: np.random.Generator) -> Table:
    """Return days in an order of their own, of which the last are tested on."""
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.permutation(240), "D")
    open_, heat = random.random(240) < 0.9, random.normal(15, 8, 240).round(1)
    sold = np.where(open_, 100 + 5 * heat + 20 * (day.day_of_week > 4), 0).round()
    frame = pd.DataFrame({"day": day, "open": open_, "heat": heat, "sold": sold})
    settings: Settings = {"target": "sold", "task": "regression"}
    settings |= {"split": "time", "split_column": "day"}
    return frame, settings | {"metric": "neg_mean_absolute_error"}


def payments(random: np.random.Generator) -> Table:
    """Return 94 good rows for 6 bad ones, several of each account."""
    amount = random.gamma(2, 50, 500).round(2)
    frame = pd.DataFrame(
        {
            "account": random.choice([f"0{n}" for n in range(120)], 500),
            "amount": amount,
            "country": random.choice(["DE", "FR", "NA"], 500),
            "fraud": np.where(amount > np.quantile(amount, 0.94), "yes", "no"),
        }
    )
    settings: Settings = {"target": "fraud", "task": "classification"}
    settings |= {"split": "group", "split_column": "account", "metric": "roc_auc"}
    settings |= {"parameters": {"class_weight": "balanced"}}
    return frame, settings | {"id_columns": ["account"]}


def houses(random: np.random.Generator) -> Table:
    """Return what a spreadsheet in German has: 1.234,5 and 31.12.2024."""
    size = random.uniform(40, 200, 200).round(1)
    price = 3000 * size + random.normal(0, 20000, 200)
    sold = pd.Timestamp("2020-01-01") + pd.to_timedelta(size.round(), "D")
    frame = pd.DataFrame(
        {
            "größe": [f"{number:.1f}".replace(".", ",") for number in size],
            "verkauft": sold.strftime("%d.%m.%Y"),
            "ort": random.choice(["Köln", "Ulm", "-"], 200),
            "preis": [f"{number:,.0f}".replace(",", ".") for number in price],
        }
    )
    settings: Settings = {"target": "preis", "task": "regression", "sep": ";"}
    settings |= {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}
    settings |= {"encoding": "cp1252"}
    return frame, settings | {"na_values": ["-"]}


# Those that have to be installed are tested where they are.
OTHERS = [name for name in ("lightgbm", "xgboost") if find_spec(name)]


@pytest.mark.parametrize(
    ("kind", "estimator"),
    [
        (passengers, "forest"),
        (sales, "mlp"),
        (payments, "linear"),
        (houses, "knn"),
        *((passengers, name) for name in OTHERS),
    ],
)
def test_every_command_takes_it_by_settings_alone(
    kind: Any, estimator: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, settings = kind(np.random.default_rng(0))
    written = {"sep": settings.get("sep", ","), "encoding": settings.get("encoding")}
    frame.to_csv("table.csv", index=False, **written)
    known = main.all_settings()
    for command, often in OFTEN.items():
        if command in known:
            monkeypatch.setattr(f"{main.__package__}.{often}", 9)
    settings |= {"data": "table.csv", "estimator": estimator} | QUICK
    settings |= QUICK_EXTRAS if "explain" in known else {}
    text = yaml.safe_dump(settings)
    Path("configs/train.yaml").write_text(text, encoding="utf-8")
    commands = ["schema", "tune", "train", "evaluate", "export"]
    commands += [name for name in ("explain", "report", "retrain") if name in known]
    for command in commands:
        assert main.main([command]) == 0, command
    assert main.main(["evaluate", "--data", "table.csv"]) == 0
    assert main.main(["predict", "--input", "table.csv", "--output", "out.csv"]) == 0
    predicted = pd.read_csv("out.csv", dtype=str)
    assert len(predicted) == len(frame)
    for name in settings.get("id_columns", []):
        assert list(predicted[name]) == list(frame[name].astype(str))
    if "monitor" in known:
        assert main.main(["monitor", "--input", "table.csv"]) in (0, 1)
    (file,) = Path("reports").rglob("metrics-table.json")
    scores = json.loads(file.read_text("utf-8"))
    assert scores["rows"] == frame[settings["target"]].notna().sum()
    assert scores[settings.get("metric", "rows")] is not None
#% if "serve" in cookiecutter.__extras
    from {{ cookiecutter.package_name }}.serving.model import ServedModel

    from gates import PREDICT, application

    served = ServedModel(Path("models/model"))
    row = json.loads(frame[1:2].to_json(orient="records", date_format="iso"))[0]
    wanted = {name: row[name] for name in served.model.inputs.columns}
    wanted |= {n: float(v.replace(",", ".")) for n, v in wanted.items() if n == "größe"}
    with application(served) as client:
        answer = client.post(PREDICT, json={"instances": [wanted]})
    assert answer.status_code == 200, answer.text
#% endif
