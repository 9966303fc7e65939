"""Ask with KServe's client, in both of its protocols."""

import asyncio
import json
import sys
from typing import Any

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


async def main(address: str, question: dict[str, Any]) -> list[list[float]]:
    """Return what the server answers, by either protocol."""
    old = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await old.is_server_live(address)
    assert await old.is_model_ready(address, "model")
    first = await old.infer(address, question, model_name="model")
    new = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await new.is_server_live(address) and await new.is_server_ready(address)
    assert await new.is_model_ready(address, "model")
    images = np.array(question["instances"], np.float32)
    tensor = InferInput("images", list(images.shape), "FP32")
    tensor.set_data_from_numpy(images, binary_data=True)
    asked = InferRequest("model", [tensor])
    second = await new.infer(address, asked, model_name="model")
    found: list[list[float]] = second.outputs[0].as_numpy().reshape(-1, 10).tolist()
    assert np.allclose(first["predictions"], found)
    return found


print(json.dumps(asyncio.run(main(sys.argv[1], json.load(sys.stdin)))))
