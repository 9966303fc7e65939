"""Train on a cluster: a process on each node, each with its part of every batch.

The processes take the same steps, by the mean of their gradients, and have the same
weights. When one dies, Ray starts all of them again, from the last checkpoint.
"""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

#% if cookiecutter.framework == "pytorch"
import numpy as np
#% endif
#% if cookiecutter.framework == "tensorflow"
import keras
#% endif
import ray
#% if cookiecutter.framework == "tensorflow"
import tensorflow as tf
#% endif
from ray.train import FailureConfig, RunConfig, ScalingConfig, collective, get_context
#% if cookiecutter.framework == "tensorflow"
from ray.train.tensorflow import TensorflowTrainer

#% else
from ray.train.torch import TorchTrainer
from torch.nn.parallel import DistributedDataParallel

#% endif

from .. import commands, models, registry, utils
#% if cookiecutter.framework == "tensorflow"
from ..config import TrainSettings


#% else
from ..config import ConfigError, TrainSettings


#% endif


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    #% if cookiecutter.framework == "pytorch"
    if settings.device != "cpu":
        raise ConfigError("device: with --ray, a training is on processors alone")
    #% endif
    data = commands.load_training(settings)
    run = commands.Run(settings, data)
    if settings.resume:
        run.load()
    nodes = sum(node["Alive"] for node in ray.nodes())
    {{ "TensorflowTrainer" if cookiecutter.framework == "tensorflow" else "TorchTrainer" }}(
        work,
        train_loop_config={"run": run, "folder": os.getcwd()},
        scaling_config=ScalingConfig(num_workers=nodes, placement_strategy="SPREAD"),
        run_config=RunConfig(
            name=run.folder.name,
            storage_path=str(run.folder.parent.resolve()),
            failure_config=FailureConfig(max_failures=3),  # after more, --resume
        ),
    ).fit()
    return run.finish(run.load(), data)


class Part:
    """What one of the processes takes of each batch: as many rows as the others."""

    def __init__(self, rows: Any) -> None:
        """Take the images, or the labels, of all."""
        self.rows, context = rows, get_context()
        self.rank, self.size = context.get_world_rank(), context.get_world_size()

    def __len__(self) -> int:
        """Return how many all have."""
        return len(self.rows)

    def __getitem__(self, which: Any) -> Any:
        """Return those of a slice; of a batch, given by its numbers, this part."""
        if not isinstance(which, slice):
            places = range(self.rank, len(which) + -len(which) % self.size, self.size)
            which = which.take(places, mode="wrap")
        return self.rows[which]


#% if cookiecutter.framework == "tensorflow"
class Parallel(keras.Model):
    """A model that steps by the mean of the gradients of all processes.

    Keras' own step fails under TensorFlow's strategy for several machines.
    """

    def __init__(self, model: Any, strategy: tf.distribute.Strategy) -> None:
        """Take a compiled model; each call is one step, as all have to meet in it."""
        super().__init__()
        self.model, self.strategy = model, strategy
        self.compile(model.optimizer, model.loss, metrics=["accuracy"])

    def call(self, images: Any, training: bool = False) -> Any:
        """Return what the model says."""
        return self.model(images, training=training)

    def train_step(self, data: Any) -> Any:
        """Take a step and return the figures of the epoch so far."""
        images, labels, counts = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            outputs = self(images, training=True)
            loss = self.compute_loss(images, labels, outputs, counts)
        weights = self.trainable_weights
        means = self.strategy.run(mean, tape.gradient(loss, weights))
        self.optimizer.apply(means, weights)
        self.metrics[0].update_state(loss)
        return self.compute_metrics(images, labels, outputs, counts)


def mean(*values: tf.Tensor) -> Any:
    """Return the means of what the processes have, on the device of each."""
    here = list(map(tf.identity, values))
    return tf.distribute.get_replica_context().all_reduce("mean", here)


#% endif
def work(told: Mapping[str, Any]) -> None:
    """Train in one of the processes; the first saves."""
    os.chdir(told["folder"])  # Ray begins in one of its own
    #% if cookiecutter.framework == "tensorflow"
    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # before all else
    #% endif
    run: commands.Run = told["run"]
    settings, first = run.settings, get_context().get_world_rank() == 0
    data = commands.load_training(settings)
    (images, labels), validation = commands.split_training(settings, data)
    models.set_seed(settings.seed)
    begun = registry.versions(run.folder)
    model = run.load() if begun else commands.new_model(settings, data, len(labels))
    #% if cookiecutter.framework == "tensorflow"
    parallel = Parallel(model, strategy)
    #% else
    parallel: Any = DistributedDataParallel(model)
    parallel.optimizer, parallel.schedule = model.optimizer, model.schedule
    #% endif
    models.train_model(
        parallel,
        Part(images),
        Part(labels),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=validation,
        seed=settings.seed,
        augment=settings.augment,
        class_weight=utils.class_weights(labels, settings.class_weights),
        initial_epoch=len(run.history.get("loss", ())),
        on_epoch=partial(run.log_epoch, model) if first else lambda *_: None,
        #% if cookiecutter.framework == "tensorflow"
        verbose=0,
        #% endif
    )
    found = utils.data_fingerprint({{ "*model.get_weights()" if cookiecutter.framework == "tensorflow" else "*map(np.asarray, model.state_dict().values())" }})
    if collective.broadcast_from_rank_zero(found) != found:
        raise RuntimeError("the processes have come to different weights")
    if first:
        run.save(run.folder, partial(models.save_model, model))
