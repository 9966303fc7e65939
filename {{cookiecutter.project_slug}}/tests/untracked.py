"""A fixture for every test: no run is recorded unless the test asks for it."""

import pytest

from {{ cookiecutter.package_name }}.config import ENV_PREFIX

TRACKING = f"{ENV_PREFIX}TRACKING"


@pytest.fixture(autouse=True)
def untracked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set it in the environment, which a test's own processes inherit."""
    if "project" in request.fixturenames:
        request.getfixturevalue("project")  # it clears the environment first
    monkeypatch.setenv(TRACKING, "false")
