"""Images: downloading, loading, splitting, scaling, reading files, scoring."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import pictures, utils
from {{ cookiecutter.package_name }}.config import DataError

IMAGES = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
LABELS = np.array([1, 0], dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    """Write unsigned bytes in the IDX format."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return b"\x00\x00\x08" + bytes([array.ndim]) + sizes + array.tobytes()


class Server(ThreadingHTTPServer):
    """Serves `files`; the first `failures` requests get a 503."""

    files: dict[str, bytes] = {}
    failures, requests, cut = 0, 0, False


class Handler(BaseHTTPRequestHandler):
    """Answers from the server's attributes."""

    server: Server

    def do_GET(self) -> None:
        """Send a file, or fail as the test wants it."""
        self.server.requests += 1
        content = self.server.files.get(self.path.lstrip("/"))
        if self.server.failures > 0 or content is None:
            self.server.failures -= 1
            self.send_error(503 if content else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half] if self.server.cut else content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A mirror of a small data set that stands in for fashion_mnist."""
    names = utils.FILES["fashion_mnist"]
    contents = dict(zip(names, [idx(IMAGES), idx(LABELS)] * 2, strict=True))
    hashes = {name: hashlib.sha256(text).hexdigest() for name, text in contents.items()}
    monkeypatch.setitem(utils.FILES, "fashion_mnist", hashes)
    # pooch waits between its tries; a test need not.
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.files = {name: gzip.compress(text) for name, text in contents.items()}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address_of(server: Server) -> str:
    """Return a server's URL, without a slash at its end."""
    return f"http://127.0.0.1:{server.server_port}"


def load(server: Server, folder: Path) -> utils.Labelled:
    """Load the training part from the mirror."""
    return utils.load_mnist_data("fashion_mnist", folder, address_of(server))[0]


def test_digits_are_complete_offline_and_always_the_same() -> None:
    (images, labels), (test_images, test_labels) = utils.load_mnist_data()
    assert images.shape == (1437, 8, 8) and test_images.shape == (360, 8, 8)
    assert images.dtype == np.uint8 and labels.dtype == np.int64
    assert images.max() == 16
    assert set(labels) == set(test_labels) == set(range(10))
    again, _ = utils.load_mnist_data()
    assert utils.data_fingerprint(*again) == utils.data_fingerprint(images, labels)
    with pytest.raises(DataError, match="no data set 'letters'; there are digits, mni"):
        utils.load_mnist_data("letters")


def test_files_are_downloaded_once_and_checked(mirror: Server, tmp_path: Path) -> None:
    mirror.failures = 2  # a server that fails for a while is asked again
    for _ in range(2):
        images, labels = load(mirror, tmp_path)
        np.testing.assert_array_equal(images, IMAGES)
        np.testing.assert_array_equal(labels, LABELS)
        assert labels.dtype == np.int64
    assert mirror.requests == 6


def test_a_download_that_fails_leaves_nothing_and_names_the_way_out(
    mirror: Server, tmp_path: Path
) -> None:
    mirror.cut = True
    with pytest.raises(DataError, match="cannot download"):
        load(mirror, tmp_path)
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9.*, or take digits"):
        utils.load_mnist_data("mnist", tmp_path, "http://127.0.0.1:9")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("bad", [gzip.compress(idx(IMAGES + 1)), b"no gzip"])
def test_a_tampered_file_is_refused_and_removed(
    bad: bytes, mirror: Server, tmp_path: Path
) -> None:
    name = "train-images-idx3-ubyte.gz"
    good, mirror.files[name] = mirror.files[name], bad
    with pytest.raises(DataError, match="was removed"):
        load(mirror, tmp_path)
    mirror.files[name] = good
    load(mirror, tmp_path)
    file = tmp_path / "fashion_mnist" / name  # and so is one that was changed later
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(DataError, match=f"{name}.*was removed"):
        load(mirror, tmp_path)
    assert not file.exists()


def test_mnist_is_read_from_npz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mnist/mnist.npz"
    file.parent.mkdir()
    np.savez(file, x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    files = {"mnist.npz": hashlib.sha256(file.read_bytes()).hexdigest()}
    monkeypatch.setitem(utils.FILES, "mnist", files)
    _, (images, labels) = utils.load_mnist_data("mnist", tmp_path)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


def test_preprocessing_scales_by_the_training_images() -> None:
    images = np.array([[[0, 8], [16, 4]]], dtype=np.uint8)
    scaled = utils.preprocess_data(images)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, [[[0, 0.5], [1, 0.25]]])
    x_train, x_test = utils.preprocess_data(images, images[:, :1])
    np.testing.assert_array_equal(x_train, scaled)
    np.testing.assert_array_equal(x_test, [[[0, 0.5]]])
    np.testing.assert_array_equal(utils.preprocess_data(images * 0), images * 0)


def test_images_are_scaled_when_they_are_taken() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    some = utils.Scaled(pixels, 24, np.array([5, 0, 3]))
    assert len(some) == 3 and some[:2].dtype == np.float32
    np.testing.assert_array_equal(some[1:], pixels[[0, 3]] / np.float32(24))
    np.testing.assert_array_equal(some[np.array([0])], pixels[[5]] / np.float32(24))


def test_classes_are_balanced_by_their_numbers() -> None:
    labels = np.array([0, 0, 0, 2])
    weights = utils.class_weights(labels, "balanced")
    assert weights == {0: pytest.approx(4 / 9), 1: pytest.approx(4 / 3), 2: 4 / 3}
    assert utils.class_weights(labels, "none") is None


@pytest.mark.parametrize("pixel", [17.0, -1.0, np.nan, np.inf])
def test_pixels_out_of_range_are_refused(pixel: float) -> None:
    with pytest.raises(DataError, match="pixels must be from 0 to 16"):
        utils.preprocess_data(np.full((1, 2, 2), pixel), max_value=16)


@pytest.mark.parametrize("shape", [(2, 4), (0, 2, 2), (2, 2, 2, 4)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="images must be"):
        utils.preprocess_data(np.zeros(shape))


def test_the_split_keeps_every_image_once_and_the_share_of_each_class() -> None:
    images = np.arange(100, dtype=np.float32).reshape(100, 1, 1)
    labels = np.repeat(np.arange(4, dtype=np.int64), 25)
    train, validation = utils.split_data(images, labels, 0.2, seed=1)
    assert sorted(np.concatenate([train[0], validation[0]]).ravel()) == list(range(100))
    assert list(np.bincount(validation[1])) == [5, 5, 5, 5]
    again, _ = utils.split_data(images, labels, 0.2, seed=1)
    other, _ = utils.split_data(images, labels, 0.2, seed=2)
    assert (again[0] == train[0]).all() and not (other[0] == train[0]).all()
    with pytest.raises(DataError, match="cannot split"):
        utils.split_data(images[:5], np.array([0, 0, 0, 0, 1]), 0.5, seed=1)


def test_a_csv_file_is_a_frame_with_real_types(mirror: Server, tmp_path: Path) -> None:
    text = "label,p0,name\n7,1.5,a\n3,0,b\n"
    mirror.files["table.csv"] = text.encode()
    file = tmp_path / "table.csv"
    file.write_text(text, encoding="utf-8")
    for path in (file, str(file), f"{address_of(mirror)}/table.csv"):
        frame = utils.get_data(path, ["label"])
        assert list(frame.select_dtypes("number")) == ["p0"]
        pd.testing.assert_series_equal(frame["p0"], pd.Series([1.5, 0.0], name="p0"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p0,p1\n1,x\n", "'x'"),
        ("p0,p1\n1,2,3\n", "more values than the header"),
        ("p0,p1\n1,2\n1,2,3\n", "line 3"),
        ("p0\n1\n", "cannot reshape.*the model takes images of 1 x 2 pixels"),
        ("", "No columns"),
    ],
)
def test_a_bad_csv_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "images.csv"
    with pytest.raises(DataError, match="images.csv.*No such file"):
        pictures.read_images(file, (1, 2))
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"images.csv.*{message}"):
        pictures.read_images(file, (1, 2))
    with pytest.raises(DataError, match="images.csv"):
        utils.get_data(file, ["absent"])


def test_an_array_file_is_read_but_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.ones((2, 3, 3)))
    assert pictures.read_images(tmp_path / "images.npy", (3, 3)).shape == (2, 3, 3)
    whole = (tmp_path / "images.npy").read_bytes()
    bad = tmp_path / "bad.npy"
    np.save(bad, np.array([{}], dtype=object), allow_pickle=True)
    pickled = bad.read_bytes()
    huge = whole.replace(b"(2, 3, 3), }     ", b"(2, 3, 333333), }")
    for content in (pickled, b"", whole[:-1], huge, b"PK\3\4" + whole):
        bad.write_bytes(content)
        with pytest.raises(DataError, match="bad.npy"):
            pictures.read_images(bad, (3, 3))


def test_the_fingerprint_tells_values_shapes_and_types_apart() -> None:
    array = np.arange(6, dtype=np.int64)
    others = (array, array[::-1], array.reshape(2, 3), array.astype(np.int32))
    assert len({utils.data_fingerprint(each) for each in others}) == 4


def test_scores_are_those_of_the_predictions() -> None:
    probabilities = np.eye(3, dtype=np.float32)[[0, 0, 1, 1]]
    labels = np.array([0, 1, 1, 1])
    scores = utils.score_probabilities(probabilities, labels, ("a", "b", "c"))
    assert scores["accuracy"] == 0.75
    assert scores["classes"]["a"]["precision"] == 0.5
    assert scores["classes"]["b"]["recall"] == pytest.approx(2 / 3)
    assert scores["classes"]["c"]["support"] == 0
    assert scores["confusion_matrix"] == [[1, 0, 0], [1, 2, 0], [0, 0, 0]]
