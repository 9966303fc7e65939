"""The settings of the commands, and the file that states them."""

from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import config
from {{ cookiecutter.package_name }}.config import POSITIONAL, Settings
from {{ cookiecutter.package_name }}.main import COMMANDS
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings
from {{ cookiecutter.package_name }}.settings import TrainSettings

# What belongs to one run, and is no setting of the project.
OF_ONE_RUN = {"config", "resume"}
# What every command has, though a server has no use for it.
NOT_OF_A_SERVER = {"data_dir", "reports_dir"}


def of(settings: type[Settings], content: dict[str, Any]) -> dict[str, Any]:
    """Return what a file says of one command's settings."""
    return {name: content[name] for name in content if name in settings.model_fields}


@pytest.mark.parametrize(
    ("settings", "unstated"),
    [(TrainSettings, OF_ONE_RUN), (ServeSettings, OF_ONE_RUN | NOT_OF_A_SERVER)],
)
def test_the_shipped_file_states_the_defaults(
    settings: type[Settings], unstated: set[str], project: Path
) -> None:
    file = project / settings.model_fields["config"].default
    shipped = of(settings, config.read_yaml(file))
    stated = settings.model_validate(shipped).model_dump()
    file.write_text("", encoding="utf-8")
    defaults = config.load_settings(settings, [], "a command").model_dump()
    assert defaults == stated
    unset = {name for name, value in defaults.items() if value is None}
    given = {name for name, value in shipped.items() if value is not None}
    assert given == set(settings.model_fields) - unstated - unset


def test_what_else_the_file_states_is_the_default_of_every_command_that_reads_it(
    project: Path,
) -> None:
    file = TrainSettings.model_fields["config"].default
    shipped = config.read_yaml(project / file)
    for name in shipped.keys() - TrainSettings.model_fields.keys():
        readers = [
            command.settings.model_fields[name]
            for command in COMMANDS.values()
            if name in command.settings.model_fields
            and command.settings.model_fields["config"].default == file
        ]
        assert readers and {field.default for field in readers} == {shipped[name]}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_setting_is_an_option(
    command: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = COMMANDS[command].settings
    with pytest.raises(SystemExit) as stopped:
        config.load_settings(settings, ["--help"], command)
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    options = [
        name.upper() if POSITIONAL in field.metadata else f"--{name}".replace("_", "-")
        for name, field in settings.model_fields.items()
    ]
    assert [option for option in options if option not in shown] == []
