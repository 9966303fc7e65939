"""The sections of every report on where a version comes from and what it costs."""

import base64
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from ..agreement import PROBABILITIES, VALUE
from ..model_files import careful
from ..registry import ONNX_FILE, Manifest
from .blocks import Block, Picture, Pictures, Section, Table, Text
from .scored import Rows

BATCH = 256  # rows to predict at once
FEWEST, MOST = 5, 10_000  # calls that are timed
SECONDS = 0.2  # of measuring, or until the fewest calls are done


def explanations_section(folder: Path) -> Section:
    """Return what the command `explain` has found, if it was run.

    Args:
        folder: Where that writes to for this version.
    """
    blocks: list[Block] = []
    for path in sorted(folder.glob("*/explanation.json")):
        figure = path.with_name("importance.svg")
        found = json.loads(path.read_text(encoding="utf-8"))
        if not figure.is_file() or found["data"] != "the test set":
            continue
        content = base64.b64encode(figure.read_bytes()).decode("ascii")
        source = f"data:image/svg+xml;base64,{content}"
        caption = f"{found['method']}, {found['rows']} rows: {found['importance_how']}"
        blocks.append(Pictures([Picture(source, caption)]))
    if blocks:
        text = (
            "A feature is important to the model, not to the world. Single rows, and "
            "how far the methods agree, are in explain/index.html beside this file."
        )
        return Section("explanations", "Explanations", [Text(text), *blocks])
    text = "Not there yet: run the command “explain”, then “report” again."
    return Section("explanations", "Explanations", [Text(text)])


def speed_section(rows: Rows, folder: Path, manifest: Manifest) -> Section:
    """Measure how long a prediction takes; return that, and the size of the files."""
    ways: dict[str, Callable[[int], object]] = {"the model itself": rows.predict}
    if ONNX_FILE in manifest.files:
        ways["ONNX Runtime, one thread"] = onnx_runner(rows, folder / ONNX_FILE)
    many = min(BATCH, len(rows.scored.truth))
    table = []
    for name, predict in ways.items():
        for count in dict.fromkeys((1, many)):
            seconds = median(durations(predict, count))
            table.append(
                (name, count, short(1e3 * seconds), short(1e6 * seconds / count))
            )
    sizes = {name: (folder / name).stat().st_size for name in manifest.files}
    noun = rows.scored.noun
    processor = platform.machine()
    return Section(
        "speed",
        "Speed and size",
        [
            Text(
                "Measured when this report was made, on the machine that made it "
                f"({platform.system()}, {processor}), beside whatever else it did: the "
                "median of several calls."
            ),
            Table(
                "Predictions",
                ("by", f"{noun} at once", "ms", f"µs for each of the {noun}"),
                table,
            ),
            Table(
                "Files of the version",
                ("file", "bytes"),
                [(name, f"{size:,}") for name, size in sorted(sizes.items())],
            ),
        ],
    )


def onnx_runner(rows: Rows, file: Path) -> Callable[[int], object]:
    """Return a function that lets an exported model predict the first rows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with careful(file):
        session = onnxruntime.InferenceSession(
            file, options, providers=["CPUExecutionProvider"]
        )
    output = PROBABILITIES if rows.scored.classes else VALUE

    feeds: dict[int, dict[str, Any]] = {}

    def run(count: int) -> object:
        # Made once: what is timed is the model, not how rows are put together.
        if count not in feeds:
            feeds[count] = dict(rows.feeds(count))
        return session.run([output], feeds[count])

    return run


def short(value: float) -> str:
    """Return a positive number with three digits at least, and no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def durations(predict: Callable[[int], object], count: int) -> list[float]:
    """Return how many seconds some calls took, after one that is not counted."""
    predict(count)
    found: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(found) < FEWEST or (len(found) < MOST and time.perf_counter() < end):
        start = time.perf_counter()
        predict(count)
        found.append(time.perf_counter() - start)
    return found


def environment_section(folder: Path, manifest: Manifest) -> Section:
    """Return what the version was made with, as its manifest says."""
    facts = [
        ("version", str(folder)),
        ("created", manifest.created),
        ("git commit", manifest.git_commit or "not stated"),
        ("seed", manifest.seed),
        ("training data, SHA-256", manifest.data_sha256),
    ]
    settings = [
        (name, "–" if value is None else value)
        for name, value in manifest.settings.items()
    ]
    return Section(
        "environment",
        "Environment",
        [
            Table("Origin", ("what", "value"), facts),
            Table("Libraries", ("name", "version"), list(manifest.libraries.items())),
            Table("Settings", ("name", "value"), settings),
        ],
    )
