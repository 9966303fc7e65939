"""Files of skops that run code when they are loaded carelessly."""

from collections.abc import Callable
from pathlib import Path

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skops import io as skops

Write = Callable[[Path, Path], None]


class Bomb:
    """An object that makes a file, the canary, when its state is restored."""

    def __init__(self, canary: Path) -> None:
        """Name the file."""
        self.canary = str(canary)

    def __getstate__(self) -> dict[str, str]:
        """Return what is saved."""
        return {"canary": self.canary}

    def __setstate__(self, state: dict[str, str]) -> None:
        """Restore it."""
        Path(state["canary"]).touch()


def harmless(file: Path) -> None:
    """Write a model that may be loaded."""
    skops.dump(make_pipeline(StandardScaler()), file)


def in_a_pipeline(file: Path, canary: Path) -> None:
    """Write a pipeline with an object that acts when it is loaded."""
    pipeline = make_pipeline(StandardScaler())
    pipeline.surprise = Bomb(canary)
    skops.dump(pipeline, file)


def as_a_step(file: Path, canary: Path) -> None:
    """Write a pipeline that calls a function of Python's when it predicts."""
    skops.dump(make_pipeline(FunctionTransformer(exec)), file)


def no_pipeline(file: Path, canary: Path) -> None:
    """Write something that skops trusts, and nobody can predict with."""
    skops.dump({"canary": str(canary)}, file)


def go_off(file: Path) -> None:
    """Load it as one should not: whatever it asks for is trusted."""
    skops.load(file, trusted=skops.get_untrusted_types(file=file))


# What goes off, and what would if anybody knew how.
ARMED: dict[str, Write] = {"an object with a state": in_a_pipeline}
OTHERS: dict[str, Write] = {
    "a function of Python's": as_a_step,
    "a dictionary": no_pipeline,
}
