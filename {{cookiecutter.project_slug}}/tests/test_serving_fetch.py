"""Fetching a version: what is right is taken over, whatever is not leaves nothing."""

import hashlib
import io
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import (
    BaseHTTPRequestHandler,
    SimpleHTTPRequestHandler,
    ThreadingHTTPServer,
)
from pathlib import Path
from typing import TypeVar

import pytest

from {{ cookiecutter.package_name }} import main, registry

import graphs

Publish = Callable[[bytes], list[str]]
Server = TypeVar("Server", bound=ThreadingHTTPServer)
MODEL = Path("models/model")


class Quiet(BaseHTTPRequestHandler):
    """A handler that keeps the test's output clean."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Let a server answer in a thread of its own, and end it with the block."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def address_of(server: ThreadingHTTPServer) -> str:
    """Return a server's URL, without a slash at its end."""
    return f"http://127.0.0.1:{server.server_port}"


class Folder(Quiet, SimpleHTTPRequestHandler):
    """Serves a folder."""


@pytest.fixture(name="publish")
def serve_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publish]:
    """Return what puts an archive on this machine's HTTP server: how to fetch it."""
    folder = tmp_path_factory.mktemp("site")
    handler = partial(Folder, directory=folder)
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:

        def publish(archive: bytes) -> list[str]:
            (folder / "model").write_bytes(archive)
            url = f"{address_of(server)}/model"
            sha256 = hashlib.sha256(archive).hexdigest()
            return ["fetch", "--model-url", url, "--model-sha256", sha256.upper()]

        yield publish


@pytest.fixture(name="version")
def save_version(tmp_path: Path) -> Path:
    """Return the folder of a version, the first."""
    return graphs.save(tmp_path / "trained" / "model")


def packed(folder: Path, kind: str = "gztar") -> bytes:
    """Pack a version as `tar` does."""
    name = folder.with_name("packed")
    return Path(shutil.make_archive(str(name), kind, folder.parent, "./1")).read_bytes()


def contents(folder: Path) -> dict[str, bytes]:
    """Return a folder's files by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def member(name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Pack one member of a tar file; links lead to another file."""
    info, file = tarfile.TarInfo(name), io.BytesIO()
    info.type, info.linkname = kind, "../../../etc/passwd"
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(info)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["tar", "gztar", "xztar", "bztar"])
def test_the_version_is_fetched_and_promoted(
    kind: str,
    project: Path,
    version: Path,
    publish: Publish,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = publish(packed(version, kind))
    assert main.main(command) == 0
    assert capsys.readouterr().out == "model:   models/model/1\n"
    assert contents(MODEL / "1") == contents(version)
    # Once more, as when a container starts again: what is there stays.
    before = (MODEL / "1").stat().st_mtime_ns
    assert main.main(command) == 0
    assert (MODEL / "1").stat().st_mtime_ns == before
    assert registry.production(MODEL) == 1
    assert list(MODEL.glob(".incomplete*")) == []


BAD = {
    "a path upwards": member("1/../../x"),
    "an absolute path": member("/1/x"),
    "a file of no version": member("model.onnx"),
    "a symbolic link": member("1/x", tarfile.SYMTYPE),
    "a hard link": member("1/x", tarfile.LNKTYPE),
    "a device": member("1/x", tarfile.CHRTYPE),
    "a pipe": member("1/x", tarfile.FIFOTYPE),
    "no archive": b"<html>not found</html>",
    "half an archive": member("1/x")[:700],
}


@pytest.mark.parametrize("archive", BAD.values(), ids=BAD.keys())
def test_a_bad_archive_is_refused_and_leaves_nothing(
    archive: bytes,
    project: Path,
    publish: Publish,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = set(project.rglob("*"))
    assert main.main(publish(archive)) == 2
    assert "archive" in capsys.readouterr().err
    after = set(project.rglob("*")) - before
    left = {path for path in after if "logs" not in path.parts}
    assert left == {project / "models", project / MODEL}


@pytest.mark.parametrize("name", ["extra", "model.onnx"])
def test_files_that_the_manifest_does_not_know_are_refused(
    name: str,
    project: Path,
    version: Path,
    publish: Publish,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (version / name).write_bytes(b"another")
    assert main.main(publish(packed(version))) == 2
    problem = f"{name} was {'added' if name == 'extra' else 'changed'}"
    assert problem in capsys.readouterr().err
    assert list(MODEL.iterdir()) == []


def test_a_version_is_never_replaced_by_another_one(
    project: Path,
    version: Path,
    publish: Publish,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = graphs.save(MODEL)
    manifest = other / registry.MANIFEST
    manifest.write_text(manifest.read_text().replace('"seed": 1', '"seed": 2'))
    before = contents(other)
    assert main.main(publish(packed(version))) == 2
    assert "is another version 1" in capsys.readouterr().err
    assert contents(other) == before


@pytest.mark.parametrize(
    ("url", "sha256", "reason"),
    [
        ("{}?key=secret", "0" * 64, "not the archive that was asked for"),
        ("{}/gone?key=secret", "0" * 64, "cannot be downloaded: 404"),
        ("http://127.0.0.1:1/secret", "0" * 64, "cannot be downloaded: Connection"),
        ("file:///etc/passwd", "0" * 64, "model_url on the command line: "),
        ("https://example.com/x", "0" * 63, "model_sha256 on the command line: "),
    ],
)
def test_what_cannot_be_had_is_said_without_its_key(
    url: str,
    sha256: str,
    reason: str,
    project: Path,
    publish: Publish,
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = publish(b"").pop(2).replace("http://", "http://user:secret@")
    arguments = ["--model-url", url.format(known), "--model-sha256", sha256]
    assert main.main(["fetch", *arguments]) == 2
    shown = capsys.readouterr().err
    assert reason in shown and "secret" not in shown
    assert not MODEL.exists() or list(MODEL.iterdir()) == []
