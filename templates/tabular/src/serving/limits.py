"""What the values that a model is given may be: what its schema says."""

from pathlib import Path

from ..datasets import DataError
from ..inputs import Inputs
from ..registry import RegistryError
from ..schema import FILE, as_number, read_schema
from .tensors import Limits


def limits_of(folder: Path, inputs: Inputs) -> dict[str, Limits]:
    """Return the limits of each column that a version is given.

    Args:
        folder: The version's, with its schema.
        inputs: What the manifest says of them.

    Raises:
        RegistryError: If there is no schema, or it has other columns.
    """
    try:
        columns = read_schema(folder / FILE).without_target().columns
    except DataError as error:
        raise RegistryError(str(error)) from error
    if list(columns) != list(inputs.columns):
        raise RegistryError(
            f"{folder / FILE} has other columns than the manifest; train again"
        )
    return {
        name: Limits(
            minimum=as_number(column.minimum),
            maximum=as_number(column.maximum),
            categories=column.categories,
            nullable=column.nullable,
            date=column.kind == "date",
        )
        for name, column in columns.items()
    }
