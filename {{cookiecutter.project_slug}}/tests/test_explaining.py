"""What explanations say is true, and the files that the command writes."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import spearmanr

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.config import load_settings
from {{ cookiecutter.package_name }}.explaining import ExplainSettings
from {{ cookiecutter.package_name }}.explaining import rows as explained
from {{ cookiecutter.package_name }}.explaining.methods import METHODS
from {{ cookiecutter.package_name }}.explaining.rows import Rows, load_rows
from {{ cookiecutter.package_name }}.registry import load_version

from samples import INPUTS

REPORT = Path("reports/model/1/explain")
FEW = "--explained-rows 5 --background-rows 20 --lime-samples 100 --quiet".split()
WEIGHTS = np.random.default_rng(0).normal(size=(2, 16))  # of models of noise
FloatArray = npt.NDArray[np.float64]

# A model comes first, as in the command: ELI5 imports Keras where there is one.
pytestmark = pytest.mark.usefixtures("training")


def settings(*options: str) -> ExplainSettings:
    """Return the settings of the command."""
    given = ["--lime-samples", "500", *options]
    return load_settings(ExplainSettings, given, "explain")


def explained_by(weights: FloatArray, bias: float = 0.0) -> Rows:
    """Return 20 rows of 16 features, and a logistic model of them.

    Args:
        weights: float64 (16,), by which the mean of each feature counts.
        bias: What is added to them.
    """
    random = np.random.default_rng(1)
#% if cookiecutter.__data_kind == "images"
    background, rows = random.random((30, 8, 8)), random.random((20, 8, 8))

    def scores(images: FloatArray) -> FloatArray:
        patches = images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)
        return np.asarray((patches - 0.5) @ weights * 4 + bias)

#% else
    frame = pd.DataFrame(random.random((50, 16))).rename(columns="c{}".format)
    frame["c1"] = np.where(frame["c1"] > 0.5, "Köln", "a_b")
    frame.loc[::7, "c2"] = np.nan
    background, rows = frame[:30], frame[30:]

    def scores(table: pd.DataFrame) -> FloatArray:
        numbers = table.assign(c1=table["c1"] == "Köln", c2=table["c2"].fillna(0))
        return np.asarray((numbers.astype(float) - 0.5) @ weights * 4 + bias)

#% endif
    def predict(some: Any) -> FloatArray:
        chance = 1 / (1 + np.exp(-scores(some)))
        return np.stack([1 - chance, chance], axis=1)

    return Rows(predict, background, rows, np.arange(20), 20, INPUTS)


def importance(method: str, rows: Rows, *options: str) -> FloatArray:
    """Return how much a feature adds or takes on average."""
    found = METHODS[method](rows, settings(*options))
    return np.asarray(np.abs(found.values).mean(axis=0))


def test_base_and_shap_values_add_up_to_the_output() -> None:
    rows = explained_by(WEIGHTS[0])
    found = METHODS["shap"](rows, settings())
    outputs = rows.chosen(rows.predict(rows.explained))
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), outputs)


def test_shap_values_of_a_sum_are_its_terms() -> None:
    rows = explained_by(WEIGHTS[0] / 1000)  # a logistic function is straight near 0
    found = METHODS["shap"](rows, settings())
    terms = METHODS["eli5"](rows, settings())
    assert spearmanr(found.values[0], terms.values[0]).statistic > 0.5
    mean = rows.predict(rows.background).mean(axis=0)[rows.column]
    np.testing.assert_allclose(found.base, mean)


@pytest.mark.parametrize("method", METHODS)
def test_the_features_that_decide_are_ranked_first(method: str) -> None:
    weights = np.zeros(16)
    weights[[1, 5]] = 2, -3
    found = importance(method, explained_by(weights))
    assert set(np.argsort(-found)[:2]) == {1, 5}
    share = found[[1, 5]].sum() / found.sum()
    print(f"{method}: {share:.0%} of all contributions")
    assert share > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_random_weights_are_explained_differently(method: str) -> None:
    """The model randomisation test: Adebayo et al., 2018, arXiv:1810.03292."""
    one, other = (importance(method, explained_by(each)) for each in WEIGHTS)
    correlation = spearmanr(one, other).statistic
    print(f"{method}: Spearman's rho with other weights is {correlation:.2f}")
    assert abs(correlation) < 0.5
    rows = explained_by(WEIGHTS[0])
    np.testing.assert_array_equal(one, importance(method, rows))
    assert (one != importance(method, rows, "--seed", "2")).any()  # of other samples


def contents() -> dict[str, bytes]:
    """Return the content of every file of the explanations."""
    paths = sorted(path for path in REPORT.rglob("*") if path.is_file())
    return {path.relative_to(REPORT).as_posix(): path.read_bytes() for path in paths}


def test_the_command_writes_one_page(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["explain", *FEW]) == 0
    found = contents()
    for method in METHODS:
        values = pd.read_csv(REPORT / method / "rows.csv")
        assert len(values) == 5
        assert {f"{method}/importance.png", f"{method}/summary.svg"} <= set(found)
    assert {"shap/force.png", "shap/force.svg", "lime/force.png"} <= set(found)
    table = pd.read_csv(REPORT / "importance.csv", index_col="feature")
    assert list(table) == list(METHODS) and (table >= 0).all(axis=None)
    agreement = pd.read_csv(REPORT / "agreement.csv", index_col=0)
    assert agreement.loc["shap", "lime"] == pytest.approx(
        table.corr("kendall").loc["shap", "lime"]
    )
    page = found["index.html"].decode()
    assert page.count("data:image/svg+xml;base64,") == sum(
        name.endswith(".svg") for name in found
    )
    assert not re.search(r"(src|href)=.?https?:", page)
    told = capsys.readouterr().out
    assert "index.html" in told and re.search(r"rows: 5 of \d", told)


def test_fewer_rows_are_explained_where_many_would_take_long(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load_version(Path("models/model"))
    assert 9 < len(load_rows(settings(), *found).numbers) <= 50
    monkeypatch.setattr(explained, "MOST_VALUES", 1)
    assert len(load_rows(settings(), *found).numbers) == 1
    assert len(load_rows(settings("--explained-rows", "9"), *found).numbers) == 9


def test_one_row_is_explained_alone_to_the_last_bit_and_no_row_is_refused(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = load_version(Path("models/model"))
    number = load_rows(settings(*FEW), *known).numbers[0]
    rows = load_rows(settings("--row", str(number), *FEW), *known)
    assert rows.numbers.tolist() == [number] and len(rows.explained) == 1
    found, one = [], ["--row", str(number), "--method", "lime"]
    for _ in range(2):
        assert main.main(["explain", *FEW, *one]) == 0
        found.append(contents())
    assert json.loads(found[0]["explanation.json"])["rows"] == 1
    assert found[0] == found[1] and "lime/force.png" in found[0]
    assert main.main(["explain", *FEW, "--row", "100000"]) == 2
    assert "row 100000 is not in the test set" in capsys.readouterr().err


def test_rows_of_a_file_are_explained_beside_those_of_the_test_set(
    trained: Path,
) -> None:
#% if cookiecutter.__data_kind == "images"
    np.save("new.npy", np.ones((2, 8, 8)))
    name = "new.npy"
#% else
    from {{ cookiecutter.package_name }}.utils import load_named

    load_named("breast_cancer")[:2].drop(columns="diagnosis").to_csv("new.csv")
    name = "new.csv"
    frame = pd.read_csv(name, index_col=0)
    frame.to_csv(name, index=False)
#% endif
    assert main.main(["explain", *FEW, "--input", name, "--method", "lime"]) == 0
    assert main.main(["predict", "--input", name, "--output", "predicted.csv"]) == 0
    explained = pd.read_csv(REPORT / "input-new/lime/rows.csv")["row"]
    assert sorted(explained) == list(pd.read_csv("predicted.csv")["row"])
