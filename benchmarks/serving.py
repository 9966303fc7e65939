"""Measure a rendered project's server beside the servers that serve the same model.

    python benchmarks/serving.py [PROJECT] [--only NAME ...]

Needs `wrk` (Debian's package) and `uv`, and Java 17 for TorchServe. PROJECT is a
rendered project of images whose environment holds the group `serve`; one is made if it
is not given. Linux only; nothing listens beyond this machine.

Each server has one worker, and has to give the probabilities that ONNX Runtime gives
before it is measured; not one answer may be an error afterwards. They take turns of a
few seconds, so that a machine that slows down does so for all of them; the ones that
nobody asks are idle.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import serving_peers
from serving_peers import BARE, HELLO, ONNXRUNTIME, PEERS, PYTHON, ROOT, SERVERS, Server

OURS = "This template"
TURNS = 5
SECONDS = 2  # of a measurement
WARM_UP = 1
SECONDS_TO_READY = 60
TOLERANCE = 1e-4
JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Load:
    """What is asked at once: images in a request, by so many clients."""

    images: int
    clients: int


ONE, SIXTEEN, BATCHES = LOADS = (Load(1, 1), Load(1, 16), Load(64, 16))


@dataclass(frozen=True)
class Figures:
    """Of one measurement: images a second; milliseconds that 99 of 100 stay under."""

    rate: float
    p99: float


Measured = dict[str, dict[Load, Figures]]
Targets = dict[Load, tuple[str, Path]]  # an address, and the file that is sent there


def ask(url: str, body: bytes) -> bytes:
    """Send one request; return the answer."""
    request = urllib.request.Request(url, body, {"Content-Type": JSON_TYPE})
    with urllib.request.urlopen(request, timeout=30) as reply:
        answer: bytes = reply.read()
    return answer


def wait_until_ready(url: str, body: bytes) -> None:
    """Ask until the answer is no error: some servers listen before they can answer."""
    deadline = time.monotonic() + SECONDS_TO_READY
    while True:
        try:
            ask(url, body)
        except OSError as error:
            if time.monotonic() > deadline:
                detail = ""
                if isinstance(error, urllib.error.HTTPError):
                    detail = error.read().decode(errors="replace")
                raise SystemExit(f"{url}: {error} {detail}") from error
            time.sleep(0.5)
        else:
            return


def check(name: str, reply: bytes, expected: list[list[float]]) -> None:
    """Refuse to measure a server that gives other probabilities."""
    rows = serving_peers.rows_of(json.loads(reply))
    if [len(row) for row in rows] != [len(row) for row in expected]:
        raise SystemExit(f"{name} answered {reply[:300]!r}")
    for row, wanted in zip(rows, expected, strict=True):
        if not all(
            map(lambda a, b: math.isclose(a, b, abs_tol=TOLERANCE), row, wanted)
        ):
            raise SystemExit(f"{name} answered {row}, not {wanted}")


def press(url: str, body: Path, load: Load, seconds: int) -> Figures:
    """Send a request again and again with wrk; fail if one of them failed.

    The slowest answer none of 16 requests in time: they get twice the time.
    """
    command = ["wrk", "--threads", "1", "--connections", str(load.clients)]
    command += ["--duration", f"{seconds}s", "--timeout", "30s", "--latency"]
    command += ["--script", str(PEERS / "post.lua"), url, "--", str(body), JSON_TYPE]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads(done.stdout.splitlines()[-1])
    if result["errors"]:
        raise SystemExit(f"{url}: requests failed\n{done.stdout}")
    if not result["requests"] and seconds < SECONDS_TO_READY:
        return press(url, body, load, 2 * seconds)
    rate = result["requests"] * load.images / result["seconds"]
    return Figures(rate, result["p99_ms"])


def prepare(server: Server, port: int, folder: Path, asked: Path) -> Targets:
    """Check a server's answers, warm it up; return what wrk needs for each load."""
    url = f"http://127.0.0.1:{port}{server.path}"
    targets = {}
    for load in LOADS:
        name = f"{load.images}.json"
        images = json.loads((asked / f"images-{name}").read_text("utf-8"))
        body = folder / f"body-{name}"
        body.write_text(json.dumps(server.body(images)), encoding="utf-8")
        wait_until_ready(url, body.read_bytes())
        if server is not HELLO:
            expected = json.loads((asked / f"probabilities-{name}").read_text("utf-8"))
            check(server.name, ask(url, body.read_bytes()), expected)
        press(url, body, load, WARM_UP)
        targets[load] = url, body
    return targets


def median(turns: list[Figures]) -> Figures:
    """Return the medians of the turns."""
    return Figures(
        statistics.median(turn.rate for turn in turns),
        statistics.median(turn.p99 for turn in turns),
    )


def make_model(folder: Path) -> None:
    """Write the model, the images and the right answers."""
    programs = serving_peers.environment(("onnx==1.23.2", ONNXRUNTIME))
    command = [str(programs / "python"), str(PEERS / "make_model.py"), str(folder)]
    subprocess.run(command, check=True)


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


def measure(folder: Path, project: Path | None, only: list[str] | None) -> list[str]:
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
        targets = {}
        for number, (server, programs) in enumerate(servers):
            place = folder / str(number)
            run = serving_peers.running(server, programs, place, asked / "model.onnx")
            port = stack.enter_context(run)
            targets[server.name] = prepare(server, port, place, asked)
        turns: dict[str, dict[Load, list[Figures]]] = {
            name: {load: [] for load in LOADS} for name in targets
        }
        for turn, load, name in product(range(TURNS), LOADS, targets):
            url, body = targets[name][load]
            figures = press(url, body, load, SECONDS)
            turns[name][load].append(figures)
            print(turn, load, name, figures, flush=True)
            # It may still be at requests that wrk has left; none shall run beside it.
            ask(url, body.read_bytes())
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
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(measure(Path(folder), project, arguments.only)))


if __name__ == "__main__":
    main()
