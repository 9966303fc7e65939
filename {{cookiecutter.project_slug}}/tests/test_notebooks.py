"""Each notebook runs from its first cell to its last, as a script does."""

import runpy
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_draws(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plt.switch_backend("Agg")  # needs no display
    drawn: list[int] = []
    monkeypatch.setattr(plt, "show", lambda: drawn.extend(plt.get_fignums()))
    found = runpy.run_path(str(notebook))
    plt.close("all")
    assert drawn and found.get("test_acc", 1) > 0.9
