"""Train on a cluster: not by TensorFlow."""

from pathlib import Path

from ..config import ConfigError, TrainSettings


def train(settings: TrainSettings) -> Path:
    """Refuse: Keras 3 cannot `fit` under TensorFlow's strategy for several machines."""
    raise ConfigError("ray: Keras trains on one machine; train without --ray")
