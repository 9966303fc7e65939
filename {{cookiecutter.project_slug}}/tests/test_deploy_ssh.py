"""Deploying to a host that this process plays: see ssh_host.py."""

import asyncio
import hashlib
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from {{ cookiecutter.package_name }} import deploy, main, registry, signing
from {{ cookiecutter.package_name }}.remote import Host, RemoteError, connected

from samples import INPUTS
from ssh_host import Ready, Remote, started

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("sha256sum"),
    reason="the host is played by this machine, and has to be like Linux",
)


@pytest.fixture(scope="module", name="loop")
def run_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Return a loop that runs in a thread."""
    asyncssh.set_log_level("ERROR")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(name="remote")
def start_remote(
    tmp_path: Path,
    loop: asyncio.AbstractEventLoop,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Remote]:
    """Return a host that is well and has no version yet."""
    folder = tmp_path / "host"
    monkeypatch.setattr(Ready, "loaded", folder / "loaded", raising=False)
    monkeypatch.setattr(Ready, "broken", set(), raising=False)
    monkeypatch.setattr(deploy, "POLL_SECONDS", 0.01)
    with started(folder, loop) as remote:
        yield remote


@pytest.fixture(name="train")
def train_versions(project: Path) -> Callable[[], Path]:
    """Return what adds a version to the project, a file in a folder of its own."""

    def write_files(folder: Path) -> None:
        (folder / "model.onnx").write_bytes(b"weights" * 10_000)
        (folder / "variables").mkdir()
        (folder / "variables/index").write_bytes(b"more")

    def train() -> Path:
        facts: dict[str, Any] = dict(metrics={}, history={}, settings={}, seed=1)
        facts |= dict(dataset="digits", classes=("0", "1"), data_sha256="0" * 64)
        model_dir = project / "models/model"
        return registry.save_version(model_dir, write_files, inputs=INPUTS, **facts)

    return train


def contents(folder: Path) -> dict[Path, bytes]:
    """Return a folder's files by their path in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


def test_a_version_is_copied_served_and_taken_back(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    first = train()
    assert remote.deploy() == 0
    served = remote.root / "models/model/1"
    assert contents(served) == contents(first)
    assert f"serving: 127.0.0.1:{remote.port}" in capsys.readouterr().out
    assert served.stat().st_mode & 0o777 == 0o755
    assert (served / "model.onnx").stat().st_mode & 0o777 == 0o644

    train()
    assert remote.deploy() == 0
    assert (remote.link(), remote.link("previous")) == ("2", "1")
    assert remote.deploy("rollback") == 0
    assert (remote.link(), remote.link("previous")) == ("1", "2")
    assert remote.deploy("rollback") == 0
    assert remote.link() == "2"


def test_the_same_version_again_is_only_checked(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy() == 0
    (file,) = remote.root.glob("releases/1-*/model/1/model.onnx")
    before = file.stat().st_mtime_ns
    assert remote.deploy(version="1") == 0
    assert file.stat().st_mtime_ns == before
    assert not (remote.root / "previous").is_symlink()
    file.write_bytes(b"changed")
    assert remote.deploy() == 2
    assert "model.onnx: FAILED" in capsys.readouterr().err


def test_a_signature_is_asked_for_and_copied(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    version = train()
    assert remote.deploy() == 0
    public = signing.new_key(remote.folder / "release")
    assert remote.deploy(verify_key=str(public)) == 2
    assert "is not signed" in capsys.readouterr().err
    signing.sign(version, remote.folder / "release")
    assert remote.deploy(verify_key=str(public)) == 0
    assert contents(remote.root / "models/model/1") == contents(version)
    signing.verify(remote.root / "models/model/1", public)


def test_a_version_that_does_not_run_is_taken_back(
    remote: Remote,
    train: Callable[[], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train()
    assert remote.deploy() == 0
    train()
    monkeypatch.setattr(Ready, "broken", {2})
    assert remote.deploy() == 2
    shown = capsys.readouterr().err
    assert "does not serve version 2" in shown and "/readyz answers 503" in shown
    assert remote.link() == "1"
    assert (remote.folder / "loaded").read_text().startswith("releases/1-")
    assert not (remote.root / "previous").is_symlink()


def test_a_version_may_take_a_while_to_load(
    remote: Remote, train: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    train()
    Ready.broken.add(1)
    monkeypatch.setattr("time.sleep", lambda _: Ready.broken.clear())
    assert remote.deploy(ready_seconds="60") == 0
    assert remote.link() == "1"


def test_a_first_version_that_does_not_run_is_said_to_be_the_first(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy(restart_command="echo no such unit; exit 5") == 2
    shown = capsys.readouterr().err
    assert "ended with 5: no such unit" in shown
    assert "there is nothing to go back to" in shown


def test_without_a_deployment_before_there_is_no_way_back(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy() == 0
    assert remote.deploy("rollback") == 2
    assert "only one version was ever deployed" in capsys.readouterr().err


def test_what_arrives_damaged_is_removed_and_never_served(
    remote: Remote,
    train: Callable[[], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train()
    upload = Host.upload

    def damage(host: Host, folder: Path, names: list[str], target: str) -> None:
        upload(host, folder, names, target)
        (Path(target) / "model.onnx").write_bytes(b"damaged")

    monkeypatch.setattr(Host, "upload", damage)
    assert remote.deploy() == 2
    assert "model.onnx: FAILED" in capsys.readouterr().err
    assert list((remote.root / "releases").iterdir()) == []
    assert not (remote.root / "models").is_symlink()


def test_an_unknown_host_is_refused_with_its_fingerprint(
    remote: Remote,
    train: Callable[[], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    train()
    (remote.folder / "known_hosts").write_text("")
    assert remote.deploy() == 2
    shown = capsys.readouterr().err
    assert "is not in" in shown and "ssh-ed25519 SHA256:" in shown
    assert not (remote.root / "releases").exists()


def test_a_host_with_another_key_is_refused(
    remote: Remote,
    train: Callable[[], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    train()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (remote.folder / "known_hosts").write_text(f"[127.0.0.1]:{remote.port} {other}")
    assert remote.deploy() == 2
    assert "is another one than in" in capsys.readouterr().err
    assert not (remote.root / "releases").exists()


def test_a_user_without_the_key_is_refused(
    remote: Remote,
    train: Callable[[], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    train()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(
        remote.folder / "other"
    )
    assert remote.deploy(ssh_key=str(remote.folder / "other")) == 2
    assert "cannot log in to 127.0.0.1" in capsys.readouterr().err


def test_a_missing_list_of_hosts_is_named(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy(known_hosts=str(remote.folder / "gone")) == 2
    assert "gone: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["srv", "/srv/../etc x", "/srv/$(id)"])
def test_a_folder_that_a_shell_could_misread_is_refused(
    project: Path, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["deploy", "ssh", "--ssh-host", "x", "--remote-dir", folder]
    assert main.main(arguments) == 2
    assert "--remote-dir" in capsys.readouterr().err


def test_a_host_refuses_what_its_user_may_not(project: Path, remote: Remote) -> None:
    """Each kind of request says what was refused, and where."""
    with connected(remote.settings()) as host:
        with pytest.raises(RemoteError, match="cannot write /proc/x"):
            host.upload(remote.folder, [], "/proc/x")
        with pytest.raises(RemoteError, match="cannot rename"):
            host.rename(f"{remote.root}/gone", f"{remote.root}/x")
        with pytest.raises(RemoteError, match="cannot link"):
            host.set_link("/proc/x", "y")
        with pytest.raises(RemoteError, match="no answer from port 1"):
            host.get(1, "/readyz")
        with pytest.raises(RemoteError, match="model.onnx"):
            host.verify(str(remote.root), {"model.onnx": hashlib.sha256().hexdigest()})
        assert host.link_of(f"{remote.root}/gone") is None
