"""What is exported computes the same as the model; versions are copied whole."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from {{ cookiecutter.package_name }} import export, registry
from {{ cookiecutter.package_name }}.config import ProjectError
from {{ cookiecutter.package_name }}.main import main

NATIVE = np.array([[0.2, 0.8], [0.5, 0.5], [0.6, 0.4]])


def test_the_largest_difference_is_found() -> None:
    outputs = NATIVE.copy()
    outputs[0] += [5e-5, -5e-5]
    found = export.differences({"onnx": outputs, "other": NATIVE}, NATIVE)
    assert found == pytest.approx({"onnx": 5e-5, "other": 0})
    values = np.array([[100.0], [300.0]])
    found = export.differences({"onnx": values + 0.001}, values, unit=50)
    assert found == pytest.approx({"onnx": 2e-5})


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (NATIVE + 2e-4, "up to 0.0002 off the model; allowed is 0.0001"),
        (np.full_like(NATIVE, np.nan), "up to nan off"),
        (NATIVE[:2], r"gives \(2, 2\), the model \(3, 2\)"),
        (NATIVE[:, :1], r"gives \(3, 1\), the model"),
    ],
)
def test_what_differs_is_refused(
    outputs: npt.NDArray[np.float64], message: str
) -> None:
    with pytest.raises(ProjectError, match=message):
        export.differences({"onnx": outputs}, NATIVE)


def test_a_version_is_copied_if_it_is_whole_and_no_other_is_there(
    save: Callable[[], Path], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save()
    assert main(["export", "--into", "served"]) == 0
    _, manifest = registry.load_version(project / "served/model", 1)
    assert manifest == registry.read_manifest(folder)
    assert main(["export", "--into", "served"]) == 0
    other = {**manifest.model_dump(mode="json"), "seed": manifest.seed + 1}
    (project / "served/model/1/manifest.json").write_text(json.dumps(other))
    assert main(["export", "--into", "served"]) == 2
    assert "served/model/1 is another version" in capsys.readouterr().err
    (folder / "model.bin").write_bytes(b"other")
    assert main(["export", "--into", "elsewhere"]) == 2
    assert "model.bin was changed" in capsys.readouterr().err
    assert not (project / "elsewhere").exists()
