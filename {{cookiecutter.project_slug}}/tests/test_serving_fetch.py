"""Fetching a version: what is right is taken over, whatever is not leaves nothing."""

import hashlib
import io
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import main, registry
from {{ cookiecutter.package_name }}.config import ProjectError, load_settings
from {{ cookiecutter.package_name }}.registry import RegistryError
from {{ cookiecutter.package_name }}.serving import fetch
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

import graphs
from loopback import Quiet, address_of, running

Publish = Callable[[bytes], tuple[str, str]]


class Folder(Quiet, SimpleHTTPRequestHandler):
    """Serves a folder."""


@pytest.fixture(name="publish")
def serve_folder(tmp_path: Path) -> Iterator[Publish]:
    """Return what puts an archive on this machine's HTTP server: address, SHA-256."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(Folder, directory=folder)
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:

        def publish(archive: bytes) -> tuple[str, str]:
            (folder / "model").write_bytes(archive)
            return f"{address_of(server)}/model", hashlib.sha256(archive).hexdigest()

        yield publish


@pytest.fixture(name="version")
def save_version(tmp_path: Path) -> Path:
    """Return the folder of a version, the first."""
    return graphs.save(tmp_path / "trained" / "model")


def packed(folder: Path, kind: str = "gztar") -> bytes:
    """Pack a version as `tar` or `zip` does."""
    name = folder.with_name("packed")
    return Path(shutil.make_archive(str(name), kind, folder.parent, "./1")).read_bytes()


def zipped(files: dict[str, bytes], kind: int = 0) -> bytes:
    """Pack files of any name as `zip` does, of a kind as Unix has them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = kind << 16
            archive.writestr(info, content)
    return file.getvalue()


def contents(folder: Path, prefix: str = "1/") -> dict[str, bytes]:
    """Return a folder's files by name."""
    return {prefix + path.name: path.read_bytes() for path in folder.iterdir()}


def member(name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Pack one member of a tar file; links lead to another file."""
    info, file = tarfile.TarInfo(name), io.BytesIO()
    info.type, info.linkname = kind, "../../../etc/passwd"
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(info)
    return file.getvalue()


def test_the_command_fetches_what_it_is_told_to(
    project: Path, version: Path, publish: Publish, capsys: pytest.CaptureFixture[str]
) -> None:
    url, sha256 = publish(packed(version))
    arguments = ["--model-url", f"{url}?key=secret", "--model-sha256", sha256.upper()]
    assert main.main(["fetch", *arguments]) == 0
    fetched = project / "models/model/1"
    shown = capsys.readouterr()
    assert shown.out == "model:   models/model/1\n" and "secret" not in shown.err
    assert contents(fetched) == contents(version)
    # Once more, as when a container starts again: what is there stays.
    before = fetched.stat().st_mtime_ns
    assert main.main(["fetch", *arguments]) == 0
    assert fetched.stat().st_mtime_ns == before
    assert registry.production(fetched.parent) == 1
    assert list(fetched.parent.glob(".incomplete*")) == []


def test_the_process_becomes_the_server_if_it_is_to(
    project: Path, version: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr("os.execv", lambda program, command: started.extend(command))
    url, sha256 = publish(packed(version))
    arguments = ["--model-url", url, "--model-sha256", sha256, "--then-serve"]
    assert main.main(["fetch", *arguments, "--model-name", "other"]) == 0
    assert started[1:3] == ["-m", main.__name__] and started[3] == "serve"
    settings = load_settings(ServeSettings, started[4:], "serve")
    assert (settings.models_dir, settings.model_name) == (Path("models"), "other")


@pytest.mark.parametrize("kind", ["tar", "xztar", "bztar", "zip"])
def test_archives_may_be_of_any_kind(
    kind: str, tmp_path: Path, version: Path, publish: Publish
) -> None:
    archive = packed(version, kind)
    fetched = fetch.fetch_version(*publish(archive), tmp_path / "model")
    assert contents(fetched) == contents(version)


BAD = {
    "a path upwards": member("1/../../x"),
    "a path upwards in a zip file": zipped({"1/../../x": b""}),
    "an absolute path": member("/1/x"),
    "a drive": zipped({"C:/x": b""}),
    "a file of no version": zipped({"model.onnx": b""}),
    "a symbolic link": member("1/x", tarfile.SYMTYPE),
    "a hard link": member("1/x", tarfile.LNKTYPE),
    "a device": member("1/x", tarfile.CHRTYPE),
    "a pipe": member("1/x", tarfile.FIFOTYPE),
    "two versions": zipped({"1/manifest.json": b"", "2/manifest.json": b""}),
    "nothing": zipped({}),
    "a file that is a folder too": zipped({"1/x": b"", "1/x/y": b""}),
    "no archive": b"<html>not found</html>",
    "half an archive": zipped({"1/x": b"x" * 1000})[:-30],
}


@pytest.mark.parametrize("archive", BAD.values(), ids=BAD.keys())
def test_a_bad_archive_is_refused_and_leaves_nothing(
    archive: bytes, tmp_path: Path, publish: Publish
) -> None:
    url, sha256 = publish(archive)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ProjectError, match="archive"):
        fetch.fetch_version(url, sha256, tmp_path / "model")
    assert sorted(set(tmp_path.rglob("*")) - set(before)) == [tmp_path / "model"]


@pytest.mark.parametrize(
    "added",
    [
        zipped({"1/model.onnx": b"/etc/passwd"}, stat.S_IFLNK | 0o777),
        zipped({"1/extra": b""}),
    ],
)
def test_files_that_the_manifest_does_not_know_are_refused(
    added: bytes, tmp_path: Path, version: Path, publish: Publish
) -> None:
    archive = io.BytesIO(added)
    with zipfile.ZipFile(archive, "a") as file:
        for name, content in contents(version).items():
            if name not in file.namelist():
                file.writestr(name, content)
    url, sha256 = publish(archive.getvalue())
    with pytest.raises(RegistryError, match="extra was added|model.onnx was changed"):
        fetch.fetch_version(url, sha256, tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []


def test_a_version_is_never_replaced_by_another_one(
    tmp_path: Path, version: Path, publish: Publish
) -> None:
    url, sha256 = publish(packed(version))
    other = graphs.save(tmp_path / "model", graphs.graph())
    manifest = other / registry.MANIFEST
    manifest.write_text(manifest.read_text().replace('"seed": 1', '"seed": 2'))
    with pytest.raises(fetch.FetchError, match="is another version 1"):
        fetch.fetch_version(url, sha256, tmp_path / "model")
    assert registry.load_version(other.parent)[1].seed == 2


def test_what_cannot_be_had_is_said_without_its_key(
    tmp_path: Path, version: Path, publish: Publish
) -> None:
    url, _ = publish(packed(version))
    url = url.replace("http://", "http://user:secret@")
    for address, reason in (
        (f"{url}?key=secret", "not the archive that was asked for"),
        (f"{url}/gone?key=secret", "cannot be downloaded: .*404"),
        ("http://127.0.0.1:1/secret", "cannot be downloaded: ConnectionError"),
    ):
        with pytest.raises(fetch.FetchError, match=reason) as error:
            fetch.fetch_version(address, "0" * 64, tmp_path / "model")
        assert "secret" not in str(error.value)
    assert list((tmp_path / "model").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "sha256"),
    [("file:///etc/passwd", "0" * 64), ("https://example.com/x", "0" * 63)],
)
def test_other_addresses_and_shorter_hashes_are_refused(
    project: Path, url: str, sha256: str
) -> None:
    arguments = ["--model-url", url, "--model-sha256", sha256]
    assert main.main(["fetch", *arguments]) == 2
