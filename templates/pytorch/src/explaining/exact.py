"""SHAP values from the inside of a PyTorch network."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..models import MultilayerPerceptron, as_tensor

Pixels = npt.NDArray[np.float32]


def ranked_shap(
    model: MultilayerPerceptron, background: Pixels, images: Pixels
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Run SHAP's DeepExplainer for the likeliest class of each image.

    Args:
        model: From `models.load_model`.
        background: float32 (b, height, width) in [0, 1], the images to compare with.
        images: float32 (n, height, width) in [0, 1], the images to explain.

    Returns:
        SHAP values (n, height, width, 1), and the classes (n, 1).
    """
    import shap

    network = nn.Sequential(model, nn.Softmax(dim=1)).eval()
    explainer = shap.DeepExplainer(network, as_tensor(background))
    values, classes = explainer.shap_values(
        as_tensor(images), ranked_outputs=1, check_additivity=False
    )
    # Classes come as a tensor, on the device that computed them.
    found = classes.cpu() if isinstance(classes, torch.Tensor) else classes
    return np.asarray(values), np.asarray(found)
