"""A real cluster of two nodes, on this machine: the commands, and what is killed."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import OperationalError

import pytest
from clusters import ADDRESS, Cluster, started

from environments import Installed, own_environment

pytestmark = pytest.mark.generated

TUMOURS, DIGITS = ".venv/bin/tumour-diagnosis", ".venv/bin/handwritten-digits"
TRIALS, ROUNDS = 60, 20
ROWS, EVERY, BAD_ROWS = 200_000, 10_000, 20
MAKE_ROWS = f"""
from sklearn.datasets import load_breast_cancer
frame = load_breast_cancer(as_frame=True).data.sample({ROWS}, replace=True)
frame = frame.astype(object)
frame.iloc[::{EVERY}, 3] = "oops"
frame.to_csv("rows.csv", index=False)
"""
COUNT = """
import sys, pandas
found = pandas.read_parquet(sys.argv[1])
print(len(found), found["row"].nunique())
"""
NOISE = 0.02  # of an accuracy, by the seed

Act = Callable[[], bool]  # does something once it can, and says whether it has


@pytest.fixture(name="cluster", scope="module")
def cluster_of_tables(installed: Installed) -> Iterator[Cluster]:
    """Return two nodes in a project of scikit-learn, with many rows to predict."""
    project = installed("scikit-learn", extras="ray", deploy_target="none")
    project.run(".venv/bin/python", "-c", MAKE_ROWS)
    project.run(TUMOURS, "train")
    with started(project) as cluster:
        yield cluster


def run(cluster: Cluster, *command: str, acts: tuple[Act, ...] = ()) -> str:
    """Run a command on the cluster, and do one thing after another meanwhile."""
    left = list(acts)
    with subprocess.Popen(
        [*command, "--ray", ADDRESS],
        cwd=cluster.project.path,
        env=own_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        while left and running.poll() is None:
            if left[0]():
                del left[0]
            time.sleep(0.1)
        output, _ = running.communicate()
    assert running.returncode == 0, output
    assert not left, f"it was over before: {output}"
    return output


def processes(title: str) -> list[int]:
    """Return the processes of Ray that do something."""
    command = ["pgrep", "-f", f"^ray::{title}"]
    found = subprocess.run(command, capture_output=True, text=True)
    return list(map(int, found.stdout.split()))


def kill(title: str, begun: Act = lambda: True) -> Act:
    """Return what kills a process of Ray once it is there and something has begun."""

    def act() -> bool:
        found = processes(title)
        if now := bool(found) and begun():
            os.kill(found[-1], signal.SIGKILL)
        return now

    return act


def kill_node(cluster: Cluster, begun: Act) -> Act:
    """Return what kills the other node once something has begun."""

    def act() -> bool:
        if now := begun():
            cluster.kill_other()
        return now

    return act


def is_there(cluster: Cluster, pattern: str, least: int = 1) -> Act:
    """Return what says whether there are so many files of a name."""
    return lambda: len(list(cluster.project.path.glob(pattern))) >= least


def trials(cluster: Cluster) -> int:
    """Return how many trials of all searches are over."""
    file = cluster.project.path / "models/model/tuning.sqlite3"
    query = "SELECT count(*) FROM trials WHERE state = 'COMPLETE'"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as database, suppress(OperationalError):
        return int(database.execute(query).fetchone()[0])
    return 0  # its tables are being made


def predict(cluster: Cluster, output: str, *acts: Act) -> None:
    """Predict all rows, and see that each is there once, or among the bad ones."""
    options = ["--input", "rows.csv", "--output", output]
    run(cluster, TUMOURS, "predict", *options, acts=acts)
    folder = cluster.project.path / output
    summary = json.loads((folder / "_summary.json").read_text("utf-8"))
    expected = {"rows": ROWS, "predicted": ROWS - BAD_ROWS, "bad": BAD_ROWS}
    assert summary == expected | {"files": 1}
    lines = (folder / "_bad_rows.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + BAD_ROWS
    told = cluster.project.run(".venv/bin/python", "-c", COUNT, output)
    assert told.split() == [str(ROWS - BAD_ROWS)] * 2


def parts(cluster: Cluster, output: str) -> dict[Path, int]:
    """Return when each file of an output was written."""
    found = cluster.project.path.glob(f"{output}/part-*")
    return {path: path.stat().st_mtime_ns for path in found}


def test_train_goes_on_when_a_worker_is_killed(cluster: Cluster) -> None:
    """Folds are done by processes that are started anew."""
    options = ["--folds", "5"]
    alone = cluster.project.run(TUMOURS, "train", *options)
    told = run(cluster, TUMOURS, "train", *options, acts=(kill("PoolActor"),))
    scores = [re.findall(r"cross-validation.*", text) for text in (alone, told)]
    assert scores[0] == scores[1] != []


def test_tune_tells_all_trials_when_a_worker_or_itself_is_killed(
    cluster: Cluster,
) -> None:
    """A search that was killed goes on; a trial that was killed is done again."""
    command = [TUMOURS, "tune", "--trials", str(TRIALS)]
    with subprocess.Popen(
        [*command, "--ray", ADDRESS], cwd=cluster.project.path
    ) as searching:
        while not trials(cluster):
            assert searching.poll() is None
            time.sleep(0.1)
        searching.kill()
    assert 0 < trials(cluster) < TRIALS
    run(cluster, *command, acts=(kill(".lambda"),))
    assert trials(cluster) == TRIALS


def worker_and_node(cluster: Cluster, output: str) -> tuple[Act, Act]:
    """Return what kills a worker after a file of an output, and a node after two."""
    one, two = (is_there(cluster, f"{output}/part-*", least) for least in (1, 2))
    return kill(".*Scorer", one), kill_node(cluster, two)


def test_predict_loses_no_row_when_a_worker_and_a_node_are_killed(
    cluster: Cluster,
) -> None:
    """And what is done is not done again."""
    predict(cluster, "out", *worker_and_node(cluster, "out"))
    times = parts(cluster, "out")
    predict(cluster, "out")
    assert times == parts(cluster, "out")


@pytest.mark.matrix
def test_train_and_tune_go_on_when_a_node_is_killed(cluster: Cluster) -> None:
    """What it was given is done by the other one."""
    cluster.add_other()
    options = ["--estimator", "forest", "--folds", "5"]
    alone = cluster.project.run(TUMOURS, "train", *options)
    begun = kill_node(cluster, lambda: bool(processes("PoolActor")))
    told = run(cluster, TUMOURS, "train", *options, acts=(begun,))
    scores = [re.findall(r"cross-validation.*", text) for text in (alone, told)]
    assert scores[0] == scores[1] != []
    cluster.add_other()
    before = trials(cluster)
    command = [TUMOURS, "tune", "--seed", "2", "--trials", str(TRIALS)]
    begun = kill_node(cluster, lambda: bool(processes(".lambda")))
    run(cluster, *command, acts=(begun,))
    assert trials(cluster) == before + TRIALS


@pytest.mark.matrix
@pytest.mark.parametrize("framework", ["tensorflow", "pytorch"])
def test_networks_learn_the_same_on_two_nodes(
    installed: Installed, framework: str
) -> None:
    """Though a worker is killed, and a node; that weights differ would be an error."""
    project = installed(framework, extras="ray", deploy_target="none")
    pattern = "models/model/.unfinished/*/*/manifest.json"
    with started(project) as cluster:
        outputs = [project.run(DIGITS, "train")]
        begun = is_there(cluster, pattern)
        outputs.append(
            run(cluster, DIGITS, "train", acts=(kill("RayTrainWorker", begun),))
        )
        outputs.append(run(cluster, DIGITS, "train", acts=(kill_node(cluster, begun),)))
    found = [re.findall(r"validation accuracy: (.*)", output) for output in outputs]
    alone, *others = (float(score) for (score,) in found)
    assert others == pytest.approx([alone] * 2, abs=NOISE)


@pytest.mark.matrix
def test_no_row_is_lost_over_many_kills(cluster: Cluster) -> None:
    """A worker and the other node, which is started again, each so many times."""
    for number in range(ROUNDS):
        cluster.add_other()
        output = f"round-{number}"
        predict(cluster, output, *worker_and_node(cluster, output))
        print(f"{output}: no row is lost; starts so far: {cluster.starts}")
