"""The section of a version, whole, and of no other one."""

import pytest
from exercise import notes

CHANGELOG = """# Changelog

## [Unreleased]

## [1.10.0] - 2026-02-01

### Added

- Pictures.

## [1.1.0] - 2026-01-01

- Tables.
"""


def test_a_section_is_found_with_its_subheadings():
    assert notes(CHANGELOG, "1.10.0") == "### Added\n\n- Pictures."


def test_the_last_section_goes_to_the_end():
    assert notes(CHANGELOG, "1.1.0") == "- Tables."


def test_an_empty_section_is_empty():
    assert notes(CHANGELOG, "Unreleased") == ""


@pytest.mark.parametrize("version", ["1.1", "1.1.1", "1?1.0", "2.0.0"])
def test_another_version_is_refused(version):
    with pytest.raises(ValueError):
        notes(CHANGELOG, version)
