"""Train on a cluster: Ray starts a process a node, PyTorch averages their gradients."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import ray
import torch
from ray import train as ray_train
from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from .. import commands, models, utils
from ..commands import Run
from ..config import ConfigError, TrainSettings

HISTORY = "history.json"
FAILURES = 100  # after which a training goes on from its last checkpoint


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    if settings.resume or settings.device != "cpu":
        raise ConfigError("ray: a training goes on by itself, and on processors alone")
    data = commands.load_training(settings)
    run = Run(settings, data)
    nodes = sum(node["Alive"] for node in ray.nodes())
    trainer = TorchTrainer(
        work,
        train_loop_config={"settings": settings, "folder": os.getcwd()},
        scaling_config=ScalingConfig(num_workers=nodes, placement_strategy="SPREAD"),
        run_config=RunConfig(
            name=run.folder.name,
            storage_path=str(run.folder.parent.resolve()),
            failure_config=FailureConfig(max_failures=FAILURES),
            checkpoint_config=CheckpointConfig(num_to_keep=1),
        ),
    )
    with trainer.fit().checkpoint.as_directory() as folder:
        model, run.history = restore(folder)
    return run.finish(model, data)


def restore(folder: str) -> tuple[models.Network, dict[str, list[float]]]:
    """Return the model of a checkpoint, and the figures of its epochs."""
    history = json.loads(Path(folder, HISTORY).read_text("utf-8"))
    return models.load_model(Path(folder)), history


class Shard:
    """The part of each epoch's batches that one of several processes takes.

    Together, these are the batches that one process would take, in its order, but for
    some images at the end, so that all have as many.
    """

    def __init__(self, data: Any, settings: TrainSettings, epoch: int) -> None:
        """Take images and labels, and the epoch to begin with."""
        self.data, self.settings, self.epoch = data, settings, epoch

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the batches of the next epoch."""
        rank, size = distributed.get_rank(), distributed.get_world_size()
        random = np.random.default_rng([self.settings.seed, self.epoch])
        random.integers(2**63)  # as `train_model` draws before it asks for an order
        self.epoch += 1
        (images, labels), augment = self.data, self.settings.augment
        count = len(labels)
        order = random.permutation(count)[: count - count % size][rank::size]
        batch = max(1, self.settings.batch_size // size)
        return iter(models.in_batches(images, labels, order, batch, augment))


def work(told: Mapping[str, Any]) -> None:
    """Train in one of the processes."""
    os.chdir(told["folder"])  # Ray begins in one of its own
    settings: TrainSettings = told["settings"]
    data = commands.load_training(settings)
    fitted, validation = commands.split_training(settings, data)
    models.set_seed(settings.seed)
    model = commands.new_model(settings, data, len(fitted[1]))
    history: dict[str, list[float]] = {}
    if checkpoint := ray_train.get_checkpoint():
        with checkpoint.as_directory() as folder:
            model, history = restore(folder)
    parallel: Any = DistributedDataParallel(model)
    parallel.optimizer, parallel.schedule = model.optimizer, model.schedule

    def keep(number: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            history.setdefault(name, []).append(value)
        if number % max(1, settings.epochs // 10) and number < settings.epochs:
            return
        compare(model)
        with tempfile.TemporaryDirectory() as folder:
            models.save_model(model, Path(folder))
            Path(folder, HISTORY).write_text(json.dumps(history), "utf-8")
            first = distributed.get_rank() == 0
            kept = ray_train.Checkpoint.from_directory(folder) if first else None
            ray_train.report(dict(figures), checkpoint=kept)

    done = len(history.get("loss", ()))
    models.train_model(
        parallel,
        Shard(fitted, settings, done),
        epochs=settings.epochs,
        validation_data=validation,
        seed=settings.seed,
        class_weight=utils.class_weights(fitted[1], settings.class_weights),
        initial_epoch=done,
        on_epoch=keep,
    )


def compare(model: torch.nn.Module) -> None:
    """See that all processes have the same weights."""
    digest = hashlib.sha256()
    for values in model.state_dict().values():
        digest.update(values.numpy().tobytes())
    found = [""] * distributed.get_world_size()
    distributed.all_gather_object(found, digest.hexdigest())
    if len(set(found)) > 1:
        raise RuntimeError(f"the weights differ: {found}")
