"""Translate a request."""


def to_open_inference(request, name):
    """Turn a request of TensorFlow Serving into one of Open Inference."""
    return {"inputs": [{"name": name, "data": request["instances"]}]}
