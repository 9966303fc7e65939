"""Files that somebody has put in a model's place: nothing in them runs, or is read.

First the hashes, which tell any other file. Then the case that they were written by who
wrote the file: then what loads it has to refuse it.
"""

import pickle
import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import {{ cookiecutter.package_name }}
from {{ cookiecutter.package_name }} import main, model_files, models, registry
from {{ cookiecutter.package_name }}.model_files import ModelFileError
from {{ cookiecutter.package_name }}.serving.model import load_model
from {{ cookiecutter.package_name }}.watching import reference

from armed import ARMED, OTHERS, go_off, harmless
from graphs import CLASSES, FACTS
from samples import INPUTS

Save = Callable[[bool], Path]
Write = Callable[[Path, Path], None]
Change = Callable[[Path], object]

MANIFEST = {**FACTS, "classes": CLASSES, "inputs": INPUTS}

# Each command that reads a version, and what else it has to be told.
READERS = {
    "deploy": ("ssh", "--ssh-host", "host.invalid"),
    "evaluate": (),
    "explain": (),
    "export": (),
    "monitor": ("--input", "rows"),
    "predict": ("--input", "rows"),
    "registry": ("promote",),
    "report": (),
    "retrain": (),
    "serve": ("--port", "0"),
}

# What may run code or write files, and the modules that may do it, with what they know
# of what they read.
RISKY = (
    r"pickle\.loads?\(|joblib\.load\(|torch\.load\(|torch\.export\.load\(|"
    r"saved_model\.load\(|weights_only=False|safe_mode=False|allow_pickle=True|"
    r"yaml\.(unsafe_|full_)?load\(|extractall\(|unpack_archive\(|(?<!\.)\b(eval|exec)\("
)
ALLOWED = {
    "exporting.py": "what the same export has just written",
    "fetch.py": "every name was checked",
    "models.py": "with weights_only=True",
    "workers.py": "from a process of its own",
}


class Bomb:
    """An object whose pickle makes a file, the canary, when it is read."""

    def __init__(self, canary: Path) -> None:
        """Name the file."""
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        """Name the function to call, and its arguments."""
        return open, (str(self.canary), "w")


def pickled(file: Path, canary: Path) -> None:
    """Write a pickle, whatever the file is called."""
    file.write_bytes(pickle.dumps(Bomb(canary)))


def in_an_array(file: Path, canary: Path) -> None:
    """Write a pickle as an array of NumPy."""
    with file.open("wb") as out:
        np.savez(out, errors=np.array([Bomb(canary)], dtype=object))


PICKLES: dict[str, Write] = {"a pickle": pickled, "an array": in_an_array}


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that is there only if code of a model's file has run."""
    return tmp_path / "canary"


@pytest.mark.parametrize("command", READERS)
@pytest.mark.usefixtures("project")
def test_a_swapped_file_is_refused_by_each_command(
    command: str, save: Save, canary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pickled(save(True) / "model.bin", canary)
    assert main.main([command, *READERS[command]]) == 2
    said = capsys.readouterr().err
    assert "model.bin was changed after it was written" in said, said
    assert "Traceback" not in said
    assert not canary.exists()


@pytest.mark.parametrize("write", ARMED.values(), ids=ARMED)
def test_the_bombs_of_these_tests_do_go_off(
    write: Write, tmp_path: Path, canary: Path
) -> None:
    file = tmp_path / models.MODEL_FILE
    write(file, canary)
    assert not canary.exists()
    go_off(file)
    assert canary.exists()


@pytest.mark.parametrize("write", [*ARMED.values(), *OTHERS.values()])
def test_a_model_that_carries_code_is_refused(
    write: Write, tmp_path: Path, canary: Path
) -> None:
    file = tmp_path / models.MODEL_FILE
    write(file, canary)
    with pytest.raises(ModelFileError, match="carries code.*train again") as error:
        models.load_model(tmp_path)
    assert str(file) in str(error.value)
    assert not canary.exists()


@pytest.mark.parametrize("write", PICKLES.values(), ids=PICKLES)
def test_a_pickle_is_refused_whatever_it_is_called(
    write: Write, tmp_path: Path, canary: Path
) -> None:
    def write_files(folder: Path) -> None:
        for name in (models.MODEL_FILE, registry.ONNX_FILE, reference.FILE):
            write(folder / name, canary)

    # The manifest fits: it was written by who wrote the files.
    folder = registry.save_version(tmp_path / "model", write_files, **MANIFEST)
    manifest = registry.load_version(tmp_path / "model")[1]
    with pytest.raises(ModelFileError, match=models.MODEL_FILE):
        models.load_model(folder)
    with pytest.raises(ModelFileError, match=registry.ONNX_FILE):
        load_model(tmp_path / "model", 1)
    with pytest.raises(ModelFileError, match=reference.FILE):
        reference.read_reference(folder, manifest)
    assert not canary.exists()


def add(name: str, mode: int = stat.S_IFREG) -> Change:
    """Return a function that adds an entry to an archive."""

    def change(file: Path) -> None:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(entry, b"../outside")

    return change


def add_again(file: Path) -> None:
    """Add an entry of a name that is there already."""
    with zipfile.ZipFile(file) as archive:
        name = archive.namelist()[0]
    with pytest.warns(UserWarning, match="Duplicate"):
        add(name)(file)


def add_zeros(file: Path) -> None:
    """Add 100 MB that take 100 KB."""
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(100_000_000))


def halve(file: Path) -> None:
    """Leave the second half out."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


CHANGES: dict[str, tuple[Change, str]] = {
    "a folder up": (add("../outside"), "leads out"),
    "further up": (add("a/../../outside"), "leads out"),
    "the root": (add("/outside"), "leads out"),
    "Windows": (add("..\\outside"), "leads out"),
    "a drive": (add("C:/outside"), "leads out"),
    "a link": (add("link", stat.S_IFLNK), "is a link"),
    "twice": (add_again, "is there twice"),
    "a bomb of zeros": (add_zeros, "far more than a model needs"),
    "half of it": (halve, "is damaged"),
    "nothing": (lambda file: file.write_bytes(b""), "is damaged"),
    "a text": (lambda file: file.write_text("x" * 99), "is damaged"),
    "gone": (Path.unlink, "is damaged"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_a_damaged_or_armed_archive_is_refused(
    change: Change, message: str, tmp_path: Path
) -> None:
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    harmless(folder / models.MODEL_FILE)
    if not message.startswith("is damaged"):
        model_files.check_archive(folder / models.MODEL_FILE)  # so far, it may be read
    change(folder / models.MODEL_FILE)
    with pytest.raises(ModelFileError, match=message):
        models.load_model(folder)
    assert {path.name for path in folder.iterdir()} <= {models.MODEL_FILE}
    assert not [path for path in tmp_path.rglob("*") if path.name == "outside"]


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname"])
def test_a_graph_that_reads_files_of_others_is_refused(
    location: str, tmp_path: Path
) -> None:
    weights = onnx.TensorProto(name="weights", data_type=1, dims=[2])
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    ends = [helper.make_tensor_value_info(name, 1, [2]) for name in ("in", "out")]
    node = helper.make_node("Add", ["in", "weights"], ["out"])
    body = helper.make_graph([node], "graph", ends[:1], ends[1:], [weights])
    opsets = [helper.make_opsetid("", 17)]
    content = helper.make_model(body, opset_imports=opsets, ir_version=9)

    def write_files(folder: Path) -> None:
        (folder / registry.ONNX_FILE).write_bytes(content.SerializeToString())

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "secret").write_bytes(bytes(8))
    registry.save_version(tmp_path / "model", write_files, **MANIFEST)
    with pytest.raises(ModelFileError, match="External data path"):
        load_model(tmp_path / "model", 1)


def test_a_link_is_no_file_of_a_version(tmp_path: Path, save: Save) -> None:
    folder = save(True)
    (folder / "model.bin").rename(tmp_path / "model.bin")
    (folder / "model.bin").symlink_to(tmp_path / "model.bin")
    with pytest.raises(registry.RegistryError, match="is a link or a device"):
        registry.load_version(folder.parent)
    (folder / "model.bin").unlink()
    (tmp_path / "model.bin").rename(folder / "model.bin")
    registry.load_version(folder.parent)
    (folder / "more").symlink_to(tmp_path)
    with pytest.raises(registry.RegistryError, match="more was added"):
        registry.load_version(folder.parent)


def test_nothing_else_in_the_package_could_run_what_it_reads() -> None:
    root = Path({{ cookiecutter.package_name }}.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(RISKY, path.read_text(encoding="utf-8"))
    }
    assert found <= ALLOWED.keys()
