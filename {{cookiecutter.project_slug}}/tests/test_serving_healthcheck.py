"""The check that Docker runs: of servers that are well, unwell, silent and gone."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from {{ cookiecutter.package_name }}.serving import healthcheck

from loopback import Quiet, running


class Answer(Quiet):
    """Answers to /healthz alone."""

    status = 200

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()


@pytest.fixture(name="server")
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """Return a running server, whose port the environment names."""
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Answer)) as server:
        monkeypatch.setenv(healthcheck.PORT, str(server.server_port))
        yield server


def test_a_server_that_is_well_passes(server: ThreadingHTTPServer) -> None:
    assert healthcheck.main() == 0


def test_another_status_fails_and_is_named(
    server: ThreadingHTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Answer, "status", 503)
    assert healthcheck.main() == 1
    assert "/healthz answers 503" in capsys.readouterr().out


def test_silence_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(healthcheck, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(healthcheck.PORT, str(silent.getsockname()[1]))
        assert healthcheck.main() == 1
    assert "no answer from 127.0.0.1:" in capsys.readouterr().out


def test_no_server_is_the_exit_status_of_the_process() -> None:
    """As Docker runs it; the port is one that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-m", healthcheck.__name__],
        env={healthcheck.PORT: str(port)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "no answer from" in done.stdout and done.stderr == ""
