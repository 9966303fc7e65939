"""Imports the template's code anew when another commit was checked out.

`cruft update` renders two commits of this template in one process and in one folder.
Python imports a module only once, so the newer commit would be rendered by the older
one's filters, checks and list of paths.
"""

import hashlib
import importlib
import os
import sys
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType


def state_of(root: Path) -> str:
    """Return a SHA-256 of what a render depends on beside the texts of the templates.

    Args:
        root: the folder of the template.

    Returns:
        64 hexadecimal digits: of the template's own code, its questions and hooks, and
        the names of all files below the project's folder.
    """
    read = [*root.glob("*.py"), *root.glob("hooks/*.py"), *root.glob("*.json")]
    read += root.glob("distributions.txt")
    read += root.glob("pyproject.toml")
    digest = hashlib.sha256()
    for path in sorted(read):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    for project in root.glob("{{*cookiecutter*}}"):
        for folder, folders, files in os.walk(project):
            folders.sort()
            names = [folder, *folders, "", *sorted(files)]
            digest.update("\0".join(names).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def import_anew(name: str, root: Path) -> ModuleType:
    """Import a module of the template, and those of the template that it imports.

    Args:
        name: the module.
        root: the folder of the template, which is on the path of imports.

    Returns:
        The module as it is on disk now.
    """
    for known, module in list(sys.modules.items()):
        source = getattr(module, "__file__", None)
        if source and Path(source).resolve().parent == root:
            del sys.modules[known]
            # Python takes bytecode for current when the source's length and second
            # are: a checkout can be quicker than that.
            Path(cache_from_source(source)).unlink(missing_ok=True)
    importlib.invalidate_caches()
    return importlib.import_module(name)
