"""Loading a version for the server, and how another one takes its place."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest

from {{ cookiecutter.package_name }} import registry
from {{ cookiecutter.package_name }}.config import ProjectError
from {{ cookiecutter.package_name }}.serving import app, model
from {{ cookiecutter.package_name }}.serving.answer import Worker
from {{ cookiecutter.package_name }}.serving.messages import RequestError
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

from graphs import CLASSES, TENSORS, expected, graph, save


def test_a_version_predicts_what_its_graph_says(tmp_path: Path) -> None:
    save(tmp_path / "model")
    loaded = model.load_model(tmp_path / "model", 1)
    assert (loaded.name, loaded.version, loaded.classes) == ("model", 1, CLASSES)
    assert [tensor.name for tensor in loaded.tensors] == list(TENSORS)
    for tensor, array in zip(loaded.tensors, TENSORS.values(), strict=True):
        assert tensor.dtype == array.dtype
        assert tensor.shape == (-1, *array.shape[1:])
    assert [tensor.name for tensor in loaded.outputs] == ["probabilities"]
    assert 0 < loaded.seconds < 1
    answer = loaded.predict(TENSORS)
    assert answer.dtype == np.float32
    assert np.allclose(answer, expected(), atol=1e-6)


def renamed_output(content: onnx.ModelProto) -> onnx.ModelProto:
    """Give the output another name."""
    content.graph.output[0].name = content.graph.node[-1].output[0] = "answer"
    return content


def fixed_batch(content: onnx.ModelProto) -> onnx.ModelProto:
    """Let the graph take one row only."""
    for each in content.graph.input:
        each.type.tensor_type.shape.dim[0].dim_value = 1
    return content


def other_height(content: onnx.ModelProto) -> onnx.ModelProto:
    """Let the graph take something larger."""
    content.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 9
    return content


def renamed_input(content: onnx.ModelProto) -> onnx.ModelProto:
    """Give the first input another name."""
    old, content.graph.input[0].name = content.graph.input[0].name, "other"
    for node in content.graph.node:
        node.input[:] = ["other" if name == old else name for name in node.input]
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (renamed_input(graph()), "model.onnx takes .*'other'.* by the manifest"),
        (renamed_output(graph()), "model.onnx is damaged"),
        (fixed_batch(graph()), "model.onnx is damaged"),
        (other_height(graph()), "model.onnx is damaged"),
        (onnx.ModelProto(), "model.onnx is damaged"),
    ],
)
def test_a_graph_that_is_not_the_manifests_is_refused(
    content: onnx.ModelProto, message: str, tmp_path: Path
) -> None:
    save(tmp_path / "model", content)
    with pytest.raises(ProjectError, match=message):
        model.load_model(tmp_path / "model", 1)


@pytest.fixture
def two_versions(tmp_path: Path) -> Path:
    """The folder of a model in two versions."""
    for _ in range(2):
        save(tmp_path / "model")
    return tmp_path / "model"


def test_the_newest_version_is_served_until_one_is_promoted(two_versions: Path) -> None:
    served = model.ServedModel(two_versions)
    assert served.get().version == 2
    assert served.refresh() is False
    for change, version in (
        (partial(registry.promote, two_versions, 1), 1),
        (partial(registry.promote, two_versions, 2), 2),
        (partial(registry.rollback, two_versions), 1),
    ):
        change()
        assert served.refresh() is True
        assert served.get().version == version
        assert served.refresh() is False
    assert model.ServedModel(two_versions).get().version == 1


def test_another_name_or_version_is_not_found(two_versions: Path) -> None:
    served = model.ServedModel(two_versions)
    for path in ({"name": "model", "version": "2"}, {"version": "2.0"}):
        assert served.get(**path) is served.get()
    for key, other, known in (
        ("name", "other", "model"),
        ("name", "model.0", "model"),
        ("version", "1", "2"),
        ("label", "canary", "production"),
    ):
        problem = f"{key}: '{other}' is not served; '{known}' is"
        with pytest.raises(RequestError, match=problem) as refused:
            served.get(**{key: other})
        assert refused.value.status == 404


def test_a_broken_version_is_not_taken_and_tried_again_later(
    two_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.promote(two_versions, 1)
    served = model.ServedModel(two_versions)
    registry.promote(two_versions, 2)
    file = two_versions / "2" / "model.onnx"
    shutil.copy(file, two_versions.parent)
    file.write_bytes(b"no graph")
    with pytest.raises(ProjectError, match="model.onnx was changed"):
        served.refresh()
    assert served.get().version == 1
    assert served.refresh() is False  # not again at once
    shutil.copy(two_versions.parent / "model.onnx", file)
    monkeypatch.setattr(served, "retry_at", 0.0)  # long ago
    assert served.refresh() is True
    assert served.get().version == 2


@pytest.mark.parametrize("error", [ProjectError("broken"), MemoryError("no room")])
def test_looking_goes_on_after_a_failure(
    error: Exception,
    two_versions: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry.promote(two_versions, 1)
    served, failures = model.ServedModel(two_versions), [error]
    worker = Worker(ServeSettings(), served)
    monkeypatch.setattr(model, "RETRY_SECONDS", 0.01)
    load = model.load_model

    def fail_once(model_dir: Path, version: int, threads: int) -> model.Model:
        if failures:
            raise failures.pop()
        return load(model_dir, version, threads)

    async def look() -> None:
        looking = asyncio.create_task(app.every(0.01, app.refresh, worker))
        while "version 2 is served, not 1" not in caplog.text:
            await asyncio.sleep(0.01)
        looking.cancel()

    monkeypatch.setattr(model, "load_model", fail_once)
    caplog.set_level("INFO")
    registry.promote(two_versions, 2)
    asyncio.run(asyncio.wait_for(look(), 20))
    assert "version 1 is still served" in caplog.text
    lines = worker.metrics.text(served.get()).decode().splitlines()
    assert 'model_reloads_total{result="failed"} 1.0' in lines
    assert 'model_reloads_total{result="ok"} 1.0' in lines
