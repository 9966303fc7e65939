"""What a project must hold, whatever was answered: pure functions to its problems.

Free text stands in three files only; all others are the same to the last byte as with
the default texts. So an answer cannot reach a command of a CI file, a Dockerfile or a
manifest.
"""

import hashlib
import html
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from answers.filters import extras
from tidiness import syntax_errors

FREE_TEXTS = ("project_name", "project_description", "author_name", "author_email")
WITH_FREE_TEXT = {
    ".cookiecutter.json",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
}
# By kind and SHA-256 of a file, what its parser had to say.
_PARSED: dict[tuple[str, bytes], list[str]] = {}


def contents(project: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return files of a project with their bytes."""
    return {name: (project / name).read_bytes() for name in names}


def misread(project: Path, answers: Mapping[str, str]) -> Iterator[str]:
    """Name the answers that do not read back equal, and where.

    Args:
        project: the rendered project.
        answers: all public answers.
    """
    for where, found, wanted in readings(project, answers):
        if found != wanted:
            yield f"{where} reads {found!r}, not {wanted!r}"


def readings(
    project: Path, answers: Mapping[str, str]
) -> Iterator[tuple[str, object, object]]:
    """Yield each place an answer stands in, what it reads there and what was given."""
    slug, package = answers["project_slug"], answers["package_name"]
    name, summary = answers["project_name"], answers["project_description"]
    author, address = answers["author_name"], answers["author_email"]

    def text(file: str) -> str:
        return (project / file).read_text(encoding="utf-8")

    metadata = tomllib.loads(text("pyproject.toml"))["project"]
    yield "folder", project.name, slug
    yield "pyproject.toml name", metadata["name"], slug
    yield "pyproject.toml description", metadata["description"], summary
    people = [{"name": author, "email": address}]
    yield "pyproject.toml authors", metadata["authors"], people
    identifier = metadata["license"].lower().removeprefix("licenseref-")
    yield "pyproject.toml license", identifier, answers["license"]
    yield "pyproject.toml scripts", metadata["scripts"], {slug: f"{package}.main:main"}
    yield "package", (project / "src" / package / "main.py").is_file(), True
    version = answers["python_version"]
    yield ".python-version", text(".python-version"), f"{version}\n"
    conda = yaml.safe_load(text("environment.yml"))
    yield "environment.yml name", conda["name"], slug
    yield "environment.yml", f"python={version}" in conda["dependencies"], True
    container = json.loads(text(".devcontainer/devcontainer.json"))
    yield "devcontainer.json name", container["name"], slug
    serving = "serve" in extras(answers["extras"])
    if serving and answers["deploy_target"] != "none":
        compose = yaml.safe_load(text("compose.yaml"))
        images = {service.get("image") for service in compose["services"].values()}
        yield "compose.yaml image", slug in images, True
    if serving and answers["deploy_target"] == "kubernetes":
        manifest = yaml.safe_load(text("deploy/kubernetes/base/deployment.yaml"))
        named = manifest["metadata"]["name"]
        yield "deployment.yaml name", named, slug.replace("_", "-")
    title, paragraph = text("README.md").split("\n\n")[:2]
    yield "README.md title", shown(title), f"<h1>{name}</h1>\n"
    yield "README.md summary", shown(paragraph), f"<p>{summary}</p>\n"
    contact = f"\n{author}, {address}:\n"
    yield "SECURITY.md", contact in shown(text("SECURITY.md").split("\n\n")[1]), True
    record = json.loads(text(".cookiecutter.json"))
    kept = {key: record.get(key) for key in answers}
    yield ".cookiecutter.json", kept, dict(answers)
    yield "LICENSE", f" {author}" in text("LICENSE"), True


def shown(markdown: str) -> str:
    """Return what a page made of Markdown says."""
    return html.unescape(MarkdownIt("js-default").render(markdown))


def unparsable(files: Mapping[str, bytes]) -> Iterator[str]:
    """Name files that do not parse; what was parsed before is not parsed again."""
    for name, content in files.items():
        key = (Path(name).suffix, hashlib.sha256(content).digest())
        if key not in _PARSED:
            _PARSED[key] = list(syntax_errors(name, content.decode()))
        yield from _PARSED[key]
