"""The exact files of every preset.

`UPDATE_GOLDEN=1 pytest tests/golden` records the files of today.
"""

import os
from pathlib import Path

import pytest

from conftest import ROOT, bake_into, choices

TREES = Path(__file__).parent / "trees"
PRESETS = sorted(path.stem for path in (ROOT / "presets").glob("*.yaml"))


@pytest.mark.parametrize("framework", choices()["framework"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_renders_exactly_these_files(
    tmp_path: Path, preset: str, framework: str
) -> None:
    config = ROOT / "presets" / f"{preset}.yaml"
    project = bake_into(tmp_path, config_file=config, framework=framework)
    assert project.exit_code == 0, project.stderr
    golden = TREES / f"{preset}-{framework}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text("\n".join(project.files()) + "\n", encoding="utf-8")
    assert project.files() == golden.read_text(encoding="utf-8").splitlines()


def test_every_recorded_tree_belongs_to_a_preset() -> None:
    expected = {f"{p}-{f}.txt" for p in PRESETS for f in choices()["framework"]}
    assert {path.name for path in TREES.iterdir()} == expected
