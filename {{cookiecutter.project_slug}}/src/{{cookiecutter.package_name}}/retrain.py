"""The command `retrain`: a new version takes the old one's place if it is better.

Training, exporting and promoting are those of the other commands. What is new is the
order: nothing is promoted before it was exported, and compared with what it replaces
on rows that neither has learned from. Where versions have to be signed, the owner of
the key promotes: a version that was just made has no signature.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import aliases, commands, contest, recording, registry
from .config import Settings
from .export import export
from .files import write_json
from .judging import Comparison, Verdict, judge
from .registry import Manifest, RegistryError
from .settings import RetrainSettings, TrainSettings
from .shared_settings import ExportSettings

REPORT = "retrain.json"


def retrain(settings: RetrainSettings) -> Path:
    """Train a version, promote it if it is better, and return the file that says why.

    With `verify_key` nothing is promoted: the file says which commands do that.

    Raises:
        ConfigError: If the two versions cannot be compared; nothing was trained then.
        ExportError: If the new version cannot be served; nothing is promoted then.
        RegistryError: If the version in use is damaged, or another one was promoted
            meanwhile; the same.
    """
    model_dir = settings.models_dir / settings.model_name
    promoted_before = aliases.read_aliases(model_dir).history
    champion = find_champion(model_dir)
    if champion is not None:
        contest.refuse_incomparable(settings, champion[1])
    challenger = train(settings)
    version = int(challenger.name)
    export(export_settings(settings, version))
    found: Comparison | None = None
    verdict = Verdict(True, "the first version of this model")
    if champion is not None:
        manifest = registry.read_manifest(challenger)
        found = contest.compare(settings, champion, (challenger, manifest))
        verdict = judge(found, settings.margin, settings.alpha)
    if verdict.promote and settings.verify_key is not None:
        verdict = Verdict(False, f"{verdict.why}; {unsigned(version)}")
    report = settings.reports_dir / settings.model_name / challenger.name / REPORT
    try:
        if verdict.promote:
            aliases.promote(model_dir, version, promoted_before)
            recording.promoted(settings)
    except RegistryError as error:
        verdict = Verdict(False, f"{verdict.why}; but {error}")
        raise
    finally:
        write_json(report, contents(settings, champion, version, found, verdict))
    print(f"{'promoted' if verdict.promote else 'not promoted'}: {verdict.why}")
    print(f"report:  {report}")
    return report


def find_champion(model_dir: Path) -> tuple[Path, Manifest] | None:
    """Return the version in production, else the newest; None if there is none.

    Raises:
        RegistryError: If it is damaged.
    """
    if not registry.versions(model_dir):
        return None
    return registry.load_version(model_dir, aliases.production(model_dir))


def train(settings: RetrainSettings) -> Path:
    """Train as the command `train` does, with its settings and no others."""
    own = {name: getattr(settings, name) for name in TrainSettings.model_fields}
    return commands.train(TrainSettings.model_construct(**own))


def export_settings(settings: RetrainSettings, version: int) -> ExportSettings:
    """Return the settings to export a version with."""
    shared = {name: getattr(settings, name) for name in Settings.model_fields}
    return ExportSettings.model_construct(**shared, version=version)


def unsigned(version: int) -> str:
    """Return what keeps a better version out of production, and what brings it in."""
    return (
        f"verify_key asks for a signature: run `registry sign --version {version} "
        f"--sign-key FILE`, then `registry promote --version {version}`"
    )


def contents(
    settings: RetrainSettings,
    champion: tuple[Path, Manifest] | None,
    version: int,
    found: Comparison | None,
    verdict: Verdict,
) -> dict[str, Any]:
    """Return what the report says."""
    return {
        "promoted": verdict.promote,
        "why": verdict.why,
        "champion": None if champion is None else int(champion[0].name),
        "challenger": version,
        "margin": settings.margin,
        "alpha": settings.alpha,
        "comparison": None if found is None else asdict(found),
    }
