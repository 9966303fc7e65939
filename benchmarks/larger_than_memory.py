"""Train on a table larger than memory: peak memory, and rows per second.

    python benchmarks/larger_than_memory.py [PROJECT]

PROJECT is a rendered scikit-learn project with its environment; one is made if it is
not given. Linux only: it reads /proc and limits memory with `prlimit`.

Three files of the same rows, 1, 10 and 100 times, are trained on by two workers, each
process held to `LIMIT`, a third of the largest file; one process and pandas train on
the largest too. Memory is looked at in a run of its own, for looking takes a share of
the processors; then they take turns for the time.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PLAIN_PANDAS = ROOT / "benchmarks" / "plain_pandas.py"
ROWS, COPIES = 130_000, (1, 10, 100)  # of plain_pandas.py
# Bytes of heap, stacks and other memory of its own that a process may have. Reserved
# counts as had: allocators reserve more than they use.
LIMIT = 640 << 20
TURNS = 2
PAUSE = 0.1  # seconds between two looks at the memory
TRAIN = "--target label --task classification --in-memory-mb 0 --quiet".split()
ALL = "--test-fraction 0.01 --validation-fraction 0.01".split()  # all that is possible


@dataclass(frozen=True)
class Run:
    """One training: seconds to the fitted model, and of the whole process; memory."""

    training: float
    whole: float
    peak: int
    history: Any = None


def make_project(folder: Path) -> Path:
    """Render a scikit-learn project and set its environment up."""
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
    options = ["--default-config", "--output-dir", str(folder)]
    subprocess.run([*command, *options, "framework=scikit-learn"], check=True)
    (project,) = folder.iterdir()
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    set_up = ["bash", "scripts/setup_uv.sh"]
    subprocess.run(set_up, cwd=project, env=environment, check=True)
    return project


def family(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    members = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it has just ended
            children = []
        for child in children:
            members += family(int(child))
    return members


def memory(process: int) -> int:
    """Return the bytes a process holds, a page that n share as 1/n; 0 if it ended."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def watch(command: list[str], project: Path, look: bool) -> tuple[float, int, str]:
    """Run a command; return its seconds, its family's peak memory, and its output.

    The memory is 0 if nobody looks.
    """
    peak = 0
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, text=True
    ) as process:
        while look and process.poll() is None:
            peak = max(peak, sum(map(memory, family(process.pid))))
            time.sleep(PAUSE)
        assert process.stdout is not None
        shown = process.stdout.read()
        process.wait()
        seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return seconds, peak, shown


def source(path: Path) -> list[str]:
    """Return the options that name a table, and a folder for its schema."""
    return ["--data", str(path), "--schemas-dir", str(path.parent), *TRAIN]


def train(project: Path, path: Path, workers: int, look: bool = False) -> Run:
    """Train with the project's own command, under the limit."""
    program = str(project / ".venv" / "bin" / project.name)
    name = f"{path.stem}-{workers}"
    options = [*source(path), *ALL, "--workers", str(workers)]
    command = ["prlimit", f"--data={LIMIT}", program, "train", *options]
    whole, peak, shown = watch([*command, "--model-name", name], project, look)
    (log,) = re.findall(r"^log: +(.+)$", shown, re.MULTILINE)
    (version,) = re.findall(r"^model: +(.+)$", shown, re.MULTILINE)
    text = (project / log).read_text(encoding="utf-8")
    training = float(re.findall(r"validated and fitted in ([\d.]+) s", text)[-1])
    manifest = json.loads((project / version / "manifest.json").read_text("utf-8"))
    return Run(training, whole, peak, manifest["history"])


def train_with_pandas(project: Path, path: Path, look: bool = False) -> Run:
    """Train with pandas, without a limit."""
    python = str(project / ".venv" / "bin" / "python")
    command = [python, str(PLAIN_PANDAS), "train", str(path)]
    whole, peak, shown = watch(command, project, look)
    return Run(float(shown), whole, peak)


def make_tables(project: Path, folder: Path) -> list[Path]:
    """Write the three files and infer their schemas; the smallest is the first."""
    python = str(project / ".venv" / "bin" / "python")
    subprocess.run([python, str(PLAIN_PANDAS), "write", str(folder)], check=True)
    paths = [folder / f"{copies}.csv" for copies in COPIES]
    program = str(project / ".venv" / "bin" / project.name)
    for path in paths:
        command = [program, "schema", *source(path)]
        subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    return paths


def measure(folder: Path, project: Path | None = None) -> list[str]:
    """Measure all of it in an empty folder; return a section of RESULTS.md, by line."""
    folder.mkdir(exist_ok=True)
    project = project or make_project(folder / "project")
    small, middle, large = make_tables(project, folder)
    ways: list[tuple[str, Path, Callable[[bool], Run]]] = [
        (f"{path.stem} x, {name}", path, partial(train, project, path, workers))
        for name, workers in (("two workers", 2), ("one process", 1))
        for path in ((small, middle, large) if workers == 2 else (middle, large))
    ]
    pandas = partial(train_with_pandas, project, large)
    ways.append((f"{large.stem} x, pandas", large, pandas))
    peaks = {name: run(True).peak for name, _, run in ways}
    turns = [{name: run(False) for name, _, run in ways} for _ in range(TURNS)]
    best = {
        name: min((turn[name] for turn in turns), key=lambda run: run.training)
        for name, _, _ in ways
    }
    rows = [
        f"| {name} | {path.stat().st_size / 2**20:,.0f} MiB "
        f"| {peaks[name] / 2**20:,.0f} MiB "
        f"| {best[name].training:.1f} s | {best[name].whole:.1f} s "
        f"| {int(path.stem) * ROWS / best[name].training:,.0f} |"
        for name, path, _ in ways
    ]
    one, two = best["100 x, one process"], best["100 x, two workers"]
    flat = peaks["100 x, two workers"] / peaks["10 x, two workers"]
    speed = one.training / two.training
    # Rows a second once everything has started: of the rows that 100 x has more.
    throughput = (one.training - best["10 x, one process"].training) / (
        two.training - best["10 x, two workers"].training
    )
    against = best["100 x, pandas"].whole / two.whole
    same = all(
        turn[f"100 x, {way}"].history == one.history
        for turn in turns
        for way in ("one process", "two workers")
    )
    return [
        "## Larger than memory",
        "",
        "`python benchmarks/larger_than_memory.py`: the command `train` on the same "
        "130,000 rows of 22 columns 1, 10 and 100 times, each process held to "
        f"{LIMIT / 2**20:.0f} MiB of memory of its own (`prlimit --data`). Memory is "
        "the peak of the sum over all processes, in a run of its own. Training is from "
        "opening the file to the fitted model; the whole adds imports, the SHA-256 of "
        "the file and the saved version. pandas reads the file whole, scales the "
        "numbers and calls `partial_fit` once, without checks or a limit. Best of "
        f"{TURNS} runs.",
        "",
        "| Rows, how | File | Memory | Training | Whole | Rows a second of training |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        f"Memory at 100 x is {flat:.2f} times that at 10 x. Two workers train "
        f"{speed:.2f} times as fast as one process; the rows from 10 x to 100 x, when "
        f"all has started, {throughput:.2f} times as fast. The whole command is "
        f"{against:.2f} times as fast as pandas. Validation scores with one and with "
        f"two workers are {'the same to the last digit' if same else 'NOT THE SAME'}.",
        "",
    ]


def main() -> None:
    """Measure and print the section."""
    project = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(measure(Path(folder), project)))


if __name__ == "__main__":
    main()
