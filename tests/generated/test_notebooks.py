"""The notebooks where people open them: JupyterLab, and a kernel of JupyterHub.

As docs/how-to/notebooks.md says, in environments beside those of projects.
"""

import json
import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websocket

from environments import Installed, InstalledProject
from serving.running import environment, free_ports, started

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

HUB = ["jupyterhub==5.*", "jupyterlab==4.*"]
PROXY = "configurable-http-proxy@5.3.0"
USER, PASSWORD = "ada", "a word of the tests"  # pragma: allowlist secret
NOTEBOOKS = ["explain", "explore", "train"]
READY_SECONDS = 120


@pytest.fixture(
    # The tests of each project run its notebooks as scripts.
    params=["scikit-learn", pytest.param("tensorflow", marks=pytest.mark.matrix)]
)
def project(request: pytest.FixtureRequest, installed: Installed) -> InstalledProject:
    """A project with images, and one with a table; each has a model."""
    project = installed(request.param)
    project.run(project.path.name, "train", "--quiet")
    return project


def test_jupyter_runs_each_notebook_and_git_sees_no_output(
    project: InstalledProject,
) -> None:
    """In the environment that `make notebook` makes beside the project's own."""
    tasks = tomllib.loads((project.path / "pyproject.toml").read_text("utf-8"))
    run = tasks["tool"]["poe"]["tasks"]["notebook"]["cmd"].split()
    assert run[-2:] == ["jupyter", "lab"]
    files = sorted((project.path / "notebooks").glob("*.py"))
    assert [file.stem for file in files] == NOTEBOOKS
    project.run(*run[:-2], "jupytext", "--sync", *map(str, files))
    pairs = [file.with_suffix(".ipynb") for file in files]
    execute = ("nbconvert", "--to", "notebook", "--execute", "--inplace")
    project.run(*run[:-1], *execute, *map(str, pairs))
    for pair in pairs:
        cells = json.loads(pair.read_text("utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert any("image/png" in output.get("data", {}) for output in outputs)
    assert project.changes() == ""


def test_make_notebook_opens_a_script_and_saves_a_pair(
    installed: Installed, tmp_path: Path
) -> None:
    """The outputs go to the file that git ignores."""
    project = installed("scikit-learn")
    pair = project.path / "notebooks/explore.ipynb"
    pair.unlink(missing_ok=True)
    (port,) = free_ports(1)
    options = f"--no-browser --port {port} --allow-root --IdentityProvider.token=open"
    command = ["make", "notebook", f"ARGS={options}"]
    address = f"http://127.0.0.1:{port}/api"
    file = f"{address}/contents/notebooks/explore.py?type=notebook"
    token = {"Authorization": "token open"}
    with started(command, project.path, address, tmp_path / "lab.log"):
        opened = httpx.get(file, headers=token).raise_for_status().json()
        cells = opened["content"]["cells"]
        text = {"output_type": "stream", "name": "stdout", "text": "what it printed"}
        cells[1]["outputs"] = [text]
        httpx.put(file, headers=token, json=opened).raise_for_status()
    assert {cell["cell_type"] for cell in cells} == {"markdown", "code"}
    assert "what it printed" in pair.read_text("utf-8")
    assert project.changes() == ""


@pytest.fixture
def kernel(installed: Installed, tmp_path: Path) -> Iterator[InstalledProject]:
    """A project whose environment is a kernel of a user's, as the how-to says."""
    project = installed("scikit-learn")
    added = project.run("uv", "pip", "install", "ipykernel")
    install = ("python", "-m", "ipykernel", "install", "--user", "--name")
    project.run("env", f"HOME={tmp_path}", *install, project.path.name)
    yield project
    names = re.findall(r"(?m)^ \+ (\S+)==", added)
    project.run("uv", "pip", "uninstall", *names)


@pytest.fixture
def hub(kernel: InstalledProject, tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterHub, in an environment of its own."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("npm is not installed")
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([npm, "install", *options, PROXY], cwd=tmp_path, check=True)
    proxy = str(tmp_path / "node_modules/.bin/configurable-http-proxy")
    programs = environment("jupyterhub", HUB)
    public, api, own = free_ports(3)
    address = f"http://127.0.0.1:{public}"
    settings = {
        "JupyterHub.authenticator_class": "dummy",
        "DummyAuthenticator.password": PASSWORD,
        "Authenticator.allowed_users": {USER},
        "JupyterHub.spawner_class": "simple",
        "SimpleLocalProcessSpawner.home_dir_template": str(tmp_path),
        "Spawner.cmd": [str(programs / "jupyterhub-singleuser"), "--allow-root"],
        "Spawner.notebook_dir": str(kernel.path),
        "JupyterHub.bind_url": address,
        "JupyterHub.hub_bind_url": f"http://127.0.0.1:{own}",
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{api}",
        "ConfigurableHTTPProxy.command": [node, proxy],
    }
    lines = [f"c.{name} = {value!r}\n" for name, value in settings.items()]
    (tmp_path / "jupyterhub_config.py").write_text("".join(lines), encoding="utf-8")
    with started([str(programs / "jupyterhub")], tmp_path, f"{address}/hub/health"):
        yield address


def test_a_user_of_jupyterhub_logs_in_and_runs_a_notebook(
    hub: str, kernel: InstalledProject
) -> None:
    with httpx.Client(base_url=hub, timeout=READY_SECONDS) as browser:
        log_in(browser)
        server = f"/hub/api/users/{USER}/server"
        browser.post(server).raise_for_status()
        wait_for_server(browser, running=True)
        try:
            printed = run_in_kernel(browser, kernel)
        finally:
            browser.delete(server).raise_for_status()
            wait_for_server(browser, running=False)
    assert printed.startswith(str(kernel.path / "src"))
    assert "455 rows to train on and 114 to test on" in printed
    for process in printed.splitlines()[-1].split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)
    assert kernel.changes() == ""


def log_in(browser: httpx.Client) -> None:
    """Log in by the form; then a token stands for the user."""
    browser.get("/hub/login").raise_for_status()
    form = {"username": USER, "password": PASSWORD, "_xsrf": browser.cookies["_xsrf"]}
    assert browser.post("/hub/login", data=form).status_code == 302
    browser.get("/hub/home").raise_for_status()
    wanted = {"_xsrf": browser.cookies["_xsrf"]}
    made = browser.post(f"/hub/api/users/{USER}/tokens", params=wanted)
    browser.headers["Authorization"] = (
        f"token {made.raise_for_status().json()['token']}"
    )


def wait_for_server(browser: httpx.Client, running: bool) -> None:
    """Wait until the user's own server is there, or gone."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        user = browser.get(f"/hub/api/users/{USER}").raise_for_status().json()
        if not user["pending"] and bool(user["server"]) == running:
            return
        time.sleep(0.2)
    pytest.fail(f"the server is not {'there' if running else 'gone'}")


def run_in_kernel(browser: httpx.Client, project: InstalledProject) -> str:
    """Run the first cell of a notebook in a kernel; return what it prints.

    And, in the last line, the numbers of the kernel's process and the server's.
    """
    api = f"/user/{USER}/api"
    source = browser.get(f"{api}/contents/notebooks/train.py").raise_for_status().json()
    first = source["content"].split("# %%\n")[1]
    package = project.path.name.replace("-", "_")
    code = f"import {package}; print({package}.__file__)\n{first}\n"
    code += "print(os.getpid(), os.getppid())"
    session = {
        "path": "notebooks/train.py",
        "type": "notebook",
        "kernel": {"name": project.path.name},
    }
    made = browser.post(f"{api}/sessions", json=session).raise_for_status().json()
    address = str(browser.base_url).replace("http", "ws", 1)
    connection = websocket.create_connection(
        f"{address}{api}/kernels/{made['kernel']['id']}/channels",
        timeout=READY_SECONDS,
        header=[f"Authorization: {browser.headers['Authorization']}"],
    )
    try:
        return execute(connection, code)
    finally:
        connection.close()
        browser.delete(f"{api}/sessions/{made['id']}").raise_for_status()


def execute(connection: Any, code: str) -> str:
    """Run code by Jupyter's protocol of messages; return what it prints."""
    header = {"msg_id": "1", "msg_type": "execute_request", "version": "5.3"}
    header |= {"username": USER, "session": "1", "date": ""}
    content = {"code": code, "silent": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}}
    connection.send(json.dumps(message | {"content": content, "channel": "shell"}))
    printed = ""
    while True:
        got = json.loads(connection.recv())
        assert got["msg_type"] != "error", got["content"]
        if got["msg_type"] == "stream":
            printed += got["content"]["text"]
        if got["channel"] == "shell" and got["parent_header"].get("msg_id") == "1":
            return printed
