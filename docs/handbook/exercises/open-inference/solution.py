"""Translate a request."""

import numpy as np


def to_open_inference(request, name):
    """Turn a request of TensorFlow Serving into one of Open Inference."""
    values = np.asarray(request["instances"], dtype=np.float32)
    tensor = {
        "name": name,
        "shape": list(values.shape),
        "datatype": "FP32",
        "data": values.ravel().tolist(),
    }
    return {"inputs": [tensor]}
