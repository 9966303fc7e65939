"""NVIDIA Triton through PyTriton: python triton_server.py HTTP GRPC METRICS, ports."""

import sys

import numpy as np
from mlp import probabilities
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig


@batch
def infer(images):
    """Answer the requests that came together."""
    return {"probabilities": probabilities(images)}


http, grpc, metrics = map(int, sys.argv[1:])
config = TritonConfig(
    http_address="127.0.0.1",
    http_port=http,
    grpc_address="127.0.0.1",
    grpc_port=grpc,
    metrics_address="127.0.0.1",
    metrics_port=metrics,
)
with Triton(config=config) as triton:
    triton.bind(
        model_name="model",
        infer_func=infer,
        inputs=[Tensor(name="images", dtype=np.float32, shape=(28, 28))],
        outputs=[Tensor(name="probabilities", dtype=np.float32, shape=(10,))],
        config=ModelConfig(max_batch_size=64),
    )
    triton.serve()
