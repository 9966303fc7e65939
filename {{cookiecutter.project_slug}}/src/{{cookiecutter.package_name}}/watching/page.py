"""The page of `monitor`: one file, no network, light or dark as the reader has it."""

from html import escape
from typing import Any

import numpy as np

from .drift import Array, Variables

PICTURES = 12  # of the findings that are the surest
BINS = 20
WIDTH, HEIGHT = 240, 80  # of a picture
LONGEST = 60  # characters of a name in a picture's heading
STYLE = """
:root { color-scheme: light dark; --training: #8884; --now: #06c; --alarm: #b00; }
@media (prefers-color-scheme: dark) { :root { --now: #6af; --alarm: #f77; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: auto; max-width: 70rem;
       padding: 1rem; overflow-wrap: break-word; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid #999; padding: 0.2rem 0.6rem; text-align: left; }
.alarm { color: var(--alarm); font-weight: bold; }
figure { display: inline-block; margin: 0 1rem 1rem 0; max-width: 15rem; }
svg { width: 100%; }
rect { fill: var(--training); }
polyline { fill: none; stroke: var(--now); stroke-width: 2; }
"""


def page(content: dict[str, Any], before: Variables, now: Variables) -> str:
    """Return the page.

    Args:
        content: That of monitor.json. It may hold any text; all of it is escaped.
        before: The variables that were compared, of the training.
        now: Those of the rows that were looked at.
    """
    title = escape(f"{content['data']} beside the training of {content['model']}")
    alpha, found = content["alpha"], content["findings"]
    flagged = [each for each in found if each["adjusted"] <= alpha]
    verdict = "Alarm" if flagged else "No alarm"
    parts = [
        f"<p{' class=alarm' if flagged else ''}>{verdict}: {len(flagged)} of "
        f"{len(found)} tests, {content['rows']:,} rows, {escape(content['time'])}.</p>",
        f"<p>Where nothing has changed, at most {alpha:.0%} of the runs raise an "
        "alarm: the p-values are adjusted for the number of tests (Holm).</p>",
    ]
    if content["not_compared"]:
        names = escape(", ".join(content["not_compared"]))
        parts.append(f"<p>Not compared, as the log lacks them: {names}.</p>")
    parts.append("<p>Grey bars are the training, blue lines are these rows.</p>")
    pictured = [each["variable"] for each in found]
    for name in list(dict.fromkeys(n for n in pictured if n in now))[:PICTURES]:
        parts.append(figure(name, before[name], now[name]))
    parts.append(findings_table(found, alpha))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n"
        + "\n".join(parts)
        + "\n</html>\n"
    )


def findings_table(found: list[dict[str, Any]], alpha: float) -> str:
    """Return all findings as a table."""
    header = ("what", "variable", "training", "now", "effect", "p, adjusted", "test")
    lines = ["".join(f"<th>{name}</th>" for name in header)]
    for each in found:
        cells = (
            *(each[name] for name in ("group", "variable", "before", "now")),
            f"{each['effect']:.3f}",
            f"{each['adjusted']:.2g}",
            each["test"],
        )
        sort = " class=alarm" if each["adjusted"] <= alpha else ""
        lines.append("".join(f"<td{sort}>{escape(str(cell))}</td>" for cell in cells))
    return "<table>" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>"


def figure(name: str, before: Array, now: Array) -> str:
    """Return a picture of a variable: bars for the training, a line for the rows."""
    if before.dtype.kind == "f":
        old, new, text = number_shares(before, now)
    else:
        old, new, text = text_shares(before, now)
    most = max(old.max(initial=0.0), new.max(initial=0.0)) or 1.0
    width = WIDTH / max(1, len(old))
    bars = "".join(
        f'<rect x="{i * width:.1f}" y="{HEIGHT * (1 - share / most):.1f}" '
        f'width="{width:.1f}" height="{HEIGHT * share / most:.1f}"/>'
        for i, share in enumerate(old)
    )
    line = " ".join(
        f"{(i + 0.5) * width:.1f},{HEIGHT * (1 - share / most):.1f}"
        for i, share in enumerate(new)
    )
    label = escape(name[:LONGEST])
    return (
        f'<figure><figcaption>{label}: {escape(text)}</figcaption><svg role="img" '
        f'aria-label="{label}: training (bars) and now (line)" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{bars}<polyline points="{line}"/></svg>'
        "</figure>"
    )


def number_shares(before: Array, now: Array) -> tuple[Array, Array, str]:
    """Return the share of each sample in parts of one range, and the range."""
    old, new = before[~np.isnan(before)], now[~np.isnan(now)]
    pooled = np.concatenate([old, new])
    if not pooled.size:
        return np.zeros(1), np.zeros(1), "no values"
    edges = np.histogram_bin_edges(pooled, BINS)
    shares = [np.histogram(each, edges)[0] / max(1, each.size) for each in (old, new)]
    return shares[0], shares[1], f"{pooled.min():.4g} to {pooled.max():.4g}"


def text_shares(before: Array, now: Array) -> tuple[Array, Array, str]:
    """Return the share of each text in the samples, the most frequent ones first."""
    texts, counts = np.unique(np.concatenate([before, now]), return_counts=True)
    chosen = texts[np.argsort(-counts, kind="stable")[:BINS]]
    shares = [
        np.array([(each == text).mean() for text in chosen]) for each in (before, now)
    ]
    return shares[0], shares[1], ", ".join(map(str, chosen[:3]))[:LONGEST]
