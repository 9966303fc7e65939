"""Predict files of any size on a cluster: each row once, whatever is killed meanwhile.

Ray Data reads the files, a task each, and hands their rows in chunks to actors that
hold the model. A chunk becomes one file, named by its first row and renamed into place
when it is whole: it is there once, however often it was done, and is not done again.

    OUTPUT/part-<file>-<row>.parquet    row and prediction, as `predict` has them
           _bad_rows.csv                rows that cannot be predicted, and why
           _summary.json                how many there are of each; written last
           _state/                      what a restart goes by

What begins with _ is no part of the table, as pandas, Spark and DuckDB read the folder.
Yours: nothing has to change here.
"""

import hashlib
import json
import pickle
from collections import defaultdict
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
from ..config import ConfigError, DataError
from ..export import PROBABILITIES, VALUE, onnx_session
from ..files import write_json, write_whole
from .rows import FILE_ROWS, FIRST_ROW, check, find_files, read_file
from .settings import PredictSettings

Batch = dict[str, Any]  # of Ray Data: here, always of one row

STATE = "_state"
READER_CPUS = 0.5  # unlike an actor's, or Ray would read a file where it is scored


def score(settings: PredictSettings) -> None:
    """Predict all rows that are not done yet."""
    if settings.output is None:
        raise ConfigError("output: name the folder to write to")
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    files, output = find_files(settings.input.resolve()), settings.output.resolve()
    begin(output, files, manifest.model_dump_json())
    left = sorted(set(range(len(files))) - count(output).keys())
    if left:
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.target_max_block_size = 1  # chunks are large, and not to be joined
        told = {"inputs": manifest.inputs, "drop": getattr(settings, "drop", ())}
        told["done"] = {path.stem for path in output.glob("part-*")}
        cores = int(ray.cluster_resources()["CPU"])
        tasks = [{"number": n, "path": str(files[n])} for n in left]
        chunks = from_items(tasks, override_num_blocks=len(left)).map_batches(
            read, batch_size=1, fn_kwargs=told, num_cpus=READER_CPUS
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
    every = [f for each in files for f in [each, *sorted(each.rglob("*"))]]
    seen = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in every]
    key = hashlib.sha256(json.dumps([seen, manifest]).encode()).hexdigest()
    file = output / STATE / "run.json"
    if not file.exists() and not any(output.glob("*")):
        write_json(file, {"key": key, "files": list(map(str, files))})
    if not file.exists() or json.loads(file.read_text("utf-8"))["key"] != key:
        raise ConfigError(
            f"output: {output} has the predictions of other files or another model; "
            "name another folder"
        )


def read(task: Batch, inputs: Inputs, drop: Any, done: set[str]) -> Iterator[Batch]:
    """Yield the chunks of a file that are not done, and at last where it ends."""
    number, first, problem = int(task["number"][0]), FIRST_ROW, ""
    try:
        for frame in read_file(Path(task["path"][0]), inputs, drop):
            name = f"part-{number:05}-{first:010}"
            if len(frame) and name not in done:
                frame.index = pd.RangeIndex(first, first + len(frame), name="row")
                frame.index += number * FILE_ROWS
                yield {"name": [name], "rows": [pickle.dumps(frame)], "problem": [""]}
            first += len(frame)
    except DataError as error:
        problem = str(error)
    end = f"end-{number:05}-{first:010}"
    yield {"name": [end], "rows": [b""], "problem": [problem]}


class Scorer:
    """An actor that holds the model, and writes what it says of a chunk."""

    def __init__(self, folder: Path, output: Path) -> None:
        """Load a version: its graph, or the model itself if it has none."""
        manifest = registry.read_manifest(folder)
        self.inputs, self.classes = manifest.inputs, manifest.classes
        self.output = output
        self.predict: Callable[[Any], Any]
        if registry.ONNX_FILE in manifest.files:
            session = onnx_session(folder / registry.ONNX_FILE)
            names = [PROBABILITIES if self.classes else VALUE]
            feeds = partial(adapter.feeds, inputs=self.inputs)
            self.predict = lambda rows: session.run(names, feeds(rows))[0]
        else:
            self.predict = adapter.predictor(folder, manifest)

    def __call__(self, batch: Batch) -> Batch:
        """Write the chunk's bad rows, then its predictions."""
        name, problem = str(batch["name"][0]), str(batch["problem"][0])
        if name.startswith("part"):
            frame = pickle.loads(batch["rows"][0])
            rows, beside, bad = check(frame, self.inputs)
            reasons = pd.Series(bad, name="reason", dtype=str).rename_axis("row")
            write_whole(self.output / STATE / f"{name}.csv", reasons.to_csv)
            good = [row not in bad for row in frame.index]
            table = self.table(rows[good], beside[good])
            write_whole(self.output / f"{name}.parquet", table.to_parquet)
        elif not problem:
            (self.output / STATE / name).touch()
        return {"name": [name], "problem": [problem]}

    def table(self, rows: Any, beside: pd.DataFrame) -> pd.DataFrame:
        """Return what is known of good rows, and what the model says of them."""
        outputs = np.empty((0, len(self.classes) or 1))
        if len(rows):
            outputs = np.asarray(self.predict(rows), dtype=np.float64)
        told: dict[str, Any] = {"value": outputs[:, 0]}
        if self.classes:
            told = {"class": np.array(self.classes)[outputs.argmax(axis=1)]}
            told["probability"] = outputs.max(axis=1).round(6)
        return beside.assign(**told).reset_index()


def count(output: Path) -> dict[int, tuple[int, int]]:
    """Return the good and the bad rows of each file of which no row is missing."""
    parts: dict[int, list[Path]] = defaultdict(list)
    for path in sorted(output.glob("part-*.parquet")):
        parts[int(path.name.split("-")[1])].append(path)
    found = {}
    for end in output.glob(f"{STATE}/end-*"):
        number, last = map(int, end.name.split("-")[1:])
        good = bad = 0
        for path in parts[number]:
            if int(path.stem.split("-")[2]) == FIRST_ROW + good + bad:
                reasons = output / STATE / f"{path.stem}.csv"
                good += len(pd.read_parquet(path, columns=["row"]))
                bad += len(pd.read_csv(reasons))
        if FIRST_ROW + good + bad == last:
            found[number] = good, bad
    return found


def finish(output: Path, files: int) -> None:
    """See that no row is missing, gather the bad ones, and say how many there are."""
    found = count(output)
    if len(found) < files:
        lacking = f"rows of {files - len(found)} files are missing"
        raise DataError(f"{output}: {lacking}; run the command again")

    def gather(target: Path) -> None:
        for number, part in enumerate(sorted(output.glob(f"{STATE}/part-*.csv"))):
            reasons = pd.read_csv(part)
            reasons.to_csv(target, header=not number, index=False, mode="a")

    write_whole(output / "_bad_rows.csv", gather)
    good, bad = map(sum, zip(*found.values()))
    summary = {"rows": good + bad, "predicted": good, "bad": bad, "files": files}
    write_json(output / "_summary.json", summary)
    print(f"predictions: {output}")
    print(f"rows:    {good + bad:,}, of which {bad:,} bad ones are in _bad_rows.csv")
