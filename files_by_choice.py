"""Which files of the project only some choices need.

What a choice does not need is not rendered; the post_gen hook removes what an earlier
rendering left, when a project is rendered again with another choice. Files, not
folders: what a user added beside them stays.
"""

from collections.abc import Mapping

PACKAGE = "src/{{cookiecutter.package_name}}"
_IMAGES = "checkpoints progress"
_TABLES = """
    baseline checks chunks explore graphs infer inspection large loading
    paired_bootstrap reading results schema scores streaming tree_graphs tuning workers
"""
_IMAGE = """
    .dockerignore Dockerfile compose.yaml deploy/prometheus.yml
    deploy/with_model.Dockerfile
"""
_MANIFESTS = """
    base/autoscaler.yaml base/deployment.yaml base/disruption_budget.yaml
    base/kustomization.yaml base/namespace.yaml base/network_policy.yaml base/route.yaml
    base/serve.yaml base/service.yaml base/service_account.yaml
    components/model_url/deployment.yaml components/model_url/kustomization.yaml
    components/model_url/network_policy.yaml
    overlays/local/kustomization.yaml overlays/production/kustomization.yaml
    overlays/staging/kustomization.yaml
"""


def _below(folder: str, names: str) -> list[str]:
    """Name the files of a folder."""
    return [f"{folder}/{name}" for name in names.split()]


def _with_tests(modules: str) -> list[str]:
    """Name the files of some modules, and their tests."""
    sources = [f"{PACKAGE}/{name}.py" for name in modules.split()]
    return sources + [f"tests/test_{name}.py" for name in modules.split()]


_GITHUB = """
    .github/dependabot.yml .github/workflows/audit.yml .github/workflows/ci.yml
"""
_OTHER_CLUSTERS = """
    deploy/kserve/inference_service.yaml deploy/seldon/seldon_deployment.yaml
"""
_CONTAINER_JOB = ".github/workflows/tensorflow_serving.yml"
_TENSORFLOW_SERVING = [
    *_below(
        "deploy/tensorflow_serving",
        "README.md client.py compose.yaml digits.json models.config warm_up.py",
    ),
    _CONTAINER_JOB,
    "tests/test_tensorflow_serving_client.py",
]
_TORCHSERVE = [
    *_below("deploy/torchserve", "README.md config.properties handler.py"),
    "tests/test_torchserve_handler.py",
]

_TRACKING = [
    *_below(
        f"{PACKAGE}/tracking",
        "__init__.py command.py companion.py measuring.py recorder.py sending.py "
        "settings.py spool.py",
    ),
    "requirements/tracking.txt",
    *_below(
        "tests",
        "test_tracking_command.py test_tracking_companion.py "
        "test_tracking_recording.py test_tracking_sending.py tracked.py untracked.py",
    ),
]

# A question, the choices that need some files, and these files, as the template names
# them. A file that several questions decide on is in several rows.
NEEDED_BY = [
    ("framework", {"tensorflow"}, ["requirements/jax.txt"]),
    ("framework", {"tensorflow", "pytorch"}, _with_tests(_IMAGES)),
    ("framework", {"tensorflow", "pytorch"}, [f"{PACKAGE}/serving/pictures.py"]),
    ("framework", {"tensorflow", "pytorch"}, ["tests/test_serving_pictures.py"]),
    ("framework", {"scikit-learn"}, _with_tests(_TABLES)),
    ("framework", {"scikit-learn"}, ["configs/schemas/breast_cancer.yaml"]),
    ("framework", {"scikit-learn"}, ["tests/test_serving_fields.py"]),
    ("framework", {"scikit-learn"}, [f"{PACKAGE}/explaining/cells.py"]),
    ("experiment_tracking", {"mlflow"}, _TRACKING),
    ("framework", {"scikit-learn"}, [f"{PACKAGE}/reporting/numbers.py"]),
    ("framework", {"scikit-learn"}, ["tests/test_reporting_numbers.py"]),
    ("ci_provider", {"github"}, _GITHUB.split()),
    ("ci_provider", {"gitlab"}, [".gitlab-ci.yml", "renovate.json"]),
    ("deploy_target", {"kubernetes", "docker"}, _IMAGE.split()),
    ("deploy_target", {"kubernetes", "docker"}, _with_tests("healthcheck")),
    ("deploy_target", {"kubernetes"}, _below("deploy/kubernetes", _MANIFESTS)),
    ("deploy_target", {"kubernetes"}, _OTHER_CLUSTERS.split()),
    ("deploy_target", {"kubernetes", "docker"}, _TENSORFLOW_SERVING + _TORCHSERVE),
    ("framework", {"tensorflow"}, _TENSORFLOW_SERVING),
    ("framework", {"pytorch"}, _TORCHSERVE),
    ("ci_provider", {"github"}, [_CONTAINER_JOB]),
]
# What each of these files needs: one of some choices, for each question named.
CONDITIONS: dict[str, dict[str, set[str]]] = {}
for _question, _choices, _files in NEEDED_BY:
    for _name in _files:
        CONDITIONS.setdefault(_name, {})[_question] = _choices


def is_needed(name: str, answers: Mapping[str, object]) -> bool:
    """Whether the answers need a file of the template (a path with slashes)."""
    return all(
        answers[question] in choices
        for question, choices in CONDITIONS.get(name, {}).items()
    )


def unchosen_files(answers: Mapping[str, object]) -> str:
    """List what the answers do not need: paths of the rendered project, with blanks."""
    unchosen = " ".join(name for name in CONDITIONS if not is_needed(name, answers))
    package = str(answers["package_name"])
    return unchosen.replace("{{cookiecutter.package_name}}", package)
