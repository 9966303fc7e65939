"""The exact files of every preset, and how much of them there is.

`UPDATE_GOLDEN=1 pytest tests/golden` records the files and the figures of today.
"""

import os
from pathlib import Path

import pytest

from conftest import ROOT, BakedProject, bake_into, choices
from sizes import Kind, measure, page

TREES = Path(__file__).parent / "trees"
PAGE = ROOT / "docs" / "reference" / "sizes.md"
KINDS = [(p, f) for p in ("student", "team", "full") for f in choices()["framework"]]
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
MOST_FILES = 120  # of the core alone


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
        TREES.mkdir(exist_ok=True)
        golden.write_text("\n".join(project.files()) + "\n", encoding="utf-8")
    assert project.files() == golden.read_text(encoding="utf-8").splitlines()


def test_the_page_of_sizes_is_up_to_date(
    projects: dict[Kind, BakedProject], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [kind for kind, project in projects.items() if project.exit_code] == []
    shown = page({kind: measure(project) for kind, project in projects.items()})
    with capsys.disabled():
        print("", *shown.splitlines()[8:], sep="\n")
    if UPDATE:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(shown, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == shown


@pytest.mark.parametrize("framework", choices()["framework"])
def test_a_project_without_extras_has_few_files(
    projects: dict[Kind, BakedProject], framework: str
) -> None:
    assert measure(projects["student", framework]).files <= MOST_FILES


def test_every_recorded_tree_belongs_to_a_preset() -> None:
    expected = {f"{preset}-{framework}.txt" for preset, framework in KINDS}
    assert {path.name for path in TREES.iterdir()} == expected
    assert {p.stem for p in (ROOT / "presets").iterdir()} == {p for p, _ in KINDS}
