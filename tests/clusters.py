"""A real Ray cluster on this machine, whose processes and nodes can be killed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from environments import InstalledProject, own_environment

# 127.0.0.1 Ray would take for the address of the machine in its network.
HEAD, OTHER, PORT = "127.0.0.2", "127.0.0.3", 6479
ADDRESS = f"{HEAD}:{PORT}"
STARTS = 5  # a node ends if its agent is not up in 15 s: ray-project/ray, issue 65983
PATIENCE = 120


class Cluster:
    """Nodes that run in the environment of a project."""

    def __init__(self, project: InstalledProject, folder: Path) -> None:
        """Take what nodes run in, and a folder of their own."""
        self.project, self.folder = project, folder
        self.nodes: list[int] = []
        self.starts = 0

    def add_head(self) -> None:
        """Start the first node."""
        options = ["--head", "--include-dashboard=false", f"--port={PORT}"]
        self.add(*options, f"--temp-dir={self.folder}", f"--node-ip-address={HEAD}")

    def add_other(self) -> None:
        """Start the node that is not the head, if it is not there."""
        if len(self.nodes) < 2:
            self.add(f"--address={ADDRESS}", f"--node-ip-address={OTHER}")

    def add(self, *options: str) -> None:
        """Start a node, again where it ends for no fault of ours."""
        for _ in range(STARTS):
            self.starts += 1
            if pid := self.start(*options):
                self.nodes.append(pid)
                return
        raise RuntimeError(f"no node came up in {STARTS} starts")

    def start(self, *options: str) -> int:
        """Start a node; return the process that ends it, or 0 if it has not come up."""
        command = [".venv/bin/ray", "start", "--block", "--num-cpus=2", *options]
        command += ["--disable-usage-stats", "--object-store-memory=150000000"]
        environment = own_environment() | {"OMP_NUM_THREADS": "1"}
        environment |= {"RAY_AUTH_MODE": "disabled"}  # though a token be in ~/.ray
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process compiles Ray
        log = self.folder / f"start-{self.starts}.log"
        with log.open("w") as output:
            node = subprocess.Popen(
                command,
                cwd=self.project.path,
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
        end(node.pid)
        return 0

    def kill_other(self) -> None:
        """Kill the node that is not the head, and all that runs on it, at once."""
        os.killpg(self.nodes.pop(), signal.SIGKILL)

    def stop(self) -> None:
        """End all nodes."""
        for pid in self.nodes:
            end(pid)


def end(pid: int) -> None:
    """End a node and what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
        time.sleep(2)
        os.killpg(pid, signal.SIGKILL)


@contextmanager
def started(project: InstalledProject, nodes: int = 2) -> Iterator[Cluster]:
    """Give a cluster of so many nodes; they end whatever happens."""
    # cyclonedx-bom's, which jsonschema would load in each process of Ray, for seconds.
    for slow in project.path.glob(".venv/lib/*/site-packages/rfc3987_syntax"):
        shutil.rmtree(slow)
    project.run(".venv/bin/python", "-m", "compileall", "-q", ".venv/lib")
    # Not below pytest's folder: sockets are in it, whose paths have 107 bytes at most.
    with tempfile.TemporaryDirectory(
        prefix="ray-", ignore_cleanup_errors=True
    ) as folder:
        cluster = Cluster(project, Path(folder))
        try:
            cluster.add_head()
            for _ in range(1, nodes):
                cluster.add_other()
            yield cluster
        finally:
            cluster.stop()
