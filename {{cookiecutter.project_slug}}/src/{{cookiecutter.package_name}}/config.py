"""What can be set, and how it is read: typed, frozen, checked before anything runs.

Yours: the classes at the end, one for each command. A field is a setting, everywhere:
`model_name` in a YAML file of configs/ is `--model-name` on the command line and
`{{ cookiecutter.__env_prefix }}MODEL_NAME`
in the environment. The command line wins over the environment, the environment over the
file, and the default comes last. Whatever is not a setting is refused. The text below a
field is its help. `--help` imports this module, so it imports nothing that is slow.
"""

import logging
import logging.config
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
#% if cookiecutter.__data_kind == "tabular"
from pydantic import BaseModel, Field, Json, ValidationError
#% else
from pydantic import Field, ValidationError
#% endif
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    CliPositionalArg,
    InitSettingsSource,
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
    """The YAML file that `config` names; read when that is known, on the call."""

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
        use_attribute_docstrings=True,
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    config: Path = Path("configs/train.yaml")
    """YAML file with settings"""
    model_name: str = Field("model", pattern=r"^[A-Za-z0-9][\w-]*$")
    """Folder of the model"""
    data_dir: Path = Path("data")
    """Where data sets are kept"""
    models_dir: Path = Path("models")
    """Where models are kept"""
    reports_dir: Path = Path("reports")
    """Where metrics are written"""
    log_dir: Path = Path("logs")
    """Where logs are written"""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    """What the console shows; the log file has everything"""
    quiet: bool = False
    """Show results, warnings and errors only"""

    @property
    def model_dir(self) -> Path:
        """The folder of all versions of the model."""
        return self.models_dir / self.model_name

    @classmethod
    def settings_customise_sources(cls, *args: Any, **sources: Any) -> tuple[Any, ...]:
        """Look in the environment, then in the file (the command line comes first)."""
        file = ConfigFile(cls, {})
        return sources["init_settings"], sources["env_settings"], file


AnySettings = TypeVar("AnySettings", bound=Settings)


def known_settings(settings_cls: type[BaseSettings] = Settings) -> set[str]:
    """Return the names of all settings of all commands that were imported."""
    names = set(settings_cls.model_fields)
    return names.union(*map(known_settings, settings_cls.__subclasses__()))


def load_settings(
    settings_cls: type[AnySettings], arguments: Sequence[str], prog: str
) -> AnySettings:
    """Read, merge and check the settings of one command, which is called `prog`.

    Raises:
        ConfigError: For all values and keys that are refused, each with its place.
        SystemExit: If help was asked for, or an option does not exist.
    """
    known = ", ".join(sorted(known_settings()))
    unknown = {name for name in os.environ if name.startswith(ENV_PREFIX)}
    unknown -= {ENV_PREFIX + name.upper() for name in known_settings()}
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ConfigError(f"{names} in the environment: no such setting, only {known}")
    try:
        return settings_cls(_cli_parse_args=list(arguments), _cli_prog_name=prog)
    except ValidationError as error:
        problems = [explained(each, arguments, known) for each in error.errors()]
        raise ConfigError("\n".join(problems)) from error


def explained(problem: ErrorDetails, arguments: Sequence[str], known: str) -> str:
    """Say in one line what is wrong with one setting, and where it came from."""
    name, value = str(problem["loc"][0]), problem["input"]
    option, variable = "--" + name.replace("_", "-"), ENV_PREFIX + name.upper()
    if problem["type"] == "extra_forbidden":
        return f"{name} in the file: no such setting, only {known}"
    if problem["type"] == "missing":
        return f"{name} is missing; give it with {option} or {variable}"
    options = {argument.partition("=")[0] for argument in arguments}
    if value in arguments or option in options:
        place = "on the command line"
    else:
        place = "in the environment" if variable in os.environ else "in the file"
    return f"{name} {place}: {value!r}: {problem['msg']}"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; a ConfigError says that there is none."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return {str(key): value for key, value in values.items()}
    except OSError as error:
        advice = "run this in the project's folder, or name the file with --config"
        raise ConfigError(f"{path}: {error.strerror}; {advice}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a YAML file: {error}") from error
    except AttributeError as error:
        raise ConfigError(f"{path} must hold `setting: value` lines") from error


def set_up_logging(settings: Settings) -> None:
    """Set up logging, of warnings and uncaught exceptions too.

    A ConfigError says that configs/logging.yaml cannot be used.
    """
    values = read_yaml(LOGGING_CONFIG)
    try:
        console, file = values["handlers"]["console"], values["handlers"]["file"]
        console["level"] = "WARNING" if settings.quiet else settings.log_level
        file["filename"] = str(settings.log_dir / file["filename"])
        settings.log_dir.mkdir(parents=True, exist_ok=True)
        logging.config.dictConfig(values)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ConfigError(f"{LOGGING_CONFIG} cannot be used: {error!r}") from error
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: logging.getLogger(__name__).critical(
        "uncaught exception", exc_info=(kind, error, trace)
    )


Version = Annotated[int | None, Field(ge=1)]


class ExportSettings(Settings):
    """Copy a version to where servers look for models."""

    into: Path = Path("exports")
    """Models folder to copy it to"""
    version: Version = None
    """Version to copy; the newest if not given"""


class RegistrySettings(Settings):
    """List, show, verify versions; promote one to production, or roll back."""

    action: CliPositionalArg[
        Literal["list", "show", "promote", "rollback", "verify"]
    ] = "list"
    """What to do"""
    version: Version = None
    """Version to show or promote (or else the newest), or to verify (or else all)"""


#% include cookiecutter.__data_kind ~ "/src/settings.py"
