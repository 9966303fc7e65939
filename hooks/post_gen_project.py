"""Remove what was not chosen, then say what to do next.

Cookiecutter renders this file and runs it inside the new project. It does nothing else:
no network, no installs, no git. Running it again changes nothing (cruft does that).
"""

import os

# Only answers that were checked to be plain lower-case names may stand in this source;
# `local_extensions.py` has refused everything else before the project's folder existed.
PROJECT_SLUG = "{{ cookiecutter.project_slug }}"
PACKAGE = "src/{{ cookiecutter.package_name }}"
CHOSEN = {
    "framework": "{{ cookiecutter.framework }}",
    "ci_provider": "{{ cookiecutter.ci_provider }}",
    "deploy_target": "{{ cookiecutter.deploy_target }}",
}

_IMAGES = "backend checkpoints progress"
_TABLES = """
    baseline checks chunks explore infer inspection large loading reading results
    schema scores streaming tuning workers
"""
_SCHEMA = "configs/schemas/breast_cancer.yaml"


def with_tests(modules: str) -> list[str]:
    """Name the files of some modules, and their tests."""
    sources = [f"{PACKAGE}/{name}.py" for name in modules.split()]
    return sources + [f"tests/test_{name}.py" for name in modules.split()]


# A question, the choices that need some files, and these files; any other choice
# removes them. Files, not folders: what a user added beside them stays when a project
# is rendered again.
NEEDED_BY = [
    ("framework", {"tensorflow"}, ["requirements/jax.txt"]),
    ("framework", {"tensorflow", "pytorch"}, with_tests(_IMAGES)),
    ("framework", {"scikit-learn"}, [*with_tests(_TABLES), _SCHEMA]),
    ("ci_provider", {"github"}, [".github/workflows/ci.yml"]),
    ("ci_provider", {"gitlab"}, [".gitlab-ci.yml"]),
    ("deploy_target", {"docker"}, ["Dockerfile", ".dockerignore"]),
]

NEXT_STEPS = f"""
Created {PROJECT_SLUG}. Next:

  cd {PROJECT_SLUG}
  make train evaluate    # sets the project up first; needs only Python

On Windows, PowerShell: . scripts\\setup_uv.ps1, then: poe train
"""


def remove_unchosen(root: str, chosen: dict[str, str]) -> None:
    """Delete the files of the choices that were not made, and folders left empty.

    Args:
        root: the generated project.
        chosen: the choices by question.
    """
    for question, choices, files in NEEDED_BY:
        if chosen[question] in choices:
            continue
        for name in files:
            path = os.path.join(root, *name.split("/"))
            if os.path.exists(path):
                os.remove(path)
            folder = os.path.dirname(path)
            while folder != root and os.path.isdir(folder) and not os.listdir(folder):
                os.rmdir(folder)
                folder = os.path.dirname(folder)


if __name__ == "__main__":
    remove_unchosen(os.getcwd(), CHOSEN)
    print(NEXT_STEPS)
