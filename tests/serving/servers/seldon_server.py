"""Seldon's microservice with the golden model: gunicorn seldon_server:application.

The command `seldon-core-microservice` starts the same application with gunicorn, too,
but on every address.
"""

from typing import Any

from seldon_core.metrics import SeldonMetrics
from seldon_core.wrapper import get_rest_microservice

import golden_model


class GoldenModel:
    """What Seldon calls a component: the model, without any protocol."""

    def __init__(self) -> None:
        """Make the model."""
        self.model = golden_model.as_scikit_learn()

    def predict(self, images: Any, names: Any, meta: Any = None) -> Any:
        """Return probabilities (n, 10) of images (n, 8, 8)."""
        return self.model.predict_proba(images)

    def class_names(self) -> list[str]:
        """Return what the columns of the answer are called."""
        names: list[str] = golden_model.read()["classes"]
        return names


application = get_rest_microservice(GoldenModel(), SeldonMetrics())
