"""Serve a version of the model on a Linux host that is reached over SSH; or take it back.

    python deploy/ssh.py HOST               # the version in production; or --version 3
    python deploy/ssh.py HOST --rollback    # what was served before; twice leads back

HOST is what `ssh HOST` takes: a name of ~/.ssh/config, or user@address:port. Only a host
that is in ~/.ssh/known_hosts is talked to. deploy/systemd/ says how a host is prepared;
here, `uv pip install -r requirements/deploy.txt`. On the host, below --root:

    releases/<version>-<hash>/<model>/<version>/    what was copied, never changed
    models      the link that the server reads its models through
    previous    a link to what `models` led to before
"""

import argparse
import io
import json
import shlex
import sys
import time
import uuid
from pathlib import Path

from fabric import Connection
from invoke.exceptions import Failure
from paramiko import RejectPolicy, SSHException

from {{ cookiecutter.package_name }} import registry
from {{ cookiecutter.package_name }}.config import ProjectError

CONNECT_SECONDS = 15
POLL_SECONDS = 0.5
ERRORS = (Failure, OSError, ProjectError, SSHException)


class Host:
    """A host with a server."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Prepare; the connection is opened by the first command."""
        self.options = options
        self.connection = Connection(options.host, connect_timeout=CONNECT_SECONDS)
        # Fabric would trust every host.
        self.connection.client.load_system_host_keys()
        self.connection.client.set_missing_host_key_policy(RejectPolicy())

    def run(self, command: str) -> str:
        """Run a command in the root and return what it prints; Failure if it fails."""
        command = f"cd {shlex.quote(self.options.root)} && {command}"
        result = self.connection.run(command, hide=True, in_stream=False)
        return str(result.stdout).strip()

    def copy(self, folder: Path, manifest: registry.Manifest) -> str:
        """Copy a version, unless it is there, and check it there.

        Returns:
            The release: its folder, below the root.
        """
        name = registry.MANIFEST  # which lists all the others
        sums = manifest.files | {name: registry.sha256_of(folder / name)}
        release = f"releases/{folder.name}-{sums[name][:12]}"
        if not self.run(f"ls -d {release} 2>/dev/null || true"):
            incoming = f"releases/.incoming-{uuid.uuid4().hex}"
            try:
                target = f"{incoming}/{folder.parent.name}/{folder.name}"
                folders = {f"{target}/{Path(each).parent.as_posix()}" for each in sums}
                self.run(f"mkdir -p {shlex.join(sorted(folders))}")
                for each in sums:
                    path = f"{self.options.root}/{target}/{each}"
                    self.connection.put(str(folder / each), path, preserve_mode=False)
                # Everybody there may read a model; the server has a user of its own.
                self.run(f"chmod -R u=rwX,go=rX {incoming}")
                self.verify(sums, incoming, folder)
                self.run(f"mv -T {incoming} {release}")
            finally:
                self.run(f"rm -rf {incoming}")
        self.verify(sums, release, folder)
        return release

    def verify(self, sums: dict[str, str], release: str, folder: Path) -> None:
        """Let the host compute the SHA-256 of each file, and compare them."""
        lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items())
        file = f"{self.options.root}/{release}/SHA256SUMS"
        self.connection.put(io.BytesIO(lines.encode()), file)
        inside = f"{release}/{folder.parent.name}/{folder.name}"
        self.run(f"cd {inside} && sha256sum -c --strict --quiet ../../SHA256SUMS 2>&1")

    def link(self, name: str) -> str:
        """Return where a link leads; nothing if there is none."""
        return self.run(f"readlink {name} || true")

    def set_link(self, name: str, release: str) -> None:
        """Let a link lead elsewhere, in one step: it is never missing."""
        self.run(f"ln -sfn {release} .{name} && mv -T .{name} {name}")

    def switch(self, release: str, before: str) -> None:
        """Serve a release; if that does not work, the one before again."""
        self.set_link("models", release)
        try:
            self.restart(release)
        except BaseException:  # Ctrl-C too
            print(f"{release} is not served; going back to {before or 'nothing'}")
            if before:
                self.set_link("models", before)
                self.restart(before)
            raise
        if before not in ("", release):
            self.set_link("previous", before)
        print(f"serving: {self.options.host}:{self.options.root}/{release}")

    def restart(self, release: str) -> None:
        """Restart the server and wait until it serves the release's version."""
        self.run(self.options.restart)
        version = int(Path(release).name.partition("-")[0])
        ask = f"curl -sS -m 5 http://127.0.0.1:{self.options.port}/readyz 2>&1 || true"
        deadline = time.monotonic() + self.options.seconds
        while not serves(version, answer := self.run(ask)):
            if time.monotonic() > deadline:
                raise ProjectError(f"version {version} is not served: {answer}")
            time.sleep(POLL_SECONDS)


def serves(version: int, answer: str) -> bool:
    """Whether a server's answer at /readyz says that it serves a version."""
    try:
        return bool(json.loads(answer)["version"] == version)
    except (ValueError, KeyError):
        return False


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return 1 if the host or the version is not well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("host", help="as ssh takes it")
    parser.add_argument("--version", type=int, help="if not the one in production")
    parser.add_argument("--rollback", action="store_true", help="serve what was before")
    parser.add_argument("--model-dir", type=Path, default=Path("models/model"))
    parser.add_argument("--root", default="/srv/{{ cookiecutter.project_slug }}")
    restart = "sudo -n systemctl restart {{ cookiecutter.project_slug }}"
    parser.add_argument("--restart", default=restart, help="what restarts the server")
    parser.add_argument("--port", type=int, default=8000, help="of the server")
    parser.add_argument("--seconds", type=float, default=60, help="to become ready")
    options = parser.parse_args(arguments)
    host = Host(options)
    try:
        if options.rollback:
            release = host.link("previous")
            if not release:
                raise ProjectError("only one version was ever deployed")
        else:
            version = options.version or registry.served_version(options.model_dir)
            release = host.copy(*registry.load_served(options.model_dir, version))
        host.switch(release, host.link("models"))
    except ERRORS as error:
        print(f"{options.host}: {error}", file=sys.stderr)
        return 1
    finally:
        host.connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
