"""The served version: which one it is, and how another one takes its place."""

import asyncio
import shutil
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.registry import RegistryError, promote, rollback
from {{ cookiecutter.package_name }}.serving import reload
from {{ cookiecutter.package_name }}.serving.messages import RequestError
from {{ cookiecutter.package_name }}.serving.metrics import Metrics
from {{ cookiecutter.package_name }}.serving.model import Model
from {{ cookiecutter.package_name }}.serving.reload import ServedModel

import graphs


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A model in two versions."""
    for _ in range(2):
        graphs.save(tmp_path / "model")
    return tmp_path / "model"


def test_the_newest_version_is_served_until_one_is_promoted(model_dir: Path) -> None:
    served = ServedModel(model_dir)
    assert served.get().version == 2
    assert served.refresh() is False
    promote(model_dir, 1)
    assert served.refresh() is True
    assert served.get().version == 1
    assert served.refresh() is False
    promote(model_dir, 2)
    assert served.refresh() is True
    rollback(model_dir)
    assert served.refresh() is True
    assert served.get().version == 1
    assert ServedModel(model_dir).get().version == 1


def test_another_name_or_version_is_not_found(model_dir: Path) -> None:
    served = ServedModel(model_dir)
    assert served.get("model", "2") is served.get()
    with pytest.raises(RequestError, match="name: .*'other'; 'model' is served"):
        served.get("other")
    with pytest.raises(RequestError, match="version: .*'1' is not served; 2 is"):
        served.get("model", "1")


def test_without_a_model_it_is_said_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="train"):
        ServedModel(tmp_path / "model")


def test_a_broken_version_is_not_taken_and_tried_again_later(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(model_dir, 1)
    served = ServedModel(model_dir)
    promote(model_dir, 2)
    graph = model_dir / "2" / "model.onnx"
    shutil.copy(graph, model_dir.parent)
    graph.write_bytes(b"no graph")
    with pytest.raises(RegistryError, match="model.onnx was changed"):
        served.refresh()
    assert served.get().version == 1
    assert served.refresh() is False  # not again at once
    shutil.copy(model_dir.parent / "model.onnx", graph)
    monkeypatch.setattr(served, "retry_at", 0.1)  # long ago
    assert served.refresh() is True
    assert served.get().version == 2


@pytest.mark.parametrize("error", [RegistryError("broken"), MemoryError("no room")])
def test_looking_goes_on_after_a_failure(
    error: Exception,
    model_dir: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote(model_dir, 1)
    served = ServedModel(model_dir)
    metrics = Metrics()
    monkeypatch.setattr(reload, "RETRY_SECONDS", 0.01)
    load = served.load
    failures = [error]

    def fail_once(folder: Path, version: int, threads: int) -> Model:
        if failures:
            raise failures.pop()
        return load(folder, version, threads)

    served.load = fail_once
    caplog.set_level("INFO")
    promote(model_dir, 2)

    async def look() -> None:
        looking = asyncio.create_task(served.keep_fresh(0.01, metrics))
        while served.get().version == 1 or "2 is served, not 1" not in caplog.text:
            await asyncio.sleep(0.01)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    asyncio.run(asyncio.wait_for(look(), 20))
    assert "version 1 is still served" in caplog.text
    lines = metrics.text().decode().splitlines()
    assert 'model_reloads_total{result="failed"} 1.0' in lines
    assert 'model_reloads_total{result="ok"} 1.0' in lines
    assert 'model_version{model="model"} 2.0' in lines
