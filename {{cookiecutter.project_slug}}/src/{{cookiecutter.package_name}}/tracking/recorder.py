"""What a training and a search tell: written into files, and sent by another process.

Nothing here may stop a training, or keep it waiting: what cannot be written is a
warning, and sending is left to a companion (companion.py), which has some seconds when
the training is over. What it could not send, `tracking sync` sends later.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import companion
from .settings import RecordSettings
from .spool import EVENTS, FOLDER, LOG, Spool, flat, masked, new_name, runs

logger = logging.getLogger(__name__)

# Settings that say where things are or what is shown, and change no model.
PLACES = {"config", "data_dir", "models_dir", "reports_dir", "log_dir", "schemas_dir"}
MANNERS = {"log_level", "quiet", "resume", "quarantine"}
LOG_FORMAT = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"


class Recorder:
    """What a command tells; each thing is told once, however often it is said."""

    def __init__(self, spool: Spool | None) -> None:
        """Take the run's files; without, nothing is written."""
        self.spool = spool
        self.known = spool.told() if spool else set()

    def tell(self, kind: str, **facts: Any) -> None:
        """Write a line; if that fails, warn and write no more."""
        if self.spool is None:
            return
        try:
            self.spool.append(EVENTS, kind, **facts)
        except OSError as error:
            logger.warning("%s: no more is recorded: %s", self.spool.folder, error)
            self.spool = None

    def epoch(self, number: int, figures: Mapping[str, float]) -> None:
        """Tell the figures of an epoch, counted from 1."""
        new = {
            name: float(value)
            for name, value in figures.items()
            if (name, number) not in self.known
        }
        self.known |= {(name, number) for name in new}
        if new:
            self.tell("metrics", step=number, figures=new)

    def history(self, values: Mapping[str, list[float]]) -> None:
        """Tell the figures of all epochs so far; those told before are passed over."""
        for number in range(max(map(len, values.values()), default=0)):
            figures = {
                name: list_[number]
                for name, list_ in values.items()
                if number < len(list_)
            }
            self.epoch(number + 1, figures)

    def trial(
        self, number: int, parameters: Mapping[str, object], score: float
    ) -> None:
        """Tell of parameters that were tried, and their score."""
        self.tell("trial", number=number, parameters=flat(parameters), score=score)

    def version(self, folder: Path) -> None:
        """Tell of a version that was saved."""
        from ..registry import read_manifest

        manifest = read_manifest(folder).model_dump(mode="json")
        self.tell("version", version=int(folder.name), manifest=manifest)


@contextmanager
def recorded(
    settings: RecordSettings, command: str, data: str, data_sha256: str, run: str = ""
) -> Iterator[Recorder]:
    """Give the recorder of a command's work on a data set, and send what it tells.

    Args:
        settings: Those of the command.
        command: Its name.
        data: The name of the data set.
        data_sha256: Its fingerprint.
        run: The name of the run, to go on with one; a new one if not given.
    """
    model_dir = settings.models_dir / settings.model_name
    spool = Spool(model_dir / FOLDER / (run or new_name()))
    recorder = Recorder(spool if settings.tracking else None)
    recorder.tell("start", **start_facts(settings, command, data, data_sha256))
    if recorder.spool is None:
        yield recorder
        return
    sender = companion.start(settings, spool)
    try:
        with log_into(spool.folder / LOG):
            yield recorder
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        recorder.tell("end", status="KILLED" if stopped else "FAILED")
        # Who stops a training wants it to end now; the companion goes on for a while.
        finish(settings, recorder, sender, wait=not stopped)
        raise
    recorder.tell("end", status="FINISHED")
    finish(settings, recorder, sender, wait=True)


def promoted(settings: RecordSettings) -> None:
    """Let MLflow's alias follow the version in production, if the model has runs."""
    folder = settings.models_dir / settings.model_name / FOLDER
    if not settings.tracking or not runs(folder.parent):
        return
    sender = companion.start(settings, None)
    if sender and not sender.finish(settings.tracking_seconds):
        logger.warning(
            "%s does not know of it yet, see %s; `tracking sync` says so",
            masked(settings.tracking_uri),
            folder / companion.OUTPUT,
        )


def start_facts(
    settings: RecordSettings, command: str, data: str, data_sha256: str
) -> dict[str, Any]:
    """Return what is known of a run when it starts."""
    from ..registry import git_commit

    return {
        "command": command,
        "model": settings.model_name,
        "parameters": flat(settings.model_dump(mode="json", exclude=PLACES | MANNERS)),
        "data": data,
        "data_sha256": data_sha256,
        "git_commit": git_commit(),
    }


@contextmanager
def log_into(file: Path) -> Iterator[None]:
    """Let everything that is logged go into a file too."""
    try:
        handler = logging.FileHandler(file, encoding="utf-8")
    except OSError as error:
        logger.warning("the log is not recorded: %s", error)
        yield
        return
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def finish(
    settings: RecordSettings,
    recorder: Recorder,
    sender: companion.Companion | None,
    wait: bool,
) -> None:
    """Let the companion send the rest; warn if it could not."""
    if sender is None or recorder.spool is None:
        return
    if sender.finish(settings.tracking_seconds if wait else None):
        return
    problem = recorder.spool.sent(settings.tracking_uri).problem
    logger.warning(
        "%s does not have all of this run: %s; it is kept in %s, and `tracking sync` "
        "sends it",
        masked(settings.tracking_uri),
        problem or f"{settings.tracking_seconds:g} s were not enough",
        recorder.spool.folder,
    )
