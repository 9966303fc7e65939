"""The keys of the server: which requests carry one."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from {{ cookiecutter.package_name }}.config import ConfigError
from {{ cookiecutter.package_name }}.serving.keys import Keys, read_keys
from {{ cookiecutter.package_name }}.serving.messages import RequestError


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """One key of the settings and two of a file."""
    file = tmp_path / "keys"
    file.write_text("sécond\n\n third \n", encoding="utf-8")
    found = read_keys(SecretStr("first"), file)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-api-key", "first"),
        ("x-api-key", "sécond"),
        ("authorization", "Bearer first"),
        ("authorization", "bearer third"),
    ],
)
def test_a_request_with_a_key_is_let_in(name: str, value: str, keys: Keys) -> None:
    # As a header of UTF-8 bytes reaches the application.
    keys.check({name: value.encode().decode("latin-1")})


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({}, "missing"),
        ({"x-api-key": ""}, "missing"),
        ({"x-api-key": "wrong"}, "not known"),
        ({"x-api-key": "wrong", "authorization": "Bearer first"}, "not known"),
        ({"authorization": "Basic first"}, "missing"),
        ({"authorization": "Bearer firs"}, "not known"),
    ],
)
def test_a_request_without_one_is_refused(
    headers: dict[str, str], problem: str, keys: Keys
) -> None:
    with pytest.raises(RequestError, match=problem) as refused:
        keys.check(headers)
    assert refused.value.status == 401


def test_no_key_is_asked_for_where_none_is_set() -> None:
    assert read_keys(None, None) is None


@pytest.mark.parametrize("content", [None, b"\n \n", b"\xff"])
def test_a_file_without_keys_does_not_open_the_server(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match="api_key_file: "):
        read_keys(None, file)
