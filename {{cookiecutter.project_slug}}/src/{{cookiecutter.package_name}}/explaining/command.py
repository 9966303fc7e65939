"""The command `explain`: which rows, which methods, which files.

reports/<model>/<version>/explain/
    index.html          the methods side by side, in one file
    importance.csv      how much each feature matters over all rows, by each method
    agreement.csv       how far the methods' rankings agree
    explanation.json    what was computed, how, and of what
    <method>/           rows.csv, and the figures as PNG and SVG
"""

import base64
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader
from scipy import stats
from threadpoolctl import threadpool_limits

from .. import adapter, files
from ..registry import load_version
from .figures import draw
from .methods import METHODS
from .rows import load_rows
from .settings import ExplainSettings

LIBRARIES = ("eli5", "lime", "matplotlib", "shap")
FIRST = 5  # features that the terminal shows


def explain(settings: ExplainSettings) -> None:
    """Explain a version by one method or by all, and compare what they say."""
    folder, manifest = load_version(settings.model_dir, settings.version)
    rows = load_rows(settings, folder, manifest)
    reports = settings.reports_dir / settings.model_name / folder.name / "explain"
    if settings.input:
        reports /= f"input-{settings.input.stem}"
    names = list(METHODS) if settings.method == "all" else [settings.method]
    importance, how = pd.DataFrame(index=pd.Index(rows.features, name="feature")), {}
    table = pd.DataFrame({"row": rows.numbers})
    table["explained"] = [(manifest.classes or ("value",))[i] for i in rows.column]
    # Sums in another order have other last digits; the same seed repeats every bit.
    with threadpool_limits(1):
        table["output"] = rows.chosen(rows.predict(rows.explained))
        for name in names:
            found = METHODS[name](rows, settings)
            how[name] = found.how
            importance[name] = abs(found.values).mean(axis=0)
            values = pd.DataFrame(found.values, columns=rows.features)
            lines = pd.concat([table.assign(base=found.base), values], axis=1)
            files.write_text(reports / name / "rows.csv", lines.to_csv(index=False))
            draw(found, importance[name], rows, reports / name)
    agreement = compare(importance)
    files.write_text(reports / "importance.csv", importance.to_csv())
    files.write_text(reports / "agreement.csv", agreement.to_csv(index=False))
    facts = {
        "model": str(folder),
        "data": str(settings.input or "the test set"),
        "rows": len(rows.numbers),
        "rows_sha256": adapter.fingerprint(rows.explained),
        "how": how,
        "settings": settings.model_dump(mode="json"),
        "libraries": files.library_versions(LIBRARIES),
    }
    files.write_json(reports / "explanation.json", facts)
    write_page(reports, facts, agreement, importance)
    for name in names:
        print(f"{name}: {', '.join(importance[name].nlargest(FIRST).index)}")
    print(f"page: {reports / 'index.html'}")


def compare(importance: pd.DataFrame) -> pd.DataFrame:
    """Return how far every two methods agree on the order of the features.

    Args:
        importance: (features, methods).

    Returns:
        The columns methods, kendall (tau-b) and spearman (rho); NaN where a method
        finds all features equal.
    """
    lines = []
    for pair in combinations(importance, 2):
        first, second = (importance[name] for name in pair)
        tau, rho = stats.kendalltau(first, second), stats.spearmanr(first, second)
        lines.append((" and ".join(pair), tau.statistic, rho.statistic))
    return pd.DataFrame(lines, columns=["methods", "kendall", "spearman"])


def write_page(
    reports: Path, facts: dict[str, Any], agreement: pd.DataFrame, importance: pd.DataFrame
) -> None:
    """Write index.html, which holds its figures, so that it can be sent as it is."""
    environment = Environment(loader=PackageLoader(__package__, ""), autoescape=True)
    figures = {
        name: {
            path.stem: base64.b64encode(path.read_bytes()).decode("ascii")
            for path in sorted((reports / name).glob("*.svg"))
        }
        for name in importance
    }
    style = {"border": 0, "float_format": "{:.3g}".format}  # pandas escapes the names
    page = environment.get_template("page.html.jinja").render(
        facts,
        figures=figures,
        agreement=agreement.to_html(index=False, **style),
        importance=importance.sort_values(list(importance)[0]).to_html(**style),
    )
    files.write_text(reports / "index.html", page)
