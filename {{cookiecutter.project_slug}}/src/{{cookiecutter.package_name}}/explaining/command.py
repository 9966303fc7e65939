"""The command `explain`: which rows, which methods, which files.

reports/<model>/<version>/explain/
    index.html          the methods side by side, in one file
    importance.csv      how much a feature adds or takes on average, by each method
    agreement.csv       how far these rankings agree: Kendall's tau
    explanation.json    what was computed, how, and of what
    <method>/           rows.csv, each value of each row; figures as PNG and SVG
"""

from base64 import b64encode

import pandas as pd
from jinja2 import Environment, PackageLoader
from threadpoolctl import threadpool_limits

from .. import files
from ..registry import load_version
from . import ExplainSettings
from .figures import draw
from .methods import METHODS
from .rows import load_rows

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
    # Sums in another order have other last digits; the same seed repeats every bit.
    with threadpool_limits(1):
        found = {name: METHODS[name](rows, settings) for name in names}
        outputs = rows.chosen(rows.predict(rows.explained))
    explained = [(manifest.classes or ("value",))[i] for i in rows.column]
    for name, each in found.items():
        values = pd.DataFrame(each.values, columns=rows.features)
        known = {"row": rows.numbers, "explained": explained, "output": outputs}
        lines = pd.DataFrame(known | {"base": each.base}).join(values, rsuffix=" ")
        files.write_text(reports / name / "rows.csv", lines.to_csv(index=False))
        draw(each, rows, reports / name)
    importance = pd.DataFrame({n: abs(e.values).mean(axis=0) for n, e in found.items()})
    importance.index = pd.Index(rows.features, name="feature")
    agreement = importance.corr("kendall")  # by scipy.stats.kendalltau
    files.write_text(reports / "importance.csv", importance.to_csv())
    files.write_text(reports / "agreement.csv", agreement.to_csv())
    facts = {
        "model": str(folder),
        "data": str(settings.input or "the test set"),
        "rows": len(rows.numbers),
        "rows_of": rows.total,
        "how": {name: each.how for name, each in found.items()},
        "settings": settings.model_dump(mode="json"),
        "libraries": files.library_versions(LIBRARIES),
    }
    files.write_json(reports / "explanation.json", facts)
    environment = Environment(loader=PackageLoader(__package__, ""), autoescape=True)
    environment.filters["base64"] = lambda file: b64encode(file.read_bytes()).decode()
    html = {"border": 0, "float_format": "{:.3g}".format}  # pandas escapes the names
    page = environment.get_template("page.html.jinja").render(
        facts,
        reports=reports,
        agreement=agreement.to_html(**html),
        importance=importance.sort_values(names[0], ascending=False).to_html(**html),
    )
    files.write_text(reports / "index.html", page)
    for name in names:
        print(f"{name}: {', '.join(importance[name].nlargest(FIRST).index)}")
    if len(rows.numbers) < rows.total:
        print(f"rows: {len(rows.numbers)} of {rows.total:,}; more by --explained-rows")
    print(f"page: {reports / 'index.html'}")
