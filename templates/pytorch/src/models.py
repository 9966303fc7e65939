"""The network: build, compile, train, evaluate, save and load it (PyTorch).

Yours: `build_mnist_model` and the others of `NETWORKS`; `compile_model` says how they
learn, and `train_model` is the loop. Where data come from is decided in commands.py.
"""

import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import lr_scheduler

from .config import ConfigError
from .files import careful

OnEpoch = Callable[[int, Mapping[str, float]], None]
Batches = Iterable[tuple[Tensor, Tensor]]  # images and their labels

FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")  # of an epoch
MODEL_FILE = "model.pt"
LIBRARIES = "numpy onnx onnxruntime onnxscript torch".split()  # of the manifest
EVALUATION_BATCH = 256  # without gradients to keep, its size changes no result

# A network this small is fastest with one, and sums that threads share round otherwise.
torch.set_num_threads(1)


class Network(nn.Sequential):
    """Layers from images (n, height, width[, 3]) to logits (n, classes)."""

    # Made by `compile_model`: what takes the steps, and what lets their size fall.
    optimizer: torch.optim.Optimizer
    schedule: lr_scheduler.LRScheduler

    def __init__(self, name: str, sizes: tuple[Any, ...], *layers: nn.Module) -> None:
        """Take layers, and how `NETWORKS` makes the same ones again."""
        super().__init__(*layers)
        self.made_by = (name, sizes)


def build_mnist_model(
    input_shape: tuple[int, ...] | None = None,
    num_classes: int = 10,
    hidden_units: int = 128,
    dropout: float = 0.2,
) -> Network:
    """Build the classic network from images to logits (n, num_classes).

    Args:
        input_shape: (height, width[, 3]) of an image; that of the first if not given.
        num_classes: Number of outputs.
        hidden_units: Width of the hidden layer.
        dropout: Part of the hidden units left out in training, in [0, 1).
    """
    pixels = input_shape and math.prod(input_shape)
    return Network(
        "mlp",
        (input_shape, num_classes, hidden_units, dropout),
        nn.Flatten(),  # (n, height * width)
        nn.Linear(pixels, hidden_units) if pixels else nn.LazyLinear(hidden_units),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden_units, num_classes),
    )


class ChannelsFirst(nn.Module):
    """From images as files have them to what convolutions take."""

    def forward(self, images: Tensor) -> Tensor:
        """Return (n, channels, height, width) of images (n, height, width[, 3])."""
        return images.unsqueeze(1) if images.dim() == 3 else images.permute(0, 3, 1, 2)


def build_cnn(
    input_shape: tuple[int, ...],
    num_classes: int = 10,
    hidden_units: int = 128,
    dropout: float = 0.2,
) -> Network:
    """Build a small convolutional network; the arguments are as above."""
    height, width, channels = (*input_shape, 1)[:3]
    return Network(
        "cnn",
        (input_shape, num_classes, hidden_units, dropout),
        ChannelsFirst(),
        nn.Conv2d(channels, 32, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * (height // 4) * (width // 4), hidden_units),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden_units, num_classes),
    )


# What the setting `network` can be.
NETWORKS = {"mlp": build_mnist_model, "cnn": build_cnn}


def compile_model(
    model: Network, learning_rate: float = 0.001, total_steps: int | None = None
) -> Network:
    """Choose the optimizer and how its step size falls; return the same model.

    Args:
        model: What `build_mnist_model` returned.
        learning_rate: Step size of Adam, positive.
        total_steps: Gradient steps of the whole training, if the step size is to fall
            to zero over them, along half a cosine (https://arxiv.org/abs/1608.03983).
    """
    # Fused, one call for all weights, it takes a third of the time.
    model.optimizer = torch.optim.Adam(model.parameters(), learning_rate, fused=True)
    model.schedule = lr_scheduler.ConstantLR(model.optimizer, factor=1)
    if total_steps:
        model.schedule = lr_scheduler.CosineAnnealingLR(model.optimizer, total_steps)
    return model


def use_device(name: str) -> None:
    """Let tensors be made on "cpu", "cuda" or "mps"; a ConfigError: it is not here."""
    # For https://docs.nvidia.com/cuda/cublas/#results-reproducibility
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if name != "cpu" and not getattr(torch, name).is_available():
        advice = f"PyTorch {torch.__version__} cannot use it; train with --device cpu"
        raise ConfigError(f"device: {name} is not here, or {advice}")
    # The processor is the default already, and saying so would slow every call down.
    torch.set_default_device(None if name == "cpu" else name)


def set_seed(seed: int) -> None:
    """Make what follows repeatable: the same seed gives the same weights on a CPU."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)


def augmented(images: Tensor) -> Tensor:
    """Mirror, turn and shift each of some images (n, height, width[, 3]) at random."""
    # By a twentieth of a turn at most, and a tenth of the sides, whose lengths are 2.
    angle, across, down, side = 2 * torch.rand(4, len(images)) - 1
    sine, cosine = (0.1 * math.pi * angle).sin(), (0.1 * math.pi * angle).cos()
    left, right = side.sign() * cosine, side.sign() * sine
    moves = torch.stack([left, -sine, 0.2 * across, right, cosine, 0.2 * down], dim=1)
    pixels = ChannelsFirst()(images)
    grid = functional.affine_grid(moves.view(-1, 2, 3), pixels.shape, False)
    moved = functional.grid_sample(pixels, grid, "bilinear", "reflection", False)
    return moved.squeeze(1) if images.dim() == 3 else moved.permute(0, 2, 3, 1)


def train_epoch(model: Network, batches: Batches, weight: Any) -> tuple[float, float]:
    """Take a gradient step for each batch, in which classes have a weight, or None.

    The loss and the accuracy judge each image before the step that it was used in.
    """
    model.train()
    seen, truths = [], []
    for images, labels in batches:
        logits = model(images)
        loss = functional.cross_entropy(logits, labels, weight)
        model.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        model.optimizer.step()
        model.schedule.step()
        seen.append(logits.detach())
        truths.append(labels)
    return score_logits(torch.cat(seen), torch.cat(truths))


def score_logits(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the mean cross-entropy, in nats, and the accuracy."""
    hits = (logits.argmax(dim=1) == labels).sum().item()
    return functional.cross_entropy(logits, labels).item(), hits / len(labels)


def train_model(
    model: Network,
    x_train: Any,
    y_train: Any = None,
    epochs: int = 5,
    validation_split: float = 0.0,
    batch_size: int = 32,
    validation_data: tuple[Any, Any] | None = None,
    seed: int = 1,
    augment: bool = False,
    class_weight: Mapping[int, float] | None = None,
    on_epoch: OnEpoch = print,
    initial_epoch: int = 0,
) -> dict[str, list[float]]:
    """Train a compiled model; return for each of `FIGURES` a value an epoch.

    Args:
        model: It is changed.
        x_train: Images float32 (n, height, width[, 3]) in [0, 1], or `Scaled` ones; or
            a `DataLoader`, or whatever else gives batches, without `y_train`.
        y_train: Labels int64 (n,).
        epochs: Passes over the training set in all.
        validation_split: Part at the end of the training set to validate on instead.
        batch_size: Images per gradient step.
        validation_data: Images and labels to validate on.
        seed: Decides the order of the images and all else that is random.
        augment: Whether to train on what `augmented` makes of each image.
        class_weight: How much an image of each class counts, as for Keras.
        on_epoch: Called after every epoch with its number, from 1, and its figures.
        initial_epoch: Epochs that were done before.
    """
    batches, weight = x_train, None
    if y_train is not None:
        kept = len(y_train) - int(len(y_train) * validation_split)
        if validation_split:
            validation_data = (x_train[kept:], y_train[kept:])
    if class_weight:
        weight = as_tensor([float(value) for _, value in sorted(class_weight.items())])
    history: dict[str, list[float]] = {}
    for epoch in range(initial_epoch, epochs):
        # By seed and epoch alone, so that a stopped training ends as one that was not.
        random = np.random.default_rng([seed, epoch])
        torch.manual_seed(int(random.integers(2**63)))
        if y_train is not None:
            order = random.permutation(kept)
            batches = in_batches(x_train, y_train, order, batch_size, augment)
        found: tuple[float, ...] = train_epoch(model, batches, weight)
        if validation_data:
            found += evaluate_model(model, *validation_data)
        figures = dict(zip(FIGURES, found))
        for name, value in figures.items():
            history.setdefault(name, []).append(value)
        on_epoch(epoch + 1, figures)
    return history


def in_batches(
    images: Any, labels: Any, order: Any, size: int, augment: bool
) -> Batches:
    """Yield images and labels in an order of their numbers, `size` at a time."""
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        some = as_tensor(images[rows])
        yield augmented(some) if augment else some, as_tensor(labels[rows])


def as_tensor(array: Any) -> Tensor:
    """Return an array's values on the default device; on a CPU, nothing is copied."""
    return torch.as_tensor(array, device=torch.get_default_device())


def predict_logits(model: nn.Module, images: Any) -> Tensor:
    """Return the logits (n, classes) of images as `train_model` takes them."""
    model.eval()
    starts = range(0, len(images), EVALUATION_BATCH)
    parts = (as_tensor(images[start : start + EVALUATION_BATCH]) for start in starts)
    with torch.inference_mode():
        return torch.cat([model(part) for part in parts])


def predict_probabilities(model: nn.Module, images: Any) -> npt.NDArray[np.float32]:
    """Return the probability of each class, float32 (n, classes), rows summing to 1."""
    return np.asarray(predict_logits(model, images).softmax(dim=1).cpu())


def evaluate_model(model: nn.Module, x_test: Any, y_test: Any) -> tuple[float, float]:
    """Return loss, in nats, and accuracy on images, as above, and labels int64 (n,)."""
    return score_logits(predict_logits(model, x_test), as_tensor(y_test))


def save_model(model: Network, folder: Path) -> None:
    """Write layers and weights, and what training needs to go on, into a folder."""
    content: dict[str, Any] = {"made_by": model.made_by, "weights": model.state_dict()}
    if hasattr(model, "optimizer"):
        content["training"] = model.optimizer.state_dict(), model.schedule.state_dict()
    torch.save(content, folder / MODEL_FILE)


def load_model(folder: Path) -> Network:
    """Load what `save_model` wrote.

    A ProjectError says that it holds more than numbers and names, or is damaged.
    """
    device = torch.get_default_device()
    with careful(folder / MODEL_FILE):
        content = torch.load(folder / MODEL_FILE, device, weights_only=True)
        name, sizes = content["made_by"]
        model = NETWORKS[name](*sizes)
        model.load_state_dict(content["weights"])
        if "training" in content:
            optimizer, schedule = content["training"]
            compile_model(model, total_steps=schedule.get("T_max"))
            model.optimizer.load_state_dict(optimizer)
            model.schedule.load_state_dict(schedule)
    return model
