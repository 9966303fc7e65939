"""The OpenAPI document and the pages: true to the server, and without a stranger."""

import html.parser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from {{ cookiecutter.package_name }}.serving import pages
from {{ cookiecutter.package_name }}.serving.app import create_app
from {{ cookiecutter.package_name }}.serving.model import Model
from {{ cookiecutter.package_name }}.serving.protocols import ENDPOINTS
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

from gates import OneModel

JSON = "application/json"
HEALTH = {"/healthz", "/readyz", "/metrics"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> OneModel:
    """A model that is loaded once."""
    return OneModel(tmp_path_factory.mktemp("models"))


@pytest.fixture
def client(project: Path, models: OneModel) -> Iterator[TestClient]:
    """A client of a server that needs no key."""
    with TestClient(create_app(ServeSettings(access_log="off"), models)) as client:
        yield client


@pytest.fixture
def document(client: TestClient) -> Any:
    """The document of that server."""
    return client.get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield each operation: its path, its variables put in, its method, itself."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            values = {
                each["name"]: each["example"]
                for each in operation.get("parameters", ())
                if each["in"] == "path"
            }
            yield path.format(**values), method, operation


def require(document: Any, schema: Any, value: Any) -> None:
    """Fail unless a value is what one of the document's schemas says."""
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole).validate(value)


def test_the_document_is_valid_openapi_of_every_endpoint(document: Any) -> None:
    validate(document)

    assert document["openapi"].startswith("3.1.")
    described = {
        (path, method.upper())
        for path, methods in document["paths"].items()
        for method in methods
    }
    endpoints = {(endpoint.path, endpoint.method) for endpoint in ENDPOINTS}
    assert described == endpoints | {(path, "GET") for path in HEALTH}


def test_every_example_is_answered_as_described(
    client: TestClient, document: Any
) -> None:
    sent = 0
    for path, method, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
        for example in content.get("examples", {"no body": {"value": None}}).values():
            body = example["value"]
            answer = client.request(method, path, json=body)

            assert answer.status_code == 200, (path, answer.text)
            if body is not None:
                require(document, content["schema"], body)
            kind = answer.headers["content-type"].partition(";")[0]
            schema = operation["responses"]["200"]["content"][kind]["schema"]
            require(document, schema, answer.json() if kind == JSON else answer.text)
            sent += 1
    assert sent > len(document["paths"])


def test_an_example_of_an_answer_is_the_answer(
    client: TestClient, document: Any
) -> None:
    for path, method, operation in operations(document):
        content = operation["responses"]["200"]["content"].get(JSON, {})
        if "requestBody" in operation:
            bodies = operation["requestBody"]["content"][JSON]["examples"]
            answer = client.request(
                method, path, json=next(iter(bodies.values()))["value"]
            )
        else:
            answer = client.request(method, path)
        if JSON in answer.headers["content-type"]:
            assert answer.json() == content["example"], path


def test_an_error_is_as_described(client: TestClient, document: Any) -> None:
    for path, method, operation in operations(document):
        if "requestBody" not in operation:
            continue
        answer = client.request(method, path, json={"nothing": "useful"})

        assert answer.status_code == 400, path
        schema = operation["responses"]["400"]["content"][JSON]["schema"]
        require(document, schema, answer.json())


def test_another_version_is_described_when_it_is_served(
    project: Path, models: OneModel
) -> None:
    class Changing:
        """A model whose version changes."""

        def get(self, name: str | None = None, version: str | None = None) -> Model:
            """Return it."""
            return models.get()

    changing = Changing()
    with TestClient(create_app(ServeSettings(access_log="off"), changing)) as client:
        first = client.get("/openapi.json").json()["info"]["summary"]
        version = models.model.version
        models.model.version = 7
        second = client.get("/openapi.json").json()["info"]["summary"]
        models.model.version = version

    assert "version 1" in first
    assert "version 7" in second


def test_a_key_is_spoken_of_where_one_is_needed(
    project: Path, models: OneModel, document: Any
) -> None:
    settings = ServeSettings(access_log="off", api_key="open sesame")
    with TestClient(create_app(settings, models)) as client:
        locked = client.get("/openapi.json").json()
        for path, method, operation in operations(locked):
            answer = client.request(method, path)
            assert (answer.status_code == 401) == ("401" in operation["responses"])
            assert (answer.status_code == 401) == ("security" not in operation)

    validate(locked)
    assert locked["security"]
    assert "security" not in document


class Links(html.parser.HTMLParser):
    """Collects what a page loads or links to, and refuses code inside it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        found = dict(attrs)
        assert tag != "style"
        assert tag != "script" or found.get("src")
        assert not [name for name in found if name == "style" or name.startswith("on")]
        self.addresses += [found[key] or "" for key in ("href", "src") if key in found]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_only_what_the_server_has(client: TestClient, path: str) -> None:
    page = client.get(path)
    links = Links()
    links.feed(page.text)

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert links.addresses
    for address in links.addresses:
        assert ":" not in address and not address.startswith("/")
        assert client.get(f"/{address.removeprefix('.')}").status_code == 200


def test_every_file_is_sent_with_its_type(client: TestClient) -> None:
    files = list(pages.STATIC.iterdir())

    assert files
    for path in files:
        answer = client.get(f"/static/{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["content-type"].startswith(pages.TYPES[path.suffix])
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_there_are_no_other_files(client: TestClient) -> None:
    assert client.get("/static/../pages.py").status_code == 404
    assert client.get("/static/%2e%2e/pages.py").status_code == 404
    assert client.get("/static/").status_code == 404
