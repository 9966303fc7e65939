"""Pictures in files: a folder of them goes through every command, in colour or not."""

import io
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from {{ cookiecutter.package_name }} import adapter, pictures, registry
from {{ cookiecutter.package_name }}.config import DataError
from {{ cookiecutter.package_name }}.main import main

QUICK = ("--quiet", "--epochs", "8", "--hidden-units", "16", "--batch-size", "16")
COLOURS = {"blue": (20, 40, 220), "red": (220, 40, 20)}


@pytest.fixture
def folder(project: Path) -> Path:
    """Pictures of two colours, of several sizes and formats; one is damaged."""
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (project / "own" / name).mkdir(parents=True)
        for number in range(30):
            size = (*random.integers(12, 40, 2), 3)
            pixels = np.clip(random.normal(colour, 20, size), 0, 255).astype(np.uint8)
            suffix = ("jpg", "png", "webp")[number % 3]
            path = project / "own" / name / f"{number}.{suffix}"
            Image.fromarray(pixels).save(path)
    (project / "own/red/cut.jpg").write_bytes(b"\xff\xd8\xff")
    return project / "own"


def stored(image: Image.Image, kind: str = "PNG", **options: Any) -> io.BytesIO:
    """Return a picture as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file


def test_a_picture_is_read_as_a_viewer_shows_it() -> None:
    left = Image.new("RGB", (4, 2), "red")
    left.paste((0, 0, 255), (0, 0, 2, 2))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    turned = pictures.read_picture(stored(left, "PNG", exif=exif), (4, 2, 3))
    assert turned[0].tolist() == [[0, 0, 255]] * 2
    assert turned[3].tolist() == [[255, 0, 0]] * 2

    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    assert (pictures.read_picture(stored(clear), (2, 2)) == 255).all()
    palette = left.convert("P")
    same = pictures.read_picture(stored(palette), (2, 4, 3))
    np.testing.assert_array_equal(same, np.asarray(palette.convert("RGB")))
    assert pictures.read_picture(stored(left), (8, 8, 3)).shape == (8, 8, 3)
    with pytest.raises(DataError, match="must be 8 x 8 pixels, is 4 x 2, and is not"):
        pictures.read_picture(stored(left), (8, 8, 3), scale=False)
    with pytest.raises(DataError, match="more than 8 bits a channel"):
        pictures.read_picture(stored(Image.new("I;16", (4, 4))), (4, 4))
    head = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)  # one pixel of 16-bit colours
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(7))), (b"IEND", b"")]
    deep = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in chunks
    )
    with pytest.raises(DataError, match="more than 8 bits a channel"):
        pictures.read_picture(io.BytesIO(deep), (4, 4, 3))
    with pytest.raises(DataError, match="has more than 33,554,432 pixels"):
        pictures.read_picture(stored(Image.new("1", (6000, 6000))), (4, 4))


def test_folders_and_tables_say_the_class_and_the_split(folder: Path) -> None:
    found = pictures.find_pictures(folder)
    assert found["label"].value_counts().to_dict() == {"red": 31, "blue": 30}
    assert set(found["part"]) == {""}
    for part in ("train", "test"):
        (folder.parent / "split" / part).mkdir(parents=True)
    (folder / "red").rename(folder.parent / "split/train/red")
    (folder / "blue").rename(folder.parent / "split/test/blue")
    found = pictures.find_pictures(folder.parent / "split")
    split = {"red": "train", "blue": "test"}
    assert dict(zip(found["label"], found["part"], strict=True)) == split

    table = folder.parent / "split/own.csv"
    frame = pd.DataFrame({"path": ["test/blue/0.jpg"], "label": ["07"]})
    frame.to_csv(table, index=False)
    (only,) = pictures.find_pictures(table).itertuples(index=False)
    assert only == (folder.parent / "split/test/blue/0.jpg", "07", "")
    frame[["path"]].to_csv(table, index=False)
    with pytest.raises(DataError, match="own.csv: no column label"):
        pictures.find_pictures(table)
    with pytest.raises(DataError, match="needs a label: a folder for each"):
        pictures.find_pictures(folder.parent / "split/test/blue")
    table.write_text('path,label\n"cut', encoding="utf-8")
    with pytest.raises(DataError, match="own.csv: "):
        pictures.find_pictures(table)
    frame.assign(label="").to_csv(table, index=False)
    with pytest.raises(DataError, match="own.csv: each picture needs a label"):
        pictures.find_pictures(table)
    with pytest.raises(DataError, match="two classes .* there are {'blue': 0, 'red': "):
        pictures.load_pictures(folder.parent / "split", (4, 4), folder.parent / "data")
    (folder.parent / "split/green").mkdir()
    shutil.copy(folder.parent / "split/test/blue/0.jpg", folder.parent / "split/green")
    with pytest.raises(DataError, match=r"or none in any; here are \['', 'test', 'tr"):
        pictures.load_pictures(folder.parent / "split", (4, 4), folder.parent / "data")
    with pytest.raises(DataError, match="1 of 1 pictures are left out: .*cut.jpg is"):
        pictures.read_pictures([folder.parent / "split/train/red/cut.jpg"], (4, 4))
    cut, good = (folder.parent / f"split/train/red/{name}.jpg" for name in ("cut", "0"))
    images, bad = pictures.read_pictures([cut, good, cut, good], (4, 4))
    assert images.shape == (2, 4, 4) and list(bad) == [cut]


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_every_command_takes_colours(
    network: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--dataset", "own", "--network", network, "--image-size", "12"]
    assert main(["train", *QUICK, *options]) == 0
    told = capsys.readouterr().err
    assert "1 of 61 pictures are left out: own/red/cut.jpg is not a JPEG" in told
    _, manifest = registry.load_version(Path("models/model"))
    assert manifest.classes == ("blue", "red") and "onnx" in manifest.exports
    assert (manifest.inputs.shape, manifest.inputs.scaled) == ((12, 12, 3), True)
    assert main(["evaluate", "--quiet"]) == 0
    assert "test accuracy: 1.0000" in capsys.readouterr().out
    assert main(["predict", "--quiet", "--input", "own/blue"]) == 0
    assert capsys.readouterr().out.count(",blue,") == 30
    Path("own/blue").rename("own/azure")
    assert main(["evaluate", "--quiet"]) == 0
    (folder / "azure/0.jpg").unlink()
    assert main(["evaluate", "--quiet"]) == 2
    assert "own has changed since version 1 was trained" in capsys.readouterr().err
    assert main(["predict", "--quiet", "--input", "own/red"]) == 2
    assert "1 pictures cannot be read" in capsys.readouterr().err


#% if "serve" in cookiecutter.__extras
def test_a_server_reads_colours_as_training_did(folder: Path) -> None:
    from {{ cookiecutter.package_name }}.serving import rows
    from {{ cookiecutter.package_name }}.serving.messages import RequestError
    from {{ cookiecutter.package_name }}.serving.model import load_model

    assert main(["train", *QUICK, "--dataset", "own", "--image-size", "12"]) == 0
    model = load_model(Path("models/model"), 1)
    file = folder / "red/0.jpg"
    known, _ = adapter.read_rows(file, model.inputs)
    sent = rows.from_picture(model, file.read_bytes(), "body")["images"]
    np.testing.assert_array_equal(sent, known.astype(np.float32))
    (image,) = known.tolist()
    assert rows.is_one(model, image) and not rows.is_one(model, [image])
    typed = rows.from_rows(model, [image, rows.row_example(model)], "instances")
    np.testing.assert_array_equal(typed["images"][:1], sent)
    assert np.shape(rows.row_example(model)) == (12, 12, 3)
    image[3][4].append(0)
    with pytest.raises(RequestError, match=r"x\[0\]\[3\]\[4\]: must be a list of 3"):
        rows.from_rows(model, [image], "x")


#% endif
#% if "monitor" in cookiecutter.__extras
def test_the_means_of_colours_are_watched(folder: Path) -> None:
    inputs = adapter.Inputs(shape=(12, 12, 3), max_value=255, scaled=True)
    rows, _ = adapter.read_rows(folder / "red/0.jpg", inputs)
    described = adapter.describe(rows, inputs)
    assert described["red"] > 0.7 > described["blue"]


#% endif
def test_brightness_alone_can_be_enough(folder: Path) -> None:
    options = ["--dataset", "own", "--no-colours", "--image-size", "8"]
    assert main(["train", *QUICK, *options]) == 0
    _, manifest = registry.load_version(Path("models/model"))
    grey = adapter.Inputs(shape=(8, 8), max_value=255, scaled=True)
    assert manifest.inputs == grey and grey.shape == (8, 8)
