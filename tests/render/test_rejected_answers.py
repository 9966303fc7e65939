"""Answers that cannot be used: the message, the exit status, and nothing on disk."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import (
    REPLAY_RECORD,
    BakedProject,
    bake_into,
    choices,
    files_below,
    isolated_environment,
)

Bake = Callable[..., BakedProject]


def assert_refused(result: BakedProject, folder: Path, *messages: str) -> None:
    """Check that cookiecutter stopped with these messages and wrote nothing."""
    assert result.exit_code == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    for text in messages:
        assert text in result.stderr
    assert "Suggestion: " in result.stderr
    assert " --no-input " in result.stderr.splitlines()[-1]
    assert [path for path in folder.rglob("*") if path.name != "bake-0"] == []


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        pytest.param("project_name", "", "is empty", id="empty-name"),
        pytest.param("project_description", "a\nb", "U+000A", id="newline"),
        pytest.param("project_name", "x\u202ey", "U+202E", id="bidi-override"),
        pytest.param("project_name", "🎉", "no letters or digits", id="emoji-only"),
        pytest.param("project_name", "3D Shapes", "starts with a digit", id="digit"),
        pytest.param("project_name", "Class", "is a keyword", id="keyword-derived"),
        pytest.param("project_name", "NumPy", "project installs", id="dependency"),
        pytest.param("project_slug", "../../x", "holds '..'", id="parent-folder"),
        pytest.param("project_slug", "a/b", "has a path separator", id="slash"),
        pytest.param("project_slug", "C:\\x", "has a drive letter", id="drive"),
        pytest.param("project_slug", "nul", "device name", id="windows-device"),
        pytest.param("project_slug", "{{ 7*7 }}", "lower-case letters", id="jinja"),
        pytest.param("package_name", "class", "is a keyword", id="keyword"),
        pytest.param("package_name", "list", "Python builtin", id="builtin"),
        pytest.param("package_name", "json", "standard library", id="stdlib"),
        pytest.param("package_name", "sklearn", "installs", id="dependency-import"),
        pytest.param("package_name", "tests", "something else", id="own-folder"),
        pytest.param("author_email", "ada", "has no '@'", id="no-at"),
        pytest.param("extras", "serve,sevre", "not among", id="extra"),
        pytest.param("__env_prefix", "X;", "does not follow", id="private-name"),
    ],
)
def test_an_unusable_answer_is_refused(
    bake: Bake, tmp_path: Path, key: str, text: str, expected: str
) -> None:
    assert_refused(bake(**{key: text}), tmp_path, expected)


def test_answering_the_check_itself_does_not_skip_it(
    bake: Bake, tmp_path: Path
) -> None:
    result = bake(__checked="yes", project_slug="../../x")
    assert result.exit_code == 1
    assert "holds '..'" in result.stderr
    # The questions went well, so cookiecutter recorded the answers for --replay.
    record = f"bake-0/home/{REPLAY_RECORD}"
    assert files_below(tmp_path) == [record]
    assert not (tmp_path / "bake-0" / "out").exists()


def test_an_unknown_choice_is_refused_for_every_question(
    bake: Bake, tmp_path: Path
) -> None:
    result = bake(**dict.fromkeys(choices(), "zzz"))
    expected = (
        f"{key}: 'zzz' is not one of {', '.join(allowed)}. "
        f"Suggestion: {allowed[0]}\n"
        for key, allowed in choices().items()
    )
    assert_refused(result, tmp_path, *expected)


def test_an_absolute_slug_is_refused(bake: Bake, tmp_path: Path) -> None:
    result = bake(project_slug=str(tmp_path / "elsewhere"))
    assert_refused(result, tmp_path, "is an absolute path" if os.sep == "/" else "has")


@pytest.mark.skipif(os.name == "nt", reason="Windows passes arguments as UTF-16")
def test_an_answer_that_is_no_utf8_is_refused(bake: Bake, tmp_path: Path) -> None:
    assert_refused(bake(author_name="a\udcff"), tmp_path, "U+DCFF")


def test_a_bad_slug_is_refused_without_hooks(bake: Bake, tmp_path: Path) -> None:
    result = bake("--accept-hooks", "no", project_slug="../../x")
    assert_refused(result, tmp_path, "holds '..'")


def test_all_problems_are_reported_and_the_corrected_command_works(
    bake: Bake, tmp_path: Path
) -> None:
    result = bake(
        project_name=" It's {{ 7*7 }} ",
        project_slug="con",
        package_name="json",
        author_name='"Ada"\tLovelace',
        author_email="Ada <ada@example.com>",
        license="MIT License",
        python_version="3.9",
    )
    keys = ["project_name", "project_slug", "package_name", "author_name"]
    keys += ["author_email", "license", "python_version"]
    assert_refused(result, tmp_path, *(f"\n  {key}: " for key in keys))

    shown = result.stderr.splitlines()[-1].strip()
    assert shown.startswith("cookiecutter ")
    options = ["--default-config", "--output-dir", str(tmp_path / "corrected")]
    if os.name == "nt":
        python = subprocess.list2cmdline([sys.executable])
        command: Any = f"{python} -m {shown} {subprocess.list2cmdline(options)}"
    else:
        command = [sys.executable, "-m", *shlex.split(shown), *options]
    done = subprocess.run(
        command,
        env=isolated_environment(tmp_path / "home"),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    project = tmp_path / "corrected" / "con-project"
    assert (project / "src" / "json_project").is_dir()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({"license": "gpl"}, "'gpl' is not one of", id="choice"),
        pytest.param({"author_name": True}, "'True' is not text", id="boolean"),
        pytest.param({"author_name": None}, "'' is empty", id="null"),
        pytest.param({"project_slug": "../x"}, "holds '..'", id="slug"),
    ],
)
def test_a_bad_answer_in_the_users_configuration_is_refused(
    tmp_path: Path, config: dict[str, Any], expected: str
) -> None:
    folder = tmp_path / "bake-0"
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps({"default_context": config}), encoding="utf-8")
    folder.mkdir()
    result = bake_into(folder, config_file=file)
    file.unlink()
    assert_refused(result, tmp_path, expected)


@pytest.mark.parametrize("hooks", ["yes", "no"], ids=["hooks", "no-hooks"])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({}, "project_slug: '../../x' holds '..'", id="ours"),
        pytest.param({"_extensions": []}, "No filter named 'record'", id="none"),
    ],
)
def test_a_replayed_slug_outside_the_target_writes_no_file(
    bake: Bake, tmp_path: Path, hooks: str, settings: dict[str, Any], expected: str
) -> None:
    """Without the extension too: the first file of a project needs its filters."""
    good = bake("--accept-hooks", "no")
    record = tmp_path / "bake-0" / "home" / REPLAY_RECORD
    answers = json.loads(record.read_text(encoding="utf-8"))
    assert good.exit_code == 0, good.stderr

    answers["cookiecutter"] |= {"project_slug": "../../x", **settings}
    replay = tmp_path / "bad.json"
    replay.write_text(json.dumps(answers), encoding="utf-8")
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    result = bake_into(folder, "--accept-hooks", hooks, replay_file=replay)
    assert result.exit_code == 1
    assert expected in result.stdout + result.stderr
    # Cookiecutter's own record of the replayed answers is all that is written.
    assert files_below(tmp_path / "deep") == ["er/home/.cookiecutter_replay/bad.json"]
    assert (tmp_path / "deep" / "x").exists() == bool(settings)
