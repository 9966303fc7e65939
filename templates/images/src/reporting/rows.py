"""The test images of a report, and how one of them is shown."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import models, utils
from ..held_out import IMAGES
from ..registry import Manifest
from .blocks import Block, Picture, Pictures, Section
from .class_scores import class_measures
from .classes import class_sections
from .intervals import Drawing, IntArray, Measure
from .scored import Group, Scored, drawn, quarters
from .settings import ReportSettings

Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class Images:
    """Test images, the model, and what is said of the training images.

    Attributes:
        model: From `models.load_model`.
        scored: What the model says of the test images.
        training: int64 (m,), the classes of the training images.
        pixels: (n, height, width), the test images as requests have them.
        images: float32 (n, height, width) in [0, 1], the same as the model takes them.
        first: float32 (height, width) in [0, 1] for each class that training images
            have: the first of them.
        described: What is said of the data.
    """

    model: Any
    scored: Scored
    training: IntArray
    pixels: Pixels
    images: npt.NDArray[np.float32]
    first: dict[str, npt.NDArray[np.float32]]
    described: tuple[tuple[str, object], ...]

    def judged(self, drawing: Drawing) -> tuple[list[Measure], list[Section]]:
        """Return the scores, and the sections that show them in detail."""
        return class_measures(self.scored, drawing), class_sections(self.scored)

    def facts(self) -> Sequence[tuple[str, object]]:
        """Return what is said of the data, as names and values."""
        return self.described

    def overview(self) -> Sequence[Block]:
        """Return an image of each class."""
        pictures = [Picture(as_png(image), name) for name, image in self.first.items()]
        return [Pictures(pictures, pixels=True)]

    def groups(self) -> Iterator[Group]:
        """Yield the images by how bright they are."""
        means = self.images.mean(axis=(1, 2), dtype=np.float64)
        return quarters("mean brightness", means)

    def shown(self, chosen: IntArray, captions: Sequence[str]) -> Block:
        """Return some test images, by their places in `scored`, with what to say."""
        pictures = [
            Picture(as_png(self.images[i]), f"{self.scored.numbers[i]}: {caption}")
            for i, caption in zip(chosen, captions, strict=True)
        ]
        return Pictures(pictures, pixels=True)

    def predict(self, count: int) -> Pixels:
        """Let the model predict the first `count` images."""
        return models.predict_probabilities(self.model, self.images[:count])

    def feeds(self, count: int) -> dict[str, Pixels]:
        """Return the first `count` images as an exported model takes them."""
        return {IMAGES: self.pixels[:count].astype(np.float32)}


def as_png(image: npt.NDArray[np.float32]) -> str:
    """Return (height, width) values in [0, 1] as a `data:` address of a PNG image."""
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, image, cmap="gray", vmin=0, vmax=1, format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def load_rows(settings: ReportSettings, folder: Path, manifest: Manifest) -> Images:
    """Read the model and its data, and let it predict test images.

    Args:
        settings: Those of the command.
        folder: The version's folder.
        manifest: Its manifest.

    Raises:
        DataError: If the images cannot be had.
    """
    (training, training_labels), (pixels, labels) = utils.load_mnist_data(
        manifest.dataset,
        settings.data_dir,
        manifest.settings["data_url"],
        not settings.quiet,
    )
    numbers = drawn(len(pixels), settings.max_rows, settings.seed)
    max_value = manifest.inputs.max_value
    images = utils.preprocess_data(pixels[numbers], max_value)
    model = models.load_model(folder)
    outputs = models.predict_probabilities(model, images).astype(np.float64)
    same = utils.data_fingerprint(training, training_labels) == manifest.data_sha256
    found, places = np.unique(training_labels, return_index=True)
    firsts = utils.preprocess_data(training[places], max_value)
    return Images(
        model=model,
        scored=Scored(
            truth=labels[numbers],
            outputs=outputs,
            numbers=numbers,
            classes=manifest.classes,
            target="the class of an image",
            noun="images",
            available=len(pixels),
        ),
        training=training_labels,
        pixels=pixels[numbers],
        images=images,
        first={
            manifest.classes[number]: image
            for number, image in zip(found, firsts, strict=True)
        },
        described=(
            ("data set", manifest.dataset),
            ("training images, with those to validate on", len(training)),
            ("test images", len(pixels)),
            ("height and width in pixels", f"{images.shape[1]} × {images.shape[2]}"),
            ("largest value of a pixel", f"{max_value:g}"),
            ("mean of the pixels, in [0, 1]", f"{images.mean():.4f}"),
            ("what the version was trained on", "the same" if same else "other data"),
        ),
    )
