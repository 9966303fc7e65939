"""A model of the Seldon microservice, which wants a module named as its class."""

from mlp import probabilities


class SeldonMlp:
    """The Python wrapper of Seldon Core's documentation."""

    def predict(self, X, names=None, meta=None):
        """Answer one request: `data.ndarray`."""
        return probabilities(X)
