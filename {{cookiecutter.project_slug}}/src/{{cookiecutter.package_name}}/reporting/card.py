"""The model card: what the manifest knows, and what people wrote.

The front matter is that of the Hugging Face Hub:
https://github.com/huggingface/hub-docs/blob/main/modelcard.md. Nothing is made up: what
nobody wrote is "not stated".
"""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ..config import ConfigError, read_yaml
from ..registry import Manifest
from .intervals import Drawing, Measure
from .page import CARD, environment
from .scored import Scored

# Whose licence the model has, unless another one is stated.
PROJECT = "{{ cookiecutter.project_slug }}"
# What the Hub calls the libraries that models are made with.
LIBRARIES = {"keras": "keras", "torch": "pytorch", "scikit-learn": "sklearn"}
# The licences of the Hub's list that a project may have, as SPDX writes them.
LICENSES = ("mit", "apache-2.0", "bsd-3-clause")
TASKS = {
    "image-classification": "Image Classification",
    "tabular-classification": "Tabular Classification",
    "tabular-regression": "Tabular Regression",
}


class CardText(BaseModel):
    """What only people know of a model; empty is "not stated".

    Attributes:
        license: An identifier of the Hub, such as mit; that of the project, if empty.
        description: What the model is for, in a sentence or two.
        intended_use: Who may use it for what.
        out_of_scope: What it must not be used for.
        data: Where the data come from, who is in them, what they lack.
        limitations: Where it fails, and what it is biased to.
        ethics: Whom it may harm, and what was done about it.
        contact: Whom to ask.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    license: str = ""
    description: str = ""
    intended_use: str = ""
    out_of_scope: str = ""
    data: str = ""
    limitations: str = ""
    ethics: str = ""
    contact: str = ""


def read_card(path: Path) -> CardText:
    """Read what people wrote.

    Raises:
        ConfigError: If the file is missing, or holds something else.
    """
    given = {k: v for k, v in read_yaml(path).items() if v is not None}
    try:
        return CardText.model_validate(given)
    except ValidationError as error:
        problems = [
            f"{path}: {found['loc'][0]}: {found['msg']}; known are "
            f"{', '.join(CardText.model_fields)}, each a text"
            for found in error.errors()
        ]
        raise ConfigError("\n".join(problems)) from error


def project_license() -> dict[str, str]:
    """Return the licence of the project, as the Hub's front matter has it."""
    known = metadata.metadata(PROJECT)
    stated = known["License-Expression"] if "License-Expression" in known else ""
    if stated.lower() in LICENSES:
        return {"license": stated.lower()}
    return {"license": "other", "license_name": stated.lower() or "not-stated"}


def task_of(manifest: Manifest, scored: Scored) -> str:
    """Return what the Hub calls the task."""
    if scored.noun == "images":
        return "image-classification"
    return f"tabular-{'classification' if manifest.classes else 'regression'}"


def front_matter(
    text: CardText, manifest: Manifest, scored: Scored, measures: Sequence[Measure]
) -> dict[str, Any]:
    """Return the metadata that the Hub reads."""
    task = task_of(manifest, scored)
    library = [hub for name, hub in LIBRARIES.items() if name in manifest.libraries]
    found = {"license": text.license} if text.license else project_license()
    dataset = {"type": manifest.dataset, "name": manifest.dataset, "split": "test"}
    return {
        **found,
        **({"library_name": library[0]} if library else {}),
        "pipeline_tag": task,
        "tags": [*library, task],
        "datasets": [manifest.dataset],
        "metrics": [measure.key for measure in measures],
        "model-index": [
            {
                "name": manifest.name,
                "results": [
                    {
                        "task": {"type": task, "name": TASKS[task]},
                        "dataset": dataset,
                        "metrics": [
                            {
                                "type": measure.key,
                                "name": measure.name,
                                "value": round(measure.value, 6),
                            }
                            for measure in measures
                        ],
                    }
                ],
            }
        ],
    }


def render_card(
    text: CardText,
    manifest: Manifest,
    folder: Path,
    scored: Scored,
    measures: Sequence[Measure],
    drawing: Drawing,
) -> str:
    """Return the model card.

    Args:
        text: What people wrote.
        manifest: That of the version.
        folder: The version.
        scored: The test rows.
        measures: Their scores.
        drawing: How the intervals of these were drawn.
    """
    header = front_matter(text, manifest, scored, measures)
    dumped = yaml.safe_dump(header, sort_keys=False, allow_unicode=True)
    body = (
        environment()
        .get_template(CARD)
        .render(
            text=text,
            manifest=manifest,
            version=folder.name,
            scored=scored,
            measures=measures,
            drawing=drawing,
            task=TASKS[task_of(manifest, scored)],
            header=header,
        )
    )
    return f"---\n{dumped}---\n\n{body}"
