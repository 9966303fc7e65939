"""Measure a rendered project's server beside the servers that serve the same model.

    python benchmarks/serving.py [PROJECT] [--only NAME ...]

Needs `wrk` (Debian's package) and `uv`, and Java 17 for TorchServe. PROJECT is a
rendered project of images whose environment holds the group `serve`; one is made if it
is not given. Linux only; nothing listens beyond this machine.

Each server has one worker, and has to give the probabilities that ONNX Runtime gives
before it is measured; not one answer may be an error afterwards. They take turns of a
few seconds, so that a machine that slows down does so for all of them; meanwhile the
others are stopped, as some of them are never idle. PyTriton goes on, since it ends when
it is stopped; while nobody asks it, it takes 0.3 % of a processor.
"""

import argparse
import http.client
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import serving_peers
from serving_load import (
    BATCHES,
    LOADS,
    ONE,
    SIXTEEN,
    Figures,
    Load,
    ask,
    median,
    prepare,
    press,
)
from serving_peers import BARE, HELLO, ONNXRUNTIME, PEERS, PYTHON, ROOT, SERVERS, Server

OURS = "This template"
TURNS = 3
WAKING = 5  # attempts, a second apart
SECONDS = 2  # of a measurement

Measured = dict[str, dict[Load, Figures]]


def make_model(folder: Path) -> None:
    """Write the model, the images and the right answers."""
    programs = serving_peers.environment(("onnx==1.23.2", ONNXRUNTIME))
    command = [str(programs / "python"), str(PEERS / "make_model.py"), str(folder)]
    subprocess.run(command, check=True)


def wake(url: str, body: bytes) -> None:
    """Ask a server that has stood still; some first notice that they missed something.

    What is measured is after that, and must have no error.
    """
    for attempt in range(WAKING):
        try:
            ask(url, body)
        except (OSError, http.client.HTTPException):
            if attempt == WAKING - 1:
                raise
            time.sleep(1)
        else:
            return


def without_a_server(model: Path) -> tuple[float, float]:
    """Return the rows a second of ONNX Runtime alone, one by one and by 64."""
    programs = serving_peers.environment(BARE.requirements)
    command = [str(programs / "python"), str(PEERS / "onnxruntime_alone.py"), "2"]
    done = subprocess.run(
        command, check=True, capture_output=True, env={"MODEL": str(model)}
    )
    one, many = map(float, done.stdout.split())
    return one, many


def make_project(folder: Path) -> Path:
    """Render a project and install what its server needs; no framework."""
    render = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
    options = ["--default-config", "--output-dir", str(folder)]
    subprocess.run([*render, *options], check=True, cwd=tempfile.gettempdir())
    (project,) = folder.iterdir()
    subprocess.run(
        ["uv", "venv", "--quiet", "--python", PYTHON, str(project / ".venv")],
        check=True,
    )
    install = ["uv", "pip", "install", "--quiet", "--python", str(project / ".venv")]
    groups = ("base", "serve", "build")
    files = [word for name in groups for word in ("-r", f"requirements/{name}.txt")]
    subprocess.run([*install, "--require-hashes", *files], check=True, cwd=project)
    itself = ["--no-deps", "--no-build-isolation", "--editable", "."]
    subprocess.run([*install, *itself], check=True, cwd=project)
    return project


def our_server(project: Path, model: Path, models_dir: Path) -> tuple[Server, Path]:
    """Put the model into the project; return its server and its programs."""
    programs = project / ".venv" / "bin"
    package = project.name.replace("-", "_")
    command = [str(programs / "python"), str(PEERS / "make_version.py"), package]
    subprocess.run([*command, str(model), str(models_dir)], check=True)
    server = Server(
        OURS,
        (),
        (f"{{bin}}/{project.name}", "serve", "--models-dir", str(models_dir))
        + ("--log-dir", "{folder}", "--port", "{port}", "--drain-seconds", "0"),
        path="/v1/models/model:predict",
        cwd=str(project),
        kind="yardstick",
    )
    return server, programs


def claims(measured: Measured, servers: list[Server]) -> list[str]:
    """Return what is wanted and what was seen, as ratios, by line."""
    lines = []
    for kinds, called in (
        ({"server", "framework"}, "the best peer"),
        ({"server"}, "the best server"),
    ):
        peers = {server.name for server in servers if server.kind in kinds}
        for load, what, wanted in (
            (ONE, "one image, 1 client", 3.0),
            (SIXTEEN, "one image, 16 clients", 3.0),
            (BATCHES, "64 images, 16 clients", 1.3),
        ):
            name = max(peers, key=lambda peer: measured[peer][load].rate)
            lines.append(claim(measured, what, load, called, name, wanted))
        name = min(peers, key=lambda peer: measured[peer][SIXTEEN].p99)
        ratio = measured[OURS][SIXTEEN].p99 / measured[name][SIXTEEN].p99
        lines.append(
            f"- p99 at 16 clients, beside {called}, {name}: {ratio:.2f} x "
            "(wanted: 1 x at most)."
        )
    for load, what in (
        (ONE, "one image, 1 client"),
        (SIXTEEN, "one image, 16 clients"),
    ):
        lines.append(claim(measured, what, load, "the bare one", BARE.name, 0.85))
    return lines


def claim(
    measured: Measured, what: str, load: Load, called: str, name: str, wanted: float
) -> str:
    """Return our rate beside another one."""
    ratio = measured[OURS][load].rate / measured[name][load].rate
    return f"- {what}, beside {called}, {name}: {ratio:.2f} x (wanted: {wanted} x)."


def section(
    measured: Measured, alone: tuple[float, float], servers: list[Server]
) -> list[str]:
    """Return a section of RESULTS.md, by line."""
    rows = []
    for name, figures in measured.items():
        cells = [f"{figures[ONE].rate:,.0f}", f"{figures[ONE].p99:.2f} ms"]
        cells += [f"{figures[SIXTEEN].rate:,.0f}", f"{figures[SIXTEEN].p99:.2f} ms"]
        cells.append(f"{figures[BATCHES].rate:,.0f}" if name != HELLO.name else "")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return [
        "## Serving",
        "",
        "`python benchmarks/serving.py`: images a second through each server, and the "
        "time that 99 of 100 requests stay under, measured with `wrk`: one image of "
        "28 x 28 numbers as JSON in a request, and 64. One worker each, the same "
        "perceptron (784-128-10) through ONNX Runtime with one thread (Keras runs it "
        "itself); every answer was compared before, and no request failed. "
        f"Medians of {TURNS} turns of {SECONDS} s.",
        "",
        "| Server | 1 client | p99 | 16 clients | p99 | batches of 64, 16 clients |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        f"| ONNX Runtime, no server | {alone[0]:,.0f} | | | | {alone[1]:,.0f} |",
        "",
        *claims(measured, servers),
        "",
    ]


def chosen(names: list[str] | None) -> tuple[Server, ...]:
    """Return the servers whose names start so; all of them if none is named."""
    return tuple(
        server
        for server in (*SERVERS, HELLO)
        if not names or any(server.name.lower().startswith(n.lower()) for n in names)
    )


def measure(
    folder: Path, project: Path | None = None, only: list[str] | None = None
) -> list[str]:
    """Measure all of it in an empty folder; return a section of RESULTS.md, by line."""
    asked = folder / "asked"
    asked.mkdir(parents=True)
    make_model(asked)
    project = project or make_project(folder / "project")
    ours = our_server(project, asked / "model.onnx", folder / "models")
    servers = [ours]
    for server in chosen(only):
        programs = serving_peers.environment(server.requirements, server.python)
        servers.append((server, programs))
    with ExitStack() as stack:
        lives, targets = {}, {}
        for number, (server, programs) in enumerate(servers):
            place = folder / str(number)
            run = serving_peers.running(server, programs, place, asked / "model.onnx")
            live = stack.enter_context(run)
            with live.alone():
                targets[server.name] = prepare(server, live.port, place, asked)
            lives[server.name] = live
        turns: dict[str, dict[Load, list[Figures]]] = {
            name: {load: [] for load in LOADS} for name in targets
        }
        for turn, load, name in product(range(TURNS), LOADS, targets):
            url, body = targets[name][load]
            with lives[name].alone():
                wake(url, body.read_bytes())
                figures = press(url, body, load, SECONDS)
                # It may still be at requests that wrk has left.
                ask(url, body.read_bytes())
            turns[name][load].append(figures)
            print(turn, load, name, figures, flush=True)
    measured = {
        name: {load: median(several) for load, several in loads.items()}
        for name, loads in turns.items()
    }
    alone = without_a_server(asked / "model.onnx")
    return section(measured, alone, [server for server, _ in servers])


def main() -> None:
    """Measure and print the section."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, nargs="?", help="a rendered project")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="of these servers only"
    )
    arguments = parser.parse_args()
    for program in ("wrk", "uv"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing: install it")
    project = arguments.project.resolve() if arguments.project else None
    # Like Ctrl-C: the servers are ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(measure(Path(folder), project, arguments.only)))


if __name__ == "__main__":
    main()
