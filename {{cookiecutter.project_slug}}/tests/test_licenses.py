"""scripts/licenses.py reads what packages state, and refuses what is denied."""

import sys
import tomllib
from importlib.metadata import Distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import licenses  # noqa: E402

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS = PYPROJECT["tool"]["licenses"]


def package(name: str, *stated: str) -> licenses.Package:
    """A package of version 1 with these licences."""
    return licenses.Package(name, "1", stated)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("MIT", False),
        ("AGPL-3.0-only", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GPL", True),
        ("GPL-3", True),
        ("GPL-3.0", True),
        ("GPL-3.0+", True),
        ("GPLv3", True),
        ("AGPLv3", True),
        ("GNU GPLv3", True),
        ("GNU AGPLv3", True),
        ("GPL version 2, or newer", True),
        ("GPL v3 or later", True),
        ("GPLv2 or any later version", True),
        ("GNU General Public License v3 Or Later", True),
        ("MIT OR GPL v3 or later", False),
        ("LGPL", False),
        ("LGPL-3.0+", False),
        ("LGPLv3 or later", False),
        ("GNU LGPLv3", False),
        ("GNU Library or Lesser General Public License (LGPL)", False),
        ("GNU Lesser General Public License v2 or later (LGPLv2+)", False),
        ("EPL-2.0 OR GPL-2.0-or-later", False),
        ("GPL-2.0-only OR AGPL-3.0-or-later", True),
        ("MIT AND GPL-3.0-only", True),
        ("MPL-2.0 AND (Apache-2.0 OR GPL-3.0-only)", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("not stated", False),
    ],
)
def test_a_licence_is_refused_where_it_leaves_no_choice(
    text: str, refused: bool
) -> None:
    assert licenses.is_denied(text, SETTINGS["deny"]) is refused


def test_every_denied_package_is_named_unless_it_is_accepted() -> None:
    found = [package("a", "MIT"), package("b", "MIT", "AGPL-3.0-only")]
    found += [package("c", "GPL-3.0-only"), package("d", "GPL-3.0-only")]
    accept = {"c": "it runs in CI only"}
    names = [one.name for one in licenses.denied(found, SETTINGS | {"accept": accept})]
    assert names == ["b", "d"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["License-Expression: MIT", "License: other"], ("MIT",)),
        (
            [
                "License: x",
                "Classifier: License :: OSI Approved",
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: zlib",
            ],
            ("MIT License", "zlib"),
        ),
        (["License: Some terms", "        and many lines"], ("Some terms",)),
        ([], ("not stated",)),
    ],
)
def test_the_field_that_says_most_is_read(
    lines: list[str], expected: tuple[str, ...], tmp_path: Path
) -> None:
    head = ["Metadata-Version: 2.4", "Name: x", "Version: 1"]
    (tmp_path / "METADATA").write_text("\n".join(head + lines), encoding="utf-8")
    assert licenses.stated_licenses(Distribution.at(tmp_path)) == expected


def test_all_that_is_installed_is_listed_and_nothing_of_it_is_denied(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert licenses.main() == 0
    shown = capsys.readouterr().out.splitlines()
    assert any(line.startswith("numpy ") and "BSD-3-Clause" in line for line in shown)


def test_a_denied_package_ends_with_status_1_and_the_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [package("b", "AGPL-3.0-only"), package("d", "GPL-3.0-only")]
    monkeypatch.setattr(licenses, "installed", lambda: found)
    assert licenses.main() == 1
    shown = capsys.readouterr().err
    assert "b 1: AGPL-3.0-only is denied" in shown and "d 1: GPL-3.0-only" in shown
