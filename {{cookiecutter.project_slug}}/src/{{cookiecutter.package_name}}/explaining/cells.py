"""Cells as numbers and back, for LIME, which knows neither texts nor missing values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ..inputs import Kind
from .explanation import FloatArray


@dataclass(frozen=True)
class Cells:
    """How the cells of a table are made numbers.

    A category is its number in a list. A missing number is the column's median and a
    number 1 in a column of its own, so that LIME draws missing cells as it draws
    categories; the weights of both are the column's.

    Attributes:
        empty: A table of the same columns and types, without rows.
        medians: That of each column of numbers.
        texts: Those that each column of texts holds.
        nullable: The numbers of the columns of numbers where some are missing.
    """

    empty: pd.DataFrame
    medians: dict[str, float]
    texts: dict[str, list[str]]
    nullable: list[int]

    @classmethod
    def of(cls, frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> Self:
        """Learn from every row that will be turned into numbers."""
        numbers = [name for name in frame if kinds[name] == "number"]
        medians = frame[numbers].median().fillna(0.0)
        return cls(
            empty=frame.iloc[:0],
            medians={str(name): float(value) for name, value in medians.items()},
            texts={
                name: sorted(frame[name].dropna().unique())
                for name in frame
                if name not in numbers
            },
            nullable=[
                number
                for number, name in enumerate(frame)
                if name in numbers and frame[name].isna().any()
            ],
        )

    @property
    def columns(self) -> list[int]:
        """Which column of the table each column of numbers belongs to."""
        return [*range(self.empty.shape[1]), *self.nullable]

    @property
    def categorical(self) -> list[int]:
        """Which columns of numbers say what, and not how much."""
        width = self.empty.shape[1]
        texts = [i for i, name in enumerate(self.empty) if name in self.texts]
        return [*texts, *range(width, width + len(self.nullable))]

    def encode(self, frame: pd.DataFrame) -> FloatArray:
        """Return float64 (n, len(columns)) without NaN."""
        parts = []
        for name in frame:
            if name in self.medians:
                cells = frame[name].fillna(self.medians[name])
                parts.append(cells.to_numpy(dtype=np.float64))
            else:
                texts = self.texts[name]
                codes = pd.Categorical(frame[name], texts).codes
                # A missing text has the code -1: it comes after the last one.
                parts.append(np.where(codes < 0, len(texts), codes).astype(np.float64))
        missing = frame.iloc[:, self.nullable].isna().to_numpy(dtype=np.float64)
        return np.column_stack([*parts, missing])

    def decode(self, numbers: FloatArray) -> pd.DataFrame:
        """Return the table that such numbers stand for."""
        cells: dict[str, object] = {}
        for i, name in enumerate(self.empty):
            if name in self.medians:
                cells[name] = numbers[:, i]
            else:
                texts = np.array([*self.texts[name], np.nan], dtype=object)
                picked = texts[numbers[:, i].astype(np.int64)]
                cells[name] = pd.Series(picked, dtype=self.empty[name].dtype)
        frame = pd.DataFrame(cells)
        for flag, column in enumerate(self.nullable, start=self.empty.shape[1]):
            name = self.empty.columns[column]
            frame[name] = frame[name].mask(numbers[:, flag] == 1)
        return frame
