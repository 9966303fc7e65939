"""What `kubectl apply -k` sends to a cluster: accepted, restricted, and consistent."""

import copy
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import BakedProject
from manifests import build, install_kubectl, manifest_problems, parse

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(sys.platform != "linux", reason="kubectl is one for Linux"),
]

KINDS = [
    "ConfigMap",
    "Deployment",
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "Namespace",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
    "ServiceAccount",
]
# What a cluster on somebody's own machine does without.
NOT_LOCAL = {"HTTPRoute", "HorizontalPodAutoscaler"}
# Staging with the component that downloads the model.
BY_URL = "staging with the model from an address"
OVERLAYS = ["local", "staging", "production", BY_URL]

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program kubectl."""
    return install_kubectl(tmp_path_factory.mktemp("kubectl"))


@pytest.fixture(scope="module")
def overlays(
    default_project: BakedProject,
    kubectl: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, list[Manifest]]:
    """Return the manifests of every overlay."""
    folder = tmp_path_factory.mktemp("manifests") / "kubernetes"
    shutil.copytree(default_project.path / "deploy/kubernetes", folder)
    by_url = folder / "overlays" / BY_URL
    shutil.copytree(folder / "overlays/staging", by_url)
    with (by_url / "kustomization.yaml").open("a", encoding="utf-8") as file:
        file.write("components: [../../components/model_url]\n")
    return {name: build(kubectl, folder / "overlays" / name) for name in OVERLAYS}


@pytest.fixture(params=OVERLAYS)
def manifests(
    request: pytest.FixtureRequest, overlays: dict[str, list[Manifest]]
) -> list[Manifest]:
    """Return the manifests of each overlay in turn."""
    return overlays[request.param]


def of_kind(kind: str, manifests: list[Manifest]) -> Manifest:
    """Return the only manifest of a kind."""
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found


def pod_of(manifests: list[Manifest]) -> Manifest:
    """Return the specification of the server's pods."""
    pod: Manifest = of_kind("Deployment", manifests)["spec"]["template"]["spec"]
    return pod


def containers(pod: Manifest) -> Iterator[Manifest]:
    """Yield all containers of a pod, those that run first too."""
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def test_a_cluster_accepts_them(manifests: list[Manifest]) -> None:
    assert manifest_problems(manifests) == []


def test_each_environment_has_what_it_needs(
    overlays: dict[str, list[Manifest]],
) -> None:
    kinds = {
        name: sorted(manifest["kind"] for manifest in manifests)
        for name, manifests in overlays.items()
    }
    assert kinds["production"] == kinds["staging"] == KINDS
    assert kinds["local"] == [kind for kind in KINDS if kind not in NOT_LOCAL]
    assert kinds[BY_URL] == ["ConfigMap", *KINDS]


def test_environments_do_not_meet(overlays: dict[str, list[Manifest]]) -> None:
    """Each has a namespace and, where it has one, a host name of its own."""
    spaces, hosts = [], []
    for name in ("local", "staging", "production"):
        space = of_kind("Namespace", overlays[name])["metadata"]["name"]
        for manifest in overlays[name]:
            assert manifest["metadata"].get("namespace", space) == space
            if manifest["kind"] == "HTTPRoute":
                hosts += manifest["spec"]["hostnames"]
        spaces.append(space)
    assert len(set(spaces)) == 3 and len(set(hosts)) == 2


def test_pods_have_no_more_rights_than_the_standard_restricted_allows(
    manifests: list[Manifest],
) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    labels = of_kind("Namespace", manifests)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    pod = pod_of(manifests)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert "runAsUser" not in pod["securityContext"]  # the image's, or the platform's
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert all(v.keys() & {"configMap", "emptyDir"} for v in pod["volumes"])
    for container in containers(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert not any("hostPort" in port for port in container.get("ports", []))


def test_pods_get_no_token_and_no_variables_of_services(
    manifests: list[Manifest],
) -> None:
    """A variable of a service could have the name of one of the program's settings."""
    pod = pod_of(manifests)
    account = of_kind("ServiceAccount", manifests)
    assert account["automountServiceAccountToken"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert pod["enableServiceLinks"] is False


def test_pods_have_requests_limits_probes_and_are_spread(
    manifests: list[Manifest],
) -> None:
    pod = pod_of(manifests)
    for container in containers(pod):
        for amounts in ("requests", "limits"):
            assert container["resources"][amounts].keys() == {"cpu", "memory"}
    (server,) = pod["containers"]
    ports = [port["name"] for port in server["ports"]]
    paths = {
        name: server[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
        if server[f"{name}Probe"]["httpGet"]["port"] in ports
    }
    assert paths == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    spread = {each["topologyKey"] for each in pod["topologySpreadConstraints"]}
    assert spread == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}


def test_selectors_choose_the_servers_pods(manifests: list[Manifest]) -> None:
    deployment = of_kind("Deployment", manifests)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    chosen = [
        deployment["spec"]["selector"]["matchLabels"],
        of_kind("Service", manifests)["spec"]["selector"],
        of_kind("PodDisruptionBudget", manifests)["spec"]["selector"]["matchLabels"],
        of_kind("NetworkPolicy", manifests)["spec"]["podSelector"]["matchLabels"],
        *(
            each["labelSelector"]["matchLabels"]
            for each in pod_of(manifests)["topologySpreadConstraints"]
        ),
    ]
    assert all(selector.items() <= labels.items() for selector in chosen)
    assert all(chosen)


def test_traffic_finds_the_servers_port(manifests: list[Manifest]) -> None:
    """From the route to the service, and from there to the container."""
    service = of_kind("Service", manifests)
    (port,) = service["spec"]["ports"]
    (server,) = pod_of(manifests)["containers"]
    assert port["targetPort"] in [each["name"] for each in server["ports"]]
    for route in (each for each in manifests if each["kind"] == "HTTPRoute"):
        (rule,) = route["spec"]["rules"]
        backend = {"name": service["metadata"]["name"], "port": port["port"]}
        assert rule["backendRefs"] == [backend]
        paths = [match["path"]["value"] for match in rule["matches"]]
        assert "/" not in paths and "/metrics" not in paths


def test_more_pods_come_and_none_goes_unnoticed(
    overlays: dict[str, list[Manifest]],
) -> None:
    """The autoscaler decides how many pods there are, so the deployment does not."""
    for name in ("staging", "production"):
        deployment = of_kind("Deployment", overlays[name])
        scaler = of_kind("HorizontalPodAutoscaler", overlays[name])["spec"]
        assert scaler["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
        assert scaler["minReplicas"] <= scaler["maxReplicas"]
        assert "replicas" not in deployment["spec"]
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert of_kind("Deployment", overlays["local"])["spec"]["replicas"] == 1


def test_a_changed_setting_restarts_the_pods(
    overlays: dict[str, list[Manifest]],
    default_project: BakedProject,
    kubectl: Path,
    tmp_path: Path,
) -> None:
    """The name of the settings follows from their content, and the pods name it."""
    folder = tmp_path / "kubernetes"
    shutil.copytree(default_project.path / "deploy/kubernetes", folder)
    with (folder / "base/serve.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    changed = build(kubectl, folder / "overlays/production")
    names = set()
    for manifests in (overlays["production"], changed):
        settings = of_kind("ConfigMap", manifests)["metadata"]["name"]
        volumes = pod_of(manifests)["volumes"]
        assert settings in [each.get("configMap", {}).get("name") for each in volumes]
        names.add(settings)
    assert len(names) == 2


def test_the_model_by_address_is_fetched_before_the_server_starts(
    overlays: dict[str, list[Manifest]],
) -> None:
    """By the same image; the server itself cannot change what was fetched."""
    manifests = overlays[BY_URL]
    pod = pod_of(manifests)
    (fetch,), (server,) = pod["initContainers"], pod["containers"]
    assert fetch["image"] == server["image"] and fetch["args"] == ["fetch"]
    (source,) = fetch["envFrom"]
    (settings,) = (
        manifest["data"]
        for manifest in manifests
        if manifest["metadata"]["name"] == source["configMapRef"]["name"]
    )
    assert [key.partition("_MODEL_")[2] for key in settings] == ["SHA256", "URL"]
    mounts = {mount["mountPath"]: mount for mount in server["volumeMounts"]}
    assert mounts["/app/models"]["readOnly"] is True
    egress = of_kind("NetworkPolicy", manifests)["spec"]["egress"]
    assert {port["port"] for rule in egress for port in rule["ports"]} == {53, 443}
    plain = of_kind("NetworkPolicy", overlays["staging"])["spec"]
    assert plain["egress"] == [] and "Egress" in plain["policyTypes"]


def test_a_slug_with_underscores_has_names_that_a_cluster_accepts(
    bake: Callable[..., BakedProject], kubectl: Path
) -> None:
    project = bake(project_slug="my_digits")
    manifests = build(kubectl, project.path / "deploy/kubernetes/overlays/production")
    assert manifest_problems(manifests) == []
    assert of_kind("Service", manifests)["metadata"]["name"] == "my-digits"


@pytest.mark.parametrize(
    ("kind", "field", "value", "message"),
    [
        ("Deployment", "replica", 1, "'replica' was unexpected"),
        ("Service", "ports", [{"port": "eighty"}], "'eighty' is not of type"),
        ("HTTPRoute", "hostnames", ["NOT A HOST"], "does not match"),
        ("HTTPRoute", "host", "example.com", "'host' was unexpected"),
    ],
)
def test_what_a_cluster_would_refuse_is_found(
    overlays: dict[str, list[Manifest]],
    kind: str,
    field: str,
    value: object,
    message: str,
) -> None:
    planted = copy.deepcopy(of_kind(kind, overlays["production"]))
    planted["spec"][field] = value
    (problem,) = manifest_problems([planted])
    assert problem.startswith(f"{kind}/{planted['metadata']['name']}: spec")
    assert message in problem


def test_whoever_stops_the_server_waits_until_it_has_answered(
    overlays: dict[str, list[Manifest]], default_project: BakedProject
) -> None:
    """The cluster, compose and systemd; configs/serve.yaml names every setting."""
    settings = yaml.safe_load(default_project.read("configs/serve.yaml"))
    parts = ("drain_seconds", "read_seconds", "answer_seconds")
    here = sum(settings[part] for part in parts)
    own = yaml.safe_load(default_project.read("deploy/kubernetes/base/serve.yaml"))
    assert own.keys() <= settings.keys()
    there = sum((settings | own)[part] for part in parts)
    for manifests in overlays.values():
        assert pod_of(manifests)["terminationGracePeriodSeconds"] > there
    compose = yaml.safe_load(default_project.read("compose.yaml"))
    assert int(compose["services"]["server"]["stop_grace_period"][:-1]) > here
    (unit,) = (default_project.path / "deploy/systemd").iterdir()
    (wait,) = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", unit.read_text("utf-8"))
    assert int(wait) > here


SELDON = """
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: { name: digits }
spec:
  predictors:
    - name: default
      graph: { name: model, implementation: SKLEARN_SERVER, modelUri: "s3://b/model" }
      componentSpecs: [{ spec: { containers: [{ name: model, image: digits }] } }]
"""
KSERVE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: digits }
spec: { predictor: { containers: [{ name: model, image: digits }] } }
"""


@pytest.mark.parametrize("text", [SELDON, KSERVE], ids=["seldon", "kserve"])
def test_resources_of_others_are_checked_down_to_their_pods(text: str) -> None:
    assert manifest_problems(parse(text)) == []
    (problem,) = manifest_problems(parse(text.replace("image:", "imgae:")))
    assert "'imgae' was unexpected" in problem


def test_compose_mounts_files_that_exist_and_opens_no_port_to_others(
    default_project: BakedProject,
) -> None:
    compose = yaml.safe_load(default_project.read("compose.yaml"))
    for name, service in compose["services"].items():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert (
                source in compose["volumes"]
                or source == "./models"
                or default_project.has_file(source.removeprefix("./"))
            ), volume
    prometheus = yaml.safe_load(default_project.read("deploy/prometheus.yml"))
    (job,) = prometheus["scrape_configs"]
    (targets,) = job["static_configs"]
    (target,) = targets["targets"]
    host, port = target.split(":")
    assert compose["services"][host]["ports"][0].endswith(f":{port}")
