"""What servers load, made from a Keras model: ONNX and TensorFlow's SavedModel.

Both take raw pixels, as a request has them, and divide them. The model may have been
trained with JAX: its file says nothing of that, and TensorFlow, which all commands but
a training compute with, writes both formats.
"""

import warnings
from functools import partial
from pathlib import Path

import keras
import numpy as np

from . import models
from .agreement import PROBABILITIES, Array, Feeds, Format, run_onnx
from .backend import silenced_stderr
from .held_out import IMAGES, held_out
from .registry import ONNX_FILE, Manifest

__all__ = ["EXPORT_LIBRARIES", "formats", "held_out"]

# Whose versions an export adds to the manifest.
EXPORT_LIBRARIES = ("onnx", "onnxruntime", "tf2onnx")


def formats(folder: Path, manifest: Manifest) -> dict[str, Format]:
    """Return the formats that a version can be written in.

    Args:
        folder: The version.
        manifest: Its manifest.
    """
    model = with_raw_pixels(models.load_model(folder), manifest.inputs.max_value)
    return {
        "onnx": Format(
            partial(export_onnx, model),
            lambda target, feeds: run_onnx(target / ONNX_FILE, feeds),
        ),
        "saved_model": Format(partial(export_saved_model, model), run_saved_model),
    }


def with_raw_pixels(model: keras.Model, max_value: float) -> keras.Model:
    """Return the model with a division in front.

    Args:
        model: From images float32 (n, height, width) in [0, 1].
        max_value: The largest value a pixel can have.

    Returns:
        A model from `images`, float32 (n, height, width) in [0, max_value], to
        `probabilities`, float32 (n, classes).
    """
    images = keras.Input(model.input_shape[1:], name=IMAGES, dtype="float32")
    scaled = keras.layers.Rescaling(1 / max_value)(images)
    served = keras.Model(images, {PROBABILITIES: model(scaled)}, name=model.name)
    # Keras exports only what has been called once with numbers.
    served(np.zeros((1, *model.input_shape[1:]), dtype=np.float32))
    return served


def export_onnx(model: keras.Model, folder: Path) -> None:
    """Write model.onnx.

    Args:
        model: From `with_raw_pixels`.
        folder: Where to.
    """
    with warnings.catch_warnings(), silenced_stderr():
        # tf2onnx asks NumPy for a name that it does not have any more.
        warnings.simplefilter("ignore", FutureWarning)
        model.export(folder / ONNX_FILE, format="onnx", verbose=False)


def export_saved_model(model: keras.Model, folder: Path) -> None:
    """Write a SavedModel with the signature `serving_default`.

    Args:
        model: From `with_raw_pixels`.
        folder: Where to: `saved_model.pb` and `variables/` go directly into it.
    """
    with silenced_stderr():
        model.export(folder, format="tf_saved_model", verbose=False)


def run_saved_model(folder: Path, feeds: Feeds) -> Array:
    """Return the probabilities that a SavedModel gives, as TensorFlow Serving asks."""
    import tensorflow

    loaded = tensorflow.saved_model.load(folder)
    serve = loaded.signatures["serving_default"]
    outputs = serve(**{name: tensorflow.constant(feeds[name]) for name in feeds})
    return np.asarray(outputs[PROBABILITIES])
