"""LightGBM and XGBoost, which no project brings: each runs every command of one."""

from pathlib import Path

import pytest

from environments import Installed

pytestmark = pytest.mark.generated

# Without what they require: the project has that, but for narwhals.
OTHERS = ("lightgbm>=4.6,<5", "narwhals>=2,<3", "xgboost-cpu>=3,<4")


def test_lightgbm_and_xgboost_run_every_command(
    installed: Installed, tmp_path: Path
) -> None:
    project = installed("scikit-learn")
    folder = ("--target", str(tmp_path))
    project.run("uv", "pip", "install", "-q", "--no-deps", *folder, *OTHERS)
    tests = ("pytest", "-q", "tests/test_tables.py", "-k", "lightgbm or xgboost")
    shown = project.run("env", f"PYTHONPATH={tmp_path}", *tests)
    assert "2 passed" in shown
