"""Ask with Triton's client: JSON one way, binary tensors the other."""

import json
import sys

import numpy as np
import tritonclient.http

client = tritonclient.http.InferenceServerClient(sys.argv[1].removeprefix("http://"))
assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready("model") and client.is_model_ready("model", "1")
(described,) = client.get_model_metadata("model")["inputs"]
images = np.array(json.load(sys.stdin)["instances"], np.float32)
found = []
for binary in (True, False):
    tensor = tritonclient.http.InferInput(
        described["name"], list(images.shape), described["datatype"]
    )
    tensor.set_data_from_numpy(images, binary_data=binary)
    output = tritonclient.http.InferRequestedOutput("probabilities", binary_data=binary)
    answer = client.infer("model", [tensor], outputs=[output], request_id="7")
    assert answer.get_response()["id"] == "7"
    found.append(answer.as_numpy("probabilities").tolist())
assert np.allclose(*found)
print(json.dumps(found[0]))
