"""The model card: what the manifest knows, and what people wrote.

Nothing is made up: what nobody wrote is "not stated". The front matter is that of the
Hugging Face Hub, by its own library.
"""

import re
from collections.abc import Sequence
from html import escape
from importlib import metadata
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from pydantic import BaseModel, ValidationError

from ..config import ConfigError, read_yaml
from ..registry import Manifest
from .scores import Score

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")
# What the Hub calls the libraries that models are made with.
LIBRARIES = {"keras": "keras", "torch": "pytorch", "scikit-learn": "sklearn"}
LICENSES = ("mit", "apache-2.0", "bsd-3-clause")  # of the Hub's list


class CardText(BaseModel, extra="forbid", frozen=True, str_strip_whitespace=True):
    """What only people know of a model; see configs/model_card.yaml."""

    license: str = ""
    description: str = ""
    intended_use: str = ""
    out_of_scope: str = ""
    data: str = ""
    limitations: str = ""
    ethics: str = ""
    contact: str = ""


def read_card(path: Path) -> CardText:
    """Read what people wrote; a ConfigError names what is none of it."""
    given = {k: v for k, v in read_yaml(path).items() if v is not None}
    try:
        return CardText.model_validate(given)
    except ValidationError as error:
        problems = [f"{path}: {e['loc'][0]}: {e['msg']}" for e in error.errors()]
        known = f"known are {', '.join(CardText.model_fields)}, each a text"
        raise ConfigError("\n".join([*problems, known])) from error


def markdown(value: object) -> str:
    """Return a value as text of Markdown, in one line, whatever it holds."""
    line = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", escape(" ".join(str(value).split())))
    return re.sub(r"^(\d*)([#+=.)-])", r"\1\\\2", line) or "*not stated*"


def render_card(
    text: CardText, manifest: Manifest, scores: Sequence[Score], note: str
) -> str:
    """Return the model card; `note` says how the scores were come by."""
#% if cookiecutter.__data_kind == "images"
    task = "image-classification"
#% else
    task = f"tabular-{'classification' if manifest.classes else 'regression'}"
#% endif
    stated = metadata.metadata("{{ cookiecutter.project_slug }}")["License-Expression"]
    known = str(stated).lower() if str(stated).lower() in LICENSES else "other"
    libraries = [hub for name, hub in LIBRARIES.items() if name in manifest.libraries]
    data, name = manifest.dataset, manifest.name
    results = [EvalResult(task, data, data, s.key, round(s.value, 6)) for s in scores]
    header = ModelCardData(
        license=text.license or known,
        library_name=libraries[0] if libraries else None,
        pipeline_tag=task,
        datasets=[data],
        metrics=[score.key for score in scores],
        model_name=name,
        eval_results=results,
    )
    facts: dict[str, Any] = {"text": text, "manifest": manifest, "scores": scores}
    facts |= {"note": note, "task": task, "licence": text.license or stated}
    card = ModelCard.from_template(header, str(TEMPLATE), md=markdown, **facts)
    return f"{card}\n"
