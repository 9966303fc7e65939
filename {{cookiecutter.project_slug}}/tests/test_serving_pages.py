"""The OpenAPI document and the pages: true to the server, and without a stranger."""

import html.parser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from {{ cookiecutter.package_name }} import registry
from {{ cookiecutter.package_name }}.serving import pages
from {{ cookiecutter.package_name }}.serving.app import ENDPOINTS, create_app
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

import graphs

JSON = "application/json"
PREDICTIONS = {endpoint.name for endpoint in ENDPOINTS if endpoint.read}


@pytest.fixture
def client(project: Path) -> Iterator[TestClient]:
    """A client of a server that needs no key."""
    graphs.save(project / "models/model")
    with TestClient(create_app(ServeSettings(access_log=False))) as client:
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
                for each in operation.get("parameters", [])
            }
            yield path.format(**values), method, operation


def require(document: Any, content: Any, value: Any) -> None:
    """Fail unless a value is what the document says of some content, and no more."""
    whole = {**content[JSON]["schema"], "components": document["components"]}
    for schema in schemas_of(document):
        if "properties" in schema:
            schema["additionalProperties"] = False
    Draft202012Validator(whole).validate(value)


def schemas_of(document: Any) -> list[Any]:
    """Return all schemas, those within others too."""
    found = list(document["components"]["schemas"].values())
    for schema in found:  # which grows meanwhile
        found += schema.get("anyOf", [])
        found += schema.get("properties", {}).values()
        within = [schema.get(key) for key in ("items", "additionalProperties")]
        found += [each for each in within if each]
    return found


def test_the_document_is_valid_openapi_of_every_endpoint(document: Any) -> None:
    validate(document)
    described = {
        (path, method.upper())
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described == {(endpoint.path, endpoint.method) for endpoint in ENDPOINTS}


def test_every_example_and_every_error_is_answered_as_described(
    client: TestClient, document: Any
) -> None:
    sent = set()
    for path, method, operation in operations(document):
        reply = operation["responses"]["200"]["content"]
        request = operation.get("requestBody", {}).get("content")
        for example in request[JSON]["examples"].values() if request else [{}]:
            body = example.get("value")
            answer = client.request(method, path, json=body)
            assert answer.status_code == 200, (path, answer.text)
            if request:
                require(document, request, body)
                sent.add(operation["operationId"])
            require(document, reply, answer.json())
        if request:
            answer = client.request(method, path, json={"nothing": "useful"})
            assert answer.status_code == 400, path
            error = operation["responses"]["default"]["content"]
            require(document, error, answer.json())
    assert sent > PREDICTIONS


def test_a_generator_of_clients_finds_a_type_for_everything(document: Any) -> None:
    for schema in schemas_of(document):
        assert {"type", "$ref", "anyOf"} & schema.keys(), schema
        assert schema.get("type") != "array" or schema["items"], schema
    for _, _, operation in operations(document):
        # Another version than that of today may be asked for tomorrow.
        for each in operation.get("parameters", []):
            assert each["schema"] == {"type": "string"}
        predicts = operation["operationId"].startswith(tuple(PREDICTIONS))
        assert ("requestBody" in operation) == predicts


def test_another_version_is_described_when_it_is_served(
    client: TestClient, document: Any, project: Path
) -> None:
    assert "version 1" in document["info"]["summary"]
    graphs.save(project / "models/model")
    client.app.state.worker.served.refresh()  # type: ignore[attr-defined]
    assert "version 1" in client.get("/openapi.json").json()["info"]["summary"]
    registry.promote(project / "models/model", 2)
    client.app.state.worker.served.refresh()  # type: ignore[attr-defined]
    assert "version 2" in client.get("/openapi.json").json()["info"]["summary"]


def test_a_key_is_spoken_of_where_one_is_needed(
    client: TestClient, document: Any
) -> None:
    settings = ServeSettings(access_log=False, api_key="open sesame")
    with TestClient(create_app(settings)) as client:
        locked = client.get("/openapi.json").json()
        for path, method, operation in operations(locked):
            answer = client.request(method, path)
            assert (answer.status_code == 401) == ("security" not in operation)
    validate(locked)
    assert locked["security"] and not document["security"]


def test_there_may_be_no_pages(project: Path) -> None:
    graphs.save(project / "models/model")
    settings = ServeSettings(access_log=False, pages=False)
    with TestClient(create_app(settings)) as client:
        for path in ("/docs", "/openapi.json", "/static/page.css"):
            assert client.get(path).status_code == 404
        for accept in ("text/html", "*/*"):
            reply = client.get("/", headers={"accept": accept})
            assert reply.json() == {"status": "alive"}


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
    page = client.get(path, headers={"accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    links = Links()
    links.feed(page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert links.addresses
    for address in links.addresses:
        assert ":" not in address and not address.startswith("/")
        assert client.get(f"/{address.removeprefix('.')}").status_code == 200


def test_every_file_is_sent_with_its_type_and_no_other_file(client: TestClient) -> None:
    kinds = {".css": "css", ".html": "html", ".js": "javascript", ".svg": "svg"}
    for path in pages.STATIC.iterdir():
        answer = client.get(f"/static/{path.name}")
        assert answer.content == path.read_bytes()
        assert kinds[path.suffix] in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    for name in ("../pages.py", "%2e%2e/pages.py", ""):
        assert client.get(f"/static/{name}").status_code == 404
