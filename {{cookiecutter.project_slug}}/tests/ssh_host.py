"""A host to deploy to: an SSH server in this process, its shell and files are real."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import asyncssh

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.config import load_settings
from {{ cookiecutter.package_name }}.delivery_settings import DeploySettings

from loopback import Quiet, running


class Door(asyncssh.SSHServer):
    """Lets whoever has the key in, and through to a port of this machine."""

    def connection_requested(self, *where: object) -> bool:
        """Allow tunnels."""
        return True


async def run_command(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run what the client asks for, as sshd does."""
    shell = await asyncio.create_subprocess_shell(
        process.command or "",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await shell.communicate(await process.stdin.read())
    process.stdout.write(printed)
    process.exit(await shell.wait())


class Ready(Quiet):
    """Answers as the model server does, with the version it found when it started."""

    loaded: Path
    broken: set[int]

    def do_GET(self) -> None:
        """Say which version is served, or that none is."""
        version = int(self.loaded.read_text().partition("/")[2].partition("-")[0])
        self.send_response(503 if version in self.broken else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"version": version}).encode())


class Remote:
    """A host with an SSH server, and a model server that its restart command starts."""

    def __init__(self, folder: Path, ssh_port: int, server_port: int) -> None:
        """Take the host's folder and its two ports."""
        self.folder = folder
        self.port = ssh_port
        self.root = folder / "srv"
        self.options = {
            "--ssh-host": "127.0.0.1",
            "--ssh-port": str(ssh_port),
            "--ssh-user": "deployer",
            "--ssh-key": str(folder / "key"),
            "--known-hosts": str(folder / "known_hosts"),
            "--remote-dir": str(self.root),
            "--restart-command": f"readlink {self.root}/models > {folder}/loaded",
            "--server-port": str(server_port),
            "--ready-seconds": "0",
        }

    def deploy(self, action: str = "ssh", **changed: str) -> int:
        """Run the command, with some options changed, and return its status."""
        options = self.options | {
            f"--{k.replace('_', '-')}": changed[k] for k in changed
        }
        return main.main(
            ["deploy", action, *(text for o in options.items() for text in o)]
        )

    def settings(self) -> DeploySettings:
        """Return the settings that the command would have."""
        arguments = [text for option in self.options.items() for text in option]
        return load_settings(DeploySettings, ["ssh", *arguments], "deploy")

    def link(self, name: str = "models") -> str:
        """Return which version a link leads to."""
        return (self.root / name).readlink().name.partition("-")[0]


@contextmanager
def started(folder: Path, loop: asyncio.AbstractEventLoop) -> Iterator[Remote]:
    """Start a host that knows the user's key, and whose key the user knows.

    Args:
        folder: Of the host, to be made; its keys are in it too.
        loop: The SSH server's, which runs in another thread.

    Yields:
        The host.
    """
    (folder / "srv").mkdir(parents=True)
    user, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    user.write_private_key(folder / "key")
    user.write_public_key(folder / "key.pub")

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Door,
            server_host_keys=[host],
            authorized_client_keys=str(folder / "key.pub"),
            process_factory=run_command,
            sftp_factory=True,
            encoding=None,
        )

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    port = acceptor.get_port()
    public = host.export_public_key().decode()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Ready)) as server:
        yield Remote(folder, port, server.server_port)
    loop.call_soon_threadsafe(acceptor.close)
    asyncio.run_coroutine_threadsafe(acceptor.wait_closed(), loop).result()
