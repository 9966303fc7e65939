"""SHAP values from the inside of a PyTorch network."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..models import MultilayerPerceptron, as_tensor
from .explanation import FloatArray, IntArray

Pixels = npt.NDArray[np.float32]

HOW = "SHAP values by DeepLIFT's rules, layer by layer (DeepExplainer)"


def shap_values(
    model: MultilayerPerceptron, background: Pixels, images: Pixels
) -> tuple[FloatArray, IntArray]:
    """Return the SHAP values of the pixels, for the likeliest class of each image.

    Deep SHAP: base + sum = probability, but for rounding. Gradients at random points
    (GradientExplainer) come near it on average only: on the handwritten digits they
    miss it by up to 0.2. Source: Lundberg and Lee, 2017,
    https://arxiv.org/abs/1705.07874, section 4.2; the rules are those of Shrikumar et
    al., 2017, https://arxiv.org/abs/1704.02685.

    Args:
        model: From `models.load_model`.
        background: float32 (b, height, width) in [0, 1], the images to compare with.
        images: float32 (n, height, width) in [0, 1], the images to explain.

    Returns:
        float64 (n, height, width), and int64 (n,), the classes.
    """
    import shap

    network = nn.Sequential(model, nn.Softmax(dim=1)).eval()
    explainer = shap.DeepExplainer(network, as_tensor(background))
    values, classes = explainer.shap_values(
        as_tensor(images), ranked_outputs=1, check_additivity=False
    )
    return np.asarray(values, dtype=np.float64)[..., 0], as_array(classes)


def as_array(classes: object) -> IntArray:
    """Return the classes, int64 (n, 1) as a tensor or an array, as int64 (n,)."""
    found = classes.cpu() if isinstance(classes, torch.Tensor) else classes
    return np.asarray(found, dtype=np.int64)[:, 0]
