"""Train on a table larger than memory: peak memory, and rows per second.

    python benchmarks/larger_than_memory.py [PROJECT]

PROJECT is a rendered scikit-learn project with its environment; one is made if it is
not given. Linux only: it reads /proc and limits memory with `prlimit`.

Three files of the same rows, 1, 10 and 100 times, are trained on by two workers, each
process held to `LIMIT` bytes of memory of its own. The largest file is larger than all
three processes' limits together. Then one worker and pandas train on it, in turns with
two workers. The peak is that of the sum of all processes' resident memory, looked at
ten times a second; pages that processes share are counted in each of them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "benchmarks" / "in_chunks.py"
LIMIT = 640 << 20  # bytes a process: heap, stacks and anonymous memory
TURNS = 2
PAUSE = 0.1  # seconds between two looks at the memory
PAGE = os.sysconf("SC_PAGE_SIZE")


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


def resident(process: int) -> int:
    """Return the bytes of memory that a process holds; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def run(project: Path, *arguments: str, limit: int | None = None) -> dict[str, Any]:
    """Run the script in a project; return what it prints, and the peak of memory."""
    packages = [path.parent for path in (project / "src").glob("*/streaming.py")]
    command = [str(project / ".venv/bin/python"), str(SCRIPT), packages[0].name]
    held = ["prlimit", f"--data={limit}"] if limit else []
    peak = 0
    with subprocess.Popen(
        [*held, *command, *arguments], cwd=project, stdout=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(resident, family(process.pid))))
            time.sleep(PAUSE)
        assert process.stdout is not None
        shown = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    measured: dict[str, Any] = json.loads(shown) | {"peak": peak}
    print(*arguments, measured, flush=True)
    return measured


def best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fastest run: the one that other programs disturbed least."""
    return min(runs, key=lambda run: run["seconds"])


def measure(folder: Path, project: Path | None = None) -> list[str]:
    """Measure all of it in an empty folder; return a section of RESULTS.md, by line."""
    project = project or make_project(folder / "project")
    data = folder / "data"
    data.mkdir()
    run(project, "write", str(data))
    small, middle, large = (
        sorted(data.iterdir(), key=lambda path: path.stat().st_size)[:3]
    )
    two = {
        path: [run(project, "chunks", str(path), "2", limit=LIMIT)]
        for path in (small, middle, large)
    }
    one, pandas = [], []
    for turn in range(TURNS):
        if turn:
            two[large].append(run(project, "chunks", str(large), "2", limit=LIMIT))
        one.append(run(project, "chunks", str(large), "1", limit=LIMIT))
        pandas.append(run(project, "pandas", str(large)))
    runs = [(f"{path.stem} x, two workers", path, best(two[path])) for path in two]
    runs += [
        (f"{large.stem} x, one process", large, best(one)),
        (f"{large.stem} x, pandas", large, best(pandas)),
    ]
    rows = [
        f"| {name} | {path.stat().st_size / 2**20:,.0f} MiB | {run['rows']:,} "
        f"| {run['peak'] / 2**20:,.0f} MiB | {run['seconds']:.1f} s "
        f"| {run['rows'] / run['seconds']:,.0f} |"
        for name, path, run in runs
    ]
    memory = best(two[large])["peak"] / best(two[middle])["peak"]
    speed = best(one)["seconds"] / best(two[large])["seconds"]
    against = best(pandas)["seconds"] / best(two[large])["seconds"]
    same = len({run["model"] for run in (*two[large], *one)}) == 1
    return [
        "## Larger than memory",
        "",
        "`python benchmarks/larger_than_memory.py`: the same rows 1, 10 and 100 times, "
        "22 columns; in chunks, each process is held to "
        f"{LIMIT / 2**20:.0f} MiB of its own memory (`prlimit --data`). Peak memory is "
        "the sum over all processes. pandas reads the file whole, scales the numbers "
        f"and calls `partial_fit` once, without a limit. Best of {TURNS} runs.",
        "",
        "| Rows, how | File | Trained on | Peak memory | Time | Rows a second |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        f"Memory at 100 x is {memory:.2f} times that at 10 x. Two workers are "
        f"{speed:.2f} times as fast as one process, and {against:.2f} times as fast as "
        f"pandas. The model is {'the same' if same else 'NOT THE SAME'}, bit for bit, "
        "with one worker and with two.",
        "",
    ]


def main() -> None:
    """Measure and print the section."""
    project = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(measure(Path(folder), project)))


if __name__ == "__main__":
    main()
