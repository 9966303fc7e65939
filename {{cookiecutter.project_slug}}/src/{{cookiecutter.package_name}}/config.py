"""How settings are read: typed, frozen, and checked before anything runs.

A setting is looked for on the command line first, then in the environment, then in a
YAML file of the folder configs/, and has a default last. Every one is reachable in all
three places: `model_name` in the file is `--model-name` on the command line, and
`{{ cookiecutter.__env_prefix }}MODEL_NAME`
in the environment. Whatever is not a setting is refused.

Which settings there are is in settings.py and shared_settings.py. This module must stay
quick to import: `--help` reads it, and waits for nothing else.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import yaml
from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    CliPositionalArg,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ENV_PREFIX = "{{ cookiecutter.__env_prefix }}"
DEFAULT_CONFIG = Path("configs/train.yaml")

# What a bound is called in the annotations, and how to say it.
BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}

# What marks a setting that is given without its name.
POSITIONAL = CliPositionalArg[str].__metadata__[0]  # type: ignore[attr-defined]


class ProjectError(ValueError):
    """Something the user can mend: shown as a message, without a traceback."""


class ConfigError(ProjectError):
    """A setting is unknown, of the wrong type or out of its range."""


class ConfigFile(InitSettingsSource):
    """The YAML file that the setting `config` names."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        """Prepare; the file is read when its name is known, on the call."""
        super().__init__(settings_cls, init_kwargs={})

    def __call__(self) -> dict[str, Any]:
        """Return the file's settings that concern this command.

        The file serves every command, so a setting of another command is no mistake;
        a key that no command knows is passed on, to be refused.
        """
        default = self.settings_cls.model_fields["config"].default
        path = Path(self.current_state.get("config", default))
        values = read_yaml(path)
        return {
            key: value
            for key, value in values.items()
            if key in self.settings_cls.model_fields or key not in all_settings()
        }


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

    config: Path = Field(DEFAULT_CONFIG, description="YAML file with settings")
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


class Command(NamedTuple):
    """What the command line knows of a command.

    Attributes:
        settings: Its settings; their docstring is its help.
        function: Its code, as `module:function` of this package. It is imported when
            the command runs, so that no other command waits for it.
        framework: Whether the code needs the framework that the models are made with.
        log: Whether to say at the end where the log is.
    """

    settings: type[Settings]
    function: str
    framework: bool = True
    log: bool = True


AnySettings = TypeVar("AnySettings", bound=Settings)


def all_settings(settings_cls: type[BaseSettings] | None = None) -> set[str]:
    """Return the names of all settings of all commands: of each subclass's fields."""
    found = settings_cls or Settings
    names = set(found.model_fields)
    return names.union(*map(all_settings, found.__subclasses__()))


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
    unknown = [
        name
        for name in os.environ
        if name.startswith(ENV_PREFIX)
        and name.removeprefix(ENV_PREFIX).lower() not in all_settings()
    ]
    if unknown:
        raise ConfigError(
            f"{', '.join(sorted(unknown))} in the environment: no such setting; "
            f"known are {', '.join(sorted(all_settings()))}"
        )
    try:
        return settings_cls(_cli_parse_args=list(arguments), _cli_prog_name=prog)
    except ValidationError as error:
        problems = [explain(settings_cls, arguments, found) for found in error.errors()]
        raise ConfigError("\n".join(problems)) from error


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file.

    Raises:
        ConfigError: If the file is missing, is not YAML or is no mapping.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; run this in the project's folder, "
            "or name the file with --config"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a YAML file: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold `setting: value` lines")
    return {str(key): value for key, value in values.items()}


def explain(
    settings_cls: type[Settings], arguments: Sequence[str], problem: ErrorDetails
) -> str:
    """Say in one line what is wrong with one setting, and what it may be."""
    name = str(problem["loc"][0])
    option, variable = "--" + name.replace("_", "-"), ENV_PREFIX + name.upper()
    field = settings_cls.model_fields.get(name)
    if field is None:
        known = ", ".join(sorted(all_settings()))
        return f"{name} in the settings file: no such setting; known are {known}"
    if problem["type"] == "missing":
        return f"{name} is missing; give it with {option} or {variable}"
    if any(argument.partition("=")[0] == option for argument in arguments):
        place = option
    elif POSITIONAL in field.metadata and problem["input"] in arguments:
        place = name.upper()
    else:
        place = variable if variable in os.environ else f"{name} in the settings file"
    return f"{place}: {problem['input']!r}: {problem['msg']}; allowed: {allowed(field)}"


def allowed(field: FieldInfo) -> str:
    """Describe the values that a setting accepts, such as `int, >= 1, <= 100`."""
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return ", ".join(choices)
    name = getattr(field.annotation, "__name__", str(field.annotation))
    bounds = [
        f"{sign} {getattr(bound, key)}"
        for bound in field.metadata
        for key, sign in BOUNDS.items()
        if hasattr(bound, key)
    ]
    patterns = [
        f"matching {bound.pattern}"
        for bound in field.metadata
        if getattr(bound, "pattern", None)
    ]
    return ", ".join([name, *bounds, *patterns])
