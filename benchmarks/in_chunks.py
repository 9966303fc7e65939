"""Write a table, or train on one in chunks or with pandas; prints one JSON object.

    python benchmarks/in_chunks.py PACKAGE write FOLDER
    python benchmarks/in_chunks.py PACKAGE chunks FILE WORKERS
    python benchmarks/in_chunks.py PACKAGE pandas FILE

Runs in the environment of a rendered scikit-learn project. Seconds are from the start
of Python to the trained model, imports included.
"""

import hashlib
import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS = 130_000
COPIES = (1, 10, 100)
NUMBERS = [f"x{number}" for number in range(20)]
CATEGORY, LABEL = "group", "label"


def write(folder: Path) -> dict[str, Any]:
    """Write seeded rows, 20 numbers, a category and a label, 1, 10 and 100 times."""
    random = np.random.default_rng(1)
    numbers = random.normal(size=(ROWS, len(NUMBERS))).round(4)
    frame = pd.DataFrame(numbers, columns=NUMBERS)
    frame[CATEGORY] = random.choice(list("abcdefgh"), ROWS)
    noise = random.normal(size=ROWS)
    frame[LABEL] = np.where(numbers[:, 0] - numbers[:, 1] + noise > 0, "yes", "no")
    header, _, rows = frame.to_csv(index=False, lineterminator="\n").partition("\n")
    for copies in COPIES:
        with (folder / f"{copies}.csv").open("w", encoding="utf-8", newline="") as file:
            file.write(header + "\n")
            for _ in range(copies):
                file.write(rows)
    return {"rows": ROWS}


def accept(frame: pd.DataFrame, first_row: int) -> pd.DataFrame:
    """Check nothing, as pandas does not either."""
    return frame


def train_in_chunks(package: str, path: Path, count: int) -> dict[str, Any]:
    """Train on all rows as the project does with a table larger than memory."""
    chunks, reading, streaming, workers = (
        import_module(f"{package}.{name}")
        for name in ("chunks", "reading", "streaming", "workers")
    )
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    prepare = make_column_transformer(
        (StandardScaler(), NUMBERS), (categories, [CATEGORY])
    )
    model = SGDClassifier(loss="log_loss", random_state=1)
    with workers.start_workers(count) as pool:
        table, split = chunks.open_table(path), chunks.Split(seed=1)
        sample = reading.sample_rows(table, split)
        result = streaming.train_in_chunks(
            table,
            Pipeline([("prepare", prepare), ("model", model)]),
            target=LABEL,
            classes=("no", "yes"),
            kinds=reading.kinds_of(sample),
            check=accept,
            split=split,
            sample=sample,
            workers=pool,
        )
    coefficients = result.pipeline["model"].coef_
    return {
        "rows": result.rows["train"],
        "model": hashlib.sha256(coefficients.tobytes()).hexdigest(),
    }


def train_with_pandas(path: Path) -> dict[str, Any]:
    """Read the file whole, scale the numbers, leave the category, train once."""
    frame = pd.read_csv(path)
    features = StandardScaler().fit_transform(frame[NUMBERS])
    model = SGDClassifier(loss="log_loss", random_state=1)
    model.partial_fit(features, frame[LABEL], classes=["no", "yes"])
    return {"rows": len(frame)}


def main(package: str, action: str, path: Path, count: int = 0) -> None:
    """Do one thing and print how long it took."""
    started = time.perf_counter()
    if action == "write":
        measured = write(path)
    elif action == "chunks":
        measured = train_in_chunks(package, path, count)
    else:
        measured = train_with_pandas(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = time.perf_counter() - started
    print(json.dumps(measured | {"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *map(int, sys.argv[4:]))
