"""Remove what was not chosen; if the project is new, say what to do next.

Cookiecutter renders this file and runs it inside the new project. It does nothing else:
no network, no installs, no git. Running it again changes nothing (cruft does that).
"""

import os

# Only answers that were checked to be plain lower-case names may stand in this source;
# `local_extensions.py` has refused everything else before the project's folder existed.
PROJECT_SLUG = "{{ cookiecutter.project_slug }}"
# See files_by_choice.py of the template. They are there only if an earlier rendering
# made them, for another choice.
UNCHOSEN = "{{ cookiecutter | unchosen_files }}".split()
# Updates make projects too, but to compare them: nothing is to be said of those.
IS_NEW = bool("{{ cookiecutter | is_new }}")

NEXT_STEPS = f"""
Created {PROJECT_SLUG}. Next:

  cd {PROJECT_SLUG}
  make train evaluate    # sets the project up first; needs only Python

On Windows, PowerShell: . scripts\\setup_uv.ps1, then: poe train
"""


def remove_unchosen(root: str, names: list[str]) -> None:
    """Delete the files of the choices that were not made, and folders left empty.

    Args:
        root: the generated project.
        names: paths in it, with slashes.
    """
    for name in names:
        path = os.path.join(root, *name.split("/"))
        if os.path.exists(path):
            os.remove(path)
        folder = os.path.dirname(path)
        while folder != root and os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)


if __name__ == "__main__":
    remove_unchosen(os.getcwd(), UNCHOSEN)
    if IS_NEW:
        print(NEXT_STEPS)
