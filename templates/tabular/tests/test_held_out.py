"""The rows that an export is compared on: of the test part, and some with gaps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import held_out, main, models, registry
from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.shared_settings import ExportSettings

from samples import INPUTS, MIXED

KINDS = ["age", "city", "member", "joined"]


def test_each_column_is_empty_once_and_each_category_once_new() -> None:
    features = pd.DataFrame({"age": [30.0, 40.0], "city": ["Köln", "Ulm"]})
    rows = held_out.with_gaps(features, INPUTS)
    feeds = held_out.as_feeds(rows, INPUTS)
    assert list(feeds["city"][:, 0]) == ["Köln", models.MISSING, held_out.UNSEEN]
    np.testing.assert_array_equal(feeds["age"], [[np.nan], [40.0], [30.0]])
    assert features.notna().all(axis=None)  # not changed


@pytest.mark.parametrize("chunks", [(), ("--in-memory-mb", "0", "--workers", "1")])
def test_the_test_rows_and_rows_with_gaps_are_compared(
    chunks: tuple[str, ...], mixed: Path
) -> None:
    assert main.main(["train", "--quiet", *MIXED, *chunks]) == 0
    folder, manifest = registry.load_version(Path("models/model"))
    sample = held_out.held_out(ExportSettings(quiet=True), folder, manifest)
    assert list(sample.feeds) == KINDS and sample.unit == 1
    rows = len(sample.outputs)
    assert {cells.shape for cells in sample.feeds.values()} == {(rows, 1)}
    assert sample.outputs.shape == (rows, 2)
    assert held_out.UNSEEN in sample.feeds["city"]
    if not chunks:
        # 32 test rows, 4 columns, 2 of them categories.
        assert rows == 32 + 4 + 2
        assert "Only once" in sample.feeds["city"]


def test_a_regression_is_measured_by_its_target(project: Path) -> None:
    assert main.main(["schema", "--data", "diabetes", "--quiet"]) == 0
    assert main.main(["train", "--data", "diabetes", "--quiet"]) == 0
    folder, manifest = registry.load_version(Path("models/model"))
    sample = held_out.held_out(ExportSettings(quiet=True), folder, manifest)
    assert sample.outputs.shape == (89 + 10 + 1, 1)
    assert 50 < sample.unit < 100  # of a target from 25 to 346


def test_a_table_that_has_changed_is_refused(mixed: Path) -> None:
    assert main.main(["train", "--quiet", *MIXED]) == 0
    with mixed.open("a", encoding="utf-8") as file:
        file.write("30,Köln,True,2020-01-01,yes\n")
    folder, manifest = registry.load_version(Path("models/model"))
    with pytest.raises(DataError, match="has changed since version 1"):
        held_out.held_out(ExportSettings(quiet=True), folder, manifest)
