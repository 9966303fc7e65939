"""SHAP, LIME and ELI5 on images: what each patch of pixels adds to a probability."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..settings import ExplainSettings
from . import exact
from .agnostic import permuted, sampled_shap
from .explanation import (
    Contributions,
    Explanation,
    FloatArray,
    IntArray,
    chosen,
    of_contributions,
)
from .subject import Subject

COMPACTNESS = 0.1  # of SLIC's segments: nearness counts, brightness more


def by_shap(subject: Subject, settings: ExplainSettings) -> Explanation:
    """Return SHAP values: of each pixel if exact, of each patch if sampled."""
    if not settings.exact_shap:
        found = with_maps(subject, sampled_shap(subject, settings.seed))
        return of_contributions("shap", subject.features, found)
    maps, classes = deep_shap(subject)
    contributions = Contributions(
        values=subject.by_patch(maps),
        output=chosen(subject.predict(subject.rows), classes),
        base=subject.predict(subject.background).mean(axis=0)[classes],
        unit=subject.unit,
        how="SHAP values by DeepLIFT's rules, layer by layer (DeepExplainer)",
        maps=maps,
    )
    return of_contributions("shap", subject.features, contributions)


def deep_shap(subject: Subject) -> tuple[FloatArray, IntArray]:
    """Return the SHAP values of the pixels, for the likeliest class of each image.

    Deep SHAP: base + sum = probability, but for rounding. Gradients at random points
    (GradientExplainer) come near it on average only: on the handwritten digits they
    miss it by up to 0.2. Source: Lundberg and Lee, 2017,
    https://arxiv.org/abs/1705.07874, section 4.2; the rules are those of Shrikumar et
    al., 2017, https://arxiv.org/abs/1704.02685.

    Returns:
        float64 (n, height, width), and int64 (n,), the classes.
    """
    values, classes = exact.ranked_shap(subject.model, subject.background, subject.rows)
    return values[..., 0].astype(np.float64), classes[:, 0].astype(np.int64)


def by_lime(subject: Subject, settings: ExplainSettings) -> Explanation:
    """Return the weights of LIME's linear models, one fitted around each image.

    A segment that is left out shows the mean of the images to compare with. Source:
    Ribeiro, Singh and Guestrin, 2016, https://arxiv.org/abs/1602.04938.
    """
    absent = subject.background.mean(axis=0)[..., None].repeat(3, axis=2)
    maps, base = np.zeros(subject.rows.shape), np.zeros(len(subject.rows))
    for i, image in enumerate(subject.rows):
        # LIME sees pictures in three colours; here all three are the same.
        found = explainer_of_images(settings.seed).explain_instance(
            image,
            lambda pictures: subject.predict(pictures[..., 0]),
            labels=(subject.explained[i],),
            top_labels=None,
            hide_color=absent,
            num_samples=settings.lime_samples,
            batch_size=settings.lime_samples,
            segmentation_fn=segmentation(subject, settings.lime_segments),
        )
        base[i] = found.intercept[subject.explained[i]]
        for segment, weight in found.local_exp[subject.explained[i]]:
            pixels = found.segments == segment
            maps[i, pixels] = weight / np.count_nonzero(pixels)
    contributions = Contributions(
        values=subject.by_patch(maps),
        output=chosen(subject.predict(subject.rows), subject.explained),
        base=base,
        unit=subject.unit,
        how="weights of a linear model around each image (LIME); base + sum is that "
        "model's output, not the network's",
        maps=maps,
    )
    return of_contributions("lime", subject.features, contributions)


def by_eli5(subject: Subject, settings: ExplainSettings) -> Explanation:
    """Return what is lost when a patch shows another image.

    ELI5 explains Keras' networks by their convolutions, which this one has none of, and
    PyTorch's not at all; its permutation of a score function works for any model.
    """
    contributions, importance, how = permuted(subject, settings.seed)
    found = with_maps(subject, contributions)
    return Explanation("eli5", subject.features, found, importance, how)


METHODS: dict[str, Callable[[Subject, ExplainSettings], Explanation]] = {
    "shap": by_shap,
    "lime": by_lime,
    "eli5": by_eli5,
}


def explainer_of_images(seed: int) -> Any:
    """Return LIME's explainer, without its progress bar, and many times as fast."""
    from lime.lime_image import LimeImageExplainer

    class Explainer(LimeImageExplainer):  # type: ignore[misc]  # it has no types
        """LIME's, but for how the samples are made: all at once."""

        def data_labels(
            self,
            image: FloatArray,
            fudged_image: FloatArray,
            segments: IntArray,
            classifier_fn: Callable[[FloatArray], FloatArray],
            num_samples: int,
            batch_size: int = 10,
        ) -> tuple[IntArray, FloatArray]:
            """Return which segments each sample shows, and what the model says."""
            count = int(segments.max()) + 1
            shown = self.random_state.randint(0, 2, (num_samples, count))
            shown[0] = 1
            mask = shown[:, segments][..., None]  # (samples, height, width, 1)
            return shown, classifier_fn(np.where(mask, image, fudged_image))

    return Explainer(feature_selection="none", random_state=seed)


def segmentation(subject: Subject, kind: str) -> Callable[[npt.NDArray[Any]], IntArray]:
    """Return what cuts an image into segments: into the patches, or along its lines.

    LIME's default, quickshift, finds one or two segments on 28 x 28 pixels.
    """
    if kind == "grid":
        return lambda picture: subject.patches
    return partial(slic_segments, count=len(subject.features))


def slic_segments(picture: npt.NDArray[Any], count: int) -> IntArray:
    """Cut a grey image, (height, width, 3) in [0, 1], into segments by SLIC."""
    from skimage.segmentation import slic

    segments = slic(
        picture[..., 0],
        n_segments=count,
        compactness=COMPACTNESS,
        start_label=0,
        channel_axis=None,
    )
    return np.unique(segments, return_inverse=True)[1].reshape(segments.shape)


def with_maps(subject: Subject, found: Contributions) -> Contributions:
    """Return contributions of patches with those of their pixels."""
    maps = subject.by_pixel(found.values)
    return Contributions(
        found.values, found.output, found.base, found.unit, found.how, maps
    )
