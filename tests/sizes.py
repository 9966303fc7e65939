"""How large rendered projects are: what their owner has to live with, in figures."""

from collections.abc import Mapping
from typing import NamedTuple

from conftest import BakedProject

# The adapter, and the folder or the module of each extra; the rest is the core.
PARTS = "adapter serving explaining reporting monitoring tracking scaling".split()
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
    parts: dict[str, int]  # lines of the core and of each of PARTS


def measure(project: BakedProject) -> Size:
    """Count a project's files and lines."""
    files = project.files()
    src = [name for name in files if name[:4] == "src/" and name.endswith(".py")]
    tests = [name for name in files if name[:6] == "tests/" and name.endswith(".py")]
    lines = {name: len(project.read(name).splitlines()) for name in src + tests}
    parts = dict.fromkeys(("core", *PARTS), 0)
    for name in src:
        part = name.split("/")[2].removesuffix(".py")
        parts[part if part in PARTS else "core"] += lines[name]
    return Size(
        len(files),
        len(src),
        sum(lines[name] for name in src),
        sum(lines[name] for name in tests),
        parts,
    )


def page(sizes: Mapping[Kind, Size]) -> str:
    """Write docs/reference/sizes.md."""
    columns = [
        "preset",
        "framework",
        "files",
        "modules",
        "src",
        "core",
        *PARTS,
        "tests",
    ]
    rows = [columns, ["---"] * 2 + ["--:"] * (len(columns) - 2)]
    for kind, size in sizes.items():
        counts = [*size[:3], *size.parts.values(), size.test_lines]
        rows.append([*kind, *(f"{count:,}" for count in counts)])
    return HEAD + "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
