"""The network: the course's calls, that it learns, repeatably, and goes on exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from {{ cookiecutter.package_name }} import adapter, export, models
from {{ cookiecutter.package_name }}.config import ConfigError, ProjectError
from {{ cookiecutter.package_name }}.models import (
    Network,
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

SHAPE = (6, 5)
FORMATS = {"onnx", "torch"}  # of an export


def small_model(seed: int = 0) -> Network:
    """A compiled model for the stripes."""
    set_seed(seed)
    return compile_model(build_mnist_model(SHAPE, 3, hidden_units=16), 0.01, 100)


def fit(model: Network, data: Arrays, **options: Any) -> dict[str, list[float]]:
    """Train on the first 200 stripes, validate on the others."""
    options = {"epochs": 4, "validation_split": 1 / 6, **options}
    return train_model(model, *data, **options)


def state(model: Network) -> bytes:
    """All weights and the optimizer's state, to the last bit."""
    optimizer = model.optimizer.state_dict()["state"]
    moments = [value for each in optimizer.values() for value in each.values()]
    tensors = [*model.state_dict().values(), *moments]
    return b"".join(tensor.numpy().tobytes() for tensor in tensors)


def plain_script(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> float:
    """Do what PyTorch's introduction does, and return the accuracy."""
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(x_train[0].size, 128),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(128, 10),
    )
    optimizer, loss_fn = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    data = TensorDataset(torch.from_numpy(x_train), torch.from_numpy(y_train))
    for _ in range(5):
        model.train()
        for images, labels in DataLoader(data, batch_size=32, shuffle=True):
            loss = loss_fn(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        predicted = model(torch.from_numpy(x_test)).argmax(dim=1).numpy()
    return float((predicted == y_test).mean())


def test_the_model_is_the_classic_network(stripes: Arrays) -> None:
    model = build_mnist_model((28, 28), 10)
    kinds = [type(layer).__name__ for layer in model]
    assert kinds == ["Flatten", "Linear", "ReLU", "Dropout", "Linear"]
    count = sum(each.numel() for each in model.parameters())
    assert count == (28 * 28 + 1) * 128 + (128 + 1) * 10
    probabilities = models.predict_probabilities(small_model(), stripes[0][:7])
    assert probabilities.shape == (7, 3) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_every_image_is_used_once_an_epoch(stripes: Arrays) -> None:
    order = np.random.default_rng(3).permutation(240)
    parts = list(models.in_batches(stripes[0], np.arange(240), order, 50, False))
    assert [len(labels) for _, labels in parts] == [50, 50, 50, 50, 40]
    images, rows = (torch.cat(each) for each in zip(*parts, strict=True))
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_array_equal(images, stripes[0][order])


def test_each_epoch_has_an_order_of_its_own(
    stripes: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[list[int]] = []

    def remembered(images: Any, labels: Any, order: Any, *how: Any) -> models.Batches:
        orders.append(order.tolist())
        return in_batches(images, labels, order, *how)

    in_batches = models.in_batches
    monkeypatch.setattr(models, "in_batches", remembered)
    fit(small_model(), stripes, epochs=2)
    assert [sorted(order) for order in orders] == [list(range(200))] * 2
    assert orders[0] != orders[1] and sorted(orders[0]) not in orders


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 3)])
def test_augmented_images_are_mirrored_turned_and_shifted(
    shape: tuple[int, ...],
) -> None:
    images = torch.zeros(200, *shape)
    images[:, :, :3] = 1
    moved = models.augmented(images)
    assert moved.shape == images.shape and 0 <= moved.min() <= moved.max() <= 1
    left, right = moved[:, :, :3].flatten(1), moved[:, :, 3:].flatten(1)
    assert 60 < (left.mean(dim=1) > right.mean(dim=1)).sum() < 140
    assert len(np.unique(moved, axis=0)) == 200


def test_a_data_loader_and_another_optimizer_are_trained_with(stripes: Arrays) -> None:
    tensors = TensorDataset(*map(torch.from_numpy, stripes))
    model = small_model()
    model.optimizer = torch.optim.AdamW(model.parameters(), 0.01)
    model.schedule = torch.optim.lr_scheduler.StepLR(model.optimizer, step_size=50)
    data = DataLoader(tensors, batch_size=32, shuffle=True)
    history = train_model(model, data, epochs=15, validation_data=stripes)
    assert history["val_accuracy"][-1] > 0.9


@pytest.mark.parametrize(("total_steps", "augment"), [(28, True), (None, False)])
def test_a_resumed_training_ends_where_an_uninterrupted_one_does(
    total_steps: int | None, augment: bool, stripes: Arrays, tmp_path: Path
) -> None:
    whole, model = (
        compile_model(small_model(), total_steps=total_steps) for _ in range(2)
    )
    told: list[int] = []
    options = {"augment": augment, "on_epoch": lambda number, _: told.append(number)}
    history = fit(whole, stripes, **options)
    assert told == [1, 2, 3, 4]
    first = fit(model, stripes, epochs=2, **options)
    models.save_model(model, tmp_path)
    set_seed(9)
    resumed = models.load_model(tmp_path)
    second = fit(resumed, stripes, initial_epoch=2, **options)
    assert state(resumed) == state(whole)
    assert {name: first[name] + second[name] for name in first} == history


def test_a_saved_model_predicts_the_same(stripes: Arrays, tmp_path: Path) -> None:
    for model in (small_model(), build_mnist_model(num_classes=3)):
        expected = models.predict_probabilities(model, stripes[0])
        models.save_model(model, tmp_path)
        loaded = models.load_model(tmp_path)
        found = models.predict_probabilities(loaded, stripes[0])
        np.testing.assert_array_equal(found, expected)


def test_bad_sizes_models_and_devices_are_refused(stripes: Arrays) -> None:
    with pytest.raises(ValueError, match="dropout"):
        build_mnist_model(SHAPE, 3, dropout=1.5)
    with pytest.raises(AttributeError, match="optimizer"):
        train_model(build_mnist_model(SHAPE, 3), *stripes)
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="device: cuda is not here"):
            models.use_device("cuda")


#% include "images/tests/test_models.py"
