"""The pages of docs/, and what stands in their front matter."""

from pathlib import Path
from typing import Any

import yaml

from conftest import ROOT

DOCS = ROOT / "docs"


def front_matter(page: Path) -> dict[str, Any]:
    """Return what stands between the two lines of "---" that a page may begin with."""
    text = page.read_text(encoding="utf-8")
    if not text.startswith("---\n"):
        return {}
    read: dict[str, Any] = yaml.safe_load(text.split("---\n", 2)[1])
    return read


HEADS = {
    page.relative_to(DOCS).as_posix(): front_matter(page)
    for page in sorted(DOCS.rglob("*.md"))
}
