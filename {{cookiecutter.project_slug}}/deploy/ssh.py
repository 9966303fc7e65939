"""Serve a version of the model on a Linux host, over SSH; or take it back.

    python deploy/ssh.py HOST               # the version in production; or --version 3
    python deploy/ssh.py HOST --rollback    # what was served before; twice leads back

HOST is a name of ~/.ssh/config, or user@address:port. Only a host that is in
~/.ssh/known_hosts is talked to. deploy/systemd/ says how a host is prepared; set-up
installs Fabric, which this needs. On the host, below --root:

    releases/<version>-<hash>/<model>/<version>/    what was copied, never changed
    models      the link that the server reads its models through
    previous    a link to what `models` led to before
"""

import argparse
import io
import re
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
from {{ cookiecutter.package_name }}.files import hashes

CONNECT_SECONDS = 15
POLL_SECONDS = 0.5


class Host:
    """A host with a server; the options say where things are."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Prepare; the first command connects."""
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

    def put(self, content: str | io.BytesIO, path: str) -> None:
        """Write a file, from one here or from bytes, at a path below the root."""
        self.connection.put(content, f"{self.options.root}/{path}", False)

    def copy(self, folder: Path) -> str:
        """Copy a version, unless it is there, and let the host compute its hashes.

        Returns:
            The release: its folder, below the root.
        """
        sums = hashes(folder)
        release = f"releases/{folder.name}-{sums[registry.MANIFEST][:12]}"
        there = self.run(f"ls -d {release} 2>/dev/null || true")
        place = there or f"releases/.incoming-{uuid.uuid4().hex}"
        target = f"{place}/{folder.parent.name}/{folder.name}"
        lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items())
        try:
            if not there:
                paths = {name: f"{target}/{name}" for name in sums}
                folders = {path.rpartition("/")[0] for path in paths.values()}
                self.run(f"mkdir -p {shlex.join(folders)}")
                for name, path in paths.items():
                    self.put(str(folder / name), path)
                # Everybody there may read a model; the server has a user of its own.
                self.run(f"chmod -R u=rwX,go=rX {place}")
            self.put(io.BytesIO(lines.encode()), f"{place}/SHA256SUMS")
            self.run(f"cd {target} && sha256sum -c --quiet ../../SHA256SUMS 2>&1")
            if not there:
                self.run(f"mv -T {place} {release}")
        finally:
            if not there:
                self.run(f"rm -rf {place}")
        return release

    def switch(self, release: str) -> None:
        """Serve a release; if that does not work, the one before again."""
        before = self.run("readlink models || true")
        try:
            self.serve(release)
        except BaseException:  # Ctrl-C too
            print(f"{release} is not served; going back to {before or 'nothing'}")
            if before:
                self.serve(before)
            raise
        if before not in ("", release):
            self.link("previous", before)
        print(f"serving: {self.options.host}:{self.options.root}/{release}")

    def link(self, name: str, release: str) -> None:
        """Let a link lead to a release, in one step: it is never missing."""
        self.run(f"ln -sfn {release} .{name} && mv -T .{name} {name}")

    def serve(self, release: str) -> None:
        """Restart the server with a release, and wait until it is served."""
        self.link("models", release)
        self.run(self.options.restart)
        version = Path(release).name.partition("-")[0]
        ask = f"curl -sS -m 5 http://127.0.0.1:{self.options.port}/readyz 2>&1 || true"
        deadline = time.monotonic() + self.options.seconds
        while not re.search(rf'"version": ?{version}\b', answer := self.run(ask)):
            if time.monotonic() > deadline:
                raise ProjectError(f"version {version} is not served: {answer}")
            time.sleep(POLL_SECONDS)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return 1 if that fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("host", help="as ssh takes it")
    parser.add_argument("--version", type=int, help="if not the one in production")
    parser.add_argument("--rollback", action="store_true", help="serve what was before")
    parser.add_argument("--model-dir", type=Path, default=Path("models/model"))
    name = "{{ cookiecutter.project_slug }}"
    parser.add_argument("--root", default=f"/srv/{name}")
    restart = f"sudo -n systemctl restart {name}"
    parser.add_argument("--restart", default=restart, help="what restarts the server")
    parser.add_argument("--port", type=int, default=8000, help="of the server")
    parser.add_argument("--seconds", type=float, default=60, help="to become ready")
    options = parser.parse_args(arguments)
    host = Host(options)
    try:
        if options.rollback:
            release = host.run("readlink previous || true")
            if not release:
                raise ProjectError("only one version was ever deployed")
        else:
            version = options.version or registry.served_version(options.model_dir)
            folder, _ = registry.load_version(options.model_dir, version)
            release = host.copy(folder)
        host.switch(release)
    except (Failure, OSError, ProjectError, SSHException) as error:
        print(f"{options.host}: {error}", file=sys.stderr)
        return 1
    finally:
        host.connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
