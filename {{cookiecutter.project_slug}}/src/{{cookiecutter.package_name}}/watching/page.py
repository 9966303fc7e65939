"""The page of `monitor`: one file, no network."""

from html import escape
from typing import Any

from .drift import Variables
from .reference import Reference

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: auto; max-width: 70rem;
       padding: 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid #999; padding: 0.2rem 0.6rem; text-align: left; }
"""


def page(content: dict[str, Any], known: Reference, now: Variables) -> str:
    """Return the page.

    Args:
        content: That of monitor.json.
        known: What was kept of the training.
        now: The variables of the rows that were looked at.
    """
    title = escape(f"{content['data']} beside the training of {content['model']}")
    header = ("what", "variable", "training", "now", "p, adjusted", "test")
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(str(cell))}</td>"
            for cell in (
                finding["group"],
                finding["variable"],
                finding["before"],
                finding["now"],
                f"{finding['adjusted']:.2g}",
                finding["test"],
            )
        )
        + "</tr>\n"
        for finding in content["findings"]
    )
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n"
        f"<p>{'Alarm' if content['alarm'] else 'No alarm'}; {content['rows']} rows, "
        f"{escape(content['time'])}.</p>\n<table><tr>{heads}</tr>\n{lines}</table>\n"
        "</html>\n"
    )
