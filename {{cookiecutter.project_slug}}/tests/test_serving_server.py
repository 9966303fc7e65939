"""The command `serve` as a process: the port, signals, workers, connections."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.registry import promote
from {{ cookiecutter.package_name }}.serving import server

import graphs

PREDICT = "/v1/models/model:predict"
BODY = json.dumps({"instances": graphs.ROWS})
TRAINING = set("jax keras onnx pandas sklearn skops tensorflow torch".split())
# More than a busy machine needs; no test waits for it unless something is wrong.
PATIENCE = 60.0
REQUESTS = 10_000
READY = "Application startup complete"
ACCESS = Path("access.jsonl")

Start = Callable[..., "Server"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="ends servers by signals")


class Server:
    """A server that runs until the test ends."""

    def __init__(self, *options: str) -> None:
        """Start it and wait until it is ready."""
        module = "{{ cookiecutter.package_name }}.main"
        command = [sys.executable, "-m", module, "serve", "--port", "0"]
        self.log = Path("server.log")
        with self.log.open("w", encoding="utf-8") as log, ACCESS.open("wb") as access:
            self.process = subprocess.Popen(
                [*command, *options], stdout=access, stderr=log
            )
        self.port = int(self.wait_for(r" on http://127.0.0.1:(\d+)")[1])
        self.wait_for(READY)

    def wait_for(self, pattern: str, count: int = 1) -> re.Match[str]:
        """Wait until the server has said something so many times."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            text = self.log.read_text(encoding="utf-8")
            found = list(re.finditer(pattern, text))
            if len(found) >= count:
                return found[count - 1]
            assert self.process.poll() is None, text
            time.sleep(0.02)
        raise AssertionError(f"{pattern} was not said {count} times: {text}")

    def ask(self, path: str, body: str | None = None) -> tuple[int, Any]:
        """Send one request; return the status and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE)
        connection.request("POST" if body else "GET", path, body)
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        is_json = reply.getheader("content-type") == "application/json"
        return reply.status, json.loads(text) if is_json else text

    def connect(self) -> socket.socket:
        """Connect to the server."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def stop(self) -> int:
        """Ask the server to end and return its exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


@pytest.fixture
def start(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start servers of a model in two versions, the first one in production."""
    monkeypatch.setenv(f"{ENV_PREFIX}DRAIN_SECONDS", "0")
    for _ in range(2):
        graphs.save(project / "models/model")
    promote(project / "models/model", 1)
    servers = []

    def begin(*options: str) -> Server:
        servers.append(Server(*options))
        return servers[-1]

    yield begin
    for each in servers:
        if each.process.poll() is None:
            each.stop()  # killed, it would leave its workers behind


def test_without_a_model_it_says_what_to_run(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["serve"]) == 2
    assert "run the command `train`" in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused(project: Path) -> None:
    graphs.save(project / "models/model")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(SystemExit):
            main.main(["serve", "--port", port])
    (log,) = (project / "logs").iterdir()
    assert "ddress already in use" in log.read_text("utf-8")


def test_the_server_imports_nothing_that_trains(project: Path) -> None:
    graphs.save(project / "models/model")
    code = (
        "import sys\n"
        "import {{ cookiecutter.package_name }}.main\n"
        "from {{ cookiecutter.package_name }}.serving import server\n"
        "server.create_app(server.ServeSettings())\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    imported = set(shown.stdout.split())
    assert "starlette" in imported
    assert imported & TRAINING == set()


def test_it_predicts_until_it_is_asked_to_end(start: Start) -> None:
    running = start()
    status, reply = running.ask(PREDICT, BODY)
    assert (status, len(reply["predictions"])) == (200, 2)
    assert running.ask("/readyz")[1]["version"] == 1
    assert running.stop() == 0
    lines = ACCESS.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["status"] for line in lines] == [200, 200]


def test_a_request_in_hand_and_an_idle_connection_outlive_the_signal(
    start: Start,
) -> None:
    """Neither a body that is still coming nor a request on its way is lost."""
    running = start("--drain-seconds", "0.5")
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n\r\n"
    with (
        running.connect() as in_hand,
        running.connect() as idle,
    ):
        in_hand.sendall(f"{head}{BODY[:10]}".encode())
        assert running.ask("/readyz")[0] == 200
        running.process.terminate()
        while running.ask("/readyz")[0] != 503:
            time.sleep(0.01)
        running.wait_for("Shutting down")
        idle.sendall(f"{head}{BODY}".encode())
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        in_hand.sendall(BODY[10:].encode())
        assert in_hand.recv(15) == b"HTTP/1.1 200 OK"
    assert running.process.wait(PATIENCE) == 0


def test_a_second_signal_ends_the_drain(start: Start) -> None:
    running = start("--drain-seconds", "3600")
    running.process.terminate()
    while running.ask("/readyz")[0] != 503:
        time.sleep(0.01)
    assert running.stop() == 0


@pytest.mark.parametrize("begin", ["", "GET /healthz HTTP/1.1\r\nhost:"])
def test_a_head_that_never_ends_is_cut_off(begin: str, start: Start) -> None:
    running = start("--read-seconds", "0.2")
    with running.connect() as slow:
        slow.sendall(begin.encode())
        assert slow.recv(1) == b""
    with running.connect() as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert slow.recv(15) == b"HTTP/1.1 200 OK"
        slow.sendall(b"GET /healthz")
        while slow.recv(4096):
            continue
    assert running.ask("/healthz")[0] == 200


def test_a_body_that_never_ends_is_refused(start: Start) -> None:
    running = start("--read-seconds", "0.2")
    with running.connect() as slow:
        slow.sendall(f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\n".encode())
        slow.sendall(b"content-length: 9\r\n\r\n{")
        reply = http.client.HTTPResponse(slow)
        reply.begin()
        assert reply.status == 408
        assert "within 0.2 s" in json.load(reply)["error"]
        assert slow.recv(1) == b""
    running.stop()
    (line,) = ACCESS.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["status"] == 408


@pytest.mark.parametrize("begin", ["GET /" + "x" * 70_000, "GET / HTTP/1.1\r\nx: "])
def test_a_head_that_is_too_large_is_refused(begin: str, start: Start) -> None:
    running = start()
    with running.connect() as large:
        large.sendall(begin.encode())
        large.sendall(b"x" * 70_000 if len(begin) < 100 else b" HTTP/1.1\r\n\r\n")
        assert large.recv(12) == b"HTTP/1.1 431"
    status, _ = running.ask(PREDICT, json.dumps({"instances": graphs.ROWS * 400}))
    assert status == 200  # a body may be larger


def test_a_head_whose_end_comes_with_the_body_is_no_large_one(start: Start) -> None:
    running = start()
    body = json.dumps({"instances": graphs.ROWS * 400}) + " " * 70_000
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r"
    with running.connect() as client:
        client.sendall(head.encode())
        assert running.ask("/healthz")[0] == 200  # so the head has arrived
        client.sendall(b"\n" + body.encode())
        assert client.recv(12) == b"HTTP/1.1 200"


def test_trailers_that_never_end_are_cut_off(start: Start) -> None:
    running = start()
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with running.connect() as client, pytest.raises(OSError):
        client.sendall(f"{head}2\r\n[]\r\n0\r\n".encode())
        for _ in range(1000):
            client.sendall(b"x: " + b"x" * 70_000 + b"\r\n")


def test_who_is_refused_at_once_may_send_the_rest(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ENV_PREFIX}API_KEY", "open sesame")
    running = start()
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n"
    with running.connect() as client:
        for _ in range(2):
            client.sendall(head.encode())
            assert client.recv(12) == b"HTTP/1.1 401"
            client.sendall(b"x" * 900_000)
            while not client.recv(4096).endswith(b"}"):
                continue


def test_who_offers_http_2_is_answered_as_if_it_had_not(start: Start) -> None:
    running = start()
    offer = "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: x"
    length = f"content-length: {len(BODY)}"
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\n{offer}\r\n{length}\r\n\r\n"
    with running.connect() as client:
        thirds = [head[:60], head[60:] + BODY[:9], BODY[9:]]
        for parts in ([head + BODY], [head, BODY], thirds):
            for part in parts:
                client.sendall(part.encode())
                time.sleep(0.02)
            reply = http.client.HTTPResponse(client)
            reply.begin()
            assert (reply.status, len(json.load(reply)["predictions"])) == (200, 2)


@pytest.mark.parametrize("requests", [200, 500])
def test_who_reads_no_answer_is_cut_off(requests: int, start: Start) -> None:
    running = start("--read-seconds", "0.2")
    asked = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.connect(("127.0.0.1", running.port))
        greedy.settimeout(PATIENCE)
        with pytest.raises(OSError):
            greedy.sendall(asked * requests)
            while True:  # more than the systems of both sides keep for them
                greedy.sendall(b"x")
                time.sleep(0.02)
    assert running.ask(PREDICT, BODY)[0] == 200


def test_workers_outlive_a_lost_model_and_end_with_their_parent(
    start: Start, project: Path
) -> None:
    running = start("--workers", "2")
    running.wait_for(READY, 2)
    text = running.log.read_text(encoding="utf-8")
    folder = Path(re.findall(r"workers count in (\S+),", text)[0])
    one, other = map(int, re.findall(r"Started server process \[(\d+)\]", text))
    (project / "models").rename(project / "away")
    os.kill(one, signal.SIGKILL)
    running.wait_for("this worker cannot start, another will try")
    assert running.ask(PREDICT, BODY)[0] == 200
    (project / "away").rename(project / "models")
    running.wait_for(READY, 3)
    running.process.kill()
    running.process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while folder.exists() or alive(other):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(OSError):
        while True:  # until the last of them has ended
            running.ask("/healthz")


def alive(pid: int) -> bool:
    """Whether there is a process of that number that has not ended."""
    try:
        return "Z (" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_the_files_that_may_be_open_are_many_and_their_end_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        server.raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
        server.warn_of_files()
        assert not caplog.text
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
        server.warn_of_files()
        assert "a larger `ulimit -n`" in caplog.text
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def keep_asking(port: int, results: list[str], enough: threading.Event) -> None:
    """Be a client, with one connection, opened again where the server asks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, PATIENCE)
    while not enough.is_set():
        try:
            connection.request("POST", PREDICT, BODY)
            reply = connection.getresponse()
            reply.read()
            results.append(str(reply.status))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            results.append(repr(error))
    connection.close()


def predictions(running: Server) -> Counter[str]:
    """Return how many rows each version has predicted, as /metrics says."""
    figures = running.ask("/metrics")[1]
    counts: Counter[str] = Counter()
    for version, count in re.findall(
        r'^predictions_total\{.*version="(.)".* (.*)$', figures, re.M
    ):
        counts[version] += int(float(count))
    return counts


@pytest.mark.parametrize("restart", ["SIGHUP to all", "SIGTERM to each"])
def test_no_request_fails_while_the_version_and_the_workers_are_replaced(
    restart: str, start: Start, project: Path
) -> None:
    running = start("--workers", "2", "--drain-seconds", "0.5")
    running.wait_for(READY, 2)
    results: list[str] = []
    enough = threading.Event()
    clients = ThreadPoolExecutor(4)
    for _ in range(4):
        clients.submit(keep_asking, running.port, results, enough)
    try:
        while len(results) < 1000:
            time.sleep(0.01)
        promote(project / "models/model", 2)
        running.wait_for("version 2 is served, not 1", 2)
        if restart == "SIGHUP to all":
            running.process.send_signal(signal.SIGHUP)
        else:
            text = running.log.read_text(encoding="utf-8")
            one, other = re.findall(r"Started server process \[(\d+)\]", text)
            os.kill(int(one), signal.SIGTERM)
            running.wait_for(READY, 3)
            os.kill(int(other), signal.SIGTERM)
        running.wait_for(READY, 4)
        running.wait_for("Finished server process", 2)
        while len(results) < REQUESTS:
            time.sleep(0.01)
    finally:
        enough.set()
        clients.shutdown()
    assert set(results) == {"200"}
    # Each worker counted on its own, those that have ended too; and it counts a request
    # when it is answered, so perhaps a moment after the client has the answer.
    wanted = len(results) * len(graphs.ROWS)
    deadline = time.monotonic() + PATIENCE
    while sum((counts := predictions(running)).values()) < wanted:
        assert time.monotonic() < deadline, counts
        time.sleep(0.02)
    assert counts.keys() == {"1", "2"}
    assert counts.total() == wanted
    assert running.stop() == 0
