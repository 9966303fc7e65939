"""What the settings of the server hear."""

from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import config
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings


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
