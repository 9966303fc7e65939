"""A backbone of one's own, used as docs/how-to/pretrained-backbone.md says."""

import os
import re
import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from environments import Installed

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

# Write pictures of two colours, and a backbone that nobody has trained.
PICTURES = """
import numpy as np, pathlib
from PIL import Image
for name, colour in {"blue": (20, 40, 220), "red": (220, 40, 20)}.items():
    folder = pathlib.Path("data/photos", name)
    folder.mkdir(parents=True)
    for number in range(20):
        pixels = np.random.default_rng(number).normal(colour, 20, (12, 12, 3))
        image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
        image.save(folder / f"{number}.png")
"""
BACKBONES = {
    "tensorflow": """
import keras
layers = [keras.layers.Conv2D(8, 3, strides=2), keras.layers.BatchNormalization()]
layers += [keras.layers.ReLU(), keras.layers.GlobalAveragePooling2D()]
keras.Sequential([keras.Input((12, 12, 3)), *layers]).save("data/backbone.keras")
""",
    "pytorch": """
import torch
from torch import nn
layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
torch.save(layers.state_dict(), "data/backbone.pt")
""",
}
# The version has the weights of the file, bit by bit.
CHECKS = {
    "tensorflow": """
model, file = models.load_model(folder), keras.saving.load_model("data/backbone.keras")
pairs = zip(model.layers[0].get_weights(), file.get_weights(), strict=True)
assert all((one == other).all() for one, other in pairs)
""",
    "pytorch": """
file = torch.load("data/backbone.pt", weights_only=True)
found = models.load_model(folder)[1].state_dict()
assert all(torch.equal(found[name], value) for name, value in file.items())
""",
}


@pytest.mark.parametrize("framework", list(BACKBONES))
def test_a_pretrained_backbone_is_used_as_the_how_to_says(
    framework: str, installed: Installed, tmp_path: Path
) -> None:
    project = installed(framework)
    for name in ("src", "configs"):
        shutil.copytree(project.path / name, tmp_path / name)
    (package,) = (tmp_path / "src").iterdir()
    guide = (ROOT / "docs/how-to/pretrained-backbone.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (code,) = (
        each for each in blocks if ("keras" in each) == (framework == "tensorflow")
    )
    change(package / "models.py", "# What the setting", f"{code}\n\n# What the setting")
    row = 'NETWORKS = {"pretrained": build_pretrained, '
    change(package / "models.py", "NETWORKS = {", row)
    change(package / "config.py", '"mlp", "cnn"', '"mlp", "cnn", "pretrained"')

    def run(*command: str) -> str:
        path = f"PYTHONPATH={tmp_path / 'src'}"
        return project.run("env", path, "python", *command, folder=tmp_path)

    run("-c", PICTURES + BACKBONES[framework])
    options = ["--dataset", "data/photos", "--image-size", "12", "--epochs", "40"]
    options += ["--network", "pretrained", "--augment", "--learning-rate", "0.05"]
    run("-m", f"{package.name}.main", "train", *options, "--quiet")
    shown = run("-m", f"{package.name}.main", "evaluate", "--quiet")
    assert "test accuracy: 1.0000" in shown
    head = f"from {package.name}.models import *\nfrom {package.name} import models\n"
    head += "from pathlib import Path\nfolder = Path('models/model/1')\n"
    run("-c", head + CHECKS[framework])


def change(file: Path, text: str, other: str) -> None:
    """Replace a text that is in a file once."""
    content = file.read_text(encoding="utf-8")
    assert content.count(text) == 1
    file.write_text(content.replace(text, other), encoding="utf-8")
