"""Write a request for TensorFlow Serving."""

import json


def body(images):
    """Return the JSON text that predicts for pictures, or for one."""
    return json.dumps({"instances": (images / 255).tolist()})
