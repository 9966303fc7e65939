"""deploy/tensorflow_serving/client.py against small servers in this process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from test_serving_fetch import Quiet, address_of, running

CLIENT = Path(__file__).parents[1] / "deploy/tensorflow_serving/client.py"
ROW = [0.25, 0.75]


class Serving(Quiet):
    """Answers every prediction with the same row for each instance."""

    row = ROW
    state = "AVAILABLE"

    def do_GET(self) -> None:
        """Say in which state the only version is."""
        self.answer(200, {"model_version_status": [{"state": self.state}]})

    def do_POST(self) -> None:
        """Predict, for the model `model` only."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/models/model:predict":
            self.answer(404, {"error": "no such model"})
        else:
            self.answer(200, {"predictions": [self.row for _ in body["instances"]]})

    def answer(self, status: int, content: Any) -> None:
        """Send JSON."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(**attributes: Any) -> Iterator[str]:
    """Run a server in a thread and give its address."""
    handler = type("Handler", (Serving,), attributes)
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield address_of(server)


def client(*arguments: str) -> tuple[int, str]:
    """Run the client; return its exit status and what it printed."""
    command = [sys.executable, str(CLIENT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_prints_the_most_probable_class_of_each_instance() -> None:
    with serving() as url:
        assert client("--url", url, "--wait", "5") == (0, "class 1: 0.7500\n" * 2)


@pytest.mark.parametrize(("other", "status"), [(0.25005, 0), (0.26, 1)])
def test_another_server_has_to_predict_the_same(other: float, status: int) -> None:
    with serving() as url, serving(row=[other, 1 - other]) as twin:
        found, printed = client("--url", url, "--same-as", twin)
    assert found == status
    assert f"largest difference to {twin}: " in printed


def test_a_refusal_is_told_with_the_servers_own_words() -> None:
    with serving() as url:
        status, printed = client("--url", url, "--name", "other")
    assert status == 1
    assert printed == f"{url}: 404: " + '{"error": "no such model"}\n'


def test_it_does_not_wait_for_ever() -> None:
    with serving(state="LOADING") as url:
        status, printed = client("--url", url, "--wait", "0.1")
    assert status == 1
    assert "did not become ready in 0.1 s: no version is available" in printed
