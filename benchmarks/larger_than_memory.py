"""Train on a table larger than memory: peak memory, and rows per second.

    python benchmarks/larger_than_memory.py [PROJECT]

PROJECT is a rendered scikit-learn project with its environment; one is made if it is
not given. Linux only: the peak of the memory is the one that the kernel has counted.

The same rows, 1, 10 and 100 times, as CSV and as Parquet, are trained on by the
project's own command; pandas and scikit-learn train on the largest at once.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PLAIN_PANDAS = ROOT / "benchmarks" / "plain_pandas.py"
ROWS, COPIES = 130_000, (1, 10, 100)  # of plain_pandas.py
TURNS = 2
# Runs a command and says at the end what the kernel counted of it.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("\\nmeasured:", used.ru_maxrss * 1024, used.ru_utime + used.ru_stime)
raise SystemExit(done.returncode)
"""


class Run(NamedTuple):
    """One training: its seconds, those of the processor, and bytes of memory."""

    seconds: float
    cpu: float
    peak: float


def make_project(folder: Path, extras: str = "none") -> Path:
    """Render a scikit-learn project and set its environment up."""
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
    options = ["--default-config", "--output-dir", str(folder)]
    answers = ["framework=scikit-learn", f"extras={extras}"]
    subprocess.run([*command, *options, *answers], check=True)
    (project,) = folder.iterdir()
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    set_up = ["bash", "scripts/setup_uv.sh"]
    subprocess.run(set_up, cwd=project, env=environment, check=True)
    return project


def measured(command: list[str], project: Path) -> Run:
    """Run a command in a project's folder."""
    started = time.perf_counter()
    shown = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    seconds = time.perf_counter() - started
    ((peak, cpu),) = re.findall(r"^measured: (\d+) ([\d.]+)$", shown, re.MULTILINE)
    return Run(seconds, float(cpu), float(peak))


def commands(project: Path, folder: Path) -> dict[str, tuple[int, list[str]]]:
    """Write the tables, infer their schemas; return how many rows, and what trains."""
    python = str(project / ".venv" / "bin" / "python")
    program = str(project / ".venv" / "bin" / project.name)
    plain = [python, str(PLAIN_PANDAS)]
    subprocess.run([*plain, "write", str(folder)], check=True)
    found = {}
    for kind in ("csv", "parquet"):
        for copies in COPIES:
            path = folder / f"{copies}.{kind}"
            source = ["--data", str(path), "--schemas-dir", str(folder / kind)]
            target = ["--target", "label", "--task", "classification"]
            schema = [program, "schema", *source, *target]
            subprocess.run(schema, cwd=project, check=True, stdout=subprocess.DEVNULL)
            options = "--in-memory-mb 0 --estimator sgd --quiet --model-name".split()
            train = [program, "train", *source, *options, f"{kind}-{copies}"]
            found[f"{copies} x, {kind}"] = (copies * ROWS, train)
    largest = folder / f"{COPIES[-1]}.csv"
    found["100 x, csv, pandas"] = (100 * ROWS, [*plain, "train", str(largest)])
    return found


def measure(folder: Path, project: Path | None = None) -> list[str]:
    """Measure all of it in an empty folder; return a section of RESULTS.md, by line."""
    folder.mkdir(exist_ok=True)
    project = project or make_project(folder / "project")
    ways = commands(project, folder)
    turns = [
        {name: measured(command, project) for name, (_, command) in ways.items()}
        for _ in range(TURNS)
    ]
    best = {name: min(turn[name] for turn in turns) for name in ways}
    rows = [
        f"| {name} | {run.peak / 2**20:,.0f} MiB | {run.seconds:.1f} s "
        f"| {run.cpu:.1f} s | {ways[name][0] / run.seconds:,.0f} |"
        for name, run in best.items()
    ]
    flat = {
        k: best[f"100 x, {k}"].peak / best[f"10 x, {k}"].peak
        for k in ("csv", "parquet")
    }
    pandas, csv = best["100 x, csv, pandas"], best["100 x, csv"]
    return [
        "## Larger than memory",
        "",
        "`python benchmarks/larger_than_memory.py`: the command `train` on the same "
        "130,000 rows of 22 columns 1, 10 and 100 times, in chunks, from the start of "
        "the process to the saved version: it checks every cell, fits the preparation "
        "on a sample, calls `partial_fit` on every training row and exports. "
        "pandas reads the file whole, scales the numbers and calls `partial_fit` once, "
        f"without checks. Best of {TURNS} runs.",
        "",
        "| Rows, how | Peak of memory | Seconds | Of a processor | Rows a second |",
        "| --- | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        f"Memory at 100 x is {flat['csv']:.2f} times that at 10 x for CSV and "
        f"{flat['parquet']:.2f} for Parquet. On the largest CSV file the command takes "
        f"{csv.seconds / pandas.seconds:.2f} times as long as pandas, and "
        f"{csv.peak / pandas.peak:.2f} times its memory.",
        "",
    ]


def main() -> None:
    """Measure and print the section."""
    project = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(measure(Path(folder), project)))


if __name__ == "__main__":
    main()
