"""The settings of the commands, and the file that states them."""

from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import config
from {{ cookiecutter.package_name }}.main import COMMANDS
from {{ cookiecutter.package_name }}.settings import TrainSettings

# What belongs to one run, and is no setting of the project.
OF_ONE_RUN = {"config", "resume"}


def test_the_shipped_file_states_the_defaults(project: Path) -> None:
    file = project / "configs/train.yaml"
    stated = TrainSettings.model_validate(config.read_yaml(file)).model_dump()
    shipped = set(config.read_yaml(file))
    file.write_text("", encoding="utf-8")
    defaults = config.load_settings(TrainSettings, [], "train").model_dump()
    assert defaults == stated
    unset = {name for name, value in defaults.items() if value is None}
    assert shipped == set(TrainSettings.model_fields) - OF_ONE_RUN - unset


@pytest.mark.parametrize("command", COMMANDS)
def test_every_setting_is_an_option(
    command: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = COMMANDS[command].settings
    with pytest.raises(SystemExit) as stopped:
        config.load_settings(settings, ["--help"], command)
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    options = [f"--{name}".replace("_", "-") for name in settings.model_fields]
    assert [option for option in options if option not in shown] == []
