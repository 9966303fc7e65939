"""The servers that `serving.py` compares: what each needs, how it starts, what it eats.

Every server runs the same model, in one worker where it has workers, with its own
defaults otherwise, in an environment of its own under build/peers.
"""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / "peers"
CACHE = ROOT / "build" / "peers"
# The same Python for all: one build may be a third faster than another.
PYTHON = (
    f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
)
SECONDS_TO_START = 90
SECONDS_TO_END = 15
ONNXRUNTIME = "onnxruntime==1.31.1"
UVICORN = ("uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0")
STARLETTE = ("starlette==1.10.0", "orjson==3.13.0", *UVICORN)


def instances(images: Any) -> Any:
    """TensorFlow Serving's JSON, which most servers take or are told to take."""
    return {"instances": images}


def open_inference(images: Any) -> Any:
    """The Open Inference Protocol's, version 2; the pixels are one flat list."""
    flat = [pixel for image in images for row in image for pixel in row]
    shape = [len(images), len(images[0]), len(images[0][0])]
    tensor = {"name": "images", "shape": shape, "datatype": "FP32", "data": flat}
    return {"inputs": [tensor]}


def seldon(images: Any) -> Any:
    """Seldon's."""
    return {"data": {"ndarray": images}}


def rows_of(reply: Any) -> list[list[float]]:
    """Find the probabilities, a list an image, in a reply of any of the protocols."""
    if isinstance(reply, list):
        return reply
    if "predictions" in reply:
        return list(reply["predictions"])
    if "outputs" in reply:
        (output,) = reply["outputs"]
        flat, width = output["data"], output["shape"][-1]
        return [flat[start : start + width] for start in range(0, len(flat), width)]
    return list(reply["data"]["ndarray"])


@dataclass(frozen=True)
class Server:
    """A server to measure.

    Attributes:
        name: As the table shows it.
        requirements: What its environment holds; none: it has its own, `python`.
        command: Words with {python}, {bin}, {peers}, {folder}, {model}, {port} and two
            more free ports, {port2} and {port3}.
        path: Where it answers.
        binary_path: Where it answers tensors that are bytes, if that is measured.
        body: Makes what is asked out of images.
        prepare: A command that runs once, before.
        python: What to make the environment with.
        variables: More environment variables.
        files: Files that it wants in its folder.
        cwd: Where it runs.
        kind: A "server" of models is compared with, and a "framework" to write one
            with; a "yardstick" only shows what is possible.
        waits: Whether it can be stopped while others are measured; PyTriton ends
            when it is. Idle, it takes hardly anything from them.
    """

    name: str
    requirements: tuple[str, ...]
    command: tuple[str, ...]
    path: str = "/predict"
    binary_path: str = ""
    body: Callable[[Any], Any] = instances
    prepare: tuple[str, ...] = ()
    python: str = PYTHON
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    cwd: str = "{folder}"
    kind: str = "server"
    waits: bool = True


def script(name: str) -> tuple[str, ...]:
    """Return the command of a server that is a script and takes its port."""
    return ("{python}", "{peers}/" + name, "{port}")


BARE = Server(
    "Starlette, orjson and ONNX Runtime, bare",
    (*STARLETTE, ONNXRUNTIME),
    script("bare_server.py"),
    binary_path="/infer",
    kind="yardstick",
)
SERVERS = (
    BARE,
    # Its documentation advises `def`, run in a thread, for whatever blocks, as a model
    # does; `async def` is faster and lets no other request through meanwhile.
    *(
        Server(
            f"FastAPI with pydantic models, `{way}`",
            ("fastapi==0.165.0", *UVICORN, ONNXRUNTIME),
            (*script("fastapi_server.py"), way.partition(" ")[0]),
            kind="framework",
        )
        for way in ("def", "async def")
    ),
    Server(
        "KServe",
        ("kserve==0.21.0", ONNXRUNTIME),
        script("kserve_server.py"),
        path="/v1/models/model:predict",
    ),
    Server(
        "MLServer",
        ("mlserver==1.7.1", ONNXRUNTIME),
        ("{bin}/mlserver", "start", "{folder}"),
        path="/v2/models/model/infer",
        body=open_inference,
        files={
            "settings.json": '{"parallel_workers": 0, "host": "127.0.0.1", '
            '"http_port": {port}, "grpc_port": {port2}, "metrics_port": {port3}}',
            "model-settings.json": '{"name": "model", '
            '"implementation": "mlserver_runtime.Mlp"}',
        },
    ),
    Server(
        "Triton (PyTriton)",
        ("nvidia-pytriton==0.7.0", ONNXRUNTIME),
        (*script("triton_server.py"), "{port2}", "{port3}"),
        path="/v2/models/model/infer",
        body=open_inference,
        # It starts Python again as a library, which pyenv's builds have not.
        python="/usr/bin/python3",
        waits=False,
    ),
    Server(
        "Seldon microservice",
        ("seldon-core==1.18.2", "setuptools<81", "onnxruntime==1.26.0"),
        ("{bin}/seldon-core-microservice", "SeldonMlp", "--service-type", "MODEL")
        + ("--http-port", "{port}", "--metrics-port", "{port2}")
        + ("--grpc-workers", "0", "--workers", "1"),
        path="/api/v1.0/predictions",
        body=seldon,
    ),
    Server(
        "MLflow",
        ("mlflow==3.17.2", ONNXRUNTIME),
        ("{bin}/mlflow", "models", "serve", "--model-uri", "{folder}/mlflow")
        + ("--host", "127.0.0.1", "--port", "{port}", "--workers", "1")
        + ("--env-manager", "local"),
        path="/invocations",
        prepare=("{python}", "{peers}/mlflow_model.py", "{folder}/mlflow"),
    ),
    Server(
        "LitServe",
        ("litserve==0.2.19", ONNXRUNTIME),
        script("litserve_server.py"),
    ),
    Server(
        "BentoML",
        ("bentoml==1.4.39", ONNXRUNTIME),
        ("{bin}/bentoml", "serve", "bentoml_service:Mlp", "--host", "127.0.0.1")
        + ("--port", "{port}", "--working-dir", "{peers}"),
        variables={"BENTOML_DO_NOT_TRACK": "true"},
    ),
    Server(
        "TorchServe",
        ("torchserve==0.12.0", "torch-model-archiver==0.12.0", "torch==2.13.0")
        # It imports yaml and does not say so.
        + ("pyyaml", ONNXRUNTIME),
        ("{bin}/torchserve", "--foreground", "--ts-config", "{folder}/ts.properties")
        + ("--model-store", "{folder}", "--models", "model=model.mar")
        + ("--ncs", "--disable-token-auth"),
        path="/predictions/model",
        prepare=("{bin}/torch-model-archiver", "--model-name", "model")
        + ("--version", "1.0", "--handler", "{peers}/torchserve_handler.py")
        + ("--extra-files", "{model},{peers}/mlp.py", "--export-path", "{folder}"),
        files={
            "ts.properties": "inference_address=http://127.0.0.1:{port}\n"
            "management_address=http://127.0.0.1:{port2}\n"
            "metrics_address=http://127.0.0.1:{port3}\n"
            "default_workers_per_model=1\n"
        },
        # It refuses to start beside another one, whose number it finds there.
        variables={"TMPDIR": "{folder}"},
    ),
    Server(
        "Keras, `model.predict`",
        ("keras==3.15.1", "tensorflow-cpu==2.21.0", "onnx==1.23.2", *STARLETTE),
        script("keras_server.py"),
        variables={"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
    ),
)
HELLO = Server("uvicorn, hello", UVICORN, script("hello_server.py"), kind="yardstick")


def environment(requirements: tuple[str, ...], python: str = PYTHON) -> Path:
    """Make an environment, unless it is there; return the folder of its programs."""
    key = hashlib.sha256(json.dumps([requirements, python]).encode()).hexdigest()[:12]
    folder = CACHE / key
    if not (folder / "complete").is_file():
        quiet = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        make = ["uv", "venv", "--quiet", "--clear", "--python", python, str(folder)]
        subprocess.run(make, check=True, env=quiet)
        install = ["uv", "pip", "install", "--quiet", "--python", str(folder)]
        subprocess.run([*install, *requirements], check=True, env=quiet)
        (folder / "complete").touch()
    return folder / "bin"


@dataclass(frozen=True)
class Live:
    """A server that runs: its port, the number of its processes' group, and whether it
    can be stopped.
    """

    port: int
    group: int
    waits: bool

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let it run for a while, and stand still again; some are never idle."""
        if self.waits:
            os.killpg(self.group, signal.SIGCONT)
        try:
            yield
        finally:
            if self.waits:
                os.killpg(self.group, signal.SIGSTOP)


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def running(
    server: Server, programs: Path, folder: Path, model: Path
) -> Iterator[Live]:
    """Start a server in a folder of its own; end it and all it started afterwards."""
    folder.mkdir(parents=True)
    ports = dict(zip(("port", "port2", "port3"), map(str, free_ports(3)), strict=True))
    words = {"python": f"{programs}/python", "bin": str(programs), **ports}
    words |= {"peers": str(PEERS), "folder": str(folder), "model": str(model)}

    def filled(text: str) -> str:
        for name, value in words.items():
            text = text.replace("{" + name + "}", value)
        return text

    for name, text in server.files.items():
        (folder / name).write_text(filled(text), encoding="utf-8")
    variables = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    variables |= {"MODEL": str(model), "PYTHONPATH": str(PEERS)}
    variables |= {k: filled(v) for k, v in server.variables.items()}
    variables["PATH"] = f"{programs}{os.pathsep}{variables['PATH']}"
    with (folder / "log.txt").open("wb") as log:
        options: dict[str, Any] = {"cwd": filled(server.cwd), "env": variables}
        options |= {"stdout": log, "stderr": subprocess.STDOUT}
        if server.prepare:
            subprocess.run([*map(filled, server.prepare)], check=True, **options)
        command = [*map(filled, server.command)]
        # A session of its own: all that it starts ends with it.
        process = subprocess.Popen(command, start_new_session=True, **options)
        try:
            wait_for(process, int(ports["port"]), folder / "log.txt")
            yield Live(int(ports["port"]), process.pid, server.waits)
        finally:
            end(process)


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a server listens; say what it wrote if it does not."""
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{process.args!r} did not start:\n{log.read_text()[-3000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a server and all that it started to end; make them after a while."""
    for kinds in ((signal.SIGCONT, signal.SIGTERM), (signal.SIGKILL,)):
        try:
            for kind in kinds:
                os.killpg(process.pid, kind)
        except ProcessLookupError:  # all have ended
            return
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            continue
