"""The protocols that the server speaks, all on one port."""

from . import open_inference, seldon, tensorflow_serving, torchserve

ENDPOINTS = [
    *tensorflow_serving.ENDPOINTS,
    *open_inference.ENDPOINTS,
    *seldon.ENDPOINTS,
    *torchserve.ENDPOINTS,
]
