"""Requests to a server of `serving_peers.py`: one, checked; or many, counted by wrk."""

import json
import math
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from serving_peers import HELLO, PEERS, Server, rows_of

WARM_UP = 1  # seconds
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
    rows = rows_of(json.loads(reply))
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
