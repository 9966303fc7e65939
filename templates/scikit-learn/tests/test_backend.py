"""What is started before pandas is imported."""

from multiprocessing import forkserver
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import backend
from {{ cookiecutter.package_name }}.config import load_settings
from {{ cookiecutter.package_name }}.settings import COMMANDS


@pytest.mark.skipif(
    backend.start_method().get_start_method() == "spawn", reason="has no forkserver"
)
@pytest.mark.parametrize(
    ("command", "options", "started"),
    [
        ("train", ["--data", "table.csv", "--in-memory-mb", "0"], 1),
        ("train", ["--data", "table.csv"], 0),
        ("train", ["--data", "table.csv", "--in-memory-mb", "0", "--workers", "1"], 0),
        ("train", ["--data", "wine", "--in-memory-mb", "0"], 0),
        ("tune", ["--data", "table.csv", "--in-memory-mb", "0"], 0),
    ],
)
def test_only_the_training_on_a_large_file_starts_workers_early(
    command: str,
    options: list[str],
    started: int,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (project / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    calls: list[None] = []
    monkeypatch.setattr(forkserver, "ensure_running", lambda: calls.append(None))
    backend.prepare(load_settings(COMMANDS[command].settings, options, command))
    assert len(calls) == started
