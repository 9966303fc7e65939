"""deploy/torchserve: an archive, and its handler, called as TorchServe calls it."""

import io
import json
import runpy
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

FOLDER = Path(__file__).parents[1] / "deploy/torchserve"
CLASSES = ["even", "odd"]
MAX_VALUE = 16.0
DARK = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
LIGHT = [[16.0, 16.0, 16.0], [16.0, 16.0, 16.0]]


class Brightness(nn.Module):
    """The mean of an image (2, 3) as the probability of the second class."""

    def forward(self, images: Tensor) -> Tensor:
        """Return probabilities (n, 2)."""
        mean = images.mean(dim=(1, 2)) / MAX_VALUE
        return torch.stack([1 - mean, mean], dim=1)


class Context:
    """What TorchServe hands over, and what it takes from a handler."""

    def __init__(self, folder: Path) -> None:
        """Take the folder that the archive was unpacked into."""
        self.system_properties = {"model_dir": str(folder), "gpu_id": None}
        self.manifest = {"model": {"serializedFile": "model.pt2"}}
        self.statuses: dict[int, int] = {}

    def set_response_content_type(self, index: int, value: str) -> None:
        """Take the content type of an answer."""
        assert value == "application/json"

    def set_response_status(self, code: int, phrase: str, index: int) -> None:
        """Take the status of an answer."""
        self.statuses[index] = code


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of the model.mar of a version."""
    folder = tmp_path_factory.mktemp("version")
    program = torch.export.export(
        Brightness(),
        (torch.zeros(2, 2, 3),),
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    torch.export.save(program, folder / "model.pt2")
    inputs = {"shape": (2, 3), "max_value": MAX_VALUE}
    manifest = {"name": "model", "classes": CLASSES, "inputs": inputs}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    script = runpy.run_path(str(FOLDER / "archive.py"))
    with zipfile.ZipFile(script["write_archive"](folder, folder)) as packed:
        about = json.loads(packed.read("MAR-INF/MANIFEST.json"))
        assert about["model"]["serializedFile"] == "model.pt2"
        assert about["model"]["handler"] in packed.namelist()
        packed.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture
def answers(archive: Path) -> Any:
    """Return a function from bodies to answers, the statuses so far, the handler."""
    script = runpy.run_path(str(FOLDER / "handler.py"))
    handler, context = script["Handler"](), Context(archive)
    handler.initialize(context)

    def handle(*bodies: Any, key: str = "body") -> list[Any]:
        answered: list[Any] = handler.handle([{key: body} for body in bodies], context)
        return answered

    return SimpleNamespace(of=handle, statuses=context.statuses, handler=handler)


def picture(
    size: tuple[int, int], shade: int, kind: str = "PNG", mode: str = "L"
) -> bytes:
    """Return an image file, (width, height), of one shade of grey."""
    file = io.BytesIO()
    Image.new(mode, size, shade).save(file, kind)
    return file.getvalue()


def test_images_are_answered_with_their_classes_the_most_probable_first(
    answers: Any,
) -> None:
    dark, light = {"even": 1.0, "odd": 0.0}, {"odd": 1.0, "even": 0.0}
    for body, answer in (
        (DARK, dark),
        ([DARK, LIGHT], [dark, light]),
        ({"data": LIGHT}, light),
        ({"data": [LIGHT, DARK]}, [light, dark]),
        ({"instances": [LIGHT, DARK]}, {"predictions": [light, dark]}),
    ):
        assert json.dumps(answers.of(body)) == json.dumps([answer])  # in this order
    assert answers.statuses == {}


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("key", ["body", "data"])
def test_the_pixels_of_a_file_are_scaled_to_what_the_network_takes(
    answers: Any, kind: str, key: str
) -> None:
    (answer,) = answers.of(picture((3, 2), 51, kind), key=key)
    assert answer["odd"] == pytest.approx(0.2)
    answers.handler.scaled = True  # as `inputs.json` has it of a data set of one's own
    assert answers.of(picture((30, 20), 51, kind), key=key) == [answer]


def test_a_file_is_turned_and_put_on_white_as_in_training(answers: Any) -> None:
    turned, clear = io.BytesIO(), io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6  # how a camera was held: what is wide is high in the file
    Image.new("L", (2, 3), 255).save(turned, "JPEG", exif=exif)
    Image.new("RGBA", (3, 2), (0, 0, 0, 0)).save(clear, "PNG")
    for file in (turned, clear):
        (answer,) = answers.of(file.getvalue())
        assert answer["odd"] == pytest.approx(1)


@pytest.mark.parametrize("height", [2**12 + 1, 2**15])
def test_a_huge_file_is_not_decoded(answers: Any, height: int) -> None:
    answers.handler.scaled = True
    (answer,) = answers.of(picture((2**13, height), 0))
    assert "pixels" in json.dumps(answer) and answers.statuses == {0: 400}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "no body; JSON has to be sent as application/json"),
        ("text", "body: expected a list, got str"),
        ({"rows": []}, 'body: expected the key "instances" or "data", got \'rows\''),
        ({}, 'body: expected the key "instances" or "data", got nothing'),
        ({"data": 1}, "data: expected a list, got int"),
        ({"instances": 1}, "instances: expected a list, got int"),
        ({"instances": []}, "instances: expected ('n', 2, 3), got (0,)"),
        ([[1, 2, 3]], "body: expected ('n', 2, 3), got (1, 1, 3)"),
        ([[1, 2, 3], [1]], "body: no array of numbers: "),
        ([[1, 2, None], [1, 2, 3]], "body: no array of numbers: "),
        ([[1, 2, 17], [1, 2, 3]], "body: a pixel is not from 0 to 16"),
        ([[1, 2, float("nan")], [1, 2, 3]], "body: a pixel is not from 0 to 16"),
        ([[0, 0.5, 1], [0, 0, 0]], "body: no pixel is above 1; send pixels as they"),
        (b"text", "body: neither JSON, PNG nor JPEG"),
        (picture((3, 2), 0)[:45], "body: a damaged image: "),
        (picture((3, 2), 0, mode="I;16"), "body: has more than 8 bits a channel"),
        (picture((2, 3), 0), "body: an image of 2 x 3 (height x width) pixels, "),
    ],
)
def test_a_bad_request_gets_status_400_and_spoils_no_other(
    answers: Any, body: Any, message: str
) -> None:
    refused, answered = answers.of(body, LIGHT)
    assert refused["code"] == 400 and refused["type"] == "BadRequestException"
    assert refused["message"].startswith(message)
    assert list(answered) == ["odd", "even"]
    assert answers.statuses == {0: 400}
