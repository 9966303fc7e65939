"""The files of a run: what it told, in order, and how much of that was sent where.

    models/<name>/.runs/<run>/events.jsonl   what the command told; it only appends
                              system.jsonl   what its companion measured; the same
                              command.log    what was logged
                              sent-….json    how far sending is, for each address

A line is written by one call and counts when it is complete, so a process that is
killed leaves whole lines and at most one part, which is passed over.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..config import ProjectError
from ..files import locked, write_json

FOLDER = ".runs"
EVENTS = "events.jsonl"
SYSTEM = "system.jsonl"
LOG = "command.log"
LOCK = ".lock"

Event = dict[str, Any]


class TrackingError(ProjectError):
    """Runs cannot be sent, or another process is sending them."""


class Sent(BaseModel):
    """How much of a run an address has.

    Attributes:
        run_id: The run's identifier there; None before it was made.
        events: Lines of events.jsonl that are sent.
        system: Lines of system.jsonl that are sent.
        ended: Whether the run is marked as ended there.
        problem: Why the last attempt failed; None if it did not.
    """

    model_config = ConfigDict(extra="forbid")

    run_id: str | None = None
    events: int = 0
    system: int = 0
    ended: bool = False
    problem: str | None = None


class Spool:
    """The files of one run."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first line."""
        self.folder = folder
        self.name = folder.name

    def append(self, name: str, kind: str, **facts: Any) -> None:
        """Add a line to a file: what happened, when, and the facts.

        Raises:
            OSError: If it cannot be written.
        """
        milliseconds = int(datetime.now(UTC).timestamp() * 1000)
        line = json.dumps({"kind": kind, "time": milliseconds, **facts})
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / name).open("ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            # Left by a process that was killed while it wrote: no line may follow it.
            broken = file.read(1) not in (b"", b"\n")
            start = "\n" if broken else ""
            file.write(f"{start}{line}\n".encode())

    def read(self, name: str) -> list[Event]:
        """Return the complete lines of a file in order; none if there is no file."""
        try:
            content = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return []
        *complete, _ = content.split(b"\n")
        return [parsed(line) for line in complete]

    def told(self) -> set[tuple[str, int]]:
        """Return name and step of every figure that events.jsonl has."""
        return {
            (name, event["step"])
            for event in self.read(EVENTS)
            if event["kind"] == "metrics"
            for name in event["figures"]
        }

    def status(self) -> str:
        """Return how the run ended; "RUNNING" if it did not, or was killed."""
        kinds = [event["kind"] for event in self.read(EVENTS)]
        if kinds[-1:] != ["end"]:
            return "RUNNING"
        return str(self.read(EVENTS)[-1]["status"])

    def sent(self, address: str) -> Sent:
        """Return how much of the run an address has."""
        try:
            return Sent.model_validate_json(self.sent_file(address).read_bytes())
        except FileNotFoundError:
            return Sent()

    def write_sent(self, address: str, sent: Sent) -> None:
        """Remember how much of the run an address has."""
        write_json(self.sent_file(address), sent.model_dump(mode="json"))

    def sent_file(self, address: str) -> Path:
        """Return where that is kept: by a hash, as addresses may hold passwords."""
        digest = hashlib.sha256(address.encode()).hexdigest()
        return self.folder / f"sent-{digest[:12]}.json"

    def is_sent(self, address: str) -> bool:
        """Whether an address has everything of the run, its end included."""
        sent = self.sent(address)
        return (
            sent.ended
            and sent.events == len(self.read(EVENTS))
            and sent.system == len(self.read(SYSTEM))
        )

    def sending(self) -> AbstractContextManager[None]:
        """Let nobody else send this run meanwhile.

        Raises:
            TrackingError: If another process does.
        """
        return locked(
            self.folder / LOCK, TrackingError(f"{self.name} is being sent already")
        )


def parsed(line: bytes) -> Event:
    """Return what a line says; a part of a line counts as a line that says nothing."""
    try:
        event: Event = json.loads(line)
    except ValueError:
        return {"kind": "broken", "time": 0}
    return event


def new_name() -> str:
    """Return a name for a run that starts now; they sort by time."""
    started = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return f"{started}-{os.getpid()}"


def runs(model_dir: Path) -> list[Spool]:
    """Return the runs of a model, the newest last."""
    files = sorted((model_dir / FOLDER).glob(f"*/{EVENTS}"))
    return [Spool(file.parent) for file in files]


def masked(text: str) -> str:
    """Return a text with addresses in it, without their users and passwords."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return settings as texts, those within a mapping by `outer.inner`."""
    texts: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            texts |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            texts[f"{prefix}{name}"] = str(value)
    return texts
