"""The command `tracking`: the runs that were recorded, and what MLflow has of them."""

import os
from pathlib import Path

from ..config import ProjectError
from .settings import TrackingSettings
from .spool import EVENTS, SYSTEM, Spool, TrackingError, masked, runs

# Nobody waits for a training here, so there is more time, and a second try.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "60",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def tracking(settings: TrackingSettings) -> None:
    """Do what the settings say with the runs of a model."""
    model_dir = settings.models_dir / settings.model_name
    if settings.action == "list":
        list_runs(model_dir, settings.tracking_uri)
    else:
        sync(model_dir, settings)


def list_runs(model_dir: Path, uri: str) -> None:
    """Print a line for each run."""
    print(f"{'run':<36}  {'command':<8}  {'status':<8}  in {masked(uri)}")
    for spool in runs(model_dir):
        command = spool.read(EVENTS)[0].get("command", "")
        print(
            f"{spool.name:<36}  {command:<8}  {spool.status():<8}  {share(spool, uri)}"
        )


def share(spool: Spool, uri: str) -> str:
    """Say how much of a run an address has."""
    if spool.is_sent(uri):
        return "all of it"
    sent = spool.sent(uri)
    told = len(spool.read(EVENTS)) + len(spool.read(SYSTEM))
    text = f"{sent.events + sent.system} of {told} lines"
    return f"{text}: {sent.problem}" if sent.problem else text


def sync(model_dir: Path, settings: TrackingSettings) -> None:
    """Send what MLflow does not have of any run, and which version is in production.

    Raises:
        TrackingError: If that failed for a run, or MLflow is not installed.
    """
    os.environ |= ENVIRONMENT
    try:
        from .sending import Sender
    except ModuleNotFoundError as error:
        raise ProjectError(
            f"{error.name} cannot be imported; install what sends with "
            "`uv pip install -r requirements/tracking.txt`"
        ) from error
    uri = settings.tracking_uri
    sender = Sender(uri, settings.experiment)
    missing = [spool for spool in runs(model_dir) if not spool.is_sent(uri)]
    problems = []
    for spool in missing:
        try:
            with spool.sending():
                if not sender.try_to_send(spool, over=True):
                    problems.append(f"{spool.name}: {spool.sent(uri).problem}")
                    continue
        except TrackingError as error:
            problems.append(str(error))
            continue
        print(f"sent:    {spool.name}")
    if problems:
        raise TrackingError(
            f"{masked(uri)} does not have all runs:\n  " + "\n  ".join(problems)
        )
    sender.mirror_alias(model_dir)
    if not missing:
        print(f"{masked(uri)} has all runs")
