"""What can be set, and how it is read: typed, frozen, checked before anything runs.

Yours: the classes at the end, one for each command. A field is a setting, everywhere:
`model_name` in a YAML file of configs/ is `--model-name` on the command line and
`{{ cookiecutter.__env_prefix }}MODEL_NAME`
in the environment. The command line wins over the environment, the environment over the
file, and the default comes last. Whatever is not a setting is refused.

`--help` imports this module, so it imports nothing that is slow.
"""

import logging
import logging.config
import os
import sys
from collections.abc import Sequence
from pathlib import Path
#% if cookiecutter.__data_kind == "tabular"
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BeforeValidator, Field, ValidationError
#% else
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError
#% endif
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    CliPositionalArg,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ENV_PREFIX = "{{ cookiecutter.__env_prefix }}"
LOGGING_CONFIG = Path("configs/logging.yaml")


class ProjectError(ValueError):
    """Something the user can mend: shown as a message, without a traceback."""


class ConfigError(ProjectError):
    """A setting is unknown, of the wrong type or out of its range."""


class DataError(ProjectError):
    """Data cannot be had, or are not what they should be."""


class ConfigFile(InitSettingsSource):
    """The YAML file that the setting `config` names."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        """Prepare; the file is read when its name is known, on the call."""
        super().__init__(settings_cls, init_kwargs={})

    def __call__(self) -> dict[str, Any]:
        """Return what concerns this command, and what concerns none: it is refused."""
        fields = self.settings_cls.model_fields
        path = Path(self.current_state.get("config", fields["config"].default))
        of_others = known_settings() - fields.keys()
        return {k: v for k, v in read_yaml(path).items() if k not in of_others}


class Settings(BaseSettings):
    """The settings that every command has."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        extra="forbid",
        frozen=True,
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    config: Path = Field(
        Path("configs/train.yaml"), description="YAML file with settings"
    )
    model_name: str = Field(
        "model", pattern=r"^[A-Za-z0-9][\w-]*$", description="Folder of the model"
    )
    data_dir: Path = Field(Path("data"), description="Where data sets are kept")
    models_dir: Path = Field(Path("models"), description="Where models are kept")
    reports_dir: Path = Field(Path("reports"), description="Where metrics are written")
    log_dir: Path = Field(Path("logs"), description="Where logs are written")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="What the console shows; the log file has everything"
    )
    quiet: bool = Field(False, description="Show results, warnings and errors only")

    @property
    def model_dir(self) -> Path:
        """The folder of all versions of the model."""
        return self.models_dir / self.model_name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Look in the environment, then in the file (the command line comes first)."""
        return init_settings, env_settings, ConfigFile(settings_cls)


AnySettings = TypeVar("AnySettings", bound=Settings)


def known_settings(settings_cls: type[BaseSettings] = Settings) -> set[str]:
    """Return the names of all settings of all commands that were imported."""
    names = set(settings_cls.model_fields)
    return names.union(*map(known_settings, settings_cls.__subclasses__()))


def load_settings(
    settings_cls: type[AnySettings], arguments: Sequence[str], prog: str
) -> AnySettings:
    """Read, merge and check the settings of one command.

    Args:
        settings_cls: The command's settings.
        arguments: The command line, without the program and the command.
        prog: How the command is called, for its help.

    Returns:
        The settings; frozen, so that what was checked is what runs.

    Raises:
        ConfigError: If a value or a key is refused; the message names every one,
            where it came from, and what is allowed.
        SystemExit: If help was asked for, or an option does not exist.
    """
    given = {n for n in os.environ if n.startswith(ENV_PREFIX)}
    unknown = given - {ENV_PREFIX + name.upper() for name in known_settings()}
    if unknown:
        raise ConfigError(
            f"{', '.join(sorted(unknown))} in the environment: no such setting; "
            f"known are {', '.join(sorted(known_settings()))}"
        )
    try:
        return settings_cls(_cli_parse_args=list(arguments), _cli_prog_name=prog)
    except ValidationError as error:
        problems = [explained(settings_cls, arguments, each) for each in error.errors()]
        raise ConfigError("\n".join(problems)) from error


def explained(
    settings_cls: type[Settings], arguments: Sequence[str], problem: ErrorDetails
) -> str:
    """Say in one line what is wrong with one setting, and where it came from."""
    name = str(problem["loc"][0])
    option, variable = "--" + name.replace("_", "-"), ENV_PREFIX + name.upper()
    if name not in settings_cls.model_fields:
        known = ", ".join(sorted(known_settings()))
        return f"{name} in the settings file: no such setting; known are {known}"
    if problem["type"] == "missing":
        return f"{name} is missing; give it with {option} or {variable}"
    if any(argument.partition("=")[0] == option for argument in arguments):
        place = option
    elif problem["input"] in arguments:  # given without its name
        place = name.upper()
    else:
        place = variable if variable in os.environ else f"{name} in the settings file"
    return f"{place}: {problem['input']!r}: {problem['msg']}"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file.

    Raises:
        ConfigError: If the file is missing, is not YAML or is no mapping.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; run this in the project's folder, "
            "or name the file with --config"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a YAML file: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold `setting: value` lines")
    return {str(key): value for key, value in values.items()}


def set_up_logging(settings: Settings) -> Path:
    """Configure logging from configs/logging.yaml; return the log file.

    Warnings and uncaught exceptions are logged from here on.

    Raises:
        ConfigError: If the configuration cannot be used.
    """
    values = read_yaml(LOGGING_CONFIG)
    level = logging.getLevelName(settings.log_level)
    try:
        log_file = settings.log_dir / str(values["handlers"]["file"]["filename"])
        values["handlers"]["file"]["filename"] = str(log_file)
        values["handlers"]["console"]["level"] = max(
            level, logging.WARNING if settings.quiet else level
        )
        settings.log_dir.mkdir(parents=True, exist_ok=True)
        logging.config.dictConfig(values)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ConfigError(f"{LOGGING_CONFIG} cannot be used: {error!r}") from error
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: logging.getLogger(__name__).critical(
        "uncaught exception", exc_info=(kind, error, trace)
    )
    return log_file


class ExportSettings(Settings):
    """Verify what servers load of a version, or copy it to where they look."""

    version: int | None = Field(
        None, ge=1, description="Version to export; the newest if not given"
    )
    into: Path | None = Field(None, description="Models folder to copy it to")


class RegistrySettings(Settings):
    """List, show, verify versions; promote one to production, or roll back."""

    action: CliPositionalArg[
        Literal["list", "show", "promote", "rollback", "verify"]
    ] = Field("list", description="What to do")
    version: int | None = Field(
        None,
        ge=1,
        description="Version to show or promote, the newest if not given; or to "
        "verify, all if not given",
    )


#% include cookiecutter.__data_kind ~ "/src/settings.py"
