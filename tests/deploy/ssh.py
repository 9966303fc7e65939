"""deploy/ssh.py and a host that this process plays: an SSH server with a real shell."""

import asyncio
import importlib
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncssh
import graphs
import pytest
from handwritten_digits.files import hashes
from test_serving_fetch import Quiet, running

FOLDER = Path(__file__).parents[1] / "deploy"
Output = pytest.CaptureFixture[str]

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not (shutil.which("sha256sum") and shutil.which("curl")),
    reason="the host is played by this machine, and has to be like Linux",
)


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

    def __init__(self, folder: Path, server_port: int, capsys: Output) -> None:
        """Make the host's folder; somebody's folder has a blank in its name."""
        self.folder, self.capsys = folder, capsys
        self.root = folder / "srv $(id)"
        (self.root / "releases").mkdir(parents=True)
        self.home = folder / ".ssh"
        self.home.mkdir()
        self.options = ["--root", str(self.root), "--port", str(server_port)]
        self.options += ["--restart", f"readlink models > {folder}/loaded"]
        self.options += ["--seconds", "0"]
        self.script: Any = importlib.import_module("ssh")

    def knows(self, port: int, host: asyncssh.SSHKey, user: asyncssh.SSHKey) -> None:
        """Write what a user has who has logged in before."""
        public = host.export_public_key().decode()
        (self.home / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
        user.write_private_key(self.home / "key")
        entry = ["Host there", "HostName 127.0.0.1", f"Port {port}", "User deployer"]
        entry += [f"IdentityFile {self.home}/key", "IdentitiesOnly yes", ""]
        (self.home / "config").write_text("\n  ".join(entry))

    def train(self) -> Path:
        """Add a version to the project, and return its folder."""
        return graphs.save(Path("models/model"))

    def deploy(self, *options: str, status: int = 0) -> tuple[str, str]:
        """Run the script, which has to end so; return what it says, and its errors."""
        found = self.script.main(["there", *self.options, *options])
        said = self.capsys.readouterr()
        assert found == status, said.err
        return said

    def links(self) -> dict[str, str]:
        """Return which version each link leads to."""
        found = (path for path in self.root.iterdir() if path.is_symlink())
        return {path.name: path.readlink().name.partition("-")[0] for path in found}

    def releases(self) -> list[Path]:
        """Return what was copied."""
        return list((self.root / "releases").iterdir())


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
    project: Path,
    loop: asyncio.AbstractEventLoop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
) -> Iterator[Remote]:
    """Return a host that is well, has no version yet, and that the user knows."""
    folder = project / "host"
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.syspath_prepend(FOLDER)
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
        remote = Remote(folder, server.server_port, capsys)
        monkeypatch.setattr(remote.script, "POLL_SECONDS", 0.01)
        remote.knows(acceptor.get_port(), host, user)
        yield remote
    loop.call_soon_threadsafe(acceptor.close)
    asyncio.run_coroutine_threadsafe(acceptor.wait_closed(), loop).result()


def test_a_version_is_copied_served_and_taken_back(remote: Remote) -> None:
    first = remote.train()
    assert "serving: there:" in remote.deploy()[0]
    served = remote.root / "models/model/1"
    assert hashes(served) == hashes(first)
    assert served.stat().st_mode & 0o777 == 0o755
    assert (served / "model.onnx").stat().st_mode & 0o777 == 0o644
    _, told = remote.deploy("--rollback", status=1)
    assert "only one version was ever deployed" in told

    remote.train()
    remote.deploy()
    assert remote.links() == {"models": "2", "previous": "1"}
    for served_now, before in ("12", "21"):
        remote.deploy("--rollback")
        assert remote.links() == {"models": served_now, "previous": before}


def test_the_same_version_again_is_only_checked(remote: Remote) -> None:
    remote.train()
    remote.deploy()
    file = remote.releases()[0] / "model/1/model.onnx"
    before = file.stat().st_mtime_ns
    remote.deploy("--version", "1")
    assert file.stat().st_mtime_ns == before
    assert remote.links() == {"models": "1"}
    file.write_bytes(b"changed")
    assert "model.onnx: FAILED" in remote.deploy(status=1)[1]


def test_a_version_that_does_not_run_is_taken_back(remote: Remote) -> None:
    remote.train()
    silent = ("--restart", "echo no such unit; exit 5")
    told, complaint = remote.deploy(*silent, status=1)
    assert "no such unit" in complaint and "Exit code: 5" in complaint
    assert "going back to nothing" in told
    remote.deploy()
    remote.train()
    Ready.broken.add(2)
    told, complaint = remote.deploy(status=1)
    assert "version 2 is not served" in complaint and "no model yet" in complaint
    assert "going back to releases/1-" in told
    assert remote.links() == {"models": "1"}
    assert (remote.folder / "loaded").read_text().startswith("releases/1-")


def test_a_version_may_take_a_while_to_load(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.train()
    Ready.broken.add(1)
    monkeypatch.setattr(remote.script.time, "sleep", lambda _: Ready.broken.clear())
    remote.deploy("--seconds", "60")
    assert remote.links() == {"models": "1"}


def test_what_is_damaged_here_or_on_the_way_is_never_served(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = remote.script.Connection.put

    def damage(self: Any, local: Any, remote: str, *options: Any) -> None:
        put(self, local, remote, *options)
        if remote.endswith("model.onnx"):
            Path(remote).write_bytes(b"damaged")

    folder = remote.train()
    with monkeypatch.context() as patch:
        patch.setattr(remote.script.Connection, "put", damage)
        assert "model.onnx: FAILED" in remote.deploy(status=1)[1]
    (folder / "model.onnx").write_bytes(b"changed")
    assert "model.onnx was changed" in remote.deploy(status=1)[1]
    assert remote.releases() == [] and remote.links() == {}


def test_only_a_known_host_is_talked_to_and_only_with_the_key(remote: Remote) -> None:
    remote.train()
    other = asyncssh.generate_private_key("ssh-ed25519")
    known = remote.home / "known_hosts"
    right = known.read_text()
    wrong = f"{right.partition(' ')[0]} {other.export_public_key().decode()}"
    for text, message in (("", "not found in known_hosts"), (wrong, "does not match")):
        known.write_text(text)
        assert message in remote.deploy(status=1)[1]
    known.write_text(right)
    other.write_private_key(remote.home / "key")
    assert "Authentication failed" in remote.deploy(status=1)[1]
    assert remote.releases() == []
