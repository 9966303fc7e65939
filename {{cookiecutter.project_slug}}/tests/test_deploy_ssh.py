"""deploy/ssh.py and a host that this process plays: an SSH server with a real shell."""

import asyncio
import importlib.util
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncssh
import pytest

import graphs
from loopback import Quiet, running

SCRIPT = Path(__file__).parents[1] / "deploy" / "ssh.py"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not (shutil.which("sha256sum") and shutil.which("curl")),
    reason="the host is played by this machine, and has to be like Linux",
)


def load() -> Any:
    """Import the script, which is in no package."""
    spec = importlib.util.spec_from_file_location("ssh", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def run_command(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run what the client asks for, as sshd does."""
    shell = await asyncio.create_subprocess_shell(
        process.command or "",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await shell.communicate()
    process.stdout.write(printed)
    process.exit(await shell.wait())


class Ready(Quiet):
    """Answers as the model server does, with the version it found when it started."""

    loaded: Path
    broken: set[int]

    def do_GET(self) -> None:
        """Say which version is served, or that none is."""
        version = int(self.loaded.read_text().partition("/")[2].partition("-")[0])
        broken = version in self.broken
        self.send_response(503 if broken else 200)
        self.end_headers()
        answer = {"error": "no model yet"} if broken else {"version": version}
        self.wfile.write(json.dumps(answer).encode())


class Remote:
    """A host, a model server that its restart command starts, and a user's home."""

    def __init__(self, folder: Path, server_port: int) -> None:
        """Make the host's folder; somebody's folder has a blank in its name."""
        self.folder = folder
        self.root = folder / "srv $(id)"
        (self.root / "releases").mkdir(parents=True)
        self.home = folder / ".ssh"
        self.home.mkdir()
        self.options = ["--root", str(self.root), "--port", str(server_port)]
        self.options += ["--restart", f"readlink models > {folder}/loaded"]
        self.options += ["--seconds", "0"]
        self.script = load()
        self.script.POLL_SECONDS = 0.01

    def knows(self, port: int, host: asyncssh.SSHKey, user: asyncssh.SSHKey) -> None:
        """Write what a user has who has logged in before."""
        public = host.export_public_key().decode()
        (self.home / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
        user.write_private_key(self.home / "key")
        entry = ["Host there", "HostName 127.0.0.1", f"Port {port}", "User deployer"]
        entry += [f"IdentityFile {self.home}/key", "IdentitiesOnly yes", ""]
        (self.home / "config").write_text("\n  ".join(entry))

    def deploy(self, *options: str) -> int:
        """Run the script and return its status."""
        status: int = self.script.main(["there", *self.options, *options])
        return status

    def link(self, name: str = "models") -> str:
        """Return which version a link leads to."""
        return (self.root / name).readlink().name.partition("-")[0]


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
    project: Path, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Remote]:
    """Return a host that is well, has no version yet, and that the user knows."""
    folder = project / "host"
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(Ready, "loaded", folder / "loaded", raising=False)
    monkeypatch.setattr(Ready, "broken", set(), raising=False)
    user, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host],
            authorized_client_keys=asyncssh.import_authorized_keys(
                user.export_public_key().decode()
            ),
            process_factory=run_command,
            sftp_factory=True,
            encoding=None,
        )

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Ready)) as server:
        remote = Remote(folder, server.server_port)
        remote.knows(acceptor.get_port(), host, user)
        yield remote
    loop.call_soon_threadsafe(acceptor.close)
    asyncio.run_coroutine_threadsafe(acceptor.wait_closed(), loop).result()


@pytest.fixture(name="train")
def train_versions(project: Path) -> Callable[[], Path]:
    """Return what adds a version to the project."""
    return lambda: graphs.save(project / "models/model")


def contents(folder: Path) -> dict[Path, bytes]:
    """Return a folder's files by their path in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


def test_a_version_is_copied_served_and_taken_back(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    first = train()
    assert remote.deploy() == 0, capsys.readouterr().err
    served = remote.root / "models/model/1"
    assert contents(served) == contents(first)
    assert "serving: there:" in capsys.readouterr().out
    assert served.stat().st_mode & 0o777 == 0o755
    assert (served / "model.onnx").stat().st_mode & 0o777 == 0o644

    train()
    assert remote.deploy() == 0
    assert (remote.link(), remote.link("previous")) == ("2", "1")
    assert remote.deploy("--rollback") == 0
    assert (remote.link(), remote.link("previous")) == ("1", "2")
    assert remote.deploy("--rollback") == 0
    assert remote.link() == "2"


def test_the_same_version_again_is_only_checked(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy() == 0
    (file,) = remote.root.glob("releases/1-*/model/1/model.onnx")
    before = file.stat().st_mtime_ns
    assert remote.deploy("--version", "1") == 0
    assert file.stat().st_mtime_ns == before
    assert not (remote.root / "previous").is_symlink()
    file.write_bytes(b"changed")
    assert remote.deploy() == 1
    assert "model.onnx: FAILED" in capsys.readouterr().err


def test_a_version_that_does_not_run_is_taken_back(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy() == 0
    train()
    Ready.broken.add(2)
    assert remote.deploy() == 1
    shown = capsys.readouterr()
    assert "version 2 is not served" in shown.err and "no model yet" in shown.err
    assert "going back to releases/1-" in shown.out
    assert remote.link() == "1"
    assert (remote.folder / "loaded").read_text().startswith("releases/1-")
    assert not (remote.root / "previous").is_symlink()


def test_a_version_may_take_a_while_to_load(
    remote: Remote, train: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    train()
    Ready.broken.add(1)
    monkeypatch.setattr(
        remote.script.time, "sleep", lambda _: Ready.broken.clear(), raising=True
    )
    assert remote.deploy("--seconds", "60") == 0
    assert remote.link() == "1"


def test_a_first_version_that_does_not_run_is_said_to_be_the_first(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy("--restart", "echo no such unit; exit 5") == 1
    shown = capsys.readouterr()
    assert "no such unit" in shown.err and "Exit code: 5" in shown.err
    assert "going back to nothing" in shown.out


def test_without_a_deployment_before_there_is_no_way_back(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    assert remote.deploy() == 0
    assert remote.deploy("--rollback") == 1
    assert "only one version was ever deployed" in capsys.readouterr().err


def test_what_arrives_damaged_is_removed_and_never_served(
    remote: Remote,
    train: Callable[[], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train()
    put = remote.script.Connection.put

    def damage(self: Any, local: Any, remote: str, *options: Any) -> None:
        put(self, local, remote, *options)
        if remote.endswith("model.onnx"):
            Path(remote).write_bytes(b"damaged")

    monkeypatch.setattr(remote.script.Connection, "put", damage)
    assert remote.deploy() == 1
    assert "model.onnx: FAILED" in capsys.readouterr().err
    assert list((remote.root / "releases").iterdir()) == []
    assert not (remote.root / "models").is_symlink()


def test_only_the_host_that_is_known_is_talked_to(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    known = remote.home / "known_hosts"
    name = known.read_text().partition(" ")[0]
    known.write_text("")
    assert remote.deploy() == 1
    assert "not found in known_hosts" in capsys.readouterr().err
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known.write_text(f"{name} {other}")
    assert remote.deploy() == 1
    assert "does not match" in capsys.readouterr().err
    assert list((remote.root / "releases").iterdir()) == []


def test_a_user_without_the_key_is_refused(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train()
    other = asyncssh.generate_private_key("ssh-ed25519")
    other.write_private_key(remote.home / "key")
    assert remote.deploy() == 1
    assert "Authentication failed" in capsys.readouterr().err


def test_a_version_that_is_not_whole_here_is_not_copied(
    remote: Remote, train: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (train() / "model.onnx").write_bytes(b"changed")
    assert remote.deploy() == 1
    assert "model.onnx was changed" in capsys.readouterr().err
    assert list((remote.root / "releases").iterdir()) == []
