"""The exact files of every preset, and how much of them there is.

`UPDATE_GOLDEN=1 pytest tests/golden` records the files and the figures of today.
"""

import os
from pathlib import Path

import pytest

from conftest import ROOT, BakedProject, bake_into, choices
from sizes import BUDGETS, Kind, measure, page

TREES = Path(__file__).parent / "trees"
PAGE = ROOT / "docs" / "reference" / "sizes.md"
KINDS = [(p, f) for p in ("student", "team", "full") for f in choices()["framework"]]
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
MOST_FILES = {"student": 120, "team": 140}
MOST_LINES = {"team": 3800, "full": 5500}


@pytest.fixture(name="projects", scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, BakedProject]:
    """Return the project of every preset and framework."""
    made = {}
    for preset, framework in KINDS:
        folder = tmp_path_factory.mktemp(f"{preset}-{framework}")
        config = ROOT / "presets" / f"{preset}.yaml"
        made[preset, framework] = bake_into(
            folder, config_file=config, framework=framework
        )
    return made


@pytest.mark.parametrize(("preset", "framework"), KINDS)
def test_a_preset_renders_exactly_these_files(
    projects: dict[Kind, BakedProject], preset: str, framework: str
) -> None:
    project = projects[preset, framework]
    assert project.exit_code == 0, project.stderr
    golden = TREES / f"{preset}-{framework}.txt"
    if UPDATE:
        golden.write_text("\n".join(project.files()) + "\n", encoding="utf-8")
    assert project.files() == golden.read_text(encoding="utf-8").splitlines()


def test_the_page_of_sizes_is_up_to_date(
    projects: dict[Kind, BakedProject], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = page({kind: measure(project) for kind, project in projects.items()})
    with capsys.disabled():
        print("", *shown.splitlines()[7:], sep="\n")
    if UPDATE:
        PAGE.write_text(shown, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == shown


@pytest.mark.parametrize(("preset", "framework"), KINDS)
def test_a_project_is_no_larger_than_one_person_can_own(
    projects: dict[Kind, BakedProject], preset: str, framework: str
) -> None:
    size = measure(projects[preset, framework])
    assert {part: n for part, n in size.parts.items() if n > BUDGETS[part]} == {}
    assert size.files <= MOST_FILES.get(preset, size.files)
    assert size.src_lines <= MOST_LINES.get(preset, size.src_lines)
    assert size.test_lines <= size.src_lines


def test_every_recorded_tree_belongs_to_a_preset() -> None:
    expected = {f"{preset}-{framework}.txt" for preset, framework in KINDS}
    assert {path.name for path in TREES.iterdir()} == expected
    assert {p.stem for p in (ROOT / "presets").iterdir()} == {p for p, _ in KINDS}
