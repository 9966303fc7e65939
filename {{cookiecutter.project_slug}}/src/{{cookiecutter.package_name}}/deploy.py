"""A version of the model on a plain host: copied, checked, switched to, and back.

On the host, below `remote_dir`:

    releases/<version>-<hash>/<model name>/<version>/    what was copied, never changed
    models      the link that the server reads its models through
    previous    a link to what `models` led to before

Links are replaced by a rename, so that there is always one version to serve. The unit
in deploy/systemd/ says how a host is prepared.
"""

import json
import logging
import shlex
import time
import uuid
from pathlib import Path

from . import aliases, registry
from .delivery_settings import DeploySettings
from .files import file_sha256
from .remote import Host, RemoteError, connected

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5


def deploy(settings: DeploySettings) -> None:
    """Bring a version to the host, or go back to the one before."""
    if settings.action == "rollback":
        with connected(settings) as host:
            roll_back(host, settings)
        return
    model_dir = settings.models_dir / settings.model_name
    version = settings.version or aliases.served_version(model_dir)
    folder, manifest = aliases.load_exported(model_dir, version, settings.verify_key)
    added = (registry.MANIFEST, registry.SIGNATURE)  # which no manifest lists
    hashes = manifest.files | {
        name: file_sha256(folder / name) for name in added if (folder / name).exists()
    }
    with connected(settings) as host:
        release = copy(host, settings, folder, hashes)
        before = host.link_of(f"{settings.remote_dir}/models")
        switch(host, settings, release, before)
        if before not in (None, release):
            host.set_link(f"{settings.remote_dir}/previous", before)
        print(f"serving: {host.name}:{settings.remote_dir}/{release}")


def copy(
    host: Host, settings: DeploySettings, folder: Path, hashes: dict[str, str]
) -> str:
    """Copy a version to the host, unless it is there, and check it there.

    Args:
        host: The host.
        settings: Where to.
        folder: The version's folder.
        hashes: The SHA-256 of each of its files.

    Returns:
        The release: its folder, below `remote_dir`.

    Raises:
        RemoteError: If it cannot be written, or arrives as something else.
    """
    # A signature is over the manifest, and a manifest over all other files.
    whole = hashes.get(registry.SIGNATURE, hashes[registry.MANIFEST])
    release = f"releases/{folder.name}-{whole[:12]}"
    target = f"{settings.remote_dir}/{release}"
    inside = f"{settings.model_name}/{folder.name}"
    if not host.exists(target):
        incoming = f"{settings.remote_dir}/releases/.incoming-{uuid.uuid4().hex}"
        parent = shlex.quote(f"{incoming}/{settings.model_name}")
        host.run(f"umask 022 && mkdir -p -- {parent}")
        try:
            host.upload(folder, sorted(hashes), f"{incoming}/{inside}")
            host.verify(f"{incoming}/{inside}", hashes)
            host.rename(incoming, target)
        except RemoteError:
            host.run(f"rm -rf -- {shlex.quote(incoming)}")
            raise
        logger.info("copied %s to %s:%s", folder, host.name, target)
    host.verify(f"{target}/{inside}", hashes)
    return release


def switch(
    host: Host, settings: DeploySettings, release: str, before: str | None
) -> None:
    """Serve a release; if that does not work, the one before again.

    Raises:
        RemoteError: If the new release is not served; it was taken back.
    """
    models = f"{settings.remote_dir}/models"
    host.set_link(models, release)
    try:
        restart(host, settings, release)
    except BaseException:  # Ctrl-C too
        if before is None:
            logger.error("%s was never served; there is nothing to go back to", release)
        else:
            logger.error("%s is not served; going back to %s", release, before)
            host.set_link(models, before)
            restart(host, settings, before)
        raise


def restart(host: Host, settings: DeploySettings, release: str) -> None:
    """Restart the service and wait until it serves the release's version.

    Raises:
        RemoteError: If it does not in time.
    """
    host.run(settings.restart_command)
    version = int(Path(release).name.partition("-")[0])
    deadline = time.monotonic() + settings.ready_seconds
    while True:
        try:
            status, body = host.get(settings.server_port, "/readyz")
            found = json.loads(body)
            if status == 200 and found.get("version") == version:
                logger.info("%s serves version %d", host.name, version)
                return
            problem = f"/readyz answers {status}: {body.decode(errors='replace')}"
        except (RemoteError, ValueError) as error:
            problem = str(error)
        if time.monotonic() > deadline:
            raise RemoteError(
                f"{host.name} does not serve version {version} after "
                f"{settings.ready_seconds:g} s: {problem}"
            )
        time.sleep(POLL_SECONDS)


def roll_back(host: Host, settings: DeploySettings) -> None:
    """Serve what was served before the last deployment; twice leads back again.

    No key is asked for: it was when that version was copied, if one was set then.

    Raises:
        RemoteError: If nothing was, or if it is not served.
    """
    models, previous = (f"{settings.remote_dir}/{n}" for n in ("models", "previous"))
    before, release = host.link_of(models), host.link_of(previous)
    if before is None or release is None:
        raise RemoteError(
            f"{host.name}:{settings.remote_dir}: only one version was ever deployed"
        )
    switch(host, settings, release, before)
    host.set_link(previous, before)
    print(f"serving: {host.name}:{settings.remote_dir}/{release}")
