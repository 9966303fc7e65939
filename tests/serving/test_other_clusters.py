"""Seldon and KServe would accept what a project has for them, and run it safely."""

from collections.abc import Callable
from typing import Any

import pytest

from conftest import BakedProject, choices
from manifests import manifest_problems, parse

SELDON = "deploy/seldon/seldon_deployment.yaml"
KSERVE = "deploy/kserve/inference_service.yaml"
FRAMEWORKS = choices()["framework"]


@pytest.fixture
def read(
    chosen_project: Callable[[str, str], BakedProject],
) -> Callable[[str, str], Any]:
    """Return `read(framework, file)`: the only manifest of a file."""

    def get(framework: str, file: str) -> Any:
        (manifest,) = parse(chosen_project("framework", framework).read(file))
        return manifest

    return get


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("file", [SELDON, KSERVE])
def test_the_cluster_accepts_it(
    framework: str, file: str, read: Callable[[str, str], Any]
) -> None:
    assert manifest_problems([read(framework, file)]) == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("file", [SELDON, KSERVE])
def test_the_projects_image_runs_with_no_more_rights_than_it_needs(
    framework: str, file: str, read: Callable[[str, str], Any]
) -> None:
    spec = read(framework, file)["spec"]
    if file == SELDON:
        (predictor,) = spec["predictors"]
        pod = predictor["componentSpecs"][0]["spec"]
        # Seldon asks for /v2/models/<the container's name>/infer.
        assert predictor["graph"]["name"] == pod["containers"][0]["name"] == "model"
    else:
        pod = spec["predictor"]
    # A variable that Kubernetes makes for a service would be taken for a setting.
    assert pod["enableServiceLinks"] is False
    (container,) = pod["containers"]
    rights = container["securityContext"]
    assert rights["runAsNonRoot"] and rights["readOnlyRootFilesystem"]
    assert "runAsUser" not in rights  # the image's own, or what the platform assigns
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert container["args"] == ["serve"]
    assert [port["containerPort"] for port in container["ports"]] == [8000]
