"""Training and Ray in a cluster: what Kubernetes and KubeRay accept and restrict."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import BakedProject, choices
from manifests import manifest_problems, parse

pytestmark = pytest.mark.generated

FILES = ("deploy/kubernetes/train-job.yaml", "deploy/ray/cluster.yaml")
FRAMEWORKS = choices()["framework"]
# What the image's commands write to, and whoever runs it may.
FOLDERS = {f"/app/{name}" for name in ("data", "models", "reports", "logs")} | {"/tmp"}


@pytest.fixture(name="read", params=FRAMEWORKS)
def read_manifests(
    request: pytest.FixtureRequest, bake: Callable[..., BakedProject]
) -> Callable[[str], dict[str, Any]]:
    """Return `read(file)`: the manifests of a framework's project, by kind."""
    project = bake(framework=request.param, extras="ray", project_slug="my_digits")
    return lambda file: {each["kind"]: each for each in parse(project.read(file))}


def pods(manifests: dict[str, Any]) -> list[Any]:
    """Return the specifications of all pods."""
    if job := manifests.get("Job"):
        return [job["spec"]["template"]["spec"]]
    ray = manifests["RayCluster"]["spec"]
    groups = [ray["headGroupSpec"], *ray["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


def test_a_cluster_accepts_them(read: Callable[[str], Any]) -> None:
    manifests = [each for file in FILES for each in read(file).values()]
    job = read("deploy/ray/job.yaml")["RayJob"]
    assert manifest_problems([*manifests, job]) == []
    ray = read("deploy/ray/cluster.yaml")
    selector = {"ray.io/cluster": ray["RayCluster"]["metadata"]["name"]}
    assert job["spec"]["clusterSelector"] == selector
    assert ray["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == selector


@pytest.mark.parametrize("file", FILES)
def test_pods_have_no_more_rights_than_they_need(
    file: str, read: Callable[[str], Any]
) -> None:
    manifests = read(file)
    claim = manifests["PersistentVolumeClaim"]["metadata"]["name"]
    for pod in pods(manifests):
        assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
        assert pod["securityContext"] == {
            "runAsNonRoot": True,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        (container,) = pod["containers"]
        assert container["image"].endswith("/my_digits:train")
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        kept, temporary = pod["volumes"]
        assert kept["persistentVolumeClaim"] == {"claimName": claim}
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        assert mounts.pop("/tmp")["name"] == temporary["name"]
        assert mounts.keys() < FOLDERS
        assert {mount["name"] for mount in mounts.values()} == {kept["name"]}


CLUSTER, JOB, RAY_JOB = "RayCluster", "Job", "RayJob"


@pytest.mark.parametrize(
    ("kind", "found", "planted", "message"),
    [
        (JOB, "backoffLimit", "backofLimit", "'backofLimit' was unexpected"),
        (CLUSTER, "rayStartParams: {}", "rayStartParams: {num-cpus: 2}", "2 is not of"),
        (CLUSTER, "image:", "imgae:", "'imgae' was unexpected"),
        (RAY_JOB, "HTTPMode", "HttpMode", "'HttpMode' is not one of"),
        (RAY_JOB, "ray.io/cluster:", "cluster:", "'ray.io/cluster' is a required"),
    ],
)
def test_what_a_cluster_would_refuse_is_found(
    bake: Callable[..., BakedProject], kind: str, found: str, planted: str, message: str
) -> None:
    project = bake(extras="ray")
    texts = map(project.read, (*FILES, "deploy/ray/job.yaml"))
    (text,) = (text for text in texts if f"\nkind: {kind}\n" in text)
    assert found in text
    problems = manifest_problems(parse(text.replace(found, planted)))
    assert len(problems) == 1 and problems[0].startswith(f"{kind}/handwritten-digits")
    assert message in problems[0]


@pytest.mark.parametrize(("status", "runs"), [(0, 1), (1, 1), (2, 2)])
def test_a_training_goes_on_or_else_begins(
    default_project: BakedProject, tmp_path: Path, status: int, runs: int
) -> None:
    """What is in the job runs a program that ends with a status if asked to resume."""
    job, _ = parse(default_project.read(FILES[0]))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    program = tmp_path / "handwritten-digits"
    resume = f'case "$*" in *--resume) exit {status};; esac'
    program.write_text(f'#!/bin/sh\necho "$@"\n{resume}\n')
    program.chmod(0o755)
    done = subprocess.run(
        [*container["command"], *container["args"]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split("\n")[:-1] == ["train --resume", "train"][:runs]
    assert done.returncode == (1 if status == 1 else 0)
