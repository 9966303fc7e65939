"""The network: build, compile, train, evaluate, save and load it (Keras).

Yours: `build_mnist_model` and the others of `NETWORKS`; `compile_model` says how they
learn. Functions of arrays only: where data come from and where models go is decided in
commands.py.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .files import careful


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Hide what C++ code writes to the terminal; exceptions are not affected."""
    terminal = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


# TensorFlow reads these when it is imported, and announces the processor all the same.
# A network this small is fastest with one thread; 0: as many as there are cores.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with quiet_tensorflow():
    import absl.logging
    import keras
    import tensorflow as tf
# Keras logs with absl, which closes the stream that it found at its import when logging
# is configured; in a notebook that one is somebody else's.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

FloatArray = npt.NDArray[np.float32]
OnEpoch = Callable[[int, Mapping[str, float]], None]

MODEL_FILE = "model.keras"
# Whose versions go into the manifest.
LIBRARIES = "keras numpy onnx onnxruntime tensorflow tensorflow-cpu tf2onnx".split()
EVALUATION_BATCH = 256  # without gradients to keep, its size changes no result


def build_mnist_model(
    input_shape: tuple[int, ...] | None = None,
    num_classes: int = 10,
    hidden_units: int = 128,
    dropout: float = 0.2,
) -> keras.Model:
    """Build the classic network from images to probabilities (n, num_classes).

    Args:
        input_shape: (height, width[, 3]) of an image; that of the first if not given.
        num_classes: Number of outputs.
        hidden_units: Width of the hidden layer.
        dropout: Part of the hidden units left out in training, in [0, 1).
    """
    layers = [
        keras.layers.Flatten(),  # (n, height * width)
        keras.layers.Dense(hidden_units, activation="relu"),
        keras.layers.Dropout(dropout),
        keras.layers.Dense(num_classes, activation="softmax", name="probability"),
    ]
    if input_shape is not None:
        layers.insert(0, keras.Input(input_shape, name="image"))
    return keras.Sequential(layers, name="mlp")


def build_cnn(
    input_shape: tuple[int, ...],
    num_classes: int = 10,
    hidden_units: int = 128,
    dropout: float = 0.2,
) -> keras.Model:
    """Build a small convolutional network; the arguments are as above."""
    layers = [
        keras.Input(input_shape, name="image"),
        keras.layers.Reshape((*input_shape[:2], -1)),  # brightness is one channel
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(hidden_units, activation="relu"),
        keras.layers.Dropout(dropout),
        keras.layers.Dense(num_classes, activation="softmax", name="probability"),
    ]
    return keras.Sequential(layers, name="cnn")


# What the setting `network` can be.
NETWORKS = {"mlp": build_mnist_model, "cnn": build_cnn}


def compile_model(
    model: keras.Model, learning_rate: float = 0.001, total_steps: int | None = None
) -> keras.Model:
    """Choose the optimizer, the loss and the metrics; return the same model.

    Args:
        model: What `build_mnist_model` returned.
        learning_rate: Step size of Adam, positive.
        total_steps: Gradient steps of the whole training, if the step size is to fall
            to zero over them, along half a cosine (https://arxiv.org/abs/1608.03983).
    """
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, total_steps or 1)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule if total_steps else learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        # Python is slow beside a network this small. But Ctrl-C is heard between calls,
        # and Keras' progress bar would count beyond the end.
        steps_per_execution=50 if total_steps else 1,
    )
    return model


def set_seed(seed: int) -> None:
    """Make what follows repeatable: the same seed gives the same weights on a CPU."""
    keras.utils.set_random_seed(seed)
    # One thread computes in one order anyway, and asking for it costs a second.
    alone = os.environ["TF_NUM_INTRAOP_THREADS"] == "1"
    if not alone or tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()


class EachEpoch(keras.callbacks.Callback):
    """Makes what is random in an epoch depend on the seed and the epoch alone.

    So a training that was stopped ends where an uninterrupted one does.
    """

    def __init__(self, seed: int, on_epoch: OnEpoch | None) -> None:
        """Take the seed, and whom to tell the number of an epoch and its figures."""
        super().__init__()
        self.seed, self.epoch, self.on_epoch = seed, 0, on_epoch
        self.augmentation = keras.Sequential()

    def order(self, count: int) -> npt.NDArray[np.int64]:
        """Return the numbers of so many images, in the order of this epoch."""
        return np.random.default_rng([self.seed, self.epoch]).permutation(count)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set the generators of dropout, which Keras does not save."""
        self.epoch = epoch
        random = np.random.default_rng([self.seed, epoch])
        for variable in [*self.model.variables, *self.augmentation.variables]:
            if variable.name == "seed_generator_state":  # two numbers: seed and counter
                variable.assign([random.integers(2**31), 0])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Tell of it."""
        if self.on_epoch:
            self.on_epoch(epoch + 1, logs or {})


def augmentation(shape: tuple[int, ...]) -> keras.Sequential:
    """Return what mirrors, turns and shifts images (n, *shape) at random."""
    layers = [
        keras.layers.Reshape((*shape[:2], -1)),  # brightness is one channel
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomRotation(0.05),  # of a whole turn, at most
        keras.layers.RandomTranslation(0.1, 0.1),  # of the height and of the width
        keras.layers.Reshape(shape),
    ]
    return keras.Sequential([keras.Input(shape), *layers])


def in_batches(
    images: Any, labels: Any, size: int, order: Callable[[int], Any] = np.arange
) -> tf.data.Dataset:
    """Return images and labels, `size` at a time, as an order of their numbers says.

    The images are all that can be asked for rows, as an array or `Scaled` ones can.
    """
    if isinstance(labels, Sequence) or hasattr(labels, "__array__"):
        labels = np.asarray(labels)  # by place, where pandas would go by its index

    def batches() -> Iterator[tuple[Any, Any]]:
        rows = order(len(labels))
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            yield images[some], labels[some]

    example = (images[:1].astype(np.float32), labels[:1])
    shapes = [tf.TensorSpec((None, *e.shape[1:]), e.dtype) for e in example]
    data = tf.data.Dataset.from_generator(batches, output_signature=tuple(shapes))
    count = -(-len(labels) // size)
    return data.apply(tf.data.experimental.assert_cardinality(count)).prefetch(2)


def train_model(
    model: keras.Model,
    x_train: Any,
    y_train: Any = None,
    epochs: int = 5,
    validation_split: float = 0.0,
    batch_size: int = 32,
    validation_data: Any = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    seed: int = 1,
    augment: bool = False,
    on_epoch: OnEpoch | None = None,
    **options: Any,
) -> keras.callbacks.History:
    """Train with `model.fit`, and return Keras' `History`.

    Args:
        model: A compiled model.
        x_train: Images float32 (n, height, width[, 3]) in [0, 1], or `Scaled` ones; or
            whatever else `fit` takes, such as a `tf.data.Dataset`, without `y_train`.
        y_train: Labels int64 (n,).
        epochs: Passes over the training set in all.
        validation_split: Part at the end of the training set to validate on instead.
        batch_size: Images per gradient step.
        validation_data: Images and labels to validate on, or a data set.
        callbacks: Any of Keras' callbacks.
        seed: Decides the order of the images and all else that is random.
        augment: Whether to train on what `augmentation` makes of each image.
        on_epoch: Called after every epoch with its number, from 1, and its figures.
        **options: Other options of `fit`: `class_weight`, `initial_epoch`, `verbose`.
    """
    each_epoch = EachEpoch(seed, on_epoch)
    data = x_train
    if y_train is not None:
        kept = len(y_train) - int(len(y_train) * validation_split)
        if validation_split:
            validation_data = (x_train[kept:], y_train[kept:])
            x_train, y_train = x_train[:kept], y_train[:kept]
        data = in_batches(x_train, y_train, batch_size, each_epoch.order)
        if augment:
            layers = augmentation(x_train[:1].shape[1:])
            each_epoch.augmentation = layers
            data = data.map(lambda some, truth: (layers(some, training=True), truth))
            data = data.prefetch(2)
    if isinstance(validation_data, tuple):
        images, labels = validation_data
        validation_data = in_batches(images, labels, EVALUATION_BATCH)
    return model.fit(
        data,
        epochs=epochs,
        validation_data=validation_data,
        callbacks=[*callbacks, each_epoch],
        shuffle=False,  # the batches are, already
        **options,
    )


def evaluate_model(model: keras.Model, x_test: Any, y_test: Any) -> tuple[float, float]:
    """Return the loss, in nats, and the accuracy on images the model has never seen.

    The images are float32 (n, height, width) in [0, 1], the labels int64 (n,).
    """
    found = model.evaluate(x_test, y_test, EVALUATION_BATCH, verbose=0)
    return float(found[0]), float(found[1])


def predict_probabilities(model: keras.Model, images: Any) -> FloatArray:
    """Return the probability of each class, float32 (n, classes), rows summing to 1."""
    # Not `predict`, which prepares for long work: a tenth of a second for each call.
    starts = range(0, len(images), EVALUATION_BATCH)
    parts = [model(images[start : start + EVALUATION_BATCH]) for start in starts]
    return np.concatenate([np.asarray(part, dtype=np.float32) for part in parts])


def save_model(model: keras.Model, folder: Path) -> None:
    """Write the model and its optimizer's state into a folder, in Keras' own format."""
    model.save(folder / MODEL_FILE)


def load_model(folder: Path) -> keras.Model:
    """Load what `save_model` wrote.

    Safe mode refuses what would run code or read other files, as a ProjectError says; a
    class of your own needs `@keras.saving.register_keras_serializable()`.
    """
    with careful(folder / MODEL_FILE):
        return keras.saving.load_model(folder / MODEL_FILE, safe_mode=True)
