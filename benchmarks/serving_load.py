"""Requests to a server of `serving_peers.py`: one, checked; or many, counted by wrk."""

import json
import math
import statistics
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving_peers import HELLO, PEERS, Server, rows_of

WARM_UP = 1  # seconds
SECONDS_TO_READY = 60
TOLERANCE = 1e-4
JSON_TYPE, BINARY_TYPE = "application/json", "application/octet-stream"
HEAD_BYTES = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Load:
    """What is asked at once: images in a request, by so many clients, in what form."""

    images: int
    clients: int
    binary: bool = False  # the Open Inference Protocol's tensors as bytes, not JSON


ONE, SIXTEEN, MANY, BATCHES = JSON_LOADS = (
    Load(1, 1),
    Load(1, 16),
    Load(1, 64),
    Load(64, 16),
)
BINARY_LOADS = (Load(1, 1, True), Load(1, 16, True), Load(1, 64, True))


@dataclass(frozen=True)
class Figures:
    """Of one measurement: images a second; milliseconds that 99 of 100 stay under."""

    rate: float
    p99: float


@dataclass(frozen=True)
class Target:
    """An address, and what is sent there."""

    url: str
    body: Path
    head_bytes: int = 0  # of a binary body: how long its JSON is

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request."""
        if not self.head_bytes:
            return {"Content-Type": JSON_TYPE}
        return {"Content-Type": BINARY_TYPE, HEAD_BYTES: str(self.head_bytes)}


def ask(target: Target) -> bytes:
    """Send one request; return the answer, of a binary one its tensor."""
    body = target.body.read_bytes()
    request = urllib.request.Request(target.url, body, target.headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        answer: bytes = reply.read()
        return answer[int(reply.headers.get(HEAD_BYTES, 0)) :]


def wait_until_ready(target: Target) -> None:
    """Ask until the answer is no error: some servers listen before they can answer."""
    deadline = time.monotonic() + SECONDS_TO_READY
    while True:
        try:
            ask(target)
        except OSError as error:
            if time.monotonic() > deadline:
                detail = ""
                if isinstance(error, urllib.error.HTTPError):
                    detail = error.read().decode(errors="replace")
                raise SystemExit(f"{target.url}: {error} {detail}") from error
            time.sleep(0.5)
        else:
            return


def check(
    name: str, reply: bytes, expected: list[list[float]], binary: bool = False
) -> None:
    """Refuse to measure a server that gives other probabilities."""
    if binary:
        layout = f"<{len(expected[0])}f"
        rows = [list(values) for values in struct.iter_unpack(layout, reply)]
    else:
        rows = rows_of(json.loads(reply))
    if [len(row) for row in rows] != [len(row) for row in expected]:
        raise SystemExit(f"{name} answered {reply[:300]!r}")
    for row, wanted in zip(rows, expected, strict=True):
        if not all(
            map(lambda a, b: math.isclose(a, b, abs_tol=TOLERANCE), row, wanted)
        ):
            raise SystemExit(f"{name} answered {row}, not {wanted}")


def press(target: Target, clients: int, images: int, seconds: int) -> Figures:
    """Send a request again and again with wrk; fail if one of them failed.

    The slowest answer none of 16 requests in time: they get twice the time.
    """
    command = ["wrk", "--threads", "1", "--connections", str(clients)]
    command += ["--duration", f"{seconds}s", "--timeout", "30s", "--latency"]
    for name, value in target.headers.items():
        command += ["--header", f"{name}: {value}"]
    command += ["--script", str(PEERS / "post.lua"), target.url]
    done = subprocess.run(
        [*command, "--", str(target.body)], check=True, capture_output=True, text=True
    )
    result = json.loads(done.stdout.splitlines()[-1])
    if result["errors"]:
        raise SystemExit(f"{target.url}: requests failed\n{done.stdout}")
    if not result["requests"] and seconds < SECONDS_TO_READY:
        return press(target, clients, images, 2 * seconds)
    rate = result["requests"] * images / result["seconds"]
    return Figures(rate, result["p99_ms"])


def prepare(
    server: Server, port: int, folder: Path, asked: Path, loads: Iterable[Load]
) -> dict[Load, Target]:
    """Check a server's answers, warm it up; return what to send for each load.

    Args:
        server: The server.
        port: Where it listens.
        folder: Where to write what is sent.
        asked: Where the images are, and the right answers.
        loads: What to prepare, as far as the server takes it.
    """
    address = f"http://127.0.0.1:{port}"
    targets = {}
    for load in loads:
        if load.binary and not server.binary_path:
            continue
        name = f"{load.images}.json"
        images = json.loads((asked / f"images-{name}").read_text("utf-8"))
        body = folder / f"body-{load.images}-{load.binary}"
        if load.binary:
            head, tensor = binary(images)
            body.write_bytes(head + tensor)
            target = Target(address + server.binary_path, body, len(head))
        else:
            body.write_text(json.dumps(server.body(images)), encoding="utf-8")
            target = Target(address + server.path, body)
        wait_until_ready(target)
        if server is not HELLO:
            expected = json.loads((asked / f"probabilities-{name}").read_text("utf-8"))
            check(server.name, ask(target), expected, load.binary)
        press(target, load.clients, load.images, WARM_UP)
        targets[load] = target
    return targets


def binary(images: list[list[list[int]]]) -> tuple[bytes, bytes]:
    """Return the head and the tensor of a request of the Open Inference Protocol."""
    pixels = [pixel for image in images for row in image for pixel in row]
    tensor = struct.pack(f"<{len(pixels)}f", *pixels)
    shape = [len(images), len(images[0]), len(images[0][0])]
    about: dict[str, Any] = {"name": "images", "datatype": "FP32", "shape": shape}
    about["parameters"] = {"binary_data_size": len(tensor)}
    whole = {"inputs": [about], "parameters": {"binary_data_output": True}}
    head = json.dumps(whole).encode()
    # Filled up, so that the numbers lie where a processor likes them.
    return head.ljust(-(-len(head) // 8) * 8), tensor


def median(turns: list[Figures]) -> Figures:
    """Return the medians of the turns."""
    return Figures(
        statistics.median(turn.rate for turn in turns),
        statistics.median(turn.p99 for turn in turns),
    )
