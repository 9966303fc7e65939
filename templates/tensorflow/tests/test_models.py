"""The network: the course's calls, that it learns, repeatably, and goes on exactly."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pandas as pd
import pytest
import tensorflow as tf

from {{ cookiecutter.package_name }} import adapter, export, models
from {{ cookiecutter.package_name }}.config import ProjectError
from {{ cookiecutter.package_name }}.models import (
    build_mnist_model,
    compile_model,
    evaluate_model,
    set_seed,
    train_model,
)
from {{ cookiecutter.package_name }}.utils import (
    load_mnist_data,
    preprocess_data,
)

from samples import Arrays

# Keras 3.15 asks NumPy for arrays in a way that NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ imp:DeprecationWarning")

SHAPE = (6, 5)
FORMATS = {"onnx", "saved_model"}  # of an export


def small_model(seed: int = 0) -> keras.Model:
    """A compiled model for the stripes."""
    set_seed(seed)
    return compile_model(build_mnist_model(SHAPE, 3, hidden_units=16), 0.01, 100)


def fit(model: keras.Model, data: Any, **options: Any) -> dict[str, list[float]]:
    """Train on the first 200 stripes, validate on the others."""
    options = {"epochs": 4, "validation_split": 1 / 6, "verbose": 0, **options}
    return dict(train_model(model, *data, **options).history)


def state(model: keras.Model) -> bytes:
    """All weights and the optimizer's state, to the last bit."""
    variables = [*model.weights, *model.optimizer.variables]
    return b"".join(np.asarray(variable).tobytes() for variable in variables)


def plain_script(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> float:
    """Do what Keras' introduction does, and return the accuracy."""
    model = keras.Sequential(
        [
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x_train, y_train, epochs=5, validation_split=0.2, verbose=0)
    return float(model.evaluate(x_test, y_test, verbose=0)[1])


def test_the_model_is_the_classic_network(stripes: Arrays) -> None:
    model = build_mnist_model((28, 28), 10)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Flatten", "Dense", "Dropout", "Dense"]
    assert model.count_params() == (28 * 28 + 1) * 128 + (128 + 1) * 10
    probabilities = models.predict_probabilities(small_model(), stripes[0][:7])
    assert probabilities.shape == (7, 3) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_labels_go_by_their_place_whatever_their_index() -> None:
    for labels in (pd.Series([7, 8, 9], index=[2, 1, 0]), [7, 8, 9]):
        data = models.in_batches(np.zeros((3, 2, 2)), labels, 3)
        ((_, told),) = data.as_numpy_iterator()
        assert told.tolist() == [7, 8, 9]


def test_every_image_is_used_once_an_epoch_in_another_order(stripes: Arrays) -> None:
    each_epoch = models.EachEpoch(seed=1, on_epoch=None)
    each_epoch.set_model(small_model())
    numbers = np.arange(240)
    data = models.in_batches(stripes[0], numbers, 50, each_epoch.order)
    orders = []
    for epoch in (0, 1, 0):
        each_epoch.on_epoch_begin(epoch)
        images, rows = (np.concatenate(parts) for parts in zip(*data, strict=True))
        np.testing.assert_array_equal(images, stripes[0][rows])
        orders.append(list(rows))
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1]) == list(numbers)


def test_callbacks_of_keras_are_heard(stripes: Arrays, tmp_path: Path) -> None:
    stop = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10)
    board = keras.callbacks.TensorBoard(tmp_path)
    assert len(fit(small_model(), stripes, callbacks=[stop, board])["loss"]) == 2
    assert list(tmp_path.glob("train/events*"))
    assert list(tmp_path.glob("validation/events*"))


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 3)])
def test_augmented_images_are_mirrored_turned_and_shifted(
    shape: tuple[int, ...],
) -> None:
    images = np.zeros((200, *shape), dtype=np.float32)
    images[:, :, :3] = 1
    moved = models.augmentation(shape)(images, training=True).numpy()
    assert moved.shape == images.shape and 0 <= moved.min() <= moved.max() <= 1
    left, right = moved[:, :, :3].reshape(200, -1), moved[:, :, 3:].reshape(200, -1)
    assert 60 < (left.mean(axis=1) > right.mean(axis=1)).sum() < 140
    assert len(np.unique(moved, axis=0)) == 200


def test_a_data_set_of_tensorflow_s_is_trained_on(stripes: Arrays) -> None:
    data = tf.data.Dataset.from_tensor_slices(stripes).shuffle(240, seed=0).batch(32)
    model = small_model()
    history = train_model(model, data, epochs=15, validation_data=data, verbose=0)
    assert history.history["val_accuracy"][-1] > 0.9
    assert int(model.optimizer.iterations) == 15 * 8  # 240 images in batches of 32


def test_another_loss_and_metric_are_trained_with(stripes: Arrays) -> None:
    model = build_mnist_model(SHAPE, 3)
    model.compile("sgd", "mse", metrics=["mae"])
    one_hot = np.eye(3, dtype=np.float32)[stripes[1]]
    assert {"loss", "mae", "val_mae"} <= fit(model, (stripes[0], one_hot)).keys()


@pytest.mark.parametrize("augment", [False, True])
def test_a_resumed_training_ends_where_an_uninterrupted_one_does(
    augment: bool, stripes: Arrays, tmp_path: Path
) -> None:
    told: list[int] = []
    options = {"augment": augment, "on_epoch": lambda number, _: told.append(number)}
    whole = small_model()
    history = fit(whole, stripes, **options)
    assert told == [1, 2, 3, 4]
    model = small_model()
    first = fit(model, stripes, epochs=2, **options)
    models.save_model(model, tmp_path)
    set_seed(9)
    resumed = models.load_model(tmp_path)
    second = fit(resumed, stripes, initial_epoch=2, **options)
    assert state(resumed) == state(whole)
    assert {name: first[name] + second[name] for name in first} == history


def test_zero_units_are_refused() -> None:
    with pytest.raises(ValueError, match="units"):
        build_mnist_model(SHAPE, 3, hidden_units=0)


#% include "images/tests/test_models.py"
