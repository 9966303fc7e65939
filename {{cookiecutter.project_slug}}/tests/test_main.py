"""The command line: help, refusals, exit status; and the notebooks."""

import re
import runpy
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from {{ cookiecutter.package_name }} import main

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


def test_help_imports_no_framework() -> None:
    code = (
        "import sys\n"
        "from {{ cookiecutter.package_name }} import main\n"
        "for command in (['--help'], ['train', '--help']):\n"
        "    try: main.main(command)\n"
        "    except SystemExit: pass\n"
        "slow = {'keras', 'pandas', 'sklearn', 'tensorflow', 'torch'}\n"
        "raise SystemExit(len(slow & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert "--seed" in shown.stdout


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main.main(["--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"\n    {name}\s", shown) for name in main.COMMANDS)


@pytest.mark.parametrize("text", ["50 % better", "100% %(prog)s %x", "%(prog)"])
def test_the_help_shows_the_projects_description_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(metadata, "metadata", lambda name: {"Summary": text})
    with pytest.raises(SystemExit):
        main.main(["--help"])
    assert f"\n\n{text}\n\n" in capsys.readouterr().out


def test_without_a_command_a_model_is_trained_and_evaluated(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(main, "run_command", lambda name, _: ran.append(name))
    monkeypatch.setattr(sys, "argv", ["main.py"])
    main.main()
    assert ran == ["train", "evaluate"]


def test_what_is_not_installed_is_named_and_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(name: str, _: object) -> None:
        raise ModuleNotFoundError("No module named 'shap'")

    monkeypatch.setattr(main, "run_command", run)
    assert main.main(["train"]) == 2
    assert "'shap'; `make setup` installs it" in capsys.readouterr().err


def test_a_reader_that_stops_is_no_mistake() -> None:
    code = (
        "from {{ cookiecutter.package_name }} import main\n"
        "main.run_command = lambda *_: print('result')\n"
        "raise SystemExit(main.main(['predict']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()  # long before the program has started
        assert process.stderr.read() == b""
    assert process.returncode == main.BROKEN_PIPE


@pytest.mark.parametrize("arguments", [["trian"], ["--epochs=3"]])
def test_what_is_no_command_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main.main(arguments)
    assert stopped.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_its_first_cell_to_its_last_and_draws(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plt.switch_backend("Agg")  # needs no display
    drawn: list[int] = []
    monkeypatch.setattr(plt, "show", lambda: drawn.extend(plt.get_fignums()))
    found = runpy.run_path(str(notebook))
    plt.close("all")
    assert drawn and found.get("test_acc", 1) > 0.9
