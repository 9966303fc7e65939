"""What everything beside the core sees of tables and their model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import adapter, main, registry
from {{ cookiecutter.package_name }}.adapter import Column


def test_what_was_saved_can_be_read_by_whoever_serves_or_watches(mixed: Path) -> None:
    assert main.main(["train", "--data", "people.csv", "--quiet"]) == 0
    folder, manifest = registry.load_version(Path("models/model"))
    assert manifest.inputs.columns == {
        **{"age": "number", "city": "category"},
        **{"member": "number", "joined": "number"},
    }
    (_, _), (rows, labels) = adapter.load_splits(manifest, folder, Path("data"))
    assert set(labels) == {0, 1}
    feeds = adapter.feeds(rows, manifest.inputs)
    assert {name: each.shape for name, each in feeds.items()} == {
        name: (32, 1) for name in manifest.inputs.columns
    }
    assert feeds["age"].dtype == np.float32 and "(missing)" in feeds["city"]
    #% if "monitor" in cookiecutter.__extras
    described = adapter.describe(rows, manifest.inputs)
    assert str(described["joined"].min())[:4] == "2020"
    #% endif
    #% if "explain" in cookiecutter.__extras or "monitor" in cookiecutter.__extras
    rows, known = adapter.read_rows(mixed, manifest.inputs)
    assert known is not None and len(known) == len(rows) == 160
    mixed.write_text("age,more\nold,1\n30,2\n", encoding="utf-8")
    rows, none = adapter.read_rows(mixed, manifest.inputs, strict=False)
    assert none is None and rows["age"].isna().tolist() == [True, False]
    #% endif
    assert adapter.predictor(folder, manifest)(rows).shape == (len(rows), 2)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "number", "categories": ["a"]},
        {"kind": "category", "minimum": 1},
        {"kind": "date", "minimum": 1.5},
        {"kind": "number", "minimum": 2, "maximum": 1},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Column.model_validate(rule)
