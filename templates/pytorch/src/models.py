"""The network: build, compile, train, evaluate, save and load it (PyTorch).

Pure functions of arrays: where data come from and where models go is decided elsewhere.
PyTorch computes where its default device is, which `backend.prepare` chooses.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from .checkpoints import Run, State
from .model_files import careful
from .progress import Bookkeeper, OnEpoch
from .utils import score_probabilities

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]

MODEL_FILE = "model.pt"
# Whose versions go into the manifest.
LIBRARIES = ("numpy", "torch")
# Without gradients to keep, large batches are faster and change no result.
EVALUATION_BATCH = 1024


class MultilayerPerceptron(nn.Module):
    """The classic network of the MNIST tutorials, and once compiled, what trains it."""

    # Made by `compile_model`: what takes the steps, and what lets their size fall.
    optimizer: torch.optim.Adam
    schedule: torch.optim.lr_scheduler.CosineAnnealingLR

    def __init__(
        self, input_shape: tuple[int, int], classes: int, units: int, dropout: float
    ) -> None:
        """Make the layers, with random weights."""
        super().__init__()
        self.sizes = (input_shape, classes, units, dropout)
        height, width = input_shape
        self.layers = nn.Sequential(
            nn.Flatten(),  # (n, height * width)
            nn.Linear(height * width, units),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(units, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (n, classes) of images (n, height, width)."""
        logits: Tensor = self.layers(images)
        return logits


def build_mnist_model(
    input_shape: tuple[int, int],
    num_classes: int,
    hidden_units: int = 128,
    dropout: float = 0.2,
) -> MultilayerPerceptron:
    """Build the classic multilayer perceptron of the MNIST tutorials.

    Args:
        input_shape: (height, width) of an image.
        num_classes: Number of outputs.
        hidden_units: Width of the hidden layer.
        dropout: Part of the hidden units left out in training, in [0, 1).

    Returns:
        A model from images (n, height, width) to logits (n, num_classes).

    Raises:
        ValueError: If a size is less than one, or `dropout` outside its range.
    """
    if min(*input_shape, num_classes, hidden_units) < 1:
        raise ValueError(
            f"input_shape {input_shape}, num_classes {num_classes} and hidden_units "
            f"{hidden_units} must be at least 1"
        )
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be in [0, 1), not {dropout}")
    return MultilayerPerceptron(input_shape, num_classes, hidden_units, dropout)


def compile_model(
    model: MultilayerPerceptron, total_steps: int, learning_rate: float = 0.006
) -> MultilayerPerceptron:
    """Choose the optimizer and how its step size falls.

    Args:
        model: What `build_mnist_model` returned.
        total_steps: Gradient steps of the whole training. The step size falls to zero
            over them along half a cosine (Loshchilov and Hutter, 2017,
            https://arxiv.org/abs/1608.03983, without restarts), so that the result
            does not depend on which batch happened to be the last.
        learning_rate: Step size of Adam at the start, positive.

    Returns:
        The same model.
    """
    # Fused: one call for all weights, which takes a third of the time.
    model.optimizer = torch.optim.Adam(model.parameters(), learning_rate, fused=True)
    model.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        model.optimizer, total_steps
    )
    return model


def set_seed(seed: int) -> None:
    """Make what follows repeatable: the same seed gives the same weights on a CPU."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    # It would also fill all new memory, so that reading it too early repeats as well;
    # nothing here does that, and the filling costs a twentieth of the time.
    deterministic = torch.utils.deterministic
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def shuffled_batches(
    count: int, batch_size: int, seed: int, epoch: int
) -> tuple[Tensor, ...]:
    """Return, for each batch, the numbers of its images, int64 (b,).

    The order depends on the seed and the epoch only; the last batch may be smaller.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return torch.split(as_tensor(order), batch_size)


def seed_dropout(seed: int, epoch: int) -> None:
    """Let what dropout leaves out depend on the seed and the epoch, and nothing else.

    PyTorch's generator goes on from wherever it is, and a resumed training would find
    it elsewhere than one that was never interrupted.
    """
    torch.manual_seed(int(np.random.default_rng([seed, epoch, 1]).integers(2**63)))


def train_epoch(
    model: MultilayerPerceptron,
    images: Tensor,
    labels: Tensor,
    batches: tuple[Tensor, ...],
) -> dict[str, float]:
    """Take a gradient step for each batch of images (n, height, width).

    Returns:
        The mean loss and accuracy, each image judged before the step it was used in.
    """
    model.train()
    seen = []
    for batch in batches:
        # One copy a batch, instead of one an image as a DataLoader makes them.
        logits = model(images.index_select(0, batch))
        loss = functional.cross_entropy(logits, labels.index_select(0, batch))
        model.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        model.optimizer.step()
        model.schedule.step()
        seen.append(logits.detach())
    return score_logits(torch.cat(seen), labels.index_select(0, torch.cat(batches)))


def score_logits(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Return the mean cross-entropy, in nats, and the accuracy."""
    hits = (logits.argmax(dim=1) == labels).sum().item()
    loss = functional.cross_entropy(logits, labels).item()
    return {"loss": loss, "accuracy": hits / len(labels)}


def train_model(
    model: MultilayerPerceptron,
    train: tuple[FloatArray, LabelArray],
    validation: tuple[FloatArray, LabelArray],
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

    Raises:
        ValueError: If the model is not compiled.
    """
    if not hasattr(model, "optimizer"):
        raise ValueError("compile the model before you train it")
    images, labels = as_tensor(train[0]), as_tensor(train[1])
    val_images, val_labels = as_tensor(validation[0]), as_tensor(validation[1])
    with Bookkeeper(
        run, state, epochs, quiet, lambda folder: save_model(model, folder), on_epoch
    ) as bookkeeper:
        for epoch in range(state.epoch, epochs):
            seed_dropout(seed, epoch)
            batches = shuffled_batches(len(labels), batch_size, seed, epoch)
            figures = train_epoch(model, images, labels, batches)
            tested = score_logits(predict_logits(model, val_images), val_labels)
            figures |= {f"val_{name}": value for name, value in tested.items()}
            bookkeeper.epoch_done(figures)
    return state.history


def as_tensor(array: npt.NDArray[Any]) -> Tensor:
    """Return an array's values on the default device; on a CPU, nothing is copied."""
    return torch.from_numpy(array).to(torch.get_default_device())


def predict_logits(model: MultilayerPerceptron, images: Tensor) -> Tensor:
    """Return the logits (n, classes) of images (n, height, width), without dropout."""
    model.eval()
    parts = torch.split(images, EVALUATION_BATCH)
    with torch.inference_mode():
        return torch.cat([model(part) for part in parts])


def predict_probabilities(
    model: MultilayerPerceptron, images: FloatArray
) -> FloatArray:
    """Return the probability of each class, float32 (n, classes), rows summing to 1."""
    logits = predict_logits(model, as_tensor(images))
    return np.asarray(logits.softmax(dim=1).cpu(), dtype=np.float32)


def evaluate_model(
    model: MultilayerPerceptron,
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


def save_model(model: MultilayerPerceptron, folder: Path) -> None:
    """Write sizes and weights, and what training needs to go on, into a folder."""
    content: dict[str, Any] = {"sizes": model.sizes, "weights": model.state_dict()}
    if hasattr(model, "optimizer"):
        content["optimizer"] = model.optimizer.state_dict()
        content["schedule"] = model.schedule.state_dict()
    torch.save(content, folder / MODEL_FILE)


def load_model(folder: Path) -> MultilayerPerceptron:
    """Load what `save_model` wrote.

    Raises:
        ModelFileError: If the file is damaged, or holds more than numbers and names.
            PyTorch's files are pickles, which could run any code when they are read.
    """
    file = folder / MODEL_FILE
    device = torch.get_default_device()
    with careful(file):
        content = torch.load(file, map_location=device, weights_only=True)
        model = build_mnist_model(*content["sizes"])
        model.load_state_dict(content["weights"])
        if "optimizer" in content:
            compile_model(model, total_steps=1)  # this number, too, is replaced
            model.optimizer.load_state_dict(content["optimizer"])
            model.schedule.load_state_dict(content["schedule"])
    return model
