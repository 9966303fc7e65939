"""What a model has to be given; read by whoever uses a version, framework or not."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Task = Literal["classification", "regression"]
Kind = Literal["number", "category"]


class Inputs(BaseModel):
    """What a model of tables has to be given; kept in its manifest.

    Attributes:
        target: The column that it predicts.
        task: Whether that is a class or a number.
        columns: The other columns in their order, and what each one holds. What
            their values may be is in the version's schema.yaml.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    task: Task
    columns: dict[str, Kind]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input of the exported graph; -1: the number of rows."""
        return {column: (-1, 1) for column in self.columns}
