"""Measure what the README claims, each beside its yardstick, and write RESULTS.md.

    poe bench [training] [tables] [serving] [workers] [ray]

Without a name, everything is measured; else the other sections stay as they are.

Rendering is compared with a template of one file; training with plain Keras and with
a plain PyTorch loop, on Fashion-MNIST, in turns, so that a machine that slows down does
so for both. Figures are medians, and only ratios are worth comparing between machines.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import larger_than_memory
import on_ray
import serving_workers

import serving

ROOT = Path(__file__).resolve().parents[1]
KERAS_DEFAULTS = ROOT / "benchmarks" / "keras_defaults.py"
TORCH_DATALOADER = ROOT / "benchmarks" / "torch_dataloader.py"
LOCAL_WHEELS = ROOT / "tools" / "local_wheels.py"
# The running Python, since a folder of wheels may hold them for this one only.
PYTHON_VERSION = f"python_version={sys.version_info.major}.{sys.version_info.minor}"
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
# Debian's package dataset-fashion-mnist.
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
RENDERS = 11
EPOCHS = 5
SEEDS = (1, 2, 3)

Runs = dict[str, list[dict[str, Any]]]


def seconds_to_render(template: Path, folder: Path, *answers: str) -> float:
    """Render once; return the seconds the whole command takes."""
    command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input"]
    options = ["--default-config", "--output-dir", str(folder), *answers]
    # Not in this repository: Python would look for every module here first.
    elsewhere = tempfile.gettempdir()
    started = time.perf_counter()
    subprocess.run(
        [*command, *options], cwd=elsewhere, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def one_file_template(folder: Path) -> Path:
    """Make the smallest template there is."""
    project = folder / "{{cookiecutter.name}}"
    project.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text('{"name": "one"}', encoding="utf-8")
    (project / "README.md").write_text("# {{cookiecutter.name}}\n", encoding="utf-8")
    return folder


def measure_rendering(folder: Path) -> str:
    """Render both templates in turns; return a row of the table."""
    one_file = one_file_template(folder / "one-file")
    ours, smallest = [], []
    for turn in range(RENDERS):
        ours.append(seconds_to_render(ROOT, folder / f"ours-{turn}"))
        smallest.append(seconds_to_render(one_file, folder / f"smallest-{turn}"))
    this, other = statistics.median(ours), statistics.median(smallest)
    return (
        f"| Render the defaults, median of {RENDERS} | {this:.2f} s "
        f"| one-file template: {other:.2f} s | {this / other:.2f} x its time |"
    )


def run_in(project: Path, *command: str) -> str:
    """Run a command with the project's own interpreter; return its output."""
    bin_folder = project / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    return subprocess.run(
        [str(bin_folder / command[0]), *command[1:]],
        cwd=project,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def set_up(folder: Path, framework: str) -> tuple[Path, str]:
    """Render and install a project with the data; return it and its package."""
    # What it is compared with records nothing.
    answers = (f"framework={framework}", "extras=none", PYTHON_VERSION)
    seconds_to_render(ROOT, folder, *answers)
    (project,) = folder.iterdir()
    subprocess.run([sys.executable, str(LOCAL_WHEELS), str(project)], check=True)
    subprocess.run(["bash", "scripts/setup_uv.sh"], cwd=project, check=True)
    shutil.copytree(FASHION_MNIST, project / "data" / "fashion_mnist")
    return project, project.name.replace("-", "_")


def train_ours(project: Path, package: str, seed: int) -> dict[str, Any]:
    """Train and score with the project's commands; return seconds and accuracy."""
    name = f"model-{seed}"
    options = ["--dataset", "fashion_mnist", "--epochs", str(EPOCHS)]
    options += ["--seed", str(seed)]
    common = ["--model-name", name, "--quiet"]
    run_in(project, project.name, "train", *options, *common)
    run_in(project, project.name, "evaluate", *common)
    log = (project / "logs" / f"{package}.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    begins = [each for each in lines if "images to train on" in each["message"]][-1]
    ends = [each for each in lines if each["message"].startswith("epoch ")][-1]
    fitted = moment(ends["time"]) - moment(begins["time"])
    report = project / "reports" / name / "1" / "metrics.json"
    metrics = json.loads(report.read_text(encoding="utf-8"))
    return {"seconds": fitted.total_seconds(), "accuracy": metrics["accuracy"]}


def moment(text: str) -> datetime:
    """Return the time of a line in a project's log."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S,%f")


def row(what: str, ours: str, yardstick: str, runs: Runs) -> str:
    """Return a row of the table: one kind of run beside its yardstick."""
    seconds, accuracy = {}, {}
    for name in (ours, yardstick):
        seconds[name] = statistics.median(run["seconds"] for run in runs[name])
        accuracy[name] = statistics.mean(run["accuracy"] for run in runs[name])
    return (
        f"| Fit Fashion-MNIST, {EPOCHS} epochs, {what} "
        f"| {seconds[ours]:.1f} s, test accuracy {accuracy[ours]:.4f} "
        f"| {yardstick}: {seconds[yardstick]:.1f} s, {accuracy[yardstick]:.4f} "
        f"| {seconds[yardstick] / seconds[ours]:.1f} x as fast |"
    )


def measure_keras(folder: Path) -> list[str]:
    """Train in turns with Keras' defaults and with ours; return the rows."""
    project, package = set_up(folder, "tensorflow")
    defaults = ["python", str(KERAS_DEFAULTS), package, "data"]
    runs: Runs = {"Keras' defaults": [], "tensorflow": []}
    for seed in SEEDS:
        shown = run_in(project, *defaults, str(EPOCHS), str(seed))
        runs["Keras' defaults"].append(json.loads(shown.splitlines()[-1]))
        runs["tensorflow"].append(train_ours(project, package, seed))
        print(seed, {name: measured[-1] for name, measured in runs.items()}, flush=True)
    return [row("tensorflow", "tensorflow", "Keras' defaults", runs)]


def measure_pytorch(folder: Path) -> list[str]:
    """Train in turns with DataLoaders and with ours; return the rows."""
    project, package = set_up(folder, "pytorch")
    plain = ["python", str(TORCH_DATALOADER), package, "data"]
    # As in PyTorch's quickstart, and as large as the project's.
    loops = {f"DataLoader, batches of {size}": str(size) for size in (64, 256)}
    runs: Runs = {"pytorch": [], **{name: [] for name in loops}}
    for seed in SEEDS:
        for name, size in loops.items():
            shown = run_in(project, *plain, str(EPOCHS), str(seed), size)
            runs[name].append(json.loads(shown.splitlines()[-1]))
        runs["pytorch"].append(train_ours(project, package, seed))
        print(seed, {name: measured[-1] for name, measured in runs.items()}, flush=True)
    return [row("pytorch", "pytorch", name, runs) for name in loops]


def measure_training(folder: Path) -> list[str]:
    """Measure rendering and training; return a section of RESULTS.md, by line."""
    if not FASHION_MNIST.is_dir():
        raise SystemExit(f"{FASHION_MNIST} is missing: install dataset-fashion-mnist")
    rows = [measure_rendering(folder / "render")]
    rows += measure_keras(folder / "keras")
    rows += measure_pytorch(folder / "pytorch")
    return [
        "## Training",
        "",
        f"Times of fitting are medians over seeds {SEEDS[0]} to {SEEDS[-1]}, "
        "accuracies means. Fitting includes validation, and checkpoints, which the "
        "yardsticks do not write.",
        "",
        "| What | Measured | Yardstick, in the same run | Ratio |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]


SECTIONS: dict[str, Callable[[Path], list[str]]] = {
    "training": measure_training,
    "tables": larger_than_memory.measure,
    "serving": serving.measure,
    "workers": serving_workers.measure,
    "ray": on_ray.measure,
}


def main(names: Sequence[str]) -> None:
    """Measure what was named, or everything, and write it."""
    if unknown := set(names) - SECTIONS.keys():
        raise SystemExit(f"{', '.join(unknown)}: there are {', '.join(SECTIONS)}")
    _, *old = RESULTS.read_text(encoding="utf-8").split("\n## ")
    python = f"Python {platform.python_version()}"
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {python}"
    title = f"# Results\n\nWritten by `poe bench` on {machine}.\n"
    sections = dict(zip(SECTIONS, old))
    with tempfile.TemporaryDirectory() as folder:
        for name in names or SECTIONS:
            place = Path(folder) / name
            place.mkdir()
            lines = SECTIONS[name](place)
            sections[name] = "\n".join(lines).removeprefix("## ")
            text = "\n## ".join([title, *sections.values()])
            RESULTS.write_text(text.rstrip() + "\n", encoding="utf-8", newline="\n")
            print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
