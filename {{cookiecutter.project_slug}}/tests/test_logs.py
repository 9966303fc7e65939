"""Logging: where records go, and what is refused."""

import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import logs
from {{ cookiecutter.package_name }}.config import ConfigError

LOGGING = Path("configs/logging.yaml")


def test_the_log_file_has_one_json_object_a_line_and_the_console_the_level(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = logs.set_up_logging(LOGGING, project / "logs", "WARNING", quiet=False)
    logs.logger.info("for the file: %s", "é")
    logs.logger.warning("for both")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("from a library", UserWarning, stacklevel=1)
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [record["level"] for record in records] == ["INFO", "WARNING", "WARNING"]
    assert records[0]["message"] == "for the file: é"
    assert "from a library" in records[2]["message"]
    console = capsys.readouterr().err
    assert "for both" in console and "for the file" not in console


def test_quiet_hides_information_but_no_warning(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up_logging(LOGGING, project / "logs", "DEBUG", quiet=True)
    logging.getLogger(logs.__name__).info("hidden")
    logging.getLogger(logs.__name__).warning("shown")
    console = capsys.readouterr().err
    assert "shown" in console and "hidden" not in console


def test_a_logging_file_without_the_two_handlers_is_refused(project: Path) -> None:
    (project / LOGGING).write_text("version: 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="logging.yaml cannot be used"):
        logs.set_up_logging(LOGGING, project / "logs", "INFO", quiet=False)


def test_an_uncaught_exception_is_logged_with_its_traceback(project: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from {{ cookiecutter.package_name }} import logs\n"
        f"logs.set_up_logging(Path('{LOGGING.as_posix()}'), Path('logs'), 'INFO', 0)\n"
        "1 / 0"
    )
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    (file,) = Path("logs").iterdir()
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["level"] == "CRITICAL"
    assert "ZeroDivisionError" in record["exc_info"]
