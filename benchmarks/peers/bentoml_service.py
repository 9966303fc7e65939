"""A BentoML service with one worker."""

import bentoml
import numpy as np
from mlp import probabilities


@bentoml.service(workers=1)
class Mlp:
    """The service of BentoML's documentation, for arrays."""

    @bentoml.api
    def predict(self, instances: np.ndarray) -> np.ndarray:
        """Answer one request."""
        return probabilities(instances)
