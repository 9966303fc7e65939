"""Predict files of any size on a cluster: each row once, whatever is killed meanwhile.

Ray Data reads the files, a task each, and hands their rows in chunks to actors that
hold the model. A chunk becomes one file, named by its first row and renamed into place
when it is whole: it is there once, however often it was done, and is not done again.

    OUTPUT/part-<row>-<rows>.parquet    row and prediction, as `predict` has them
           _bad_rows.csv                rows that cannot be predicted, and why
           _summary.json                how many there are of each; written last
           _state/                      what a restart goes by

What begins with _ is no part of the table, as pandas, Spark and DuckDB read the folder.
Yours: nothing has to change here.
"""

import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import ray
from ray.data import ActorPoolStrategy, DataContext, from_items

from .. import adapter, registry
from ..adapter import Inputs
from ..config import ConfigError, DataError, PredictSettings
from ..export import onnx_session
from ..files import write_json, write_whole
from .rows import FILE_ROWS, FIRST_ROW, check, find_files, read_file

Batch = dict[str, Any]  # of Ray Data: here, always of one row

STATE = "_state"


def score(settings: PredictSettings) -> None:
    """Predict all rows that are not done yet."""
    if settings.output is None:
        raise ConfigError("output: name the folder to write to")
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    files, output = find_files(settings.input.resolve()), settings.output.resolve()
    begin(output, files, manifest.model_dump_json())
    left = sorted(set(range(len(files))) - whole(output).keys())
    if left:
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.target_max_block_size = 1  # chunks are large, and not to be joined
        told = {"inputs": manifest.inputs, "drop": getattr(settings, "drop", ())}
        told["done"] = {path.stem for path in output.glob("part-*")}
        cores = int(ray.cluster_resources()["CPU"])
        tasks = [{"number": n, "path": str(files[n])} for n in left]
        chunks = from_items(tasks, override_num_blocks=len(left)).map_batches(
            read,
            batch_size=1,
            fn_args=(output,),
            fn_kwargs=told,
            concurrency=cores,
            # Where a node has died, actors may hold all of the rest, and wait for this.
            num_cpus=0,
        )
        scored = chunks.map_batches(
            Scorer,
            batch_size=1,
            fn_constructor_args=(folder.resolve(), output),
            compute=ActorPoolStrategy(min_size=1, max_size=cores),
            num_cpus=1,
        )
        for done in scored.iter_rows():
            if done["problem"]:
                raise DataError(done["problem"])
    finish(output, len(files))


def begin(output: Path, files: list[Path], manifest: str) -> None:
    """Write down what is done in a folder, or see that it is the same as before."""
    stats = {str(f): f.stat() for file in files for f in [file, *file.rglob("*")]}
    seen = {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}
    told, file = {"files": seen, "model": manifest}, output / STATE / "run.json"
    if not any(output.glob("*")):
        write_json(file, told)
    if not file.exists() or json.loads(file.read_text("utf-8")) != told:
        raise ConfigError(
            f"output: {output} has the predictions of other files or another model; "
            "name another folder"
        )


def read(
    task: Batch, output: Path, inputs: Inputs, drop: Any, done: set[str]
) -> Iterator[Batch]:
    """Yield the chunks of a file that are not done, and note how many rows it has.

    What is done is told, not looked for: where a node has died, Ray calls this again,
    and insists on as many chunks as before.
    """
    number, problem = int(task["number"][0]), ""
    row = first = number * FILE_ROWS + FIRST_ROW
    try:
        for frame in read_file(Path(task["path"][0]), inputs, drop):
            name = f"part-{row:014}-{len(frame)}"
            frame.index = pd.RangeIndex(row, row + len(frame), name="row")
            row += len(frame)
            if len(frame) and name not in done:
                yield {"name": [name], "rows": [pickle.dumps(frame)], "problem": [""]}
    except DataError as error:
        problem = str(error)
    else:
        (output / STATE / f"rows-{number}-{row - first}").touch()
    yield {"name": [""], "rows": [b""], "problem": [problem]}


class Scorer:
    """An actor that holds the model, and writes what it says of a chunk."""

    def __init__(self, folder: Path, output: Path) -> None:
        """Load a version: its graph{{ ", or the model itself if it has none" if cookiecutter.__data_kind == "tabular" }}."""
        manifest = registry.read_manifest(folder)
        self.inputs, self.classes = manifest.inputs, manifest.classes
        self.output = output
        self.predict: Callable[[Any], Any]
        #% if cookiecutter.__data_kind == "tabular"
        if registry.ONNX_FILE not in manifest.files:
            self.predict = adapter.predictor(folder, manifest)
            return
        #% endif
        session = onnx_session(folder / registry.ONNX_FILE)
        feeds = partial(adapter.feeds, inputs=manifest.inputs)
        self.predict = lambda rows: session.run(None, feeds(rows))[0]

    def __call__(self, batch: Batch) -> Batch:
        """Write the chunk's bad rows, then its predictions."""
        if name := batch["name"][0]:
            frame = pickle.loads(batch["rows"][0])
            rows, beside, bad = check(frame, self.inputs)
            good = [row not in bad for row in frame.index]
            outputs = np.empty((0, len(self.classes) or 1))
            if any(good):
                outputs = np.asarray(self.predict(rows[good]), dtype=np.float64)
            told: dict[str, Any] = {"value": outputs[:, 0]}
            if self.classes:
                told = {"class": np.array(self.classes)[outputs.argmax(axis=1)]}
                told["probability"] = outputs.max(axis=1).round(6)
            table = beside[good].assign(**told).reset_index()
            reasons = pd.Series(bad, name="reason", dtype=str).rename_axis("row")
            write_whole(self.output / STATE / f"{name}.csv", reasons.to_csv)
            write_whole(self.output / f"{name}.parquet", table.to_parquet)
        return {"problem": batch["problem"]}


def whole(output: Path) -> dict[int, int]:
    """Return how many rows each file has of which all are done."""
    done = Counter[int]()
    for part in output.glob("part-*"):
        _, row, rows = part.stem.split("-")
        done[int(row) // FILE_ROWS] += int(rows)
    ends = [end.name.split("-")[1:] for end in output.glob(f"{STATE}/rows-*")]
    return {int(n): int(rows) for n, rows in ends if done[int(n)] == int(rows)}


def finish(output: Path, files: int) -> None:
    """See that no row is missing, gather the bad ones, and say how many there are."""
    found = whole(output)
    if len(found) < files:
        lacking = f"rows of {files - len(found)} files are missing"
        raise DataError(f"{output}: {lacking}; run the command again")
    parts = sorted(output.glob(f"{STATE}/part-*.csv"))
    bad = pd.concat([pd.read_csv(part) for part in parts] or [pd.DataFrame()])
    write_whole(output / "_bad_rows.csv", lambda file: bad.to_csv(file, index=False))
    rows = sum(found.values())
    summary = {"rows": rows, "predicted": rows - len(bad), "bad": len(bad)}
    write_json(output / "_summary.json", summary | {"files": files})
    print(f"predictions: {output}")
    print(f"rows:    {rows:,}, of which {len(bad):,} bad ones are in _bad_rows.csv")
