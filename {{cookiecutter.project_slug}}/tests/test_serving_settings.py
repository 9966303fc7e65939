"""What the settings of the server hear, and what they open."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from {{ cookiecutter.package_name }} import config
from {{ cookiecutter.package_name }}.serving.app import create_app
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

import graphs


def test_the_server_hears_the_port_of_a_platform(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8080")
    assert config.load_settings(ServeSettings, [], "serve").port == 8080
    assert config.load_settings(ServeSettings, ["--port", "0"], "serve").port == 0
    monkeypatch.setenv(f"{config.ENV_PREFIX}PORT", "9000")
    assert config.load_settings(ServeSettings, [], "serve").port == 9000
    monkeypatch.delenv(f"{config.ENV_PREFIX}PORT")
    monkeypatch.setenv("PORT", "eighty")
    with pytest.raises(config.ProjectError, match="PORT in the environment: 'eighty'"):
        config.load_settings(ServeSettings, [], "serve")


def test_pages_of_other_origins_may_ask_if_they_are_named(project: Path) -> None:
    graphs.save(project / "models/model")
    allowed = {}
    for origins in ((), ("https://example.com",)):
        settings = ServeSettings(cors_origins=origins, access_log=False)
        with TestClient(create_app(settings)) as client:
            for origin in ("https://example.com", "https://example.org"):
                body = {"instances": graphs.ROWS}
                headers = {"origin": origin}
                url = "/v1/models/model:predict"
                answer = client.post(url, json=body, headers=headers)
                assert answer.status_code == 200
                named = answer.headers.get("access-control-allow-origin")
                allowed[origins, origin] = named
    yes = (("https://example.com",), "https://example.com")
    assert {key for key, named in allowed.items() if named} == {yes}
