"""Write a request for TensorFlow Serving."""

import json


def body(images):
    """Return the JSON text that predicts for pictures, or for one."""
    if images.ndim == 2:
        images = images[None]
    return json.dumps({"instances": images.tolist()})
