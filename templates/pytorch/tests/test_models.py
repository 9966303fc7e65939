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
from {{ cookiecutter.package_name }}.config import ConfigError
from {{ cookiecutter.package_name }}.files import FileError
from {{ cookiecutter.package_name }}.models import (
    MultilayerPerceptron,
    build_mnist_model,
    compile_model,
    evaluate_model,
    set_seed,
    train_model,
)
from {{ cookiecutter.package_name }}.utils import load_mnist_data, preprocess_data

from samples import Arrays

SHAPE = (6, 5)


def small_model(seed: int = 0) -> MultilayerPerceptron:
    """A compiled model for the stripes."""
    set_seed(seed)
    return compile_model(build_mnist_model(SHAPE, 3, hidden_units=16), 0.01, 100)


def fit(
    model: MultilayerPerceptron, data: Arrays, **options: Any
) -> dict[str, list[float]]:
    """Train on the first 200 stripes, validate on the others."""
    options = {"epochs": 4, "validation_split": 1 / 6, **options}
    return train_model(model, *data, **options)


def state(model: MultilayerPerceptron) -> list[Any]:
    """All weights and the optimizer's state."""
    optimizer = model.optimizer.state_dict()["state"]
    moments = [value for each in optimizer.values() for value in each.values()]
    return [*model.state_dict().values(), *moments]


def same(first: list[Any], second: list[Any]) -> bool:
    """Whether two states are equal to the last bit."""
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


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


def test_the_course_s_calls_do_what_its_one_file_script_does() -> None:
    set_seed(1)
    (x_train, y_train), (x_test, y_test) = load_mnist_data()
    x_train, x_test = preprocess_data(x_train, x_test)
    model = build_mnist_model()
    compile_model(model)
    history = train_model(model, x_train, y_train, epochs=5, validation_split=0.2)
    test_loss, test_acc = evaluate_model(model, x_test, y_test)
    assert len(history["val_accuracy"]) == 5
    assert 0 < test_loss < 1
    set_seed(1)
    script = plain_script(x_train, y_train, x_test, y_test)
    assert test_acc == pytest.approx(script, abs=0.04)


def test_the_model_is_the_classic_network(stripes: Arrays) -> None:
    model = build_mnist_model((28, 28), 10)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Flatten", "Linear", "ReLU", "Dropout", "Linear"]
    count = sum(each.numel() for each in model.parameters())
    assert count == (28 * 28 + 1) * 128 + (128 + 1) * 10
    probabilities = models.predict_probabilities(small_model(), stripes[0][:7])
    assert probabilities.shape == (7, 3) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_training_lowers_the_loss_and_learns(stripes: Arrays) -> None:
    model = small_model()
    history = fit(model, stripes, epochs=15)
    assert history["val_loss"][-1] < history["val_loss"][0] / 2
    loss, accuracy = evaluate_model(model, *stripes)
    assert loss < 0.5 and accuracy > 0.95


def test_every_image_is_used_once_an_epoch(stripes: Arrays) -> None:
    images, rows = torch.from_numpy(stripes[0]), torch.arange(240)
    parts = list(models.shuffled(images, rows, 50, np.random.default_rng(3)))
    assert [len(labels) for _, labels in parts] == [50, 50, 50, 50, 40]
    found, order = (torch.cat(each) for each in zip(*parts, strict=True))
    assert torch.equal(found, images[order]) and not torch.equal(order, rows)
    assert torch.equal(order.sort().values, rows)


def test_a_data_loader_and_another_optimizer_are_trained_with(stripes: Arrays) -> None:
    tensors = TensorDataset(*map(torch.from_numpy, stripes))
    model = small_model()
    model.optimizer = torch.optim.AdamW(model.parameters(), 0.01)
    model.schedule = torch.optim.lr_scheduler.StepLR(model.optimizer, step_size=50)
    data = DataLoader(tensors, batch_size=32, shuffle=True)
    history = train_model(model, data, epochs=15, validation_data=stripes)
    assert history["val_accuracy"][-1] > 0.9


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    stripes: Arrays,
) -> None:
    trained = []
    for seed in (1, 1, 2):
        model = small_model(seed)
        fit(model, stripes, seed=seed)
        trained.append(state(model))
    assert same(trained[0], trained[1]) and not same(trained[0], trained[2])


@pytest.mark.parametrize("total_steps", [28, None])
def test_a_resumed_training_ends_where_an_uninterrupted_one_does(
    total_steps: int | None, stripes: Arrays, tmp_path: Path
) -> None:
    whole, model = (
        compile_model(small_model(), total_steps=total_steps) for _ in range(2)
    )
    told: list[int] = []
    history = fit(whole, stripes, on_epoch=lambda number, figures: told.append(number))
    assert told == [1, 2, 3, 4]
    first = fit(model, stripes, epochs=2)
    models.save_model(model, tmp_path)
    set_seed(9)
    resumed = models.load_model(tmp_path)
    second = fit(resumed, stripes, initial_epoch=2)
    assert same(state(resumed), state(whole))
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


@pytest.mark.parametrize("length", [0, 100, None])
def test_a_damaged_or_missing_file_is_refused(
    length: int | None, tmp_path: Path
) -> None:
    file = tmp_path / models.MODEL_FILE
    if length is not None:
        models.save_model(small_model(), tmp_path)
        file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(FileError, match="model.pt is damaged, or carries code"):
        models.load_model(tmp_path)


def test_exports_take_raw_pixels_of_any_number_of_images(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 17, (7, *SHAPE))
    inputs = adapter.Inputs(height=6, width=5, max_value=16)
    model = build_mnist_model(SHAPE, 3)
    native = models.predict_probabilities(model, preprocess_data(pixels, max_value=16))
    feeds = adapter.feeds(pixels, inputs)
    found = export.export_model(model, tmp_path, inputs, feeds, native)
    assert found["exports"].keys() == {"onnx", "torch"}
    assert max(found["exports"].values()) < 1e-6
    graph = onnx.load_model(tmp_path / "model.onnx").graph
    assert [value.name for value in graph.input] == ["images"]
    assert [value.name for value in graph.output] == [export.PROBABILITIES]
    alone = adapter.feeds(pixels[:1], inputs)
    outputs = export.run_onnx(tmp_path / "model.onnx", alone)
    np.testing.assert_allclose(outputs, native[:1], atol=1e-6)
    with pytest.raises(export.ExportError, match="onnx is up to"):
        wrong = native[:, ::-1]
        export.export_model(model, tmp_path, inputs, feeds, wrong)
