"""All that serving, explaining, reporting and monitoring see of the data and the model.

`Inputs` is also the schema that a team edits in configs/schemas/, so a server checks a
request by the rules that `train` checks a file by. A server imports this module for it:
pandas and scikit-learn are imported where they are needed.

Yours: nothing has to change here for another table or another estimator.
"""

import json
import math
from collections.abc import Callable{{ ", Sequence" if "explain" in cookiecutter.__extras or "monitor" in cookiecutter.__extras }}
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, model_validator

from .config import DataError, Reading

if TYPE_CHECKING:
    import pandas as pd

    from .registry import Manifest

Array: TypeAlias = npt.NDArray[Any]
Labelled: TypeAlias = "tuple[pd.DataFrame, Array]"  # rows, and what is true of them
Kind = Literal["number", "boolean", "date", "category"]  # category: any text

MISSING = "(missing)"  # how a graph is given an empty text; an empty number is NaN
WANTED = {  # what a value must be, by its kind
    "number": "a number",
    "boolean": "true or false",
    "date": "a date like 2024-12-31",
    "category": "a text",
}
SHOWN = 5  # categories that a message names
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Column(BaseModel, extra="forbid", frozen=True):
    """What the cells of one column may hold."""

    kind: Kind
    nullable: bool = False  # whether a cell may be empty
    minimum: float | date | None = None
    maximum: float | date | None = None
    example: float | date | None = None  # an ordinary value, for pages and documents
    categories: tuple[str, ...] | None = Field(None, min_length=1)  # None: any text

    @model_validator(mode="after")
    def fits_its_kind(self) -> Self:
        """Refuse values that are not of the kind, or contradict each other."""
        values = (self.minimum, self.example, self.maximum)
        given = [each for each in values if each is not None]
        if self.categories and self.kind != "category":
            raise ValueError(f"a {self.kind} has no categories")
        if {"date" if isinstance(x, date) else "number" for x in given} - {self.kind}:
            raise ValueError(f"minimum, example or maximum is no {self.kind}")
        if sorted(order := list(map(in_days, given))) != order:
            raise ValueError("minimum, example and maximum are not in this order")
        return self

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value; a date in days since 1970."""
        low, high = self.minimum, self.maximum
        return (
            -math.inf if low is None else in_days(low),
            math.inf if high is None else in_days(high),
        )

    def refusal(self, value: Any) -> str:
        """Say why a value cannot be had, in the same words for a file and a request."""
        if value is None:
            return "must not be missing"
        if self.categories:
            more = ", ..." if len(self.categories) > SHOWN else ""
            wanted = f"one of {', '.join(map(shown, self.categories[:SHOWN]))}{more}"
        else:
            wanted = WANTED[self.kind]
            for word, bound in (("from", self.minimum), ("up to", self.maximum)):
                if bound is not None:
                    wanted += f" {word} {str(bound).removesuffix('.0')}"
        return f"must be {wanted}, is {shown(value)}"


#% if "serve" in cookiecutter.__extras
Limits = Column  # what serving calls it, for images too


#% endif
class Inputs(Reading, extra="forbid", frozen=True, validate_by_name=True):
    """What a table must be, and how it is written: its schema in YAML.

    A version's manifest keeps it.
    """

    target: str  # the column to predict
    task: Literal["classification", "regression"]
    rules: dict[str, Column] = Field(alias="columns")  # for each column, the target too

    @model_validator(mode="after")
    def has_its_target(self) -> Self:
        """Refuse a target that is no column, or not of the kind the task needs."""
        target = self.rules.get(self.target)
        if target is None or target.nullable or not self.columns:
            raise ValueError(
                f"{self.target!r} must be one of the columns, not nullable"
            )
        if not set(self.id_columns) <= self.rules.keys() - {self.target}:
            raise ValueError("id_columns must be columns, and not the target")
        if self.task == "regression" and target.kind != "number":
            raise ValueError(f"regression: {self.target!r} must be a number")
        if self.task == "classification" and len(target.categories or ()) < 2:
            raise ValueError(
                f"classification: {self.target!r} must list its categories"
            )
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of a model's outputs; none for a regression."""
        return self.rules[self.target].categories or ()

    #% if "serve" in cookiecutter.__extras
    @property
    def limits(self) -> dict[str, Column]:
        """What a request may have for each column that a model sees."""
        return {name: self.rules[name] for name in self.columns}

    #% endif
    #% if "serve" in cookiecutter.__extras or "monitor" in cookiecutter.__extras
    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input of the exported graph; -1: the number of rows."""
        return dict.fromkeys(self.columns, (-1, 1))

    #% endif
    @property
    def columns(self) -> dict[str, Literal["number", "category"]]:
        """What a model is given of each column that it sees; a date as a number."""
        return {
            name: "category" if rule.kind == "category" else "number"
            for name, rule in self.rules.items()
            if name not in (self.target, *self.id_columns)
        }


def shown(value: object) -> str:
    """Write a value as JSON has it, in one line that is not long."""
    return f"{json.dumps(value, ensure_ascii=False):.60}"


def in_days(value: float | date) -> float:
    """Return a number as it is, and a date as days since 1970."""
    return (value - EPOCH.date()).days if isinstance(value, date) else value


def to_days(text: str, date_format: str | None = None) -> float:
    """Return a date (UTC, if it names no zone) as days since 1970; NaN if it is none.

    It is written as a format says, or by ISO 8601; a time of day is a part of a day.
    """
    for wanted in (date_format, None):
        try:
            if wanted:
                moment = datetime.strptime(text, wanted)
            else:
                moment = datetime.fromisoformat(text)
        except ValueError:
            continue
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) / timedelta(days=1)
    return math.nan


def to_date(days: float) -> str:
    """Return days since 1970 as a date, or a moment of one; "" where there is none."""
    if math.isnan(days):
        return ""
    moment = EPOCH + timedelta(seconds=round(days * 86400))
    return moment.replace(tzinfo=None).isoformat().removesuffix("T00:00:00")


def readable(rows: "pd.DataFrame", inputs: Inputs) -> "pd.DataFrame":
    """Return rows with dates as people write them."""
    dates = [name for name, rule in inputs.rules.items() if rule.kind == "date"]
    texts = {name: rows[name].map(to_date) for name in dates if name in rows}
    return rows.assign(**texts)


#% if "monitor" in cookiecutter.__extras
def describe(rows: "pd.DataFrame", inputs: Inputs) -> dict[str, Array]:
    """Return what drift is looked for in: numbers, moments or texts (n,) a column."""
    cells = feeds(rows, inputs, np.float64)
    found = {name: values[:, 0] for name, values in cells.items()}
    for name in found:
        if inputs.rules[name].kind == "date":
            found[name] = np.array([to_date(days) for days in found[name]], "M8[s]")
    return found


#% endif
def feeds(
    rows: "pd.DataFrame", inputs: Inputs, dtype: npt.DTypeLike = np.float32
) -> dict[str, Array]:
    """Return rows as the ONNX graph takes them: numbers or texts (n, 1) a column."""
    found = {}
    for name, kind in inputs.columns.items():
        cells = rows[[name]]
        if kind == "category":
            cells = cells.astype(object).where(cells.notna(), MISSING)
        found[name] = cells.to_numpy(dtype if kind == "number" else object)
    return found


#% if "explain" in cookiecutter.__extras or "monitor" in cookiecutter.__extras
def read_rows(
    path: Path,
    inputs: Inputs,
    cols_to_drop: Sequence[str] = (),
    strict: bool = True,
) -> tuple["pd.DataFrame", Array | None]:
    """Read the rows of a file as a model takes them; it may have other columns too.

    Args:
        path: A file, a folder or a pattern, as the setting `data` has it.
        inputs: What they must be.
        cols_to_drop: Not needed: columns that the model does not know are not read.
        strict: Whether bad rows are an error. If not, what cannot be read is NaN, as is
            a column that is not there.

    Returns:
        The columns that a model sees, the index the number of the row (the header is
        row 1); and the labels, int64 or float64 (n,), -1 or NaN where there is none.
        None if there is none at all.
    """
    from . import utils, validation

    chunks = utils.read_checked(path, inputs, target=False, strict=strict)
    rows, labels = validation.split_target(utils.joined(chunks, path), inputs)
    missing = labels < 0 if inputs.classes else np.isnan(labels)
    return rows, None if missing.all() else labels


#% endif
def load_splits(
    manifest: "Manifest", folder: Path, data_dir: Path, quiet: bool = True
) -> tuple[Labelled, Labelled]:
    """Return the training rows and the test rows; samples of what exceeds the memory.

    Raises:
        DataError: If the table cannot be had, or has changed since the training.
    """
    from . import utils, validation
    from .config import TrainSettings

    given = {**manifest.settings, "data_dir": data_dir}
    trained = TrainSettings.model_construct(**given)
    table = validation.Table.find(trained, manifest.inputs)
    if utils.sha256_of(*table.paths) != manifest.data_sha256:
        raise DataError(
            f"{' or '.join(map(str, table.paths))} has changed since version "
            f"{folder.name} was trained, so which rows the model has not seen is "
            "unknown; train anew"
        )
    training, test = table.parts()
    split = validation.split_target
    return split(training, manifest.inputs), split(test, manifest.inputs)


def predictor(
    folder: Path, manifest: "Manifest"
) -> Callable[["pd.DataFrame"], npt.NDArray[np.float64]]:
    """Return the model itself: rows to probabilities (n, classes) or values (n, 1)."""
    from . import models

    model = models.load_model(folder)
    return lambda rows: models.predict_outputs(model, rows)
