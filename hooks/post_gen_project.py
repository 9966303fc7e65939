"""Remove what was not chosen, then say what to do next.

Cookiecutter renders this file and runs it inside the new project. It does nothing else:
no network, no installs, no git. Running it again changes nothing (cruft does that).
"""

import json
from pathlib import Path

# The answers enter as data. `tojson` writes plain ASCII on one line, where a quote or a
# backslash inside a text is always escaped, and JSON never has three quotes in a row
# that are not; so nothing in an answer can end this raw string.
ANSWERS_AS_JSON = r"""{{ dict(
    project_slug=cookiecutter.project_slug,
    ci_provider=cookiecutter.ci_provider,
) | tojson }}"""
ANSWERS = json.loads(ANSWERS_AS_JSON)

# (question, choice) -> the files that only this choice needs. Files, not folders: what
# a user added beside them stays when a project is rendered again.
BELONGS_TO = {
    ("ci_provider", "github"): [".github/workflows/ci.yml"],
    ("ci_provider", "gitlab"): [".gitlab-ci.yml"],
}

NEXT_STEPS = """
Created {project_slug}. Next:

  cd {project_slug}
  make setup    # installs the locked versions into .venv
  make train    # trains the model and says where it is

On Windows, PowerShell: .\\scripts\\setup_uv.ps1
"""


def remove_unchosen(root: Path, answers: dict[str, str]) -> None:
    """Delete the files of the choices that were not made, and folders left empty.

    Args:
        root: the generated project.
        answers: the choices by question.
    """
    for (question, choice), files in BELONGS_TO.items():
        if answers[question] == choice:
            continue
        for name in files:
            path = root / name
            path.unlink(missing_ok=True)
            while path.parent != root and path.parent.is_dir():
                path = path.parent
                if any(path.iterdir()):
                    break
                path.rmdir()


if __name__ == "__main__":
    remove_unchosen(Path.cwd(), ANSWERS)
    print(NEXT_STEPS.format_map(ANSWERS))
