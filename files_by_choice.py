"""Which files of the project only some choices need.

What a choice does not need is not rendered; the post_gen hook removes what an earlier
rendering left, when a project is rendered again with another choice. Files, not
folders: what a user added beside them stays.
"""

from collections.abc import Mapping

PACKAGE = "src/{{cookiecutter.package_name}}"
_IMAGES = "checkpoints progress"
_TABLES = """
    baseline checks chunks explore infer inspection large loading reading results schema
    scores streaming tuning workers
"""


def _with_tests(modules: str) -> list[str]:
    """Name the files of some modules, and their tests."""
    sources = [f"{PACKAGE}/{name}.py" for name in modules.split()]
    return sources + [f"tests/test_{name}.py" for name in modules.split()]


# A question, the choices that need some files, and these files, as the template names
# them.
NEEDED_BY = [
    ("framework", {"tensorflow"}, ["requirements/jax.txt"]),
    ("framework", {"tensorflow", "pytorch"}, _with_tests(_IMAGES)),
    ("framework", {"scikit-learn"}, _with_tests(_TABLES)),
    ("framework", {"scikit-learn"}, ["configs/schemas/breast_cancer.yaml"]),
    ("framework", {"scikit-learn"}, [f"{PACKAGE}/explaining/cells.py"]),
    ("ci_provider", {"github"}, [".github/workflows/ci.yml"]),
    ("ci_provider", {"gitlab"}, [".gitlab-ci.yml"]),
    ("deploy_target", {"docker"}, ["Dockerfile", ".dockerignore"]),
]
CONDITIONS = {
    name: (question, choices)
    for question, choices, files in NEEDED_BY
    for name in files
}


def is_needed(name: str, answers: Mapping[str, object]) -> bool:
    """Whether the answers need a file of the template (a path with slashes)."""
    if name not in CONDITIONS:
        return True
    question, choices = CONDITIONS[name]
    return answers[question] in choices


def unchosen_files(answers: Mapping[str, object]) -> str:
    """List what the answers do not need: paths of the rendered project, with blanks."""
    unchosen = " ".join(name for name in CONDITIONS if not is_needed(name, answers))
    package = str(answers["package_name"])
    return unchosen.replace("{{cookiecutter.package_name}}", package)
