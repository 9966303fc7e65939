"""Remove what was not chosen; if the project is new, say what to do next.

Cookiecutter renders this file and runs it inside the new project. It does nothing else:
no network, no installs, no git. Running it again changes nothing (cruft does that).
"""

import contextlib
import os
from fnmatch import fnmatchcase

# Only answers that were checked to be plain lower-case names may stand in this source;
# `local_extensions.py` has refused everything else before the project's folder existed.
PROJECT_SLUG = "{{ cookiecutter.project_slug }}"
CHOSEN = {
    "{{ cookiecutter.framework }}",
    "{{ cookiecutter.__data_kind }}",
    "{{ cookiecutter.ci_provider }}",
    "{{ cookiecutter.deploy_target }}",
    "{{ 'none' if cookiecutter.deploy_target == 'none' else 'container' }}",
    *"{{ cookiecutter.__extras }}".split(","),
}
# What the template can put into a project. Other files are the owner's.
TEMPLATE_FILES = """{{ cookiecutter | project_files }}""".splitlines()
# Cookiecutter says where it writes; cruft, which also renders to compare, does not.
IS_NEW = bool("{{ 'yes' if '_output_dir' in cookiecutter else '' }}")

# What is there for a choice only, and the choices that it needs, all of them. "*" also
# matches slashes. A file that several patterns match needs what each of them says.
NEEDS = {
    # frameworks and kinds of data
    "configs/schemas/*": "tabular",
    "src/*/pictures.py": "images",
    "tests/test_pictures.py": "images",
    "src/*/estimators.py": "tabular",
    "src/*/schema.py": "tabular",
    "src/*/validation.py": "tabular",
    "src/*/tuning.py": "tabular",
    "tests/test_schema.py": "tabular",
    "tests/test_tables.py": "tabular",
    "tests/test_validation.py": "tabular",
    # extras
    "src/*/serving/*": "serve",
    "tests/test_serving*": "serve",
    "tests/test_serving_one_meaning.py": "tabular",
    "tests/gates.py": "serve",
    "tests/graphs.py": "serve",
    "configs/serve.yaml": "serve",
    "requirements/serve*.txt": "serve",
    "src/*/explaining/*": "explain",
    "tests/test_explaining*": "explain",
    "notebooks/explain.py": "explain",
    "requirements/explain.txt": "explain",
    "src/*/reporting/*": "report",
    "tests/test_reporting*": "report",
    "configs/model_card.yaml": "report",
    "dvc.yaml": "report",
    ".dvc/*": "report",
    "requirements/report.txt": "report",
    "src/*/monitoring/*": "monitor",
    "tests/test_monitoring*": "monitor",
    "src/*/serving/request_log.py": "monitor",
    "tests/test_serving_request_log.py": "monitor",
    "requirements/monitor.txt": "monitor",
    "src/*/tracking.py": "track",
    "tests/test_tracking*": "track",
    "requirements/track.txt": "track",
    "src/*/scaling/*": "ray",
    "tests/test_scaling*": "ray",
    "requirements/ray.txt": "ray",
    "requirements/kuberay.txt": "kubernetes ray",
    # where the project is checked and where it runs
    ".github/*": "github",
    ".gitlab-ci.yml": "gitlab",
    "renovate.json": "gitlab",
    ".dockerignore": "container",
    "Dockerfile": "container",
    "compose.yaml": "container serve",
    "deploy/prometheus.yml": "container serve",
    "deploy/with_model.Dockerfile": "container serve",
    "deploy/kserve/*": "kubernetes serve",
    "deploy/kubernetes/*/*": "kubernetes serve",
    "deploy/kubernetes/train-job.yaml": "kubernetes",
    "deploy/ray/*": "kubernetes ray",
    "deploy/seldon/*": "kubernetes serve",
    "deploy/ssh.py": "serve",
    "deploy/systemd/*": "serve",
    "deploy/tensorflow_serving/*": "container serve tensorflow",
    "deploy/torchserve/*": "container serve pytorch",
}

NEXT_STEPS = f"""
Created {PROJECT_SLUG}. Next:

  cd {PROJECT_SLUG}
  make train evaluate    # sets the project up first; needs only Python

On Windows, PowerShell: . scripts\\setup_uv.ps1, then: poe train
"""


def unchosen(names: list[str], chosen: set[str]) -> list[str]:
    """Return those of some files that the choices do not need.

    Args:
        names: paths in the project, with slashes.
        chosen: the choices that were made.
    """
    unmet = [pattern for pattern in NEEDS if set(NEEDS[pattern].split()) - chosen]
    return [
        name for name in names if any(fnmatchcase(name, pattern) for pattern in unmet)
    ]


def remove(root: str, names: list[str]) -> None:
    """Delete files, and the folders that this leaves empty.

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
    remove(os.getcwd(), unchosen(TEMPLATE_FILES, CHOSEN))
    if IS_NEW:
        # Not by print: `cookiecutter ... | head` has closed the pipe, and a hook that
        # fails takes the project with it.
        with contextlib.suppress(OSError):
            os.write(1, NEXT_STEPS.encode())
