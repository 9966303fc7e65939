"""The network: its shape, that it learns, and that it does so repeatably."""

from pathlib import Path

import numpy as np
import pytest
import torch

from {{ cookiecutter.package_name }} import models
from {{ cookiecutter.package_name }}.checkpoints import Run, State

from samples import Arrays

SHAPE = (6, 5)
UNITS = 16


def small_model(seed: int = 0) -> models.MultilayerPerceptron:
    """A compiled model for the stripes."""
    models.set_seed(seed)
    model = models.build_mnist_model(SHAPE, 3, hidden_units=UNITS, dropout=0.2)
    return models.compile_model(model, 100, learning_rate=0.01)


def fit(
    model: models.MultilayerPerceptron,
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


def weights(model: models.MultilayerPerceptron) -> bytes:
    """All weights and the optimizer's state, to the last bit."""
    tensors = list(model.state_dict().values())
    for state in model.optimizer.state_dict()["state"].values():
        tensors += state.values()
    return b"".join(tensor.numpy().tobytes() for tensor in tensors)


def test_the_model_is_the_classic_network() -> None:
    model = models.build_mnist_model((28, 28), 10)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Flatten", "Linear", "ReLU", "Dropout", "Linear"]
    count = sum(weights.numel() for weights in model.parameters())
    assert count == (28 * 28 + 1) * 128 + (128 + 1) * 10


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


def test_every_batch_is_used_once_an_epoch(stripes: Arrays, tmp_path: Path) -> None:
    batches = models.shuffled_batches(240, batch_size=50, seed=3, epoch=0)
    assert [len(batch) for batch in batches] == [50, 50, 50, 50, 40]
    assert sorted(torch.cat(batches).tolist()) == list(range(240))
    for seed, epoch, same in [(3, 0, True), (3, 1, False), (4, 0, False)]:
        others = models.shuffled_batches(240, batch_size=50, seed=seed, epoch=epoch)
        assert torch.equal(torch.cat(others), torch.cat(batches)) == same
    model = small_model()
    fit(model, stripes, tmp_path, epochs=3)
    assert model.schedule.last_epoch == 3 * 7  # 200 images in batches of 32


def test_the_step_size_falls_to_zero(stripes: Arrays, tmp_path: Path) -> None:
    model = models.compile_model(models.build_mnist_model(SHAPE, 3), 3 * 7, 0.01)
    assert model.schedule.get_last_lr() == [0.01]
    fit(model, stripes, tmp_path, epochs=3)
    assert model.schedule.get_last_lr() == pytest.approx([0])


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


def test_a_model_must_be_compiled_to_be_trained(
    stripes: Arrays, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="compile"):
        fit(models.build_mnist_model(SHAPE, 3), stripes, tmp_path)


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_a_dropout_that_leaves_nothing_is_refused(dropout: float) -> None:
    with pytest.raises(ValueError, match="dropout"):
        models.build_mnist_model(SHAPE, 3, dropout=dropout)


def test_zero_units_are_refused() -> None:
    with pytest.raises(ValueError, match="units"):
        models.build_mnist_model(SHAPE, 3, hidden_units=0)
