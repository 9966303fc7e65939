"""Ask with Seldon's client, at the address that its gateway would have."""

import json
import sys

import numpy as np
from seldon_core.seldon_client import SeldonClient

images = np.array(json.load(sys.stdin)["instances"])
client = SeldonClient(
    gateway="ambassador",
    gateway_endpoint=sys.argv[1].removeprefix("http://"),
    deployment_name="digits",
    namespace="default",
)
found = []
for form in ("ndarray", "tensor"):
    answer = client.predict(data=images, payload_type=form)
    assert answer.success, answer.msg
    data = answer.response["data"]
    values = data["ndarray"] if form == "ndarray" else data["tensor"]["values"]
    found.append(np.reshape(values, (-1, 10)))
assert np.allclose(found[0], found[1])
print(json.dumps(found[0].tolist()))
