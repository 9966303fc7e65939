"""Ask with a client that openapi-python-client writes from the server's document."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

address, images = sys.argv[1], json.load(sys.stdin)["instances"]


def ask(protocol: str, operation: str, kind: str, body: Any, **path: str) -> Any:
    """Send a body that is of a type of the client, and return the answer, as typed."""
    module = importlib.import_module(f"digits.api.{protocol}.{operation}")
    models = importlib.import_module("digits.models")
    client = importlib.import_module("digits").Client(base_url=address)
    asked = getattr(models, kind).from_dict(body)
    answer = module.sync(client=client, body=asked, **path)
    assert type(answer).__name__ == kind.replace("Request", "Reply"), answer
    return answer


with TemporaryDirectory() as folder:
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate"]
    command += ["--url", f"{address}/openapi.json", "--meta", "none"]
    command += ["--output-path", f"{folder}/digits"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    sys.path.insert(0, folder)
    instances = {"instances": images}
    tensor = {"name": "images", "datatype": "FP32", "shape": [len(images), 8, 8]}
    flat = [pixel for image in images for line in image for pixel in line]
    tensorflow = ask(
        "tensor_flow_serving",
        "tensorflow_serving_predict",
        "TensorflowServingPredictRequest",
        instances,
        name="model",
    )
    inference = ask(
        "open_inference_protocol",
        "open_inference_infer",
        "OpenInferenceInferRequest",
        {"inputs": [tensor | {"data": flat}]},
        name="model",
    )
    seldon = ask(
        "seldon",
        "seldon_predict",
        "SeldonPredictRequest",
        {"data": {"ndarray": images}},
    )
    mlflow = ask("m_lflow", "mlflow_invocations", "MlflowInvocationsRequest", instances)
    torchserve = importlib.import_module("digits.api.torch_serve.torchserve_predict")
    client = importlib.import_module("digits").Client(base_url=address)
    named = torchserve.sync("model", client=client, body=images)
    found = tensorflow.predictions
    assert [value for row in found for value in row] == inference.outputs[0].data
    assert found == seldon.data.ndarray == mlflow.predictions
    for row, same in zip(named, found, strict=True):
        pairs = zip(sorted(row.to_dict().values()), sorted(same), strict=True)
        assert all(abs(one - other) < 1e-6 for one, other in pairs)
print(json.dumps(found))
