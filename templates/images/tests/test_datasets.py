"""Downloads, against a real HTTP server on this machine."""

import gzip
import hashlib
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import datasets, utils
from {{ cookiecutter.package_name }}.datasets import DataError, Dataset

from loopback import Quiet, address_of, running


def idx(array: np.ndarray) -> bytes:
    """Write unsigned bytes in the IDX format."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return b"\x00\x00\x08" + bytes([array.ndim]) + sizes + array.tobytes()


IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([1, 0], dtype=np.uint8)


class Server(ThreadingHTTPServer):
    """Serves `files`; the first `failures` requests get a 503."""

    files: dict[str, bytes]
    failures = 0
    cut = False
    requests = 0


class Handler(Quiet):
    """Answers from the server's attributes."""

    server: Server

    def do_GET(self) -> None:
        """Send a file, or fail as the test wants it."""
        self.server.requests += 1
        content = self.server.files.get(self.path.lstrip("/"))
        if self.server.failures > 0:
            self.server.failures -= 1
            self.send_error(503)
        elif content is None:
            self.send_error(404)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            half = len(content) // 2
            self.wfile.write(content[:half] if self.server.cut else content)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A mirror of a small data set that stands in for fashion_mnist."""
    names = list(datasets.DATASETS["fashion_mnist"].files)
    contents = dict(zip(names, [idx(IMAGES), idx(LABELS)] * 2, strict=True))
    small = Dataset(
        url="http://unused.invalid/",
        files={
            name: hashlib.sha256(content).hexdigest()
            for name, content in contents.items()
        },
        max_value=255,
        classes=("a", "b"),
    )
    monkeypatch.setitem(datasets.DATASETS, "fashion_mnist", small)
    # pooch waits between its tries; a test need not.
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    with running(Server(("127.0.0.1", 0), Handler)) as server:
        server.files = {name: gzip.compress(text) for name, text in contents.items()}
        yield server


def load(server: Server, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Load the training part from the mirror."""
    (images, labels), _ = utils.load_mnist_data(
        "fashion_mnist", folder, address_of(server), progress=True
    )
    return images, labels


def test_files_are_downloaded_once_and_checked(
    mirror: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        images, labels = load(mirror, tmp_path)
        np.testing.assert_array_equal(images, IMAGES)
        np.testing.assert_array_equal(labels, LABELS)
        assert labels.dtype == np.int64
    assert mirror.requests == 4
    assert "100%" in capfd.readouterr().err


def test_a_server_that_fails_for_a_while_is_asked_again(
    mirror: Server, tmp_path: Path
) -> None:
    mirror.failures = 2
    images, _ = load(mirror, tmp_path)
    np.testing.assert_array_equal(images, IMAGES)


def test_a_download_cut_short_leaves_nothing(mirror: Server, tmp_path: Path) -> None:
    mirror.cut = True
    with pytest.raises(DataError, match="cannot download"):
        load(mirror, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "content", [gzip.compress(idx(IMAGES + 1)), b"no gzip"], ids=["other", "no gzip"]
)
def test_a_tampered_file_is_refused_and_removed(
    content: bytes, mirror: Server, tmp_path: Path
) -> None:
    name = "train-images-idx3-ubyte.gz"
    mirror.files[name] = content
    with pytest.raises(DataError, match="was removed"):
        load(mirror, tmp_path)
    assert not (tmp_path / "fashion_mnist" / name).exists()


def test_a_cached_file_that_was_changed_is_refused(
    mirror: Server, tmp_path: Path
) -> None:
    load(mirror, tmp_path)
    file = tmp_path / "fashion_mnist/t10k-labels-idx1-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(DataError, match="t10k-labels.*was removed"):
        load(mirror, tmp_path)


def test_a_server_that_is_not_there_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9.*\n.*--dataset digits"):
        datasets.fetch("file", "0" * 64, "http://127.0.0.1:9", tmp_path, False)


def test_mnist_is_read_from_npz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mnist/mnist.npz"
    file.parent.mkdir()
    np.savez(file, x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    small = Dataset("http://unused.invalid/", {"mnist.npz": sha256}, 255, ("a", "b"))
    monkeypatch.setitem(datasets.DATASETS, "mnist", small)
    _, (images, labels) = utils.load_mnist_data("mnist", tmp_path)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x00\x0d\x01", idx(IMAGES)[:-1]],
    ids=["empty", "floats", "short"],
)
def test_what_is_not_idx_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="IDX"):
        datasets.parse_idx(content)
