"""NVIDIA's Triton with the golden model, through PyTriton.

    python triton_server.py FOLDER HTTP GRPC METRICS

PyTriton starts the real server, of which it has the program, and calls back for each
batch. All ports are on the loopback.
"""

import signal
import sys
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

import golden_model

MODEL = golden_model.read()
WEIGHTS = np.array(MODEL["weights"], np.float32)
BIASES = np.array(MODEL["biases"], np.float32)


@batch  # type: ignore[untyped-decorator]  # not installed where types are checked
def predict(images: Any) -> dict[str, Any]:
    """Return probabilities (n, 10) of images (n, 8, 8)."""
    pixels = images.reshape(len(images), -1) / MODEL["max_value"]
    powers = np.exp(pixels @ WEIGHTS.T + BIASES)
    shares = powers / powers.sum(axis=1, keepdims=True)
    return {"probabilities": shares.astype(np.float32)}


def main(folder: str, http: str, grpc: str, metrics: str) -> None:
    """Serve until a signal comes."""
    asked_to_stop = Event()
    signal.signal(signal.SIGTERM, lambda number, frame: asked_to_stop.set())
    config = TritonConfig(
        http_address="127.0.0.1",
        http_port=int(http),
        grpc_address="127.0.0.1",
        grpc_port=int(grpc),
        metrics_address="127.0.0.1",
        metrics_port=int(metrics),
    )
    with Triton(config=config, workspace=Path(folder) / "triton") as triton:
        triton.bind(
            model_name="model",
            model_version=1,
            infer_func=predict,
            inputs=[Tensor(name="images", dtype=np.float32, shape=(8, 8))],
            outputs=[Tensor(name="probabilities", dtype=np.float32, shape=(10,))],
            config=ModelConfig(max_batch_size=64),
        )
        triton.run()
        asked_to_stop.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
