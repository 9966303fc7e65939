"""The model that is served, and how another version takes its place.

Promoting a version writes the alias file. Every worker looks at that file's state once
a second and loads the new version beside the old one; from then on requests get the new
one, while those that are being answered end with the old one.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from ..config import ProjectError
from ..registry import ALIASES, served_version
from .messages import RequestError
from .metrics import Metrics
from .model import Model, load_model

logger = logging.getLogger(__name__)

# A version that cannot be loaded is tried again: its files may still be on their way.
RETRY_SECONDS = 30.0


class ServedModel:
    """The one model of a server; replaced while requests are answered."""

    def __init__(
        self,
        model_dir: Path,
        threads: int = 1,
        load: Callable[[Path, int, int], Model] = load_model,
    ) -> None:
        """Load the version that is to be served.

        Args:
            model_dir: The folder of all versions; its name is the model's.
            threads: How many threads one prediction may use.
            load: Loads a version.

        Raises:
            RegistryError: If there is none, or it cannot be used.
        """
        self.model_dir = model_dir
        self.threads = threads
        self.load = load
        # Before the version: a promote in between is then seen by the first look.
        self.seen = self.state()
        self.model = load(model_dir, served_version(model_dir), threads)
        self.retry_at = 0.0

    def get(self, name: str | None = None, version: str | None = None) -> Model:
        """Return the model.

        Args:
            name: What the request calls it; any if not given.
            version: The number as the request writes it; any if not given.

        Raises:
            RequestError: If it is called something else, or is of another version.
        """
        model = self.model
        if name is not None and name != model.name:
            raise RequestError(
                404, f"no model {name!r}; {model.name!r} is served here", "name"
            )
        if version is not None and version != str(model.version):
            raise RequestError(
                404, f"version {version!r} is not served; {model.version} is", "version"
            )
        return model

    def state(self) -> tuple[int, int, int] | None:
        """Return what changes when the alias file is replaced; None if it is absent."""
        try:
            found = (self.model_dir / ALIASES).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def refresh(self) -> bool:
        """Load another version if one is to be served.

        Returns:
            Whether the model was replaced.

        Raises:
            RegistryError: If the version cannot be used; the old one goes on.
        """
        state = self.state()
        if state == self.seen and not 0 < self.retry_at <= time.monotonic():
            return False
        self.seen = state
        self.retry_at = time.monotonic() + RETRY_SECONDS  # unless this goes well
        version = served_version(self.model_dir)
        changed = version != self.model.version
        if changed:
            self.model = self.load(self.model_dir, version, self.threads)
        self.retry_at = 0.0
        return changed

    async def keep_fresh(self, seconds: float, metrics: Metrics) -> None:
        """Look every so many seconds, in a thread, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            before = self.model.version
            try:
                changed = await asyncio.to_thread(self.refresh)
            except ProjectError as error:
                metrics.reloads.labels("failed").inc()
                logger.error("version %d is still served: %s", before, error)
            except Exception:
                # Whatever else a damaged version brings must not end the looking.
                metrics.reloads.labels("failed").inc()
                logger.exception("version %d is still served", before)
            else:
                if changed:
                    metrics.reloads.labels("ok").inc()
                    metrics.version.labels(self.model.name).set(self.model.version)
                    version = self.model.version
                    logger.info("version %d is served, not %d", version, before)
