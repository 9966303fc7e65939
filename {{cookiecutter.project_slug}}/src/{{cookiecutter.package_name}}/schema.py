"""What a table must be: the columns, and what each may hold; kept as YAML.

The command `schema` infers one from a table and writes it to configs/schemas/, where
it is read, corrected and kept in git. A table is checked against it before a model is
trained; the model's version keeps a copy, and what it predicts from is checked against
that. Checking (checks.py) also gives the columns their types, the same ones every time.
A server reads schemas too, so nothing here needs pandas.
"""

from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .config import read_yaml
from .datasets import DataError
from .files import write_atomically
from .inputs import Kind, Task

FILE = "schema.yaml"  # what a version's copy is called
HEADER = """\
# What the columns may hold, as the command `schema` found it; correct it where you know
# better. kind: number, category (text) or date. nullable: whether cells may be empty.
# minimum and maximum leave the width of the observed range as room on either side.
# Without a list of categories, any text will do.
"""


class Column(BaseModel):
    """What one column may hold.

    Attributes:
        kind: `number`, `category` (any text) or `date` (ISO 8601).
        nullable: Whether a cell may be empty.
        minimum: The smallest number, or the first day.
        maximum: The largest number, or the last day.
        categories: The texts that may occur; any, if not given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["number", "category", "date"]
    nullable: bool = False
    minimum: float | date | None = None
    maximum: float | date | None = None
    categories: tuple[str, ...] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def fits_its_kind(self) -> Self:
        """Refuse bounds of a category, and categories of anything else."""
        bounds = [each for each in (self.minimum, self.maximum) if each is not None]
        if self.kind == "category" and bounds:
            raise ValueError("a category has no minimum and no maximum")
        if self.kind != "category" and self.categories:
            raise ValueError(f"a {self.kind} has no categories")
        if any(isinstance(each, date) != (self.kind == "date") for each in bounds):
            raise ValueError(f"the minimum and maximum of a {self.kind} must be such")
        low, high = as_number(self.minimum), as_number(self.maximum)
        if low is not None and high is not None and low > high:
            raise ValueError("the minimum is larger than the maximum")
        return self


class Features(BaseModel):
    """What a table must be that predictions are made from.

    Attributes:
        columns: Every column, in the order that a model takes them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, Column]


class Schema(Features):
    """What a table must be that a model is trained on.

    Attributes:
        target: The column that is predicted.
        task: Whether that is a class or a number.
        columns: Every column, the target too.
    """

    target: str
    task: Task

    @model_validator(mode="after")
    def has_its_target(self) -> Self:
        """Refuse a target that is no column, or not of the kind the task needs."""
        target = self.columns.get(self.target)
        if target is None:
            raise ValueError(f"the target {self.target!r} is none of the columns")
        if target.nullable:
            raise ValueError(f"the target {self.target!r} cannot be nullable")
        if self.task == "regression" and target.kind != "number":
            raise ValueError(f"regression: {self.target!r} must be a number")
        if self.task == "classification" and not target.categories:
            raise ValueError(
                f"classification: {self.target!r} must be a category, and its "
                "categories listed"
            )
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of a model's outputs; none for a regression."""
        return tuple(sorted(self.columns[self.target].categories or ()))

    @property
    def kinds(self) -> dict[str, Kind]:
        """What a model is given in each column but the target; dates as numbers."""
        return {
            name: "category" if column.kind == "category" else "number"
            for name, column in self.columns.items()
            if name != self.target
        }

    def without_target(self) -> Features:
        """Return what a table must be that predictions are made from."""
        columns = {k: v for k, v in self.columns.items() if k != self.target}
        return Features(columns=columns)


def as_number(value: float | date | None) -> float | None:
    """Return a bound as what the column is compared as: a date in days since 1970."""
    if isinstance(value, date):
        return float((value - date(1970, 1, 1)).days)
    return value


def readable(bound: float | date | None) -> int | float | date | None:
    """Return a bound as people write it: 50 for 50.0."""
    whole = isinstance(bound, float) and bound.is_integer()
    return int(bound) if whole else bound  # type: ignore[arg-type]


def schema_path(folder: Path, name: str) -> Path:
    """Return where the schema of a table is kept."""
    return folder / f"{name}.yaml"


def read_schema(path: Path) -> Schema:
    """Read a schema.

    Raises:
        DataError: If there is none, or it is no schema; the message says how to
            make one, or what is wrong.
    """
    if not path.exists():
        raise DataError(
            f"{path}: this table has no schema yet. Infer one with the command "
            "`schema` and the same --data, --target, --task and --drop, look at it, "
            "and keep it in git"
        )
    try:
        return Schema.model_validate(read_yaml(path))
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
            for found in error.errors()
        ]
        raise DataError(f"{path} is no schema:\n  " + "\n  ".join(problems)) from error


def write_schema(path: Path, schema: Schema) -> None:
    """Write a schema, whole or not at all; a column is one line where it can be."""
    content: dict[str, Any] = {
        "target": schema.target,
        "task": schema.task,
        "columns": schema.model_dump(exclude_none=True)["columns"],
    }
    for column in content["columns"].values():
        if "categories" in column:
            column["categories"] = list(column["categories"])
        for bound in ("minimum", "maximum"):
            if bound in column:
                column[bound] = readable(column[bound])
    text = yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=88
    )
    write_atomically(path, HEADER + text)


def require_same(schema: Schema, target: str, task: Task, path: Path) -> None:
    """Refuse a schema that was made for another target or task.

    Raises:
        DataError: If it was.
    """
    if (schema.target, schema.task) != (target, task):
        raise DataError(
            f"{path} is for {schema.task} of {schema.target!r}, not for {task} of "
            f"{target!r}; infer a new one with the command `schema`"
        )
