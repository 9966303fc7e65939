"""Render the template, set the project up, train a model, score it, and serve it.

    python tools/demo.py [key=value ...]     make demo FRAMEWORK=pytorch

The project goes to build/demo/; one that is there from an earlier run is replaced, but
its environment is kept, so that a second demo is quick. What UV_FIND_LINKS names is
taken into account: see local_wheels.py. The seconds of each step stand at the end.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "build" / "demo"
ON_WINDOWS = os.name == "nt"
PREDICT = "/v1/models/{name}:predict"  # TensorFlow Serving's
MODEL = "model"
START_SECONDS = 60
# When `make demo` began, in seconds since 1970; what it has done since is a step, too.
STARTED = float(os.environ.get("DEMO_STARTED", time.time()))


class Steps:
    """What was done, and how long it took."""

    def __init__(self) -> None:
        """Count what was done before this program began."""
        self.seconds = {"uv and cookiecutter": time.time() - STARTED}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done in this context."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started

    def __str__(self) -> str:
        """Return a line for each step, and one for all of them."""
        rows = [*self.seconds.items(), ("all", sum(self.seconds.values()))]
        return "\n".join(f"{seconds:6.1f} s  {name}" for name, seconds in rows)


def run(*command: str | Path, folder: Path, environment: dict[str, str]) -> None:
    """Show and run a command; stop with its status if it fails."""
    shown = [
        os.path.relpath(part, folder) if isinstance(part, Path) else part
        for part in command
    ]
    print(f"\n$ {' '.join(shown)}", flush=True)
    finished = subprocess.run(command, cwd=folder, env=environment, check=False)
    if finished.returncode:
        raise SystemExit(finished.returncode)


def render(answers: list[str]) -> Path:
    """Render the project and return its folder.

    An earlier environment is kept if it is of the same project and the same Python: its
    programs name the folder that they were installed in.
    """
    kept = DEMO.with_name(".demo-venv")
    earlier = ("", "")
    for folder in DEMO.glob("*/.venv"):
        shutil.rmtree(kept, ignore_errors=True)
        folder.rename(kept)
        earlier = described(folder.parent)
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    # The Python that runs this is there, whatever the default answer is.
    python = f"python_version={sys.version_info.major}.{sys.version_info.minor}"
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), python, *answers]
    options = ["--no-input", "--default-config", "--output-dir", str(DEMO)]
    subprocess.run([*command, *options], check=True)
    (project,) = DEMO.iterdir()
    if kept.exists():
        if earlier == described(project):
            kept.rename(project / ".venv")
        else:
            shutil.rmtree(kept)
    return project


def described(project: Path) -> tuple[str, str]:
    """Return what an environment belongs to: the project's name, and its Python."""
    version = (project / ".python-version").read_text(encoding="utf-8")
    return project.name, version


def ask_a_server(project: Path, program: Path, environment: dict[str, str]) -> None:
    """Serve the model for one prediction: the example of the server's own document."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [str(program), "serve", "--quiet", "--port", str(port)]
    print(f"\n$ {os.path.relpath(program, project)} serve --port {port} &", flush=True)
    with subprocess.Popen(
        [*command, "--no-access-log", "--drain-seconds", "0"],
        cwd=project,
        env=environment,
    ) as server:
        try:
            wait_for(address, server)
            operation = fetch(f"{address}/openapi.json")["paths"][PREDICT]["post"]
            examples = operation["requestBody"]["content"]["application/json"][
                "examples"
            ]
            body = json.dumps(next(iter(examples.values()))["value"])
            url = address + PREDICT.format(name=MODEL)
            print(f"$ curl {url} -d '{shortened(body)}'")
            print(shortened(json.dumps(fetch(url, body))))
        finally:
            server.terminate()


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until a server is ready; stop if it ends or takes too long."""
    end = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            fetch(f"{address}/readyz")
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


def fetch(url: str, body: str | None = None) -> Any:
    """Return what a server answers, from JSON; POST a body if there is one."""
    data = None if body is None else body.encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
        return json.load(answer)


def shortened(text: str, size: int = 100) -> str:
    """Return the start of a text."""
    return text if len(text) <= size else f"{text[:size]} ..."


def set_up(project: Path, environment: dict[str, str], *names: str) -> None:
    """Install some of the project's files of requirements, those that it has."""
    there = [name for name in names if (project / f"requirements/{name}.txt").exists()]
    script = project / "scripts" / ("setup_uv.ps1" if ON_WINDOWS else "setup_uv.sh")
    shell = ["powershell", "-File"] if ON_WINDOWS else ["bash"]
    run(*shell, script, *there, folder=project, environment=environment)


def main(answers: list[str]) -> None:
    """Do it all, and say how long it took."""
    steps = Steps()
    with steps.step("render"):
        project = render(answers)
    # The template's environment must not be taken for the project's.
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    wheels = [sys.executable, str(ROOT / "tools" / "local_wheels.py"), str(project)]
    if subprocess.run(wheels, check=False).returncode:
        raise SystemExit(1)
    with steps.step("set up what training needs"):
        set_up(project, environment, "train", "track")
    program = project / ".venv" / ("Scripts" if ON_WINDOWS else "bin") / project.name
    with steps.step("train and evaluate"):
        run(program, folder=project, environment=environment)
    if (project / "requirements/serve.txt").exists():
        with steps.step("set up what serving needs"):
            set_up(project, environment, "serve")
        with steps.step("serve"):
            ask_a_server(project, program, environment)
    print(f"\nproject: {os.path.relpath(project)}\n{steps}")


if __name__ == "__main__":
    main(sys.argv[1:])
