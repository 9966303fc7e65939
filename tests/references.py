"""Names in a rendered project that lead nowhere: files, tasks, groups, options.

A choice removes files; whatever else names them must not stay. `dead_references` reads
every text file of a render and looks for names of the kinds below that the render does
not define. It works from what the names look like, and knows no file by name but those
that the commands write.
"""

import ast
import io
import json
import re
import tokenize
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from conftest import files_below

# The first folder of what set-up, the commands and the tools write.
WRITTEN = frozenset(
    ".cache .uv .venv build data dist logs models pipeline reports".split()
)
# What people may add themselves, and what a model's version, an archive in it or its
# reports hold.
OPTIONAL = frozenset(
    ".env deploy/torchserve handler.py model_card.md poetry.lock schema.yaml "
    "requirements/.pins.txt uv.lock".split()
)
# Endings that only the project's own files have; others (.json, .csv) are also written.
OWN_ENDINGS = ("cfg", "ini", "ipynb", "md", "ps1", "py", "sh", "toml", "yaml", "yml")
# Files of versions and of terms: long, and without references.
SILENT = ("requirements/*.txt", "LICENSE")

PATH = re.compile(r"(?<![\w/.:@~$}>-])[\w.*<>{}$+-]+(?:/[\w.*<>{}$+-]*)+")
PLACEHOLDER = re.compile(r"[<>{}$+]")
FILE = re.compile(
    rf"(?<![\w/.*-])\.?[\w-][\w.-]*\.(?:{'|'.join(OWN_ENDINGS)})(?![\w(/])"
)
# After a mark, or alone on a line: prose may go on with "make sure" there.
TASK = re.compile(
    r"(?m)(?:[`\"]|&& |run: |:  )(?:\S*[/\\])?(make|poe)((?: [a-z]+(?:-[a-z]+)*)+)"
    r"|^[ \t#-]*(make|poe)((?: [a-z]+(?:-[a-z]+)*)+) *(?:$|ARGS|#|--)"
)
GROUP = re.compile(r"--(?:group|only)[ =]([a-z,]+)")
GROUPS_TEXT = re.compile(r"(?s)The dependency groups .*?(?:\n\n|$)")
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")
IMAGE = re.compile(r"\bdocker (?:build|run|compose)\b")


@dataclass(frozen=True)
class Render:
    """A rendered project and what it defines."""

    root: Path

    @cached_property
    def files(self) -> frozenset[str]:
        """Every file, as a path with slashes."""
        return frozenset(files_below(self.root))

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder."""
        parents = (PurePosixPath(name).parents for name in self.files)
        return frozenset(str(parent) for each in parents for parent in each)

    @cached_property
    def package(self) -> str:
        """The name of the package."""
        return next((self.root / "src").iterdir()).name

    @cached_property
    def modules(self) -> frozenset[str]:
        """The names of the package's modules."""
        return frozenset(p.stem for p in (self.root / "src" / self.package).iterdir())

    @cached_property
    def settings(self) -> frozenset[str]:
        """The names of all settings, such as "learning_rate"."""
        trees = (
            ast.parse(file.read_text(encoding="utf-8"))
            for file in (self.root / "src" / self.package).rglob("*.py")
        )
        return frozenset(
            field.target.id
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and node.name.endswith(("Settings", "Reading", "OnRay"))
            for field in node.body
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        )

    @cached_property
    def commands(self) -> dict[str, tuple[str, ...]]:
        """The table COMMANDS of main.py."""
        tree = ast.parse(self.read(f"src/{self.package}/main.py"))
        *_, table = (
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "COMMANDS"
        )
        read: dict[str, tuple[str, ...]] = ast.literal_eval(table)
        return read

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """The parsed pyproject.toml."""
        return tomllib.loads(self.read("pyproject.toml"))

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.root / name).read_text(encoding="utf-8")

    def resolves(self, name: str, source: str) -> bool:
        """Whether a name in the file `source` leads to a file or a folder.

        It may be given from the root, from beside the source, or as people speak of
        modules, tests, configurations and scripts: without their folder.
        """
        name = name.removeprefix("./").rstrip("/").replace("**/", "")
        if name.split("/")[0] in WRITTEN or name in OPTIONAL:
            return True
        beside = [str(PurePosixPath(source).parent), "src", f"src/{self.package}"]
        beside += ["tests", "configs", "deploy", "scripts"]
        places = [name, *(f"{folder}/{name}".removeprefix("./") for folder in beside)]
        if "*" in name:
            return any(fnmatch(file, name) for file in self.files)
        return any(place in self.files | self.folders for place in places)


def dead_references(root: Path, elsewhere: Collection[str] = ()) -> list[str]:
    """Return every name in a render that leads nowhere, as "file: reason".

    Args:
        root: the rendered project.
        elsewhere: files that other renders have, so that they are recognised whatever
            they are called (Dockerfile).
    """
    render = Render(root)
    removed = frozenset(elsewhere) - render.files
    problems = set[str]()
    for source in sorted(render.files):
        if any(fnmatch(source, pattern) for pattern in SILENT):
            continue
        text = render.read(source)
        prose = said_in(source, text)
        python = source.endswith(".py")
        found = [
            *dead_files(render, source, prose, removed),
            *(dead_imports(render, source, text) if python else ()),
            *(() if python else dead_modules(render, text)),
            *dead_tasks(render, prose),
            *dead_settings(render, source, prose),
        ]
        problems |= {f"{source}: {reason}" for reason in found}
    for name, code in render.commands.items():
        for module in (text.split(":")[0].replace(".", "/") for text in code):
            here = f"src/{render.package}/{module}"
            if not {f"{here}.py", f"{here}/__init__.py"} & render.files:
                problems.add(f"main.py: {name} is in {module}.py, which is not there")
    return sorted(problems)


@cache  # most files are the same in every render
def said_in(source: str, text: str) -> str:
    """Return what a file says to people; of Python, the comments and strings.

    Of tests, the docstrings are the only strings: others name files that they make.
    """
    if not source.endswith(".py"):
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    said = [token.string for token in tokens if token.type == tokenize.COMMENT]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented):
            said.append(ast.get_docstring(node) or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said += [] if source.startswith("tests/") else [node.value]
    return "\n".join(said)


def dead_files(
    render: Render, source: str, prose: str, removed: Collection[str]
) -> Iterator[str]:
    """Find files and folders that are named and not there."""
    if not source.endswith(".py"):  # there, a backslash is an escape
        prose = prose.replace("\\", "/")
    top = {name.split("/")[0] for name in (*render.files, *removed) if "/" in name}
    named = {match[0].rstrip(".") for match in PATH.finditer(prose)}
    named = {
        path
        for path in named
        if path.split("/")[0] in top
        or path.rpartition(".")[2] in OWN_ENDINGS
        or (path.endswith("/") and source.endswith(".md"))
    }
    named |= {match[0] for match in FILE.finditer(prose)}
    named |= {
        name
        for name in removed
        if re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w-]|\.\w)", prose)
    }
    if source == ".dockerignore":
        named |= set(re.findall(r"(?m)^!(\S+)", prose))
    if PurePosixPath(source).name == "Dockerfile":
        copied = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", prose)
        named |= {name for names in copied for name in names.split()}
    for name in sorted(named):
        if not PLACEHOLDER.search(name) and not render.resolves(name, source):
            yield f"{name} is not there"
    if "Dockerfile" in removed and IMAGE.search(prose):
        yield "docker builds or runs an image, but there is no Dockerfile"


def dead_imports(render: Render, source: str, text: str) -> Iterator[str]:
    """Find modules of the package that a Python file imports and that are not there."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom):
            continue
        first, _, rest = (node.module or "").partition(".")
        if not node.level and first != render.package:
            continue
        module, folder = rest, PurePosixPath("src", render.package)
        if node.level:
            module = node.module or ""
            folder = PurePosixPath(source).parents[node.level - 1]
        for name in [module] if module else [alias.name for alias in node.names]:
            path = str(folder.joinpath(*name.split(".")))
            there = path in render.folders or f"{path}.py" in render.files
            package = str(folder / "__init__.py")  # which may hold what has the name
            if not module and package in render.files:
                there |= (
                    re.search(rf"^class {name}\b", render.read(package), re.M)
                    is not None
                )
            if not there and not name.startswith("__"):
                yield f"imports the module {name}, which is not there"


def dead_modules(render: Render, text: str) -> Iterator[str]:
    """Find modules of the package that another file names and that are not there."""
    files = r"(?!(?:jsonl|service)\b)"  # the log, and systemd's unit
    pattern = rf"\b{re.escape(render.package)}\.{files}(\w+)"
    for name in sorted(set(re.findall(pattern, text)) - render.modules):
        yield f"{render.package}.{name} is not there"


def dead_tasks(render: Render, prose: str) -> Iterator[str]:
    """Find targets of make, tasks of poe and dependency groups that are not there."""
    targets = re.findall(r"(?m)^([a-z ]+):(?!=)", render.read("Makefile"))
    defined = {
        "make": {name for names in targets for name in names.split()},
        "poe": set(render.pyproject["tool"]["poe"]["tasks"]),
    }
    for match in TASK.finditer(prose):
        tool, names = filter(None, match.groups())
        # make takes several targets; what follows a task of poe are its arguments.
        for name in names.split()[: 1 if tool == "poe" else None]:
            if name not in defined[tool]:
                yield f"{tool} {name} is not there"
    named = {name for names in GROUP.findall(prose) for name in names.split(",")}
    for paragraph in GROUPS_TEXT.findall(prose):
        named |= set(re.findall(r"`([a-z]+)`", paragraph))
    named.discard("main")  # Poetry's name for what is in no group
    for name in sorted(named - set(render.pyproject["dependency-groups"])):
        yield f"the dependency group {name} is not there"


def dead_settings(render: Render, source: str, prose: str) -> Iterator[str]:
    """Find commands, options and environment variables that the program lacks."""
    program = re.escape(render.root.name)
    for name in re.findall(rf"(?m)(?:^|`){program} ([a-z][\w-]*)", prose):
        if name not in render.commands:
            yield f"{render.root.name} {name} is not a command"
    known = "|".join(render.commands)
    pattern = rf"(?<![\w-])(?:{program}|poe|make) (?:{known})\b([^`\n]*)|`(--[^`]+)`"
    arguments = [" ".join(found) for found in re.findall(pattern, prose)]
    if source == ".vscode/launch.json":
        entries = json.loads(prose)["configurations"]
        arguments += [" ".join(entry.get("args", [])) for entry in entries]
    for name in sorted(set(OPTION.findall(" ".join(arguments)))):
        setting = name.removeprefix("no-").replace("-", "_")
        if setting not in render.settings | {"help"}:
            yield f"--{name} is not an option"
    if not source.startswith("tests/"):  # they misspell some
        prefix = render.package.upper()
        for name in sorted(set(re.findall(rf"\b{prefix}_([A-Z_]+)\b", prose))):
            if name.lower() not in render.settings:
                yield f"{prefix}_{name} is not a setting"
