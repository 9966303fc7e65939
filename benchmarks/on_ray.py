"""Predict and tune on a Ray cluster of this one machine, beside the same without Ray.

    python benchmarks/on_ray.py [PROJECT]

PROJECT is a rendered scikit-learn project with its environment and extras=ray; one is
made if it is not given. On one machine Ray has no more processors than the command
alone: what it costs is measured.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from clusters import ADDRESS, started  # noqa: E402
from larger_than_memory import make_project  # noqa: E402

from environments import InstalledProject  # noqa: E402

Found = dict[tuple[str, int], list[float]]  # seconds without Ray, and with it

ROWS = (50_000, 1_000_000)
TRIALS = (8, 72)
MAKE_ROWS = """
import sys
from sklearn.datasets import load_breast_cancer
frame = load_breast_cancer(as_frame=True).data
for rows in map(int, sys.argv[1:]):
    frame.sample(rows, replace=True, random_state=1).to_csv(f"{rows}.csv", index=False)
"""


def seconds(project: InstalledProject, *command: str) -> float:
    """Return how long a command of the project takes."""
    begun = time.perf_counter()
    project.run(f".venv/bin/{project.path.name}", *command)
    return time.perf_counter() - begun


def turns(project: InstalledProject) -> Found:
    """Return what each command takes without Ray, and with it."""
    found = {}
    first = ["tune", "--trials", "4", "--model-name", "first"]
    seconds(project, *first, "--ray", ADDRESS)  # a cluster begins slowly
    for size in ROWS:
        options = ["predict", "--input", f"{size}.csv", "--output"]
        alone = seconds(project, *options, f"{size}.out.csv")
        on_ray = seconds(project, *options, f"{size}.out", "--ray", ADDRESS)
        found["predict", size] = [alone, on_ray]
    for size in TRIALS:
        options = ["tune", "--quiet", "--trials", str(size), "--model-name"]
        alone = seconds(project, *options, f"alone-{size}")
        on_ray = seconds(project, *options, f"on-ray-{size}", "--ray", ADDRESS)
        found["tune", size] = [alone, on_ray]
    return found


def conclusions(found: Found) -> list[str]:
    """Say how many rows Ray's start is worth, and what it adds to a trial."""
    (few, many), (alone, on_ray) = ROWS, found["predict", ROWS[1]]
    row = (alone - found["predict", few][0]) / (many - few)
    short, long = TRIALS
    trial = (found["tune", long][0] - found["tune", short][0]) / (long - short)
    added = found["tune", long][1] / long - trial
    return [
        f"With {many:,} rows, Ray takes {on_ray - alone:.1f} s longer, in which the "
        f"command alone predicts {(on_ray - alone) / row:,.0f} more rows.",
        f"A trial takes {trial:.2f} s alone; of {long} on Ray, two at a time, each "
        f"{added:.2f} s more, the start of the command included.",
    ]


def measure(folder: Path, project: Path | None = None) -> list[str]:
    """Measure on a cluster of one node; return a section of RESULTS.md, by line."""
    home = InstalledProject(project or make_project(folder, "ray"))
    home.run(".venv/bin/python", "-c", MAKE_ROWS, *map(str, ROWS))
    home.run(f".venv/bin/{home.path.name}", "train")
    with started(home, nodes=1):
        found = turns(home)
    table = [
        f"| `{what}`, {size:,} {'rows' if what == 'predict' else 'trials'} "
        f"| {alone:.1f} s | {on_ray:.1f} s "
        f"| {size / alone:,.1f} | {size / on_ray:,.1f} |"
        for (what, size), (alone, on_ray) in found.items()
    ]
    return [
        "## Ray",
        "",
        "`python benchmarks/on_ray.py`: the same command without and with `--ray`, in "
        "turns, on a cluster of one node, which has two processors; from the start of "
        "the process to its end.",
        "",
        "| What | Alone | On Ray | A second, alone | On Ray |",
        "| --- | ---: | ---: | ---: | ---: |",
        *table,
        "",
        *conclusions(found),
        "",
    ]


def main() -> None:
    """Measure and print the section."""
    project = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(measure(Path(folder), project)))


if __name__ == "__main__":
    main()
