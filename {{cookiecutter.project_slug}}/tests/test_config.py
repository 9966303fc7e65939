"""Settings and logging: where they come from, where they go, what is refused."""

import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from {{ cookiecutter.package_name }} import config
from {{ cookiecutter.package_name }}.config import ConfigError, Settings{{ "\nfrom " ~ cookiecutter.package_name ~ ".serving.settings import ServeSettings" if "serve" in cookiecutter.__extras }}

logger = logging.getLogger("{{ cookiecutter.package_name }}.config")


class Example(Settings):
    """The settings of a command that is not there."""

    seed: int = Field(1, ge=0)
    epochs: int = Field(100, ge=1, le=100_000)
    batch_size: int = Field(128, ge=1)
    dropout: float = Field(0.2, ge=0, lt=1)
    animal: Literal["cat", "dog"] = Field("cat")
    data_url: str | None = Field(None, pattern=r"^https?://\S+$")


class Other(Settings):
    """The settings of another command."""

    file: Path = Field(description="Must be given")
    columns: tuple[str, ...] = Field(())
    rows: int = Field(1, ge=1)
    rows_shown: int = Field(1, ge=1)


def load(*arguments: str) -> Example:
    """Load the settings of the first one."""
    return config.load_settings(Example, arguments, "example")


def write(folder: Path, text: str) -> None:
    """Replace the settings file."""
    (folder / "configs/train.yaml").write_text(text, encoding="utf-8")


def test_the_environment_overrides_the_file_and_an_option_overrides_both(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "epochs: 3\nbatch_size: 7\nseed: 1")
    monkeypatch.setenv(f"{config.ENV_PREFIX}EPOCHS", "4")
    monkeypatch.setenv(f"{config.ENV_PREFIX}BATCH_SIZE", "8")
    settings = load("--epochs", "5")
    assert (settings.epochs, settings.batch_size, settings.seed) == (5, 8, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "epochs on .*: '0': .*greater than or equal to 1"),
        (["--epochs=100_001"], "epochs .*: '100_001': .*less than or equal to 100000"),
        (["--dropout", "1"], "dropout on the command line: '1': .*less than 1"),
        (["--epochs", "many"], "epochs on the command line: 'many': .*integer"),
        (["--animal", "cow"], "animal on the command line: 'cow': .*'cat' or 'dog'"),
        (["--model-name", "../x"], "model_name on .*: '../x': .*match pattern"),
        (["--data-url", "ftp://x"], "data_url on .*: 'ftp://x': .*match pattern"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_is_allowed(
    arguments: list[str], message: str, project: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        load(*arguments)


def test_all_problems_are_told_at_once_with_their_place(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "epochs: -1\nepoch: 3")
    monkeypatch.setenv(f"{config.ENV_PREFIX}SEED", "-1")
    with pytest.raises(ConfigError) as refused:
        load("--dropout", "2")
    lines = str(refused.value).splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        "dropout on the command line",
        "seed in the environment",
        "epochs in the file",
        "epoch in the file",
    }
    monkeypatch.setenv(f"{config.ENV_PREFIX}EPOCH", "3")
    with pytest.raises(ConfigError, match="EPOCH in the environment: no such setting"):
        load()


def test_an_unknown_option_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        load("--epoch", "3")
    assert stopped.value.code == 2
    assert "--epoch" in capsys.readouterr().err


def test_settings_of_others_may_be_there_and_its_own_have_to(project: Path) -> None:
    write(project, "epochs: 3\nfile: table.csv")
    assert load().epochs == 3
    other = config.load_settings(Other, ["--columns", "label,id"], "other")
    assert (other.file, other.columns) == (Path("table.csv"), ("label", "id"))
    write(project, "")
    with pytest.raises(ConfigError, match=f"--file or {config.ENV_PREFIX}FILE"):
        config.load_settings(Other, [], "other")


def test_an_option_that_begins_as_another_is_not_taken_for_it(project: Path) -> None:
    write(project, "rows: 0\nfile: table.csv")
    with pytest.raises(ConfigError, match="rows in the file: 0: "):
        config.load_settings(Other, ["--rows-shown", "3"], "other")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs: [", "not a YAML file"),
        ("- epochs", "must hold `setting: value`"),
        (None, "own.yaml: .*--config"),
    ],
)
def test_a_file_that_is_missing_or_no_mapping_is_refused(
    text: str | None, message: str, project: Path
) -> None:
    if text is not None:
        Path("own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load("--config", "own.yaml")


def test_settings_are_frozen(project: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    "options", [("--log-level", "WARNING"), ("--log-level", "DEBUG", "--quiet")]
)
def test_the_log_file_has_one_json_object_a_line_and_the_console_the_level(
    options: tuple[str, ...], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.set_up_logging(load(*options))
    logger.info("for the file: %s", "é")
    logger.warning("for both")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("from a library", UserWarning, stacklevel=1)
    (file,) = Path("logs").iterdir()
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [record["level"] for record in records] == ["INFO", "WARNING", "WARNING"]
    assert records[0]["message"] == "for the file: é"
    assert "from a library" in records[2]["message"]
    console = capsys.readouterr().err
    assert "for both" in console and "for the file" not in console


def test_a_logging_file_without_the_two_handlers_is_refused(project: Path) -> None:
    (project / "configs/logging.yaml").write_text("version: 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="logging.yaml cannot be used"):
        config.set_up_logging(load())


#% if "serve" in cookiecutter.__extras
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
    with pytest.raises(ConfigError, match="PORT in the environment: 'eighty'"):
        config.load_settings(ServeSettings, [], "serve")


#% endif
def test_an_uncaught_exception_is_logged_with_its_traceback(project: Path) -> None:
    code = (
        "from {{ cookiecutter.package_name }} import config\n"
        "config.set_up_logging(config.EvaluateSettings())\n"
        "1 / 0"
    )
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    (file,) = Path("logs").iterdir()
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["level"] == "CRITICAL"
    assert "ZeroDivisionError" in record["exc_info"]
