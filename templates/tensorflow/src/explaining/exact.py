"""SHAP values from the inside of a Keras network."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import numpy.typing as npt

from .explanation import FloatArray, IntArray

Pixels = npt.NDArray[np.float32]

HOW = "SHAP values by DeepLIFT's rules, layer by layer (DeepExplainer)"


def shap_values(
    model: keras.Model, background: Pixels, images: Pixels
) -> tuple[FloatArray, IntArray]:
    """Return the SHAP values of the pixels, for the likeliest class of each image.

    Deep SHAP: base + sum = probability, but for rounding. Gradients at random points
    (GradientExplainer) come near it on average only: on the handwritten digits they
    miss it by up to 0.2. Source: Lundberg and Lee, 2017,
    https://arxiv.org/abs/1705.07874, section 4.2; the rules are those of Shrikumar et
    al., 2017, https://arxiv.org/abs/1704.02685.

    Args:
        model: From `models.load_model`; Keras must compute with TensorFlow.
        background: float32 (b, height, width) in [0, 1], the images to compare with.
        images: float32 (n, height, width) in [0, 1], the images to explain.

    Returns:
        float64 (n, height, width), and int64 (n,), the classes.
    """
    import shap

    with quiet():
        explainer = shap.DeepExplainer(model, background)
        values, classes = explainer.shap_values(
            images, ranked_outputs=1, check_additivity=False
        )
    return np.asarray(values, dtype=np.float64)[..., 0], np.asarray(classes)[:, 0]


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what does not concern the user: how SHAP calls Keras and TensorFlow."""
    tensorflow = logging.getLogger("tensorflow")
    level = tensorflow.level
    tensorflow.setLevel(logging.ERROR)  # SHAP makes a graph for each class
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Your TensorFlow version is newer")
            warnings.filterwarnings("ignore", "The structure of `inputs` doesn't match")
            warnings.filterwarnings("ignore", "__array__ implementation doesn't accept")
            yield
    finally:
        tensorflow.setLevel(level)
