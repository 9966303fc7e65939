"""How Sphinx builds the site: `poe docs` writes it to build/site."""

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx.application import Sphinx

project = "cookiecutter-mlops"
copyright = "the maintainers"  # noqa: A001
extensions = ["myst_parser", "sphinx_design"]
# What a chapter includes, and what has no page of its own.
exclude_patterns = ["handbook/exercises"]

html_theme = "furo"
html_title = project
html_show_sphinx = False
html_copy_source = False
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_js_files = ["scroll.js"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# No `http:` is a link to a page of ours.
myst_url_schemes = ["http", "https", "mailto"]


def project_place(
    name: str, rawtext: str, text: str, line: int, inliner: Inliner, *_: object
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Show {project}`utils.py#load_mnist_data`, a place in a generated project.

    A path below src/<package>/, or with a leading slash from the project's root; what
    it has to hold after "#". tests/docs/test_handbook.py looks whether it is there.
    """
    shown = text.lstrip("/").replace("#", ": ")
    return [nodes.literal(rawtext, shown)], []


def setup(app: Sphinx) -> None:
    """Register the role."""
    app.add_role("project", project_place)
