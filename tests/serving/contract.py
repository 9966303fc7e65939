"""The golden requests, and how an answer is held against the golden response.

    golden/<protocol>/<case>.request.*       the body, byte for byte
    golden/<protocol>/<case>.response.json   the answer: every key, no other; "*" is any
                                             text that is not empty

Numbers may differ by 1e-4. What a real server does in another way than its protocol's
text, and why, is in DIFFERENCES: those keys are left out of the comparison for that
server, and all others still count.
"""

import http.client
import json
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

GOLDEN = Path(__file__).resolve().parent / "golden"
TOLERANCE = 1e-4
SECONDS = 120  # TorchServe's first answer waits until its Python has imported PyTorch
JSON = "application/json"
# Triton's extension of Open Inference: the length of the JSON before the binary part.
HEADER_LENGTH = "Inference-Header-Content-Length"
OURS = "ours"


@dataclass(frozen=True)
class Case:
    """A request, and who has to answer it as the golden response says.

    Attributes:
        name: The protocol and the case: the golden files, without their endings.
        path: What follows the server's address. A case with a body is a POST.
        others: The real servers that answer it.
        status: The status of the answer.
        request: The golden request, if it is not that of the same name; "" for none.
        headers: The request's headers.
        folder: Where the requests and responses are.
    """

    name: str
    path: str
    others: tuple[str, ...] = ()
    status: int = 200
    request: str | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})
    folder: Path = GOLDEN

    def body(self) -> bytes | None:
        """Return the bytes to send; None for a GET."""
        if self.request == "":
            return None
        (file,) = self.folder.glob(f"{self.request or self.name}.request.*")
        return file.read_bytes()

    def is_binary(self) -> bool:
        """Whether the request has binary tensors and asks for such."""
        return HEADER_LENGTH in self.headers

    def response(self) -> Any:
        """Return the golden response."""
        file = self.folder / f"{self.name}.response.json"
        return json.loads(file.read_text("utf-8"))


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]  # their names in lower case
    body: bytes

    def is_binary(self) -> bool:
        """Whether the answer has binary tensors."""
        return HEADER_LENGTH.lower() in self.headers

    def content(self) -> Any:
        """Return the body as JSON; binary tensors become lists of numbers in it."""
        if not self.is_binary():
            return json.loads(self.body)
        length = int(self.headers[HEADER_LENGTH.lower()])
        content = json.loads(self.body[:length])
        rest = memoryview(self.body)[length:]
        for output in content["outputs"]:
            size = output["parameters"].pop("binary_data_size")
            output["data"] = list(struct.unpack(f"<{size // 4}f", rest[:size]))
            rest = rest[size:]
            if not output["parameters"]:
                del output["parameters"]
        assert not rest, "bytes that belong to no output"
        return content


def ask(address: str, case: Case) -> Answer:
    """Send a case's request to a server."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=SECONDS)
    body = case.body()
    try:
        method = "GET" if body is None else "POST"
        connection.request(method, case.path, body, case.headers if body else {})
        answer = connection.getresponse()
        headers = {key.lower(): text for key, text in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())
    finally:
        connection.close()


def unlike(expected: Any, found: Any, at: str = "") -> list[str]:
    """Say where an answer is not the golden one; an empty list if it is.

    Objects need the same keys, in any order; lists the same length.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        if sorted(expected) != sorted(found):
            return [f"{at or 'the answer'}: keys {list(found)}, not {list(expected)}"]
        pairs = [(expected[key], found[key], f"{at}.{key}") for key in expected]
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return [f"{at}: {len(found)} elements, not {len(expected)}"]
        indices = range(len(expected))
        pairs = [(expected[i], found[i], f"{at}[{i}]") for i in indices]
    else:
        return [] if alike(expected, found) else [f"{at}: {found!r}, not {expected!r}"]
    return [difference for pair in pairs for difference in unlike(*pair)]


def alike(expected: Any, found: Any) -> bool:
    """Whether two values that hold no others are the same, as far as it matters."""
    if expected == "*":
        return isinstance(found, str) and bool(found)
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return bool(expected == found) and type(expected) is type(found)
    number = isinstance(found, int | float) and not isinstance(found, bool)
    return number and abs(expected - found) <= TOLERANCE


def without(content: Any, ignored: Collection[str], at: str = "") -> Any:
    """Return an answer without some keys, written as `unlike` writes them."""
    if isinstance(content, dict):
        return {
            key: without(value, ignored, f"{at}.{key}")
            for key, value in content.items()
            if f"{at}.{key}" not in ignored
        }
    if isinstance(content, list):
        return [without(v, ignored, f"{at}[{i}]") for i, v in enumerate(content)]
    return content


# The JSON of the golden binary request has 208 bytes.
BINARY = {"Content-Type": "application/octet-stream", HEADER_LENGTH: "208"}
OIP = ("kserve", "mlserver", "triton")
V1, V2 = "/v1/models/model", "/v2/models/model"
PREDICTIONS, TORCH = "/api/v1.0/predictions", "/predictions/model"

CASES = [
    # https://www.tensorflow.org/tfx/serving/api_rest
    Case("tensorflow_serving/instances", f"{V1}:predict", ("kserve",)),
    Case("tensorflow_serving/named_instances", f"{V1}:predict"),
    Case("tensorflow_serving/columns", f"{V1}:predict"),
    Case(
        "tensorflow_serving/version",
        f"{V1}/versions/1:predict",
        request="tensorflow_serving/instances",
    ),
    Case("tensorflow_serving/status", V1, request=""),
    Case("tensorflow_serving/not_json", f"{V1}:predict", ("kserve",), status=400),
    # https://github.com/kserve/open-inference-protocol, and Triton's binary extension
    Case("open_inference/metadata", V2, OIP, request=""),
    Case("open_inference/infer", f"{V2}/infer", OIP),
    Case("open_inference/binary", f"{V2}/infer", ("kserve", "triton"), headers=BINARY),
    Case(
        "open_inference/unknown_model",
        "/v2/models/unknown/infer",
        OIP,
        status=404,
        request="open_inference/infer",
    ),
    # https://docs.seldon.io/projects/seldon-core/en/v1.18.2/reference/apis/
    Case("seldon/ndarray", PREDICTIONS, ("seldon",)),
    Case("seldon/tensor", PREDICTIONS, ("seldon",)),
    Case("seldon/not_json", PREDICTIONS, ("seldon",), status=400),
    # https://docs.pytorch.org/serve/inference_api.html, and our handler
    Case("torchserve/ping", "/ping", ("torchserve",), request=""),
    Case("torchserve/image", TORCH, ("torchserve",)),
    Case("torchserve/images", TORCH, ("torchserve",)),
    Case("torchserve/instances", TORCH, ("torchserve",)),
    Case("torchserve/data", TORCH, ("torchserve",)),
    Case(
        "torchserve/png", TORCH, ("torchserve",), headers={"Content-Type": "image/png"}
    ),
    Case("torchserve/ragged", TORCH, ("torchserve",), status=400),
    Case(
        "torchserve/unknown_model",
        "/predictions/unknown",
        ("torchserve",),
        status=404,
        request="torchserve/image",
    ),
]

# A server and a protocol or a case: the keys left out, and why.
DIFFERENCES: dict[tuple[str, str], dict[str, str]] = {
    ("kserve", "open_inference"): {
        ".model_version": "its Python server knows no versions: null",
        ".parameters": "empty, but sent: null",
        ".outputs[0].parameters": "the same",
    },
    ("kserve", "open_inference/metadata"): {
        ".versions": "it knows no versions: null",
        ".platform": "optional: the library that computes",
        ".inputs": "a model of one's own tells it nothing",
        ".outputs": "the same",
    },
    ("mlserver", "open_inference"): {
        ".parameters": "empty, but sent",
        ".outputs[0].name": "the method of scikit-learn that was called",
        ".outputs[0].datatype": "scikit-learn computes in double precision",
        ".outputs[0].parameters": "how its own clients decode the output",
    },
    ("mlserver", "open_inference/metadata"): {
        ".versions": "empty, though it has answered with the version",
        ".platform": "optional, and empty",
        ".outputs": "not in the settings that its own example has",
        ".parameters": "empty, but sent",
    },
    ("seldon", "seldon"): {".meta": "how requests went through a graph of models"},
    ("seldon", "seldon/not_json"): {
        ".status.code": "-1, whatever was wrong",
        ".status.status": "the number of FAILURE in the enumeration, not its name",
    },
    ("triton", "open_inference/metadata"): {
        ".platform": "optional: the library that computes"
    },
    (OURS, "open_inference/metadata"): {
        ".platform": "optional: the library that computes",
        ".inputs[0].parameters": "from where to where pixels may be",
    },
    (OURS, "tensorflow_serving/status"): {
        ".name": "KServe's protocol has the same path",
        ".ready": "the same",
    },
    (OURS, "seldon"): {".meta": "optional: one model, no graph to go through"},
}


def ignored_keys(server: str, case: Case) -> set[str]:
    """Return the keys that are left out for a server and a case."""
    protocol = case.name.partition("/")[0]
    names = (protocol, case.name)
    return {key for name in names for key in DIFFERENCES.get((server, name), {})}


def pairs(servers: Iterable[str]) -> list[tuple[str, Case]]:
    """Return each server with each case that it has to answer."""
    return [
        (server, case)
        for server in servers
        for case in CASES
        if server in (OURS, *case.others)
    ]
