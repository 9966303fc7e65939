"""How large rendered projects are: what their owner has to live with, in figures."""

from collections.abc import Mapping
from typing import NamedTuple

from conftest import BakedProject

# The folder or the module of each extra, and what it may have at most, in lines.
BUDGETS = {
    "core": 1500,
    "serving": 1700,
    "explaining": 380,
    "reporting": 430,
    "monitoring": 500,
    "tracking": 180,
}
# A pair of a preset and a framework, such as ("team", "pytorch").
Kind = tuple[str, str]

HEAD = """\
# Sizes

How much of a project there is to own, for each preset and framework, counted by
`tests/golden`, which fails when one has changed (`UPDATE_GOLDEN=1` writes this page
anew). Lines are those of whole files, comments and docstrings included; *modules* are
the Python files below `src/`, whose lines the columns after them add up.
"""


class Size(NamedTuple):
    """The figures of one project."""

    files: int
    modules: int
    src_lines: int
    test_lines: int
    parts: dict[str, int]  # lines of the core and of each extra that is there


def measure(project: BakedProject) -> Size:
    """Count a project's files and lines."""
    files = project.files()
    src = [name for name in files if name[:4] == "src/" and name.endswith(".py")]
    tests = [name for name in files if name[:6] == "tests/" and name.endswith(".py")]
    lines = {name: len(project.read(name).splitlines()) for name in src + tests}
    parts = dict.fromkeys(BUDGETS, 0)
    for name in src:
        part = name.split("/")[2].removesuffix(".py")
        parts[part if part in BUDGETS else "core"] += lines[name]
    return Size(
        len(files),
        len(src),
        sum(lines[name] for name in src),
        sum(lines[name] for name in tests),
        {part: count for part, count in parts.items() if count},
    )


def page(sizes: Mapping[Kind, Size]) -> str:
    """Write docs/reference/sizes.md."""
    columns = ["preset", "framework", "files", "modules", "src", *BUDGETS, "tests"]
    rows = [columns, ["---"] * 2 + ["--:"] * (len(columns) - 2)]
    for (preset, framework), size in sizes.items():
        parts = [
            f"{size.parts[part]:,}" if part in size.parts else "" for part in BUDGETS
        ]
        counts = [f"{count:,}" for count in size[:3]]
        rows.append([preset, framework, *counts, *parts, f"{size.test_lines:,}"])
    allowed = [f"{lines:,}" for lines in BUDGETS.values()]
    rows.append(["at most", "", "", "", "", *allowed, ""])
    return HEAD + "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
