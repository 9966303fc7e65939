"""What a report shows of images."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.registry import Manifest
from {{ cookiecutter.package_name }}.reporting.rows import as_png, load_rows
from {{ cookiecutter.package_name }}.reporting.settings import ReportSettings

from samples import QUICK_TRAINING

FEW = ("report", "--bootstrap-samples", "100", "--quiet")


def test_an_image_is_shown_pixel_by_pixel() -> None:
    image = np.array([[0, 0.5, 1], [1, 0, 0.25]], dtype=np.float32)
    source = as_png(image)
    assert source.startswith("data:image/png;base64,")
    content = base64.b64decode(source.partition(",")[2])
    shown = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    np.testing.assert_allclose(shown, image * 255, atol=1)


def test_mistakes_are_pictures_and_of_many_images_some_are_scored(
    project: Path,
) -> None:
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    assert main.main([*FEW, "--max-rows", "100", "--worst", "4"]) == 0
    text = Path("reports/model/1/report.html").read_text(encoding="utf-8")
    assert "100 test images, drawn from all 360" in text
    mistakes = text.partition('id="mistakes"')[2].partition("</section>")[0]
    assert mistakes.count('<img src="data:image/png;base64,') == 4
    assert "mean brightness" in text


def test_rows_are_those_of_the_test_set_and_other_data_are_named(
    project: Path,
) -> None:
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    folder = Path("models/model/1")
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    settings = ReportSettings(max_rows=50, quiet=True)
    rows = load_rows(settings, folder, manifest)
    assert ("what the version was trained on", "the same") in rows.facts()
    assert rows.feeds(3)["images"].shape == (3, 8, 8)
    assert rows.feeds(3)["images"].max() > 1  # as a request has them
    assert np.shape(rows.predict(3)) == (3, 10)
    np.testing.assert_allclose(rows.predict(3), rows.scored.outputs[:3], atol=1e-5)
    other = manifest.model_copy(update={"data_sha256": "0" * 64})
    facts = load_rows(settings, folder, other).facts()
    assert ("what the version was trained on", "other data") in facts
    settings = ReportSettings(max_rows=50, quiet=True, seed=2)
    drawn = load_rows(settings, folder, manifest).scored.numbers
    assert drawn.tolist() != rows.scored.numbers.tolist()


def test_a_seed_that_is_none_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main([*FEW, "--seed", "-1"]) == 2
    assert "--seed: '-1'" in capsys.readouterr().err
