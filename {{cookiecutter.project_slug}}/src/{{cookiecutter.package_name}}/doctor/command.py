"""The command `doctor`: looks at everything, and changes nothing."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from ..config import ProjectError
from . import environment, machine, origin
from .finding import Finding
from .settings import DoctorSettings

Check = Callable[[], Iterator[Finding]]

INDENTED = "\n" + 23 * " "
# What a check can end with: a file that is missing or not what it should be, a program
# that does not answer, a package that is missing.
FAILURES = OSError, ValueError, LookupError, ImportError, subprocess.SubprocessError


def doctor(settings: DoctorSettings) -> int:
    """Print what was found, and how to mend it.

    Returns:
        The exit status: 1 if something is broken, 0 otherwise.

    Raises:
        ProjectError: If this is not the project's folder.
    """
    if not Path("pyproject.toml").exists():
        raise ProjectError("no pyproject.toml here; run this in the project's folder")
    findings = list(examine(settings))
    counts = Counter(finding.status for finding in findings)
    if settings.as_json:
        listed = [asdict(finding) for finding in findings]
        content = {"broken": counts["broken"], "warnings": counts["warning"]}
        print(json.dumps({**content, "findings": listed}, indent=2))
    else:
        for finding in findings:
            found = finding.found.replace("\n", INDENTED)
            print(f"{finding.status:<9}{finding.subject:<14}{found}")
            if finding.mend:
                print(f"{INDENTED[1:]}-> {finding.mend}")
        print(f"broken: {counts['broken']}, warnings: {counts['warning']}")
    return 1 if counts["broken"] else 0


def examine(settings: DoctorSettings) -> Iterator[Finding]:
    """Yield what each check finds; one that fails does not keep the others from it."""
    checks: dict[str, Check] = {
        "Python": environment.check_python,
        "environment": environment.check_installed,
        "requirements": environment.check_requirements,
        "disk": machine.check_disk,
        "memory": machine.check_memory,
        "port": machine.check_port,
        "Docker": machine.check_docker,
        "GPU": machine.check_gpu,
        "models": lambda: origin.check_models(settings),
        "template": lambda: origin.check_template(settings),
    }
    for subject, check in checks.items():
        try:
            yield from check()
        except FAILURES as error:
            found = f"cannot be looked at: {error!r}"
            yield Finding(subject, "broken", found, "mend what the message says")
