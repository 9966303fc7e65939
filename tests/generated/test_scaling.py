"""A real cluster of two nodes, on this machine: the commands, and processes killed."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments import Installed, InstalledProject, own_environment

pytestmark = pytest.mark.generated

# 127.0.0.1 Ray would take for the address of the machine in its network.
HEAD, OTHER, PORT = "127.0.0.2", "127.0.0.3", 6479
ADDRESS = f"{HEAD}:{PORT}"
STARTS = (
    5  # a node ends if its agent is not up in 15 s: github.com/ray-project/ray 65983
)
PATIENCE = 120
ROWS, EVERY, BAD_ROWS = 200_000, 10_000, 20
MAKE_ROWS = f"""
import sys
from sklearn.datasets import load_breast_cancer
frame = load_breast_cancer(as_frame=True).data.sample({ROWS}, replace=True)
frame = frame.astype(object)
frame.iloc[::{EVERY}, 3] = "oops"
frame.to_csv("rows.csv", index=False)
"""
LOOK = """
import pandas
found = pandas.read_parquet("out")
print(len(found), found["row"].nunique())
"""


def start_node(project: InstalledProject, folder: Path, *options: str) -> int:
    """Start a node; return the process that ends it, or 0 if it has not come up."""
    command = [".venv/bin/ray", "start", "--block", "--num-cpus=2", *options]
    command += ["--disable-usage-stats", "--object-store-memory=150000000"]
    environment = own_environment() | {
        "OMP_NUM_THREADS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process compiles Ray
    log = folder / f"{options[-1].strip('-').replace('=', '-').replace('/', '_')}.log"
    with log.open("w") as output:
        node = subprocess.Popen(
            command,
            cwd=project.path,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and node.poll() is None:
        if "Ray runtime started" in log.read_text():
            return node.pid
        time.sleep(0.5)
    print(f"the node {options} is not up: {log.read_text()[-2000:]}")
    stop(node.pid)
    return 0


def stop(pid: int) -> None:
    """End a node and what it has started."""
    try:
        os.killpg(pid, signal.SIGTERM)
        time.sleep(2)
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def start_until_up(project: InstalledProject, folder: Path, *options: str) -> int:
    """Start a node, again where it ends for no fault of ours; say how often."""
    for number in range(STARTS):
        if pid := start_node(project, folder, *options):
            print(f"{options[0]}: up at start {number + 1}")
            return pid
    pytest.fail(f"no node came up in {STARTS} starts")


@pytest.fixture(name="cluster", scope="module")
def two_nodes(
    installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InstalledProject]:
    """Return a project whose environment two nodes run in, the other one last."""
    project = installed("scikit-learn", extras="ray", deploy_target="none")
    # cyclonedx-bom's, which jsonschema would load in each process of Ray, for seconds.
    for slow in project.path.glob(".venv/lib/*/site-packages/rfc3987_syntax"):
        shutil.rmtree(slow)
    project.run(".venv/bin/python", "-m", "compileall", "-q", ".venv/lib")
    folder = tmp_path_factory.mktemp("ray")
    nodes = []
    # Not below pytest's folder: sockets are in it, whose paths have 107 bytes at most.
    with tempfile.TemporaryDirectory(
        prefix="ray-", ignore_cleanup_errors=True
    ) as short:
        head = ["--head", "--include-dashboard=false", f"--temp-dir={short}"]
        head += [f"--port={PORT}", f"--node-ip-address={HEAD}"]
        other = [f"--address={ADDRESS}", f"--node-ip-address={OTHER}"]
        try:
            for options in (head, other):
                nodes.append(start_until_up(project, folder, *options))
            yield project
        finally:
            for pid in nodes:
                stop(pid)


def scorers() -> list[int]:
    """Return the processes that predict, by their titles."""
    found = subprocess.run(
        ["pgrep", "-f", "ray::.*Scorer"], capture_output=True, text=True
    )
    return list(map(int, found.stdout.split()))


def test_commands_on_two_nodes(cluster: InstalledProject) -> None:
    """Train, tune, and predict, with a worker killed half-way, and again after it."""
    run = [".venv/bin/tumour-diagnosis"]
    on_ray = ["--ray", ADDRESS, "--folds", "2"]
    assert "cross-validation" in cluster.run(*run, "train", *on_ray)
    assert "C: " in cluster.run(*run, "tune", "--trials", "3", *on_ray)
    cluster.run(".venv/bin/python", "-c", MAKE_ROWS)
    command = [*run, "predict", "--input", "rows.csv", "--output", "out"]
    command += ["--ray", ADDRESS]
    killed = 0
    predicting = subprocess.Popen(
        command, cwd=cluster.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while predicting.poll() is None:
        if not killed and list(cluster.path.glob("out/part-*")) and scorers():
            killed = scorers()[0]
            os.kill(killed, signal.SIGKILL)
        time.sleep(0.1)
    assert predicting.stdout is not None
    assert predicting.returncode == 0, predicting.stdout.read().decode()
    assert killed
    summary = json.loads((cluster.path / "out/_summary.json").read_text("utf-8"))
    expected = {"rows": ROWS, "predicted": ROWS - BAD_ROWS, "bad": BAD_ROWS}
    assert summary == expected | {"files": 1}
    lines = (cluster.path / "out/_bad_rows.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + BAD_ROWS
    told = cluster.run(".venv/bin/python", "-c", LOOK)
    assert told.split() == [str(ROWS - BAD_ROWS)] * 2
    times = {p: p.stat().st_mtime_ns for p in cluster.path.glob("out/part-*")}
    cluster.run(*command)
    assert times == {p: p.stat().st_mtime_ns for p in cluster.path.glob("out/part-*")}
