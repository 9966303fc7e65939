"""tools/release.py: what keeps a tag from being a release, and its notes."""

from pathlib import Path

import pytest

from conftest import ROOT
from tools.release import main, notes, problems, sections

CHANGELOG = """# Changelog

## [Unreleased]
{unreleased}
## [1.2.0]{day}
{text}
## [1.1.0] - 2026-01-02

- Older.
"""


def repository(
    folder: Path,
    version: str = "1.2.0",
    unreleased: str = "",
    day: str = " - 2026-11-21",
    text: str = "\n### Added\n\n- New.\n",
) -> Path:
    """Write the two files that are read, as they are for version 1.2.0."""
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    text = CHANGELOG.format(unreleased=unreleased, day=day, text=text)
    (folder / "CHANGELOG.md").write_text(text, encoding="utf-8")
    return folder


def test_a_release_that_agrees_has_no_problems(tmp_path: Path) -> None:
    assert problems("v1.2.0", repository(tmp_path)) == []


@pytest.mark.parametrize(
    "tag", ["1.2.0", "v1.2", "v1.2.0.1", "v01.2.0", "v1.2.0-01", "v1.2.0 ", "v", "main"]
)
def test_a_tag_is_v_and_a_semantic_version(tag: str, tmp_path: Path) -> None:
    (problem,) = problems(tag, repository(tmp_path))
    assert problem.startswith(f"the tag {tag} is not v and a semantic version")


@pytest.mark.parametrize(
    ("differs", "problem"),
    [
        ({"version": "1.1.0"}, "pyproject.toml has version 1.1.0, not 1.2.0"),
        ({"unreleased": "\n- x\n"}, "has changes in [Unreleased]; move them to 1.2.0"),
        ({"day": ""}, "has no date: ## [1.2.0] - YYYY-MM-DD"),
        ({"day": " - 2026-11-31"}, "has no date: ## [1.2.0] - YYYY-MM-DD"),
        ({"text": ""}, "CHANGELOG.md says nothing about 1.2.0"),
    ],
)
def test_what_does_not_agree_is_said(
    differs: dict[str, str], problem: str, tmp_path: Path
) -> None:
    (found,) = problems("v1.2.0", repository(tmp_path, **differs))
    assert problem in found


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    found = problems("v2.0.0-rc.1", repository(tmp_path, unreleased="\n- x\n"))
    assert [problem.partition(" ")[0] for problem in found] == [
        "pyproject.toml",
        "CHANGELOG.md",
        "CHANGELOG.md's",
    ]


def test_the_notes_are_the_section_without_its_heading(tmp_path: Path) -> None:
    assert notes("v1.2.0", repository(tmp_path)) == "### Added\n\n- New."


def test_this_repositorys_change_log_can_be_read() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert sections(text)[0].version == "Unreleased"


def test_the_command_line_ends_with_1_for_a_problem_and_2_for_a_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "nonsense"]) == 1
    assert "release: the tag nonsense is not" in capsys.readouterr().err
    assert main(["check"]) == 2
    assert "python tools/release.py check v1.2.0" in capsys.readouterr().err
