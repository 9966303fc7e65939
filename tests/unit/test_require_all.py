"""REQUIRE_ALL=1 turns a skipped test into a failed one that says why."""

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, isolated_environment

TESTS = """
import pytest

@pytest.mark.skip(reason="no Docker engine")
def test_skipped():
    pass

@pytest.mark.xfail(reason="known")
def test_expected_failure():
    assert False
"""
SKIPPED_FILE = 'import pytest\npytest.skip("no data set", allow_module_level=True)\n'


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("required", ["0", "1"])
def test_a_skip_is_a_failure_only_when_everything_is_required(
    tmp_path: Path, required: str, processes: str
) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_one.py").write_text(TESTS, encoding="utf-8")
    (tests / "test_two.py").write_text(SKIPPED_FILE, encoding="utf-8")
    # The real conftest.py, as a plugin: its rules must hold for any test.
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider"]
    command += ["-p", "conftest", "-n", processes]
    done = subprocess.run(
        [*command, "--continue-on-collection-errors", str(tests)],
        cwd=tmp_path,
        env=isolated_environment(tmp_path)
        | {"REQUIRE_ALL": required, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        encoding="utf-8",
    )
    expected = {"0": "2 skipped, 1 xfailed", "1": "1 xfailed, 2 errors"}
    assert expected[required] in done.stdout
    assert "no Docker engine" in done.stdout
    assert "no data set" in done.stdout
    assert ("REQUIRE_ALL=1, but this was skipped" in done.stdout) == (required == "1")
    assert done.returncode == int(required)
