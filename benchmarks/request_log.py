"""Measure what the request log costs: servers with it beside one without.

    python benchmarks/request_log.py PROJECT

Needs `wrk` (Debian's package) and `uv`. PROJECT is a rendered project of images whose
environment holds the group `serve`. The servers take turns with requests of one image
of 28 x 28 numbers. What counts is the time that the processor spends on a request, all
threads of the server together: unlike the time that passes, it is hardly changed by
what else the machine does. Linux only; nothing listens beyond this machine.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from serving_load import ONE, SIXTEEN, Load, press, wait_until_ready
from serving_peers import free_ports

import serving

TURNS = 15
SECONDS = 2  # of a turn
SETTLE = 1  # until what waited to be logged is written
PATH = "/v1/models/model:predict"
# Rows that are logged a second, at most; none for the server without a log. The first
# is the default, the other is more than come.
ROWS = (None, 100, 1_000_000)


class Watched(NamedTuple):
    """A server that runs: its process, its address, and the file of its log."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path


def start(stack: ExitStack, project: Path, folder: Path, rows: int | None) -> Watched:
    """Start a server that ends with the stack."""
    (port,) = free_ports(1)
    log = folder / f"requests-{rows}.db"
    command = [str(project / ".venv" / "bin" / project.name), "serve"]
    command += ["--models-dir", str(folder / "models"), "--access-log", "off"]
    command += ["--log-dir", str(folder / "logs"), "--port", str(port), "--quiet"]
    command += ["--drain-seconds", "0"]
    if rows is not None:
        command += ["--request-log", str(log), "--request-log-rows", str(rows)]
    server = stack.enter_context(subprocess.Popen(command, cwd=project))
    stack.callback(server.terminate)
    return Watched(server, f"http://127.0.0.1:{port}{PATH}", log)


def processor_seconds(server: Watched) -> float:
    """Return how long processors have worked for a server until now."""
    stat = Path(f"/proc/{server.process.pid}/stat").read_text("utf-8")
    user, system = map(int, stat.rpartition(")")[2].split()[11:13])  # see proc(5)
    return (user + system) / os.sysconf("SC_CLK_TCK")


def cost(server: Watched, body: Path, load: Load) -> float:
    """Return the processor's seconds for a request, over one turn."""
    before = processor_seconds(server)
    rate = press(server.url, body, load, SECONDS).rate
    time.sleep(SETTLE)
    return (processor_seconds(server) - before) / (rate * SECONDS)


def measure(project: Path, folder: Path) -> dict[tuple[Load, int], list[float]]:
    """Return what a request costs each server with a log, in shares of one without."""
    asked = folder / "asked"
    asked.mkdir()
    serving.make_model(asked)
    serving.our_server(project, asked / "model.onnx", folder / "models")
    images = (asked / "images-1.json").read_text("utf-8")
    body = folder / "body.json"
    body.write_text(f'{{"instances": {images}}}', encoding="utf-8")
    ratios: dict[tuple[Load, int], list[float]] = {}
    with ExitStack() as stack:
        servers = {each: start(stack, project, folder, each) for each in ROWS}
        for server in servers.values():
            wait_until_ready(server.url, body.read_bytes())
            press(server.url, body, SIXTEEN, SECONDS)
        for load in (ONE, SIXTEEN):
            for turn in range(TURNS):
                # Each second turn backwards: who comes first has no advantage.
                order = ROWS if turn % 2 else ROWS[::-1]
                costs = {each: cost(servers[each], body, load) for each in order}
                for each in ROWS:
                    if each is not None:
                        ratio = costs[each] / costs[None]
                        ratios.setdefault((load, each), []).append(ratio)
    for rows, server in servers.items():
        if rows is not None and not server.log.stat().st_size:
            raise SystemExit(f"nothing was logged in {server.log}")
    return ratios


def main() -> None:
    """Measure and print a line for each server and load."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a rendered project of images")
    project = parser.parse_args().project.resolve()
    with tempfile.TemporaryDirectory() as folder:
        for (load, rows), ratios in measure(project, Path(folder)).items():
            first, middle, last = statistics.quantiles(ratios, n=4)
            print(
                f"{rows:,} rows a second, {load.clients} clients: {middle:.3f} times "
                f"what a request costs without a log ({first:.3f} to {last:.3f}, "
                f"quartiles of {TURNS} turns)"
            )


if __name__ == "__main__":
    main()
