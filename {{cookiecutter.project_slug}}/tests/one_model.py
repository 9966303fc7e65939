"""What handlers ask for a model, with a model of `graphs`."""

from pathlib import Path
from typing import Any

from {{ cookiecutter.package_name }}.serving import messages
from {{ cookiecutter.package_name }}.serving.model import Model, load_model

import graphs


class OneModel:
    """There is one, "model", in one version."""

    def __init__(self, models_dir: Path, **options: Any) -> None:
        """Save and load it; the options are those of `graphs.save`."""
        graphs.save(models_dir / "model", **options)
        self.model = load_model(models_dir / "model", 1)

    def get(self, name: str | None = None, version: str | None = None) -> Model:
        """Return it, or say that there is no other."""
        if name not in (None, "model"):
            raise messages.RequestError(404, "unknown", "name")
        if version not in (None, "1"):
            raise messages.RequestError(404, "unknown", "version")
        return self.model
