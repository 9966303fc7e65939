"""SHAP values from the inside of a Keras network."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float32]


def ranked_shap(
    model: keras.Model, background: Pixels, images: Pixels
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Run SHAP's DeepExplainer for the likeliest class of each image.

    Args:
        model: From `models.load_model`; Keras must compute with TensorFlow.
        background: float32 (b, height, width) in [0, 1], the images to compare with.
        images: float32 (n, height, width) in [0, 1], the images to explain.

    Returns:
        SHAP values (n, height, width, 1), and the classes (n, 1).
    """
    import shap

    with quiet():
        explainer = shap.DeepExplainer(model, background)
        values, classes = explainer.shap_values(
            images, ranked_outputs=1, check_additivity=False
        )
    return np.asarray(values), np.asarray(classes)


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
