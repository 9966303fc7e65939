"""The network: its shape, that it learns, and that it does so repeatably."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from {{ cookiecutter.package_name }} import models
from {{ cookiecutter.package_name }}.checkpoints import Run, State

from samples import Arrays

# Keras 3.15 asks NumPy for arrays in a way that NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ imp:DeprecationWarning")

SHAPE = (6, 5)
UNITS = 16


def small_model(seed: int = 0) -> keras.Model:
    """A compiled model for the stripes."""
    models.set_seed(seed)
    model = models.build_mnist_model(SHAPE, 3, hidden_units=UNITS, dropout=0.2)
    return models.compile_model(model, 100, learning_rate=0.01, steps_per_execution=2)


def fit(
    model: keras.Model,
    data: Arrays,
    folder: Path,
    epochs: int = 4,
    state: State | None = None,
) -> dict[str, list[float]]:
    """Train on the first 200 stripes, validate on the others."""
    images, labels = data
    return models.train_model(
        model,
        (images[:200], labels[:200]),
        (images[200:], labels[200:]),
        Run(folder),
        state or State({}),
        epochs=epochs,
        batch_size=32,
        seed=1,
    )


def weights(model: keras.Model) -> bytes:
    """All weights and the optimizer's state, to the last bit."""
    variables = [*model.weights, *model.optimizer.variables]
    return b"".join(np.asarray(variable).tobytes() for variable in variables)


def test_the_model_is_the_classic_network() -> None:
    model = models.build_mnist_model((28, 28), 10)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Flatten", "Dense", "Dropout", "Dense"]
    assert model.count_params() == (28 * 28 + 1) * 128 + (128 + 1) * 10


def test_probabilities_have_a_row_an_image_and_sum_to_one(stripes: Arrays) -> None:
    probabilities = models.predict_probabilities(small_model(), stripes[0][:7])
    assert probabilities.shape == (7, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_training_lowers_the_loss_and_learns(stripes: Arrays, tmp_path: Path) -> None:
    model = small_model()
    history = fit(model, stripes, tmp_path, epochs=15)
    assert history["val_loss"][-1] < history["val_loss"][0] / 2
    scores = models.evaluate_model(model, *stripes, classes=("top", "middle", "low"))
    assert scores["accuracy"] > 0.95


def test_every_image_is_used_once_an_epoch(stripes: Arrays, tmp_path: Path) -> None:
    order = np.random.default_rng(3).permutation(240)
    parts = list(models.batches(stripes, order, 50))
    assert [len(labels) for _, labels in parts] == [50, 50, 50, 50, 40]
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    np.testing.assert_array_equal(images, stripes[0][order])
    np.testing.assert_array_equal(labels, stripes[1][order])
    model = small_model()
    fit(model, stripes, tmp_path, epochs=3)
    assert int(model.optimizer.iterations) == 3 * 7  # 200 images in batches of 32


def convolutional_model() -> keras.Model:
    """A model as a user may write it: not built yet, and with state of its own."""
    return keras.Sequential(
        [
            keras.layers.Reshape((*SHAPE, 1)),
            keras.layers.Conv2D(4, 3, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.mark.parametrize(
    "build",
    [lambda: models.build_mnist_model(SHAPE, 3, UNITS), convolutional_model],
    ids=["classic", "convolutional"],
)
def test_an_epoch_in_the_graph_is_an_epoch_of_fit(
    build: Callable[[], keras.Model], stripes: Arrays
) -> None:
    train, validation = models.batches(stripes, np.arange(240), 200)
    order = np.random.default_rng(3).permutation(200)
    ends, figures = [], []
    for make_epoch in (models.graph_epoch, models.keras_epoch):
        models.set_seed(1)
        model = models.compile_model(build(), 14, steps_per_execution=3)
        epoch = make_epoch(model, train, validation, batch_size=32)
        figures.append([epoch(order), epoch(order[::-1])])
        ends.append(model.get_weights())
    # Rounding differs in the last bits.
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    for epoch_of_ours, epoch_of_theirs in zip(*figures, strict=True):
        assert epoch_of_ours == pytest.approx(epoch_of_theirs, rel=1e-4)


def test_every_epoch_has_an_order_of_its_own_also_when_resumed(
    stripes: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[models.Order] = []

    def make_epoch(*arguments: object) -> models.Epoch:
        def epoch(order: models.Order) -> models.Figures:
            orders.append(order)
            return {"loss": 0.0}

        return epoch

    monkeypatch.setattr(models, "graph_epoch", make_epoch)
    fit(small_model(), stripes, tmp_path / "whole", epochs=2)
    after_one = State({}, epoch=1)
    fit(small_model(), stripes, tmp_path / "resumed", epochs=2, state=after_one)
    first, second, resumed = orders
    assert sorted(first) == sorted(second) == list(range(200))
    assert (first != second).any()
    np.testing.assert_array_equal(resumed, second)


def test_the_steps_per_call_do_not_change_the_result(
    stripes: Arrays, tmp_path: Path
) -> None:
    ends, histories = [], []
    for steps in (1, 3, 50):
        models.set_seed(1)
        model = models.build_mnist_model(SHAPE, 3, UNITS)
        models.compile_model(model, 28, steps_per_execution=steps)
        histories.append(fit(model, stripes, tmp_path / str(steps)))
        ends.append(weights(model))
    assert ends[0] == ends[1] == ends[2]
    assert histories[0] == histories[1] == histories[2]
    assert set(histories[0]) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    stripes: Arrays, tmp_path: Path
) -> None:
    trained = []
    for run, seed in enumerate([1, 1, 2]):
        model = small_model(seed)
        fit(model, stripes, tmp_path / str(run))
        trained.append(weights(model))
    assert trained[0] == trained[1]
    assert trained[0] != trained[2]


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(
    stripes: Arrays, tmp_path: Path
) -> None:
    whole = small_model()
    whole_history = fit(whole, stripes, tmp_path / "whole", epochs=5)
    fit(small_model(), stripes, tmp_path / "parts", epochs=2)
    state, saved = Run(tmp_path / "parts").load({})
    resumed = models.load_model(saved)
    history = fit(resumed, stripes, tmp_path / "parts", epochs=5, state=state)
    assert weights(resumed) == weights(whole)
    assert history == whole_history


def test_a_saved_model_predicts_the_same(stripes: Arrays, tmp_path: Path) -> None:
    model = models.build_mnist_model(SHAPE, 3)
    models.save_model(model, tmp_path)
    loaded = models.load_model(tmp_path)
    np.testing.assert_array_equal(
        models.predict_probabilities(loaded, stripes[0]),
        models.predict_probabilities(model, stripes[0]),
    )


def test_zero_units_are_refused() -> None:
    with pytest.raises(ValueError, match="units"):
        models.build_mnist_model(SHAPE, 3, hidden_units=0)
