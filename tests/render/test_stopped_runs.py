"""Runs that are stopped or fail half-way: nothing half-made, and no answer is lost."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, files_below, isolated_environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of Linux and macOS")

SLUG = "handwritten-digits"
ANSWERS = {"author_name": 'it\'s "Ada"', "license": "apache-2.0"}
GIVEN = [f"{key}={text}" for key, text in ANSWERS.items()]
# The command itself, in which something happens when one file has been written.
INTERRUPTED = """
import os, signal, sys
from cookiecutter import cli, generate
write = generate.generate_file
def write_and_stop(project, name, *rest):
    write(project, name, *rest)
    if name == "README.md":
        {happens}
generate.generate_file = write_and_stop
cli.main(prog_name="cookiecutter")
"""
FULL = 'raise OSError(28, "No space left on device", os.path.join(project, name))'
NEEDS_LINUX = pytest.mark.skipif(
    not shutil.which("unshare"), reason="needs Linux' unshare, to mount a file system"
)


def command(folder: Path, *options: str, happens: str | None = None) -> list[str]:
    """Return a run of cookiecutter into `out`, with something that happens in it."""
    how = (
        ["-c", INTERRUPTED.format(happens=happens)]
        if happens
        else ["-m", "cookiecutter"]
    )
    to = ["--output-dir", str(folder / "out"), "--default-config"]
    return [sys.executable, *how, str(ROOT), *to, *options, *GIVEN]


def run(
    folder: Path, words: list[str], typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with a home folder of its own."""
    return subprocess.run(
        words,
        input=typed or "",
        cwd=folder,
        env=isolated_environment(folder / "home"),
        capture_output=True,
        encoding="utf-8",
    )


def shown_command(said: str) -> list[str]:
    """Return the words of the one command that a message shows."""
    (line,) = [line for line in said.splitlines() if line.startswith("  cookiecutter ")]
    return shlex.split(line)


def assert_answers_kept(said: str) -> None:
    """Insist on a command that holds the answers that were given."""
    words = shown_command(said)
    assert words[1] == str(ROOT)
    assert [word for word in GIVEN if word not in words] == []


STOPS = [
    pytest.param("os.kill(os.getpid(), signal.SIGINT)", 1, "Stopped.", id="ctrl-c"),
    pytest.param("os.kill(os.getpid(), signal.SIGTERM)", 143, "Stopped.", id="kill"),
    pytest.param(FULL, 1, "Error: [Errno 28] No space left", id="full"),
]


@pytest.mark.parametrize(("happens", "status", "message"), STOPS)
def test_a_half_made_project_is_removed_and_the_shown_command_makes_it(
    tmp_path: Path, happens: str, status: int, message: str
) -> None:
    done = run(tmp_path, command(tmp_path, "--no-input", happens=happens))
    assert done.returncode == status
    assert f"\n{message}" in done.stderr and "Traceback" not in done.stderr
    assert "Nothing was created." in done.stderr
    assert files_below(tmp_path / "out") == []
    assert_answers_kept(done.stderr)

    words = [sys.executable, "-m", *shown_command(done.stderr)]
    again = run(tmp_path, [*words, "--output-dir", str(tmp_path / "out")])
    assert again.returncode == 0, again.stderr
    made = (tmp_path / "out" / SLUG / "pyproject.toml").read_text(encoding="utf-8")
    assert 'license = "Apache-2.0"' in made


def test_another_error_keeps_its_traceback(tmp_path: Path) -> None:
    words = command(tmp_path, "--no-input", happens='raise KeyError("a bug")')
    done = run(tmp_path, words)
    assert done.returncode == 1
    assert "KeyError: 'a bug'" in done.stderr and "Traceback" in done.stderr
    assert files_below(tmp_path / "out") == []
    assert_answers_kept(done.stderr)


@pytest.mark.parametrize(("happens", "status", "message"), STOPS)
def test_what_was_there_before_or_is_to_be_kept_stays_and_is_called_incomplete(
    tmp_path: Path, happens: str, status: int, message: str
) -> None:
    keep = ["--no-input", "--keep-project-on-failure"]
    over = ["--no-input", "--overwrite-if-exists"]
    project = tmp_path / "out" / SLUG
    for options in (keep, over):
        done = run(tmp_path, command(tmp_path, *options, happens=happens))
        assert done.returncode == status
        assert f"{project} is not complete" in done.stderr
        assert "Nothing was created" not in done.stderr
        assert (project / "README.md").is_file()
        assert not (project / "pyproject.toml").exists()
        assert_answers_kept(done.stderr)
    assert run(tmp_path, command(tmp_path, *over)).returncode == 0
    assert (project / "pyproject.toml").is_file()


def test_answers_typed_before_the_input_ends_are_shown(tmp_path: Path) -> None:
    words = [word for word in command(tmp_path) if word not in GIVEN]
    done = run(tmp_path, words, typed="pytorch\nIt's “Ada's”\n")
    assert done.returncode == 1
    assert "Aborted!" in done.stderr and "Nothing was created." in done.stderr
    words = shown_command(done.stderr)
    assert words[2:] == ["framework=pytorch", "project_name=It's “Ada's”"]
    assert not (tmp_path / "out").exists()


def test_answers_typed_before_ctrl_c_are_shown(tmp_path: Path) -> None:
    words = [word for word in command(tmp_path) if word not in GIVEN]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
        env=isolated_environment(tmp_path / "home") | {"PYTHONUNBUFFERED": "1"},
    ) as asking:
        assert asking.stdin and asking.stdout
        asking.stdin.write("pytorch\nAda's\n")
        asking.stdin.flush()
        shown = ""
        while "[3/" not in shown:  # the third question is asked, after two answers
            shown += asking.stdout.read(1) or pytest.fail(f"ended early: {shown}")
        asking.send_signal(signal.SIGINT)
        _, said = asking.communicate(timeout=60)
    assert asking.returncode == 1
    assert "Stopped." in said and "Nothing was created." in said
    assert shown_command(said)[2:] == ["framework=pytorch", "project_name=Ada's"]
    assert not (tmp_path / "out").exists()


def test_a_project_in_the_way_costs_no_answers(tmp_path: Path) -> None:
    (tmp_path / "out" / SLUG).mkdir(parents=True)
    done = run(tmp_path, command(tmp_path, "--no-input"))
    assert done.returncode == 1
    assert "directory already exists" in done.stdout
    assert_answers_kept(done.stderr)
    assert files_below(tmp_path / "out") == []


def test_a_run_that_ends_well_shows_no_command(tmp_path: Path) -> None:
    for hooks in ("yes", "no"):
        words = command(tmp_path, "--no-input", "-f", "--accept-hooks", hooks)
        done = run(tmp_path, words)
        assert (done.returncode, done.stderr) == (0, "")


@NEEDS_LINUX
@pytest.mark.parametrize(
    ("mount", "message"),
    [
        pytest.param("-o size=500k", "No space left on device", id="full-disk"),
        pytest.param("-o ro", "Read-only file system", id="read-only"),
    ],
)
def test_a_disk_that_takes_no_more_is_an_error_that_keeps_the_answers(
    tmp_path: Path, mount: str, message: str
) -> None:
    """With a real file system, which goes when the command ends."""
    out = tmp_path / "out"
    out.mkdir()
    script = f"mount -t tmpfs {mount} none {shlex.quote(str(out))} || exit 99\n"
    script += f"{shlex.join(command(tmp_path, '--no-input'))}; status=$?\n"
    script += f"find {shlex.quote(str(out))} -mindepth 1; exit $status"
    done = run(tmp_path, ["unshare", "--map-root-user", "--mount", "sh", "-c", script])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Error: " in done.stderr and message in done.stderr
    assert "Traceback" not in done.stderr
    assert "Nothing was created." in done.stderr
    assert done.stdout == ""
    assert_answers_kept(done.stderr)


@NEEDS_LINUX
def test_a_home_folder_that_takes_no_record_is_such_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    home = shlex.quote(str(tmp_path / "home"))
    script = f"mount -t tmpfs -o ro none {home} || exit 99\n"
    script += shlex.join(command(tmp_path, "--no-input"))
    done = run(tmp_path, ["unshare", "--map-root-user", "--mount", "sh", "-c", script])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Read-only file system" in done.stderr and "Traceback" not in done.stderr
    assert_answers_kept(done.stderr)
    assert not (tmp_path / "out").exists()
