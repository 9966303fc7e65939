"""The command explain: its files, what it compares, and what it refuses."""

import csv
import json
import re
import subprocess
import sys
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.explaining import comparison

from samples import QUICK_TRAINING

FEW = "--explained-rows 3 --background-rows 20 --lime-samples 50 --quiet".split()
REPORT = Path("reports/model/1/explain")
METHODS = ("shap", "lime", "eli5")
NAMES = {
    "importance.png",
    "importance.svg",
    "importance.csv",
    "rows.png",
    "rows.svg",
    "rows.csv",
    "explanation.json",
}

Output = pytest.CaptureFixture[str]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_method_writes_the_same_names_and_repeats_every_bit(
    project: Path, capsys: Output
) -> None:
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    assert main.main(["explain", *FEW]) == 0
    for method in METHODS:
        assert NAMES <= {path.name for path in (REPORT / method).iterdir()}
        with (REPORT / method / "importance.csv").open(encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        values = [float(line["importance"]) for line in lines]
        assert values == sorted(values, reverse=True)
        with (REPORT / method / "rows.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 3
        assert {line["feature"] for line in lines} == set(rows[0]) - {
            *("row", "explained", "output", "base")
        }
    page = (REPORT / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml;base64,") == 2 * len(METHODS)
    assert not re.search(r"(src|href)=.?https?:", page)
    shown = capsys.readouterr().out
    assert "Kendall's tau of shap and lime" in shown and str(REPORT) in shown
    first = contents(REPORT)
    assert main.main(["explain", *FEW]) == 0
    assert contents(REPORT) == first
    assert main.main(["explain", *FEW, "--method", "lime", "--seed", "7"]) == 0
    assert contents(REPORT)["lime/rows.csv"] != first["lime/rows.csv"]
    # Other rows were drawn, so there is nothing to compare them with.
    assert json.loads((REPORT / "agreement.json").read_bytes())["methods"] == ["lime"]


def test_without_its_libraries_the_command_says_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    found = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name: None if name == "lime" else found(name)
    )
    assert main.main(["explain"]) == 2
    shown = capsys.readouterr().err
    assert "lime cannot be imported" in shown
    assert "uv pip install -r requirements/explain.txt" in shown


def test_a_method_imports_its_own_library_only(project: Path) -> None:
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    arguments = ["explain", "--method", "lime", *FEW]
    code = (
        "import sys\n"
        "from {{ cookiecutter.package_name }} import main\n"
        f"assert main.main({arguments}) == 0\n"
        "print('imported', *{'shap', 'lime', 'eli5'} & set(sys.modules))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert finished.stdout.splitlines()[-1] == "imported lime"


def test_a_model_that_is_not_there_is_not_explained(
    project: Path, capsys: Output
) -> None:
    assert main.main(["explain"]) == 2
    assert "run the command `train` first" in capsys.readouterr().err


def test_agreement_is_that_of_the_ranks() -> None:
    found = {
        "shap": {"importance": {"a": 3.0, "b": 2.0, "c": 1.0}},
        "lime": {"importance": {"a": 0.3, "b": 0.1, "c": 0.0}},
        "eli5": {"importance": {"a": -1.0, "b": 0.0, "c": 5.0}},
    }
    same, reverse, _ = comparison.agreements(found)
    assert (same.first, same.second) == ("shap", "lime")
    assert same.kendall == pytest.approx(1) and same.spearman == pytest.approx(1)
    assert (reverse.first, reverse.second) == ("shap", "eli5")
    assert reverse.kendall == pytest.approx(-1) and reverse.shared == 3


def test_who_finds_all_features_equal_agrees_with_nobody() -> None:
    found = {
        "shap": {"importance": {"a": 1.0, "b": 1.0}},
        "lime": {"importance": {"a": 1.0, "b": 2.0}},
    }
    (pair,) = comparison.agreements(found)
    assert pair.kendall == 0 and pair.spearman == 0


def test_ranks_start_at_the_most_important_feature() -> None:
    assert comparison.ranks(np.array([0.5, 2.0, -1.0, 2.0])) == [3, 1, 4, 2]
