"""A process beside a training: it measures the machine, and sends what is new.

A process, not a thread: importing MLflow takes seconds of Python, and whatever a server
does or does not answer, the training can go on and end. What to do comes as a line on
the standard input; when that is closed, the training is over, however it ended.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from importlib import util
from pathlib import Path
from typing import NamedTuple

from .settings import RecordSettings
from .spool import FOLDER, SYSTEM, Spool

logger = logging.getLogger(__name__)

OUTPUT = "companion.log"
PAUSE = 1.0  # seconds between two looks at what is new
SAMPLE_SECONDS = 10.0  # between two measurements of the machine, as MLflow does it
AGAIN = 1.0  # seconds: a server that is down is asked again after these
SLOW = 1.0  # seconds: who fails later than this is not asked again at the end
# What the process does not do: wait long, try by itself, report its use to MLflow.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "5",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class Order(NamedTuple):
    """What a companion is to do.

    Attributes:
        model_dir: The folder of all versions.
        run: The run's folder; None to do nothing but the alias.
        uri: Where to send it.
        experiment: The experiment it belongs to.
        seconds: How long it may go on when the training is over.
    """

    model_dir: str
    run: str | None
    uri: str
    experiment: str
    seconds: float


class Companion:
    """The process, seen from the training."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take the started process."""
        self.process = process

    def finish(self, seconds: float | None) -> bool:
        """Tell that the training is over, and wait for what is still being sent.

        Args:
            seconds: How long to wait, then the process is ended; None not to wait,
                it then ends by itself.

        Returns:
            Whether it has sent everything; True if that is not waited for.
        """
        if self.process.stdin is not None:
            self.process.stdin.close()
        if seconds is None:
            return True
        try:
            return self.process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


def start(settings: RecordSettings, spool: Spool | None) -> Companion | None:
    """Start a companion; warn and return None where that cannot be done."""
    model_dir = settings.models_dir / settings.model_name
    if util.find_spec("mlflow") is None:
        logger.warning(
            "MLflow is not installed, so runs are only kept in %s; install it with "
            "`uv pip install -r requirements/tracking.txt`, then run `tracking sync`",
            model_dir / FOLDER,
        )
        return None
    order = Order(
        str(model_dir),
        str(spool.folder) if spool else None,
        settings.tracking_uri,
        settings.experiment,
        settings.tracking_seconds,
    )
    folder = spool.folder if spool else model_dir / FOLDER
    try:
        with (folder / OUTPUT).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=os.environ | ENVIRONMENT,
                start_new_session=True,  # Ctrl-C is for the training alone
            )
        assert process.stdin is not None
        # Not as an argument: every user of the machine can read those.
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
    except OSError as error:
        logger.warning("nothing is sent to MLflow: %s", error)
        return None
    return Companion(process)


def main() -> int:
    """Do what the standard input says; return 0 if MLflow has everything."""
    order = Order(*json.loads(sys.stdin.readline()))
    over = threading.Event()
    threading.Thread(target=watch, args=(order.seconds, over), daemon=True).start()
    return 0 if follow(order, over) else 1


def watch(seconds: float, over: threading.Event) -> None:
    """Notice the end of the training, and end this process some seconds later."""
    sys.stdin.read()
    over.set()
    time.sleep(seconds)
    print(f"{seconds:g} s after the end, not everything is sent", file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def follow(order: Order, over: threading.Event) -> bool:
    """Send what a run tells until it is over; return whether all is sent."""
    from .measuring import Machine
    from .sending import Sender

    sender = Sender(order.uri, order.experiment)
    if order.run is None:
        sender.mirror_alias(Path(order.model_dir))
        return True
    spool = Spool(Path(order.run))
    with spool.sending():
        machine = Machine()
        next_sample = next_try = 0.0
        while True:
            last = over.is_set()
            if time.monotonic() >= next_sample or last:
                figures = machine.figures()
                step = len(spool.read(SYSTEM))
                spool.append(SYSTEM, "metrics", step=step, figures=figures)
                next_sample = time.monotonic() + SAMPLE_SECONDS
            if time.monotonic() >= next_try or last:
                started = time.monotonic()
                sent = sender.try_to_send(spool, over=last)
                seconds = time.monotonic() - started
                # One that hangs is asked again, but rarely.
                later = 0.0 if sent else AGAIN + 5 * seconds
                next_try = time.monotonic() + later
                if last or (not sent and seconds > SLOW and over.is_set()):
                    break
            over.wait(PAUSE)
        if sent:
            sender.mirror_alias(Path(order.model_dir))
        return sent


if __name__ == "__main__":
    raise SystemExit(main())
