"""Write tables to train on, or train on one with nothing but pandas and scikit-learn.

    python benchmarks/plain_pandas.py write FOLDER
    python benchmarks/plain_pandas.py train FILE

Runs in the environment of a rendered scikit-learn project; prints seconds.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

ROWS = 130_000
COPIES = (1, 10, 100)
NUMBERS = [f"x{number}" for number in range(20)]


def write(folder: Path) -> None:
    """Write seeded rows, 20 numbers, a category and a label, 1, 10 and 100 times."""
    random = np.random.default_rng(1)
    numbers = random.normal(size=(ROWS, len(NUMBERS))).round(4)
    frame = pd.DataFrame(numbers, columns=NUMBERS)
    frame["group"] = random.choice(list("abcdefgh"), ROWS)
    noise = random.normal(size=ROWS)
    frame["label"] = np.where(numbers[:, 0] - numbers[:, 1] + noise > 0, "yes", "no")
    header, _, rows = frame.to_csv(index=False, lineterminator="\n").partition("\n")
    for copies in COPIES:
        path = folder / f"{copies}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(header + "\n")
            for _ in range(copies):
                file.write(rows)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        with parquet.ParquetWriter(path.with_suffix(".parquet"), table.schema) as to:
            for _ in range(copies):
                to.write_table(table)


def train(path: Path) -> None:
    """Read the file whole, scale the numbers, leave the category, train once."""
    frame = pd.read_csv(path)
    features = StandardScaler().fit_transform(frame[NUMBERS])
    model = SGDClassifier(loss="log_loss", random_state=1)
    model.partial_fit(features, frame["label"], classes=["no", "yes"])


if __name__ == "__main__":
    started = time.perf_counter()
    {"write": write, "train": train}[sys.argv[1]](Path(sys.argv[2]))
    print(time.perf_counter() - started)
