"""What a check of the doctor says."""

import sys
from dataclasses import dataclass
from typing import Literal

WINDOWS = sys.platform == "win32"
SET_UP = r". scripts\setup_uv.ps1" if WINDOWS else "bash scripts/setup_uv.sh"


@dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    Attributes:
        subject: The thing, in a word or two.
        status: "ok"; "warning" for what may be meant so; "broken" for what is not.
        found: What was found, in words.
        mend: The command that mends it, or what to do; "" where nothing has to be.
    """

    subject: str
    status: Literal["ok", "warning", "broken"]
    found: str
    mend: str = ""
