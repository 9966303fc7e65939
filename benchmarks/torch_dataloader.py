"""Train the same network on the same images with a DataLoader, as tutorials do.

    python benchmarks/torch_dataloader.py PACKAGE DATA_DIR EPOCHS SEED BATCH_SIZE

Runs in a rendered project's environment; prints one JSON object. The network, the split
and the preprocessing are the project's; the loop is that of PyTorch's quickstart, with
Adam as it is and PyTorch's own number of threads. Like the project, it adds up loss and
accuracy and validates after each epoch.
"""

import json
import sys
import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

package = sys.argv[1]
models = import_module(f"{package}.models")
utils = import_module(f"{package}.utils")

Loader = Iterable[tuple[Tensor, Tensor]]


def train_epoch(
    model: nn.Module, loader: Loader, optimizer: torch.optim.Optimizer
) -> tuple[float, float]:
    """Take a step for each batch; return the mean loss and accuracy."""
    model.train()
    total, correct, count = 0.0, 0.0, 0
    for images, labels in loader:
        logits = model(images)
        loss = functional.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(labels)
        correct += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    return total / count, correct / count


def score(model: nn.Module, loader: Loader) -> tuple[float, float]:
    """Return the mean loss and the accuracy."""
    model.eval()
    total, correct, count = 0.0, 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += functional.cross_entropy(logits, labels).item() * len(labels)
            correct += (logits.argmax(1) == labels).sum().item()
            count += len(labels)
    return total / count, correct / count


def main(data_dir: Path, epochs: int, seed: int, batch_size: int) -> None:
    """Fit, score and print."""
    training, test = utils.load_mnist_data("fashion_mnist", data_dir)
    split = utils.split_data(
        utils.preprocess_data(training[0], max_value=255), training[1], 0.2, seed
    )
    parts = [*split, (utils.preprocess_data(test[0], max_value=255), test[1])]
    train_set, validation_set, test_set = (
        TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
        for images, labels in parts
    )
    torch.manual_seed(seed)
    model = models.build_mnist_model((28, 28), 10)
    optimizer = torch.optim.Adam(model.parameters())
    started = time.perf_counter()
    loader = DataLoader(train_set, batch_size=batch_size, shuffle=True)
    validation_loader = DataLoader(validation_set, batch_size=batch_size)
    for _ in range(epochs):
        train_epoch(model, loader, optimizer)
        score(model, validation_loader)
    seconds = time.perf_counter() - started
    _, accuracy = score(model, DataLoader(test_set, batch_size=batch_size))
    print(json.dumps({"seconds": seconds, "accuracy": accuracy}))


if __name__ == "__main__":
    main(Path(sys.argv[2]), *(int(number) for number in sys.argv[3:]))
