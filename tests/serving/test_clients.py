"""Clients as they are, each in an environment of its own, get the golden answers."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from browsers import visit
from conftest import ROOT
from serving.contract import GOLDEN, unlike
from serving.real_servers import ours
from serving.running import clean_environment, environment

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="the servers are for Linux and macOS"),
]

CLIENTS = ROOT / "tests/serving/clients"
REQUEST = GOLDEN / "tensorflow_serving/instances.request.json"
PATH = "v1/models/model:predict"
# What the script `with_NAME.py` needs; those of servers share their environments.
REQUIREMENTS = {
    "generated": ["openapi-python-client"],
    "kserve": ["kserve==0.21.*", "scikit-learn"],
    "mlserver": ["mlserver==1.7.*", "mlserver-sklearn==1.7.*"],
    "requests": ["requests"],
    "seldon_core": ["seldon-core==1.18.2", "setuptools<81", "scikit-learn"],
    "tritonclient": ["tritonclient[http]"],
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our server with the golden model."""
    with ours(tmp_path_factory.mktemp("ours")) as found:
        yield found


def require_golden(answer: Any) -> None:
    """Fail unless an answer is that of the golden model."""
    golden = REQUEST.with_name("instances.response.json").read_text("utf-8")
    assert unlike(json.loads(golden)["predictions"], answer) == []


def printed(*command: str) -> Any:
    """Run a client that reads the golden request, and return what it prints as JSON."""
    done = subprocess.run(
        command,
        input=REQUEST.read_text("utf-8"),
        capture_output=True,
        encoding="utf-8",
        env=clean_environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_client_in_python(name: str, address: str) -> None:
    python = environment(name.partition("_")[0], REQUIREMENTS[name]) / "python"
    require_golden(printed(str(python), str(CLIENTS / f"with_{name}.py"), address))


def test_curl_that_offers_http_2(address: str) -> None:
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--http2"]
    command += ["--header", "Content-Type: application/json", "--data", "@-"]
    require_golden(printed(*command, f"{address}/{PATH}")["predictions"])


def test_java(address: str) -> None:
    if not shutil.which("java"):
        pytest.skip("Java is not installed")
    answer = printed("java", str(CLIENTS / "Ask.java"), address)
    require_golden(answer["predictions"])


def test_a_browser(address: str, browser: Browser) -> None:
    with visit(browser, 1280, "light") as found:
        found.page.goto(address)
        answer = found.page.evaluate(
            """async ([path, body]) => {
              const headers = { "Content-Type": "application/json" };
              const answer = await fetch(path, { method: "POST", headers, body });
              return answer.json();
            }""",
            [PATH, REQUEST.read_text("utf-8")],
        )
        require_golden(answer["predictions"])
        assert found.problems == []
