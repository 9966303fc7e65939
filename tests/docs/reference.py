"""The pages of docs/reference that are written from what they describe.

They read the questions and the sources of rendered projects, and run nothing of them.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

import yaml

from answers.filters import EXTRAS
from conftest import BakedProject, choices, questions
from hooks.post_gen_project import NEEDS
from references import Render

# By framework, with all extras.
Projects = Mapping[str, BakedProject]
Row = tuple[str, ...]

# What files say that cannot say it themselves, by pattern.
SAID = {
    ".cookiecutter.json": "The answers, and the template's version: cruft reads them.",
    ".devcontainer/devcontainer.json": "A container to develop in, for any editor.",
    ".dvc/*": "Settings of DVC: nothing is sent anywhere, and its cache is not in git.",
    ".editorconfig": "Indents and line ends, for any editor.",
    ".flake8": "What flake8 does not check, since black does.",
    ".github/workflows/ci.yml": "The checks and tests on each push.",
    ".gitignore": "What commands, tools and editors write.",
    ".python-version": "The Python that set-up prefers.",
    ".vscode/*": "VS Code: the environment, the tests, a debugger.",
    "AGENTS.md": "Lay-out, commands and rules, for programs that write code.",
    "CHANGELOG.md": "What has changed for those who use the project.",
    "LICENSE": "The licence that was chosen.",
    "README.md": "The first page: what it does, and how to do it.",
    "SECURITY.md": "How to report a hole, and what is looked after.",
    "configs/logging.yaml": "Python's logging: a console for people, a file for all.",
    "deploy/kubernetes/base/deployment.yaml": "The server's pods, and their limits.",
    "deploy/*/README.md": "How this server loads the project's versions.",
    "deploy/tensorflow_serving/digits.json": "A request to TensorFlow Serving.",
    "notebooks/explain.py": "Why a model says what it says, cell by cell.",
    "notebooks/explore.py": "The data, cell by cell.",
    "notebooks/train.py": "A training, cell by cell.",
    "pyproject.toml": "The package, its dependencies by group, its tools and tasks.",
    "requirements/*.txt": "Exact versions with hashes, compiled by `make lock`.",
    "src/*/explaining/page.html.jinja": "The page that `explain` writes.",
    "src/*/monitoring/page.html": "The page that `monitor` writes.",
    "src/*/reporting/model_card.md.jinja": "The model card that `report` writes.",
    "src/*/reporting/report.html.jinja": "The page that `report` writes.",
    "src/*/serving/static/*.html": "A page of the server's.",
    "src/*/serving/static/*.svg": "The icon of the server's pages.",
}
# Modules that an owner calls; the rest is called by them.
CORE = (
    "utils pictures schema validation models estimators commands registry"
    " export adapter"
).split()
NOTE = "<!-- Written by tests/docs: UPDATE_GOLDEN=1 poe test tests/docs. -->\n"


def table(columns: str, rows: Iterable[Row]) -> str:
    """Return a table of Markdown; `columns` has its heads, with "|" between."""
    marks = "|".join(["---"] * len(columns.split("|")))
    lines = [f"| {columns} |", f"|{marks}|"]
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def sentence(text: str) -> str:
    """Return the first sentence of a text."""
    paragraph = " ".join(re.split(r"\n\s*\n", text.strip())[0].split())
    return re.split(r"(?<=[.!?])\s|:$", paragraph)[0]


def frameworks(found: Iterable[str]) -> str:
    """Say which frameworks have something; "" where all have it."""
    names = [name for name in choices()["framework"] if name in set(found)]
    return "" if len(names) == len(choices()["framework"]) else ", ".join(names)


def merged(rows: Mapping[str, Iterable[Row]]) -> list[Row]:
    """Join the rows of each framework; the last cell says which ones have a row."""
    found: dict[Row, list[str]] = {}
    for framework, each in rows.items():
        for row in each:
            found.setdefault(row, []).append(framework)
    return [(*row, frameworks(names)) for row, names in found.items()]


def questions_page() -> str:
    """Write the page on questions, with the files that each choice brings."""
    rows = []
    asked = questions()
    for name, prompt in asked["__prompts__"].items():
        plain = re.sub(r"\[/?[^\]]*\]", "", prompt).split("\n")[0]
        default = asked[name] if "{{" not in asked[name] else "from other answers"
        allowed = ", ".join(f"`{each}`" for each in choices().get(name, []))
        if name == "extras":
            allowed = ", ".join(f"`{each}`" for each in (*EXTRAS, "all", "none"))
        rows.append((f"`{name}`", plain, default, allowed))
    needs: dict[str, list[str]] = {}
    for pattern, needed in NEEDS.items():
        needs.setdefault(needed, []).append(f"`{pattern}`")
    files = [(needed, " ".join(each)) for needed, each in needs.items()]
    return (
        f"{NOTE}# Questions\n\nTwelve, each with a default. `cookiecutter TEMPLATE "
        "key=value` answers one beforehand, `--no-input` all of them.\n\n"
        + table("Question | Asks | Default | One of", rows)
        + "\n## What a choice brings\n\nA file that is not named here is in every "
        "project. Several choices in a cell are needed together: `images` are those of "
        "tensorflow and pytorch, `tabular` is scikit-learn; `container` is a "
        "`deploy_target` other than `none`.\n\n" + table("Choice | Files", files)
    )


def classes(project: BakedProject) -> dict[str, ast.ClassDef]:
    """Return every class of a project, by name."""
    trees = (
        ast.parse(project.read(name))
        for name in project.files()
        if name.startswith("src/") and name.endswith(".py")
    )
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}


def settings(known: Mapping[str, ast.ClassDef], name: str) -> Iterator[Row]:
    """Return the settings of a class and those it inherits, but not those of all."""
    for base in known[name].bases if name != "Settings" else ():
        if ast.unparse(base) in known and ast.unparse(base) != "Settings":
            yield from settings(known, ast.unparse(base))
    body = known[name].body
    for field, said in zip(body, body[1:]):
        if not (isinstance(field, ast.AnnAssign) and isinstance(said, ast.Expr)):
            continue
        default = field.value
        if isinstance(default, ast.Call) and ast.unparse(default.func) == "Field":
            default = default.args[0] if default.args else None
        kind = ast.unparse(field.annotation).replace("'", "").replace("Literal", "")
        shown = "required" if default is None else f"`{ast.unparse(default)}`"
        option = "--" + ast.unparse(field.target).replace("_", "-")
        yield f"`{option}`", f"`{kind}`", shown, " ".join(literal(said.value).split())


def literal(node: ast.expr) -> str:
    """Return the text of a node that is one."""
    return str(node.value) if isinstance(node, ast.Constant) else ""


def commands_page(projects: Projects) -> str:
    """Write the page on commands and their settings."""
    renders = {name: Render(project.path) for name, project in projects.items()}
    known = {name: classes(project) for name, project in projects.items()}
    head = "Option | Type | Default | Meaning | Only in"
    parts = [
        f"{NOTE}# Commands and settings\n\nEach setting is an option of its command, a "
        "key of `configs/train.yaml` (of the server, of `configs/serve.yaml`) and an "
        "environment variable: `--model-name` is `model_name` and, in a project called "
        "handwritten-digits, `HANDWRITTEN_DIGITS_MODEL_NAME`. The command line wins, "
        "then the environment, then the file. `PROGRAM COMMAND --help` shows the "
        "same.\n\n"
        "## Every command\n\n"
        + table(head, merged({f: settings(known[f], "Settings") for f in projects}))
    ]
    names = dict.fromkeys(
        name for render in renders.values() for name in render.commands
    )
    for name in names:
        having = [f for f, render in renders.items() if name in render.commands]
        wanted = {f: renders[f].commands[name][1].split(":")[1] for f in having}
        said = {ast.get_docstring(known[f][wanted[f]]) or "" for f in having}
        rows = merged({f: settings(known[f], wanted[f]) for f in having})
        if len(having) < len(renders):
            rows = [(*row[:-1], "") for row in rows]
        only = frameworks(having)
        parts.append(
            f"## {name}\n\n"
            + " / ".join(sorted(sentence(text) for text in said))
            + (f" Only in {only}.\n\n" if only else "\n\n")
            + (table(head, rows) if rows else "")
        )
    return "\n".join(parts)


def described(project: BakedProject, name: str) -> str:
    """Say in a sentence what a file is for; "" if nothing says it."""
    for pattern, said in SAID.items():
        if fnmatchcase(name, pattern):
            return said
    text = project.read(name)
    if name.endswith(".py"):
        return sentence(ast.get_docstring(ast.parse(text)) or "")
    text = re.sub(r"\A#!.*\n", "", text)
    comment = re.match(r"((?:(?:#|//).*\n)+)|/\*((?s:.*?))\*/", text)
    if comment is None:
        return ""
    lines = (comment[1] or comment[2]).splitlines()
    return sentence("\n".join(re.sub(r"^\s*(?:#|//) ?", "", line) for line in lines))


def files_page(projects: Projects) -> str:
    """Write the page on generated files."""
    rows = {}
    for framework, project in projects.items():
        (package,) = (project.path / "src").iterdir()
        names = {package.name: "PACKAGE", project.path.name: "SLUG"}
        rows[framework] = [
            (f"`{renamed(name, names)}`", renamed(described(project, name), names))
            for name in project.files()
        ]
    found = sorted(merged(rows), key=lambda row: (row[0].count("/") > 0, row[0]))
    return (
        f"{NOTE}# Files\n\nEvery file that a project can have, with all extras. Which "
        "choice brings a file: [Questions](questions.md#what-a-choice-brings).\n\n"
        + table("File | What it is for | Only in", found)
    )


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return a text with other names in the place of some."""
    for name, other in names.items():
        text = text.replace(name, other)
    return text


def http_page(project: BakedProject) -> str:
    """Write the page on the server's interface."""
    (name,) = (
        each for each in project.files() if each.endswith("serving/openapi.yaml")
    )
    document = yaml.safe_load(project.read(name))
    rows: dict[str, list[Row]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            row = (f"`{method.upper()} {path}`", operation["summary"])
            rows.setdefault(operation["tags"][0], []).append(row)
    tables = (
        f"## {tag}\n\n" + table("Request | What it does", each)
        for tag, each in rows.items()
    )
    return (
        f"{NOTE}# HTTP API\n\n`serve` answers these on one port. The whole document, "
        "with the schema and an example of each body, is `/openapi.json` of a server "
        "and `serving/openapi.yaml` of a project; `/docs` is a page to try it.\n\n"
        + "\n".join(tables)
    )


def python_page(projects: Projects) -> str:
    """Write the page on the functions of the core."""
    parts = [
        f"{NOTE}# Python API\n\nThe functions and classes of the core, by module: "
        "`from PACKAGE.utils import load_mnist_data`.\n"
    ]
    for module in CORE:
        rows: dict[str, list[Row]] = {}
        for framework, project in projects.items():
            (package,) = (project.path / "src").iterdir()
            file = package / f"{module}.py"
            if file.exists():
                tree = ast.parse(file.read_text(encoding="utf-8"))
                rows[framework] = [*public(tree)]
        only = frameworks(rows)
        found = [(*row[:-1], "") if row[-1] == only else row for row in merged(rows)]
        parts.append(
            f"## {module}\n\n"
            + (f"Only in {only}.\n\n" if only else "")
            + table("Name | What it does | Only in", found)
        )
    return "\n".join(parts)


def public(tree: ast.Module) -> Iterator[Row]:
    """Return what a module defines for others, with its first sentence."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
            call = node.name
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
                call += f"({', '.join(names)})"
            yield f"`{call}`", sentence(ast.get_docstring(node) or "")


def pages(projects: Projects) -> dict[str, str]:
    """Return the text of every page, by file name."""
    return {
        "questions.md": questions_page(),
        "commands.md": commands_page(projects),
        "files.md": files_page(projects),
        "http.md": http_page(projects["tensorflow"]),
        "python.md": python_page(projects),
    }
