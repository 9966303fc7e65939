"""Measure what the request log costs: one server without it beside two that have it.

    python benchmarks/request_log.py PROJECT

Needs `wrk` (Debian's package) and `uv`. PROJECT is a rendered project of images whose
environment holds the group `serve`. The servers take turns of a second with requests of
one image of 28 x 28 numbers; the ratio of each turn to the one before it is what counts,
so that a machine that slows down does so for all of them. Nothing listens beyond this
machine.
"""

import argparse
import socket
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import serving
from serving_load import ONE, SIXTEEN, Load, press, wait_until_ready

TURNS = 9
SECONDS = 1  # of a turn
PATH = "/v1/models/model:predict"
# How much of the requests is logged; none for the server without a log.
SHARES = (None, 0.1, 1.0)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def start(
    stack: ExitStack, project: Path, folder: Path, share: float | None
) -> tuple[str, Path]:
    """Start a server until the stack ends; return its address, and its log's file."""
    port, log = free_port(), folder / f"requests-{share}.db"
    command = [str(project / ".venv" / "bin" / project.name), "serve"]
    command += ["--models-dir", str(folder / "models"), "--access-log", "off"]
    command += ["--log-dir", str(folder / "logs"), "--port", str(port), "--quiet"]
    command += ["--drain-seconds", "0"]
    if share is not None:
        command += ["--request-log", str(log), "--request-log-share", str(share)]
    server = stack.enter_context(subprocess.Popen(command, cwd=project))
    stack.callback(server.terminate)
    return f"http://127.0.0.1:{port}{PATH}", log


def measure(project: Path, folder: Path) -> dict[tuple[Load, float], list[float]]:
    """Return how fast each server with a log is, in shares of the one without."""
    asked = folder / "asked"
    asked.mkdir()
    serving.make_model(asked)
    serving.our_server(project, asked / "model.onnx", folder / "models")
    images = (asked / "images-1.json").read_text("utf-8")
    body = folder / "body.json"
    body.write_text(f'{{"instances": {images}}}', encoding="utf-8")
    ratios: dict[tuple[Load, float], list[float]] = {}
    with ExitStack() as stack:
        servers = {each: start(stack, project, folder, each) for each in SHARES}
        for url, _ in servers.values():
            wait_until_ready(url, body.read_bytes())
            press(url, body, SIXTEEN, SECONDS)
        for load in (ONE, SIXTEEN):
            for turn in range(TURNS):
                # Each second turn backwards: who comes first has no advantage.
                order = SHARES if turn % 2 else SHARES[::-1]
                rates = {
                    each: press(servers[each][0], body, load, SECONDS).rate
                    for each in order
                }
                for each in SHARES:
                    if each is not None:
                        ratio = rates[each] / rates[None]
                        ratios.setdefault((load, each), []).append(ratio)
    for share, (_, log) in servers.items():
        if share is not None and not log.stat().st_size:
            raise SystemExit(f"nothing was logged in {log}")
    return ratios


def main() -> None:
    """Measure and print a line for each server and load."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a rendered project of images")
    project = parser.parse_args().project.resolve()
    with tempfile.TemporaryDirectory() as folder:
        for (load, share), ratios in measure(project, Path(folder)).items():
            first, middle, last = statistics.quantiles(ratios, n=4)
            print(
                f"{share:4.0%} logged, {load.clients:2} clients: {middle:.3f} of the "
                f"requests a second without a log ({first:.3f} to {last:.3f}, "
                f"quartiles of {TURNS} turns)"
            )


if __name__ == "__main__":
    main()
