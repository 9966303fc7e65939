"""The network: build, compile, train, evaluate, save and load it (Keras).

Pure functions of arrays: where data come from and where models go is decided elsewhere.
Keras computes with TensorFlow, or with JAX if KERAS_BACKEND says so before the import.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from .checkpoints import Run, State
from .model_files import careful
from .progress import Bookkeeper, OnEpoch
from .utils import score_probabilities

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]
Arrays = tuple[FloatArray, LabelArray]  # images and their labels
Order = npt.NDArray[np.int64]  # of rows
Figures = dict[str, float]  # loss and metrics by name
Epoch = Callable[[Order], Figures]  # trains in the given order, then validates

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
    learning_rate: float = 0.006,
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
            beside a network this small. It does not change the result.

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


def batches(data: Arrays, order: Order, size: int) -> Iterator[Arrays]:
    """Yield images and labels in the given order, `size` at a time, the rest last."""
    images, labels = data
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield images[rows], labels[rows]


def seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Let what dropout leaves out depend on the seed and the epoch, and nothing else.

    Keras keeps the state of its generators in variables that it does not save.
    """
    generator = np.random.default_rng([seed, epoch, 1])
    for variable in model.variables:
        if variable.name == "seed_generator_state":  # two numbers: seed and counter
            variable.assign([int(generator.integers(2**31)), 0])


def keras_epoch(
    model: keras.Model, train: Arrays, validation: Arrays, batch_size: int
) -> Epoch:
    """Return a function for one epoch that leaves the work to `fit`; any backend."""

    def epoch(order: Order) -> Figures:
        fitted = model.fit(
            batches(train, order, batch_size),
            steps_per_epoch=-(-len(order) // batch_size),
            shuffle=False,
            validation_data=validation,
            validation_batch_size=EVALUATION_BATCH,
            verbose=0,
        )
        return {name: float(values[0]) for name, values in fitted.history.items()}

    return epoch


def graph_epoch(
    model: keras.Model, train: Arrays, validation: Arrays, batch_size: int
) -> Epoch:
    """Return a function for one epoch that does what `fit` does; TensorFlow only.

    There, `fit` spends more time on handing over batches than on computing. Here a loop
    in the graph takes Keras' own steps, `steps_per_execution` of them a call.
    Ctrl-C is heard between calls, and no more is copied than a call needs.
    """
    import tensorflow as tf

    def compiled(step: Callable[..., Any], data: Arrays, size: int) -> Any:
        """Let one call take a step for every `size` images, inside TensorFlow."""

        def take_steps(images: Any, labels: Any) -> None:
            count = tf.shape(labels)[0]

            def take_step(start: Any) -> tuple[Any]:
                end = start + size
                step((images[start:end], labels[start:end]))
                return (end,)

            tf.while_loop(lambda start: start < count, take_step, [0])

        # None: the last call has fewer images, and needs no graph of its own.
        signature = [tf.TensorSpec((None, *a.shape[1:]), a.dtype) for a in data]
        # AutoGraph would look for Python loops to rewrite; there are none.
        return tf.function(take_steps, input_signature=signature, autograph=False)

    def run(take_steps: Any, blocks: Iterator[Arrays]) -> Figures:
        model.reset_metrics()
        for images, labels in blocks:
            take_steps(images, labels)
        return {name: float(v) for name, v in model.get_metrics_result().items()}

    # Whatever makes variables does so now: a graph that made some is traced twice.
    image, label = train[0][:1], train[1][:1]
    model.compute_metrics(image, label, model(image))
    model.optimizer.build(model.trainable_variables)
    train_steps = compiled(model.train_step, train, batch_size)
    test_steps = compiled(model.test_step, validation, EVALUATION_BATCH)
    block_size = batch_size * model.steps_per_execution
    as_it_is = np.arange(len(validation[1]))

    def epoch(order: Order) -> Figures:
        figures = run(train_steps, batches(train, order, block_size))
        tested = run(test_steps, batches(validation, as_it_is, EVALUATION_BATCH))
        return figures | {f"val_{name}": value for name, value in tested.items()}

    return epoch


def train_model(
    model: keras.Model,
    train: Arrays,
    validation: Arrays,
    run: Run,
    state: State,
    epochs: int = 100,
    batch_size: int = 256,
    seed: int = 1,
    quiet: bool = True,
    on_epoch: OnEpoch | None = None,
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
        on_epoch: Called after every epoch with its number and its figures.

    Returns:
        For loss, accuracy, val_loss and val_accuracy, one value an epoch.
    """
    on_tensorflow = keras.backend.backend() == "tensorflow"
    make_epoch = graph_epoch if on_tensorflow else keras_epoch
    run_epoch = make_epoch(model, train, validation, batch_size)
    bookkeeper = Bookkeeper(
        run, state, epochs, quiet, lambda folder: save_model(model, folder), on_epoch
    )
    with bookkeeper:
        for epoch in range(state.epoch, epochs):
            # What is random depends on the seed and the epoch only: a resumed training
            # must end where an uninterrupted one does.
            seed_dropout(model, seed, epoch)
            generator = np.random.default_rng([seed, epoch])
            figures = run_epoch(generator.permutation(len(train[1])))
            bookkeeper.epoch_done(figures)
    return state.history


def predict_probabilities(model: keras.Model, images: FloatArray) -> FloatArray:
    """Return the probability of each class, float32 (n, classes), rows summing to 1."""
    # Not `predict`, which prepares for long work: a tenth of a second for each call.
    parts = [
        np.asarray(model(images[start : start + EVALUATION_BATCH]), dtype=np.float32)
        for start in range(0, len(images), EVALUATION_BATCH)
    ]
    return np.concatenate(parts)


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
    """Load what `save_model` wrote.

    Safe mode refuses what would run code or read other files; a class of your own is
    found only if it has `@keras.saving.register_keras_serializable()`.

    Raises:
        ModelFileError: If the file is damaged, or holds more than such a model.
    """
    file = folder / MODEL_FILE
    with careful(file):
        return keras.saving.load_model(file, safe_mode=True)
