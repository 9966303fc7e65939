"""Two versions on the same test images."""

from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import contest, main, registry
from {{ cookiecutter.package_name }}.config import load_settings
from {{ cookiecutter.package_name }}.settings import RetrainSettings

from samples import QUICK_TRAINING


def test_a_network_that_has_learned_more_wins_on_all_test_images(
    project: Path, model_dir: Path
) -> None:
    options = ("--quiet", "--batch-size", "32")
    assert main.main(["train", *options, "--epochs", "1", "--hidden-units", "2"]) == 0
    assert main.main(["train", *options, "--epochs", "5"]) == 0
    settings = load_settings(RetrainSettings, ["--quiet"], "retrain")
    first, second = (registry.load_version(model_dir, number) for number in (1, 2))
    found = contest.compare(settings, first, second)
    assert found.rows == 360 and found.score == "accuracy"
    assert found.gain > 0.1 and found.p_value < 0.001
    # The other way round, what was won is lost.
    back = contest.compare(settings, second, first)
    assert back.gain == pytest.approx(-found.gain) and back.p_value > 0.999
    assert main.main(["evaluate", "--quiet", "--version", "2"]) == 0
    metrics = Path("reports/model/2/metrics.json").read_text("utf-8")
    assert f'"accuracy": {found.challenger}' in metrics


def test_another_data_set_is_refused_before_the_training(
    project: Path, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    assert main.main(["retrain", "--quiet", "--dataset", "mnist"]) == 2
    assert "mnist has other test images than digits" in capsys.readouterr().err
    assert registry.versions(model_dir) == [1]
