"""Keep the promise of --skip-if-file-exists: a file that is there stays as it is.

Cookiecutter 2.7.1 keeps it for what it renders only. What is listed in
`_copy_without_render` it writes over, and the post_gen hook removes what the answers do
not need. With that option, a run that would lose such a file is refused.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from types import FrameType
from typing import Any

from callers import outwards
from files_by_choice import unchosen_files

PACKAGE = "{{cookiecutter.package_name}}"


def is_skipping(frame: FrameType | None) -> bool:
    """Whether cookiecutter, in a frame or outside it, is to skip files that exist.

    It tells templates nothing of its options, so its variables are looked at.
    """
    for caller in outwards(frame):
        if caller.f_code.co_name == "generate_files":
            return bool(caller.f_locals.get("skip_if_file_exists"))
    return False


def losses(
    source: Path, project: Path, patterns: Iterable[str], answers: Mapping[str, Any]
) -> Iterator[str]:
    """Name files of a project that a run would change or remove all the same.

    Args:
        source: the project's folder in the template.
        project: the folder that is rendered into; it need not exist.
        patterns: what of the template is copied as it is.
        answers: the answers, which have passed the check.
    """
    patterns = list(patterns)
    for folder, _, names in os.walk(source):
        for name in names:
            path = (Path(folder) / name).relative_to(source).as_posix()
            if any(fnmatch(path, pattern) for pattern in patterns):
                there = path.replace(PACKAGE, answers["package_name"])
                own = project / there
                if own.is_file() and own.read_bytes() != (source / path).read_bytes():
                    yield there
    for there in unchosen_files(answers).split():
        if (project / there).is_file():
            yield there


def refuse_losses(
    source: Path, patterns: Iterable[str], answers: Mapping[str, Any]
) -> None:
    """Stop before anything is written, if a file that is to stay would not.

    Args:
        source: the project's folder in the template.
        patterns: what of the template is copied as it is.
        answers: the answers, which have passed the check, and cookiecutter's own.

    Raises:
        SystemExit: with status 1, when there is such a file.
    """
    if not is_skipping(sys._getframe()):
        return
    project = Path(answers["_output_dir"], answers["project_slug"])
    if lost := sorted(set(losses(source, project, patterns, answers))):
        print(
            "Nothing was written, because cookiecutter would write over some files, or",
            f"remove them, in spite of --skip-if-file-exists. In {project}:",
            *(f"  {name}" for name in lost),
            "Move them away, or commit everything and leave the option out: `git diff`",
            "then shows what has changed. `cruft update` merges changes instead.",
            sep="\n",
            file=sys.stderr,
        )
        raise SystemExit(1)
