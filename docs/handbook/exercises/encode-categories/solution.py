"""Words into numbers."""

from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def make_encoder():
    """Return an unfitted transformer of a table of words to columns of 0.0 and 1.0.

    A missing value is the category "(missing)"; one that is unknown has only 0.0.
    """
    return make_pipeline(
        SimpleImputer(strategy="constant", fill_value="(missing)"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
