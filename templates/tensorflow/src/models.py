"""The network: build, compile, train, evaluate, save and load it (Keras).

Pure functions of arrays: where data come from and where models go is decided elsewhere.
Keras computes with TensorFlow, or with JAX if KERAS_BACKEND says so before the import.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from .checkpoints import Run, State
from .progress import Bookkeeper
from .utils import score_probabilities

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]

MODEL_FILE = "model.keras"
# Whose versions go into the manifest.
LIBRARIES = ("jax", "keras", "numpy", "tensorflow", "tensorflow-cpu")
# Without gradients to keep, large batches are faster and change no result.
EVALUATION_BATCH = 1024


def build_mnist_model(
    input_shape: tuple[int, int],
    num_classes: int,
    hidden_units: int = 128,
    dropout: float = 0.2,
) -> keras.Model:
    """Build the classic multilayer perceptron of the MNIST tutorials.

    Args:
        input_shape: (height, width) of an image.
        num_classes: Number of outputs.
        hidden_units: Width of the hidden layer.
        dropout: Part of the hidden units left out in training, in [0, 1).

    Returns:
        A model from images (n, height, width) to probabilities (n, num_classes).
    """
    return keras.Sequential(
        [
            keras.Input(shape=input_shape, name="image"),
            keras.layers.Flatten(),  # (n, height * width)
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(num_classes, activation="softmax", name="probability"),
        ],
        name="mlp",
    )


def compile_model(
    model: keras.Model,
    total_steps: int,
    learning_rate: float = 0.004,
    steps_per_execution: int = 50,
) -> keras.Model:
    """Choose the optimizer, the loss and the metrics.

    Args:
        model: What `build_mnist_model` returned.
        total_steps: Gradient steps of the whole training. The step size falls to zero
            over them along half a cosine (Loshchilov and Hutter, 2017,
            https://arxiv.org/abs/1608.03983, without restarts), so that the result
            does not depend on which batch happened to be the last.
        learning_rate: Step size of Adam at the start, positive.
        steps_per_execution: Gradient steps per call into the backend. Python is slow
            beside a network this small: 50 steps a call halve the training time.

    Returns:
        The same model.
    """
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(learning_rate, total_steps)
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


def set_seed(seed: int) -> None:
    """Make what follows repeatable: the same seed gives the same weights on a CPU."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


class ShuffledBatches(keras.utils.PyDataset):
    """Batches in an order that depends on the seed and the epoch, and on nothing else.

    Keras' own shuffling goes on from wherever its generator is, so that a resumed
    training would see other batches than one that was never interrupted.
    """

    def __init__(
        self,
        images: FloatArray,
        labels: LabelArray,
        batch_size: int,
        seed: int,
        first_epoch: int = 0,
    ) -> None:
        """Keep the data and draw the order of the first epoch."""
        super().__init__()
        self.images = images
        self.labels = labels
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = first_epoch
        self.shuffle()

    def shuffle(self) -> None:
        """Draw the order of the current epoch."""
        generator = np.random.default_rng([self.seed, self.epoch])
        self.order = generator.permutation(len(self.labels))

    def __len__(self) -> int:
        """Return the number of batches; the last one may be smaller."""
        return -(-len(self.labels) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[FloatArray, LabelArray]:
        """Return batch `index`: images (b, height, width) and labels (b,)."""
        start = index * self.batch_size
        chosen = self.order[start : start + self.batch_size]
        return self.images[chosen], self.labels[chosen]

    def on_epoch_end(self) -> None:
        """Go on to the order of the next epoch."""
        self.epoch += 1
        self.shuffle()


def seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Let what dropout leaves out depend on the seed and the epoch, and nothing else.

    Keras keeps the state of its generators in variables that it does not save.
    """
    generator = np.random.default_rng([seed, epoch, 1])
    for variable in model.variables:
        if variable.name == "seed_generator_state":  # two numbers: seed and counter
            variable.assign([int(generator.integers(2**31)), 0])


class Bookkeeping(keras.callbacks.Callback):
    """Connects Keras' training to the bookkeeper."""

    def __init__(self, bookkeeper: Bookkeeper, seed: int) -> None:
        """Keep both until they are needed."""
        super().__init__()
        self.bookkeeper = bookkeeper
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Make the epoch repeatable, whether or not the training was interrupted."""
        seed_dropout(self.model, self.seed, epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Report the epoch; `logs` holds its loss and metrics."""
        self.bookkeeper.epoch_done(logs or {})

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Take the bar away."""
        self.bookkeeper.close()


def train_model(
    model: keras.Model,
    train: tuple[FloatArray, LabelArray],
    validation: tuple[FloatArray, LabelArray],
    run: Run,
    state: State,
    epochs: int = 100,
    batch_size: int = 128,
    seed: int = 1,
    quiet: bool = True,
) -> dict[str, list[float]]:
    """Train from the epoch that `state` has reached to the last one.

    Args:
        model: A compiled model.
        train: Images float32 (n, height, width) in [0, 1], labels int64 (n,).
        validation: The same for the validation set.
        run: Where checkpoints are kept.
        state: How far the training is; brought up to date after every epoch.
        epochs: Passes over the training set in all.
        batch_size: Images per gradient step.
        seed: Decides the order of the batches and what dropout leaves out.
        quiet: Whether to show no progress bar.

    Returns:
        For loss, accuracy, val_loss and val_accuracy, one value an epoch.
    """
    bookkeeper = Bookkeeper(
        run, state, epochs, quiet, lambda folder: save_model(model, folder)
    )
    model.fit(
        ShuffledBatches(*train, batch_size, seed, first_epoch=state.epoch),
        validation_data=validation,
        validation_batch_size=EVALUATION_BATCH,
        initial_epoch=state.epoch,
        epochs=epochs,
        # The batches come in the order they are asked for; Keras would ask for the
        # batches themselves in random order.
        shuffle=False,
        verbose=0,
        callbacks=[Bookkeeping(bookkeeper, seed)],
    )
    return state.history


def predict_probabilities(model: keras.Model, images: FloatArray) -> FloatArray:
    """Return the probability of each class, float32 (n, classes), rows summing to 1."""
    batch = min(EVALUATION_BATCH, len(images))
    probabilities = model.predict(images, batch_size=batch, verbose=0)
    return np.asarray(probabilities, dtype=np.float32)


def evaluate_model(
    model: keras.Model,
    images: FloatArray,
    labels: LabelArray,
    classes: Sequence[str],
) -> dict[str, Any]:
    """Score a model on images it has never seen.

    Args:
        model: A trained model.
        images: float32 (n, height, width) in [0, 1].
        labels: int64 (n,), from 0 to len(classes) - 1.
        classes: The name of each class.

    Returns:
        What `score_probabilities` returns.
    """
    return score_probabilities(predict_probabilities(model, images), labels, classes)


def save_model(model: keras.Model, folder: Path) -> None:
    """Write the model and its optimizer's state into a folder, in Keras' own format."""
    model.save(folder / MODEL_FILE)


def load_model(folder: Path) -> keras.Model:
    """Load what `save_model` wrote; safe mode refuses a model that would run code."""
    return keras.saving.load_model(folder / MODEL_FILE, safe_mode=True)
