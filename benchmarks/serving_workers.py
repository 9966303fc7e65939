"""Measure one and two workers of the server, for capacity.py to predict.

A request has 64 images, as JSON, so that `wrk`, on the same processors, takes 5 % of
one. Where other programs run too, put `chrt -f 10` before the command: the server and
wrk then come before all of them.
"""

from pathlib import Path

from serving_load import Load

import serving

WORKERS = ("one worker", "two workers")
# Not 2: whether both reach the same worker is chance.
LOADS = [Load(64, clients) for clients in (1, 4, 8, 16, 32, 64)]


def measure(folder: Path, project: Path | None = None) -> list[str]:
    """Measure in an empty folder; return a section of RESULTS.md, by line."""
    asked = folder / "asked"
    asked.mkdir(parents=True)
    serving.make_model(asked)
    project = project or serving.make_project(folder / "project")
    servers = [
        serving.our_server(
            project, asked / "model.onnx", folder / "models", name, "--workers", number
        )
        for name, number in zip(WORKERS, "12")
    ]
    measured = serving.take_turns(servers, folder / "turns", asked, LOADS)
    lines = [
        "## One and two workers",
        "",
        "Requests a second, of 64 images each, to this template's server with the "
        "perceptron. Clients ask again when they are answered. "
        f"Medians of {serving.TURNS} turns of {serving.SECONDS} s.",
        "",
        f"| Clients | {' | '.join(WORKERS)} |",
        "| ---: | ---: | ---: |",
    ]
    for load in LOADS:
        rates = (measured[name][load].rate / load.images for name in WORKERS)
        lines.append(f"| {load.clients} | {' | '.join(f'{r:.0f}' for r in rates)} |")
    return [*lines, ""]
