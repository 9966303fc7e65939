"""A Linux host that is reached over SSH: commands, files, and its own HTTP server.

The host's key has to be known beforehand: one that is not known, or that has changed,
ends the connection before anything is sent.
"""

import http.client
import logging
import shlex
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import paramiko

from .config import ProjectError
from .delivery_settings import DeploySettings

CONNECT_SECONDS = 15
COMMAND_SECONDS = 120  # without output
REQUEST_SECONDS = 5
# Everybody on the host may read a model; the service runs as a user of its own.
FOLDER_MODE, FILE_MODE = 0o755, 0o644


class RemoteError(ProjectError):
    """A host cannot be reached, is not the one that is known, or refuses something."""


class RefuseUnknown(paramiko.MissingHostKeyPolicy):
    """Refuses a host whose key is not known, and says what to do about it."""

    def __init__(self, known_hosts: Path) -> None:
        """Take the file that the key should be in."""
        self.known_hosts = known_hosts

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Refuse.

        Raises:
            RemoteError: Always.
        """
        raise RemoteError(
            f"the key of {hostname} is not in {self.known_hosts}; it shows "
            f"{key.get_name()} {key.fingerprint}. If its owner confirms that, add what "
            "`ssh-keyscan` prints to that file"
        )


class Host:
    """An open connection to a host."""

    def __init__(self, client: paramiko.SSHClient, name: str) -> None:
        """Take a client that is connected, and what messages call the host."""
        self.name = name
        self._client = client
        self._sftp = client.open_sftp()

    def run(self, command: str, given: str = "") -> str:
        """Run a command in the host's shell.

        Args:
            command: The command; quote what comes from elsewhere.
            given: What it reads from its standard input.

        Returns:
            What it printed, both streams together.

        Raises:
            RemoteError: If it ends with another status than 0, or with none in time.
        """
        stdin, stdout, _ = self._client.exec_command(command, timeout=COMMAND_SECONDS)
        channel = stdout.channel
        channel.set_combine_stderr(True)
        try:
            stdin.write(given)
            stdin.flush()
            channel.shutdown_write()
            printed = stdout.read().decode(errors="replace").strip()
        except (OSError, paramiko.SSHException) as error:
            raise RemoteError(f"{self.name}: `{command}`: {error!r}") from error
        status = channel.recv_exit_status()
        if status:
            raise RemoteError(
                f"{self.name}: `{command}` ended with {status}: "
                f"{printed or 'no output'}"
            )
        return printed

    def upload(self, folder: Path, names: Iterable[str], target: str) -> None:
        """Copy files of a folder.

        Args:
            folder: The folder here.
            names: Its files, by their path in it, with slashes.
            target: The folder there; it must not exist, its parent must.

        Raises:
            RemoteError: If the host refuses it.
        """
        made = {PurePosixPath()}
        try:
            self._make_folder(target)
            for name in map(PurePosixPath, names):
                for parent in reversed(name.parents):
                    if parent not in made:
                        self._make_folder(f"{target}/{parent}")
                        made.add(parent)
                self._sftp.put(str(folder / name), f"{target}/{name}")
                self._sftp.chmod(f"{target}/{name}", FILE_MODE)
        except (OSError, paramiko.SSHException) as error:
            raise RemoteError(f"{self.name}: cannot write {target}: {error}") from error

    def _make_folder(self, path: str) -> None:
        """Make a folder that all may read, whatever the user's mask is."""
        self._sftp.mkdir(path)
        self._sftp.chmod(path, FOLDER_MODE)

    def rename(self, old: str, new: str) -> None:
        """Rename a file, a folder or a link; a link that has the new name goes.

        Raises:
            RemoteError: If the host refuses it.
        """
        try:
            self._sftp.posix_rename(old, new)
        except OSError as error:
            raise RemoteError(f"{self.name}: cannot rename {old}: {error}") from error

    def link_of(self, path: str) -> str | None:
        """Return where a symbolic link leads; None if there is none."""
        try:
            return self._sftp.readlink(path)
        except FileNotFoundError:
            return None

    def set_link(self, path: str, target: str) -> None:
        """Let a symbolic link lead elsewhere, in one step: it is never missing.

        Raises:
            RemoteError: If the host refuses it.
        """
        temporary = f"{path}.{uuid.uuid4().hex}"
        try:
            self._sftp.symlink(target, temporary)
        except OSError as error:
            raise RemoteError(f"{self.name}: cannot link {path}: {error}") from error
        self.rename(temporary, path)

    def exists(self, path: str) -> bool:
        """Whether there is something with this name."""
        try:
            self._sftp.stat(path)
        except FileNotFoundError:
            return False
        return True

    def verify(self, folder: str, hashes: dict[str, str]) -> None:
        """Let the host compute the SHA-256 of files, and compare them.

        Args:
            folder: The host's folder.
            hashes: The expected SHA-256 of each file, by its name in the folder.

        Raises:
            RemoteError: If a file differs or is missing.
        """
        wanted = "".join(f"{sha256}  {name}\n" for name, sha256 in hashes.items())
        check = "sha256sum --check --strict --quiet -"
        self.run(f"cd {shlex.quote(folder)} && {check}", wanted)

    def get(self, port: int, path: str) -> tuple[int, bytes]:
        """Ask the HTTP server on the host's own loopback address, through the tunnel.

        Returns:
            The status and the body.

        Raises:
            RemoteError: If there is no answer.
        """
        transport = self._client.get_transport()
        assert transport is not None  # connected
        here = ("127.0.0.1", port)
        request = f"GET {path} HTTP/1.1\r\nHost: {here[0]}\r\nConnection: close\r\n\r\n"
        try:
            # Not with an HTTPConnection: it would close the channel, which is no real
            # socket, before the body was read.
            with transport.open_channel(
                "direct-tcpip", here, ("127.0.0.1", 0), timeout=REQUEST_SECONDS
            ) as channel:
                channel.settimeout(REQUEST_SECONDS)
                channel.sendall(request.encode())
                socket: Any = channel
                answer = http.client.HTTPResponse(socket, method="GET")
                answer.begin()
                return answer.status, answer.read()
        except (OSError, paramiko.SSHException, http.client.HTTPException) as error:
            raise RemoteError(
                f"{self.name}: no answer from port {port}: {error!r}"
            ) from error


@contextmanager
def connected(settings: DeploySettings) -> Iterator[Host]:
    """Connect to the host that the settings name, and leave it in the end.

    Raises:
        RemoteError: If the host is not there, not the known one, or refuses the user.
    """
    name = f"{settings.ssh_host}:{settings.ssh_port}"
    known_hosts = settings.known_hosts.expanduser()
    logging.getLogger("paramiko").setLevel(logging.WARNING)
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(RefuseUnknown(known_hosts))
        try:
            client.load_host_keys(str(known_hosts))
        except OSError as error:
            raise RemoteError(f"{known_hosts}: {error.strerror}") from error
        key = settings.ssh_key
        try:
            client.connect(
                settings.ssh_host,
                settings.ssh_port,
                username=settings.ssh_user,
                key_filename=str(key.expanduser()) if key else None,
                allow_agent=key is None,
                look_for_keys=key is None,
                timeout=CONNECT_SECONDS,
            )
        except paramiko.BadHostKeyException as error:
            raise RemoteError(
                f"the key of {name} is another one than in {known_hosts}: it shows "
                f"{error.key.fingerprint}. Somebody may be listening; ask its owner"
            ) from error
        except (OSError, paramiko.SSHException) as error:
            raise RemoteError(f"cannot log in to {name}: {error}") from error
        yield Host(client, name)
