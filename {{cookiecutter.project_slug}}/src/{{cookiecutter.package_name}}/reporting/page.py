"""Blocks to one HTML file that needs nothing else, and facts to a model card."""

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from .blocks import Section
from .intervals import Measure

HERE = Path(__file__).parent
PAGE, CARD = "report.html.jinja", "model_card.md.jinja"
# What means something in Markdown: anywhere, and at the start of a line alone.
SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
START = re.compile(r"^(\d*)([#+=.)-])")


def environment() -> Environment:
    """Return what fills templates in; whatever is filled in is escaped.

    A name that does not exist is an error, not an empty text.
    """
    found = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["markdown"] = markdown
    return found


def render_page(
    title: str,
    facts: Sequence[str],
    measures: Sequence[Measure],
    note: str,
    sections: Sequence[Section],
) -> str:
    """Return the report.

    Args:
        title: The heading.
        facts: What is below it.
        measures: The scores to show first.
        note: What is to be known of them.
        sections: What follows.
    """
    style = (HERE / "report.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template(PAGE)
        .render(
            title=title,
            facts=facts,
            measures=measures,
            note=note,
            sections=sections,
            style=Markup(style),
        )
    )


def markdown(value: object) -> Markup:
    """Return a value as text of Markdown, in one line, whatever it holds."""
    line = " ".join(str(value).split())
    escaped = SPECIAL.sub(r"\\\1", str(escape(line)))
    return Markup(START.sub(r"\1\\\2", escaped))
