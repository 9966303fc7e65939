"""Variables go from parent to child, never back."""

import os
import subprocess
import sys


def run_with(code, name, value):
    """Run Python code in a child that has one more variable; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
    )
    return done.stdout
