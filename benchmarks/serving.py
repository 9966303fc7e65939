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
    BINARY_LOADS,
    JSON_LOADS,
    MANY,
    ONE,
    SIXTEEN,
    Figures,
    Load,
    Target,
    ask,
    median,
    prepare,
    press,
)
from serving_peers import BARE, HELLO, ONNXRUNTIME, PEERS, PYTHON, ROOT, SERVERS, Server

OURS = "This template"
CNN = ("the CNN, micro-batches", "the CNN, each request alone")
TURNS = 3
WAKING = 5  # attempts, a second apart
SECONDS = 2  # of a measurement

Measured = dict[str, dict[Load, Figures]]


def make_model(folder: Path) -> None:
    """Write the model, the images and the right answers."""
    programs = serving_peers.environment(("onnx==1.23.2", ONNXRUNTIME))
    command = [str(programs / "python"), str(PEERS / "make_model.py"), str(folder)]
    subprocess.run(command, check=True)


def wake(target: Target) -> None:
    """Ask a server that has stood still; some first notice that they missed something.

    What is measured is after that, and must have no error.
    """
    for attempt in range(WAKING):
        try:
            ask(target)
        except (OSError, http.client.HTTPException):
            if attempt == WAKING - 1:
                raise
            time.sleep(1)
        else:
            return


def without_a_server(model: Path, *rows: int) -> list[float]:
    """Return the rows a second of ONNX Runtime alone, so many at a time."""
    programs = serving_peers.environment(BARE.requirements)
    command = [str(programs / "python"), str(PEERS / "onnxruntime_alone.py")]
    done = subprocess.run(
        [*command, str(SECONDS), *map(str, rows)],
        check=True,
        capture_output=True,
        env={"MODEL": str(model)},
    )
    return [float(word) for word in done.stdout.split()]


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
    files = ["-r", "requirements/serve.txt", "-r", "requirements/build.txt"]
    subprocess.run([*install, "--require-hashes", *files], check=True, cwd=project)
    itself = ["--no-deps", "--no-build-isolation", "--editable", "."]
    subprocess.run([*install, *itself], check=True, cwd=project)
    return project


def our_server(
    project: Path, model: Path, models_dir: Path, name: str = OURS, *options: str
) -> tuple[Server, Path]:
    """Put a model into the project; return its server and its programs."""
    programs = project / ".venv" / "bin"
    package = project.name.replace("-", "_")
    command = [str(programs / "python"), str(PEERS / "make_version.py"), package]
    subprocess.run([*command, str(model), str(models_dir)], check=True)
    server = Server(
        name,
        (),
        (f"{{bin}}/{project.name}", "serve", "--models-dir", str(models_dir))
        + ("--log-dir", "{folder}", "--port", "{port}", "--drain-seconds", "0")
        + options,
        path="/v1/models/model:predict",
        binary_path="/v2/models/model/infer",
        cwd=str(project),
        kind="yardstick",
    )
    return server, programs


def claims(measured: Measured, servers: list[Server]) -> list[str]:
    """Return what is wanted and what was seen beside others, as ratios, by line."""
    ours = measured[OURS]
    lines = []
    for load in (ONE, SIXTEEN, MANY, *BINARY_LOADS):
        ratio = ours[load].rate / measured[BARE.name][load].rate
        what = f"{'binary tensors' if load.binary else 'JSON'}, {load.clients} clients"
        lines.append(f"- {what}, beside the bare one: {ratio:.2f} x (wanted: 0.85 x).")
    for kinds, called in (
        ({"server", "framework"}, "peer"),
        ({"server"}, "server"),
    ):
        peers = {
            each.name: measured[each.name] for each in servers if each.kind in kinds
        }
        if not peers:
            continue
        for load in (ONE, SIXTEEN, BATCHES):
            name = max(peers, key=lambda peer: peers[peer][load].rate)
            ratio = ours[load].rate / peers[name][load].rate
            wanted = " (wanted: 2 x)" if load is BATCHES and called == "server" else ""
            what = f"{load.images} images a request, {load.clients} clients"
            lines.append(
                f"- {what}, beside the best {called}, {name}: {ratio:.2f} x{wanted}."
            )
        name = min(peers, key=lambda peer: peers[peer][SIXTEEN].p99)
        ratio = ours[SIXTEEN].p99 / peers[name][SIXTEEN].p99
        lines.append(
            f"- p99 at 16 clients, beside the best {called}, {name}: {ratio:.2f} x "
            "(wanted: 1 x at most)."
        )
    return lines


def of_batches(measured: Measured, alone: list[float]) -> list[str]:
    """Return what micro-batches give; `alone` is without a server, for each load."""
    lines = []
    for load, ceiling in zip((SIXTEEN, MANY), alone[1:], strict=True):
        together, single = (measured[name][load] for name in CNN)
        lines.append(
            f"- a CNN of 5 million weights, {load.clients} clients, in micro-batches: "
            f"{together.rate:,.0f} images a second, p99 {together.p99:.0f} ms; each "
            f"request alone: {single.rate:,.0f}, {single.p99:.0f} ms; "
            f"{together.rate / single.rate:.2f} x. ONNX Runtime itself is "
            f"{ceiling / alone[0]:.2f} x as fast with {load.clients} images at once."
        )
    return lines


def section(
    measured: Measured,
    servers: list[Server],
    alone: list[float],
    cnn_alone: list[float],
) -> list[str]:
    """Return a section of RESULTS.md, by line."""
    rows = []
    for name, figures in measured.items():
        if name in CNN:
            continue
        cells = []
        for load in (ONE, SIXTEEN, MANY):
            cells += [f"{figures[load].rate:,.0f}", f"{figures[load].p99:.2f} ms"]
        cells.append(f"{figures[BATCHES].rate:,.0f}" if name != HELLO.name else "")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    head = " | ".join(f"{load.clients} clients | p99" for load in (ONE, SIXTEEN, MANY))
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
        f"| Server | {head} | batches of 64, 16 clients |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        f"| ONNX Runtime, no server | {alone[0]:,.0f} | | | | | | {alone[1]:,.0f} |",
        "",
        *claims(measured, servers),
        *of_batches(measured, cnn_alone),
        "",
    ]


def chosen(names: list[str] | None) -> tuple[Server, ...]:
    """Return the servers whose names start so; all of them if none is named."""
    return tuple(
        server
        for server in (*SERVERS, HELLO)
        if not names or any(server.name.lower().startswith(n.lower()) for n in names)
    )


def take_turns(
    servers: list[tuple[Server, Path]], folder: Path, asked: Path, loads: list[Load]
) -> Measured:
    """Start servers and press each in turns; the images and answers are in `asked`."""
    with ExitStack() as stack:
        lives, targets = {}, {}
        for number, (server, programs) in enumerate(servers):
            place = folder / str(number)
            run = serving_peers.running(server, programs, place, asked / "model.onnx")
            live = stack.enter_context(run)
            with live.alone():
                targets[server.name] = prepare(server, live.port, place, asked, loads)
            lives[server.name] = live
        turns: dict[str, dict[Load, list[Figures]]] = {
            name: {load: [] for load in known} for name, known in targets.items()
        }
        for turn, load, name in product(range(TURNS), loads, targets):
            if (target := targets[name].get(load)) is None:
                continue
            with lives[name].alone():
                wake(target)
                figures = press(target, load.clients, load.images, SECONDS)
                ask(target)  # it may still be at requests that wrk has left
            turns[name][load].append(figures)
            print(turn, load, name, figures, flush=True)
    return {
        name: {load: median(several) for load, several in by_load.items()}
        for name, by_load in turns.items()
    }


def measure(
    folder: Path, project: Path | None = None, only: list[str] | None = None
) -> list[str]:
    """Measure all of it in an empty folder; return a section of RESULTS.md, by line."""
    asked, cnn = folder / "asked", folder / "asked" / "cnn"
    asked.mkdir(parents=True)
    make_model(asked)
    project = project or make_project(folder / "project")
    servers = [our_server(project, asked / "model.onnx", folder / "models")]
    for server in chosen(only):
        programs = serving_peers.environment(server.requirements, server.python)
        servers.append((server, programs))
    loads = [*JSON_LOADS, *BINARY_LOADS]
    measured = take_turns(servers, folder / "turns", asked, loads)
    both = [
        our_server(project, cnn / "model.onnx", folder / "cnn", name, *options)
        for name, options in zip(CNN, ((), ("--max-batch-rows", "1")))
    ]
    measured |= take_turns(both, folder / "turns-cnn", cnn, [SIXTEEN, MANY])
    alone = without_a_server(asked / "model.onnx", 1, 64)
    cnn_alone = without_a_server(cnn / "model.onnx", 1, 16, 64)
    return section(measured, [each for each, _ in servers], alone, cnn_alone)


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
