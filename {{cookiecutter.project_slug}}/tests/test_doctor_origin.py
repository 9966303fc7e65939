"""The doctor on the models that were saved, and on where the project comes from."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import aliases
from {{ cookiecutter.package_name }}.doctor import origin
from {{ cookiecutter.package_name }}.doctor.settings import DoctorSettings

from patient import only


def test_a_damaged_version_is_named(
    patient: Path, save: Callable[[bool], Path]
) -> None:
    whole, changed, unread = save(True), save(True), save(False)
    assert only(origin.check_models(DoctorSettings())).found.startswith("3 in ")
    aliases.promote(whole.parent, 2)
    (changed / "model.bin").write_bytes(b"other weights")
    (changed / "added.bin").touch()
    (unread / "manifest.json").write_text("{", "utf-8")
    second, third = origin.check_models(DoctorSettings())
    assert {second.status, third.status} == {"broken"}
    assert "model.bin was changed" in second.found and "added.bin" in second.found
    assert second.mend.startswith("poe registry rollback; then bring ")
    assert "manifest.json is damaged" in third.found
    assert third.mend.startswith("bring ")


def test_a_damaged_list_of_promotions_is_named(
    patient: Path, save: Callable[[bool], Path]
) -> None:
    folder = save(True)
    (folder.parent / "aliases.json").write_text("{", "utf-8")
    damaged, models = origin.check_models(DoctorSettings())
    assert (damaged.status, models.status) == ("broken", "ok")
    assert "registry promote" in damaged.mend


def test_the_templates_version_is_told(patient: Path) -> None:
    finding = only(origin.check_template(DoctorSettings()))
    answers = json.loads(origin.ANSWERS.read_text("utf-8"))
    assert f"version {answers['_template_version']};" in finding.found
    assert finding.mend == ""
    finding = only(origin.check_template(DoctorSettings(check_template=True)))
    assert "cruft link" in finding.mend
    origin.ANSWERS.unlink()
    assert only(origin.check_template(DoctorSettings())).status == "warning"


def test_a_newer_commit_of_the_template_is_told_to_who_asks(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = patient / "template"
    git = ["git", "-C", str(template), "-c", "user.name=A", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "init", "-q", str(template)], check=True)

    def commit() -> None:
        command = [*git, "commit", "-q", "--allow-empty", "-m", "A release"]
        subprocess.run(command, check=True)
        state["commit"] = origin.newest_commit(str(template))

    state = {"template": str(template), "commit": ""}
    commit()
    origin.STATE.write_text(json.dumps(state), "utf-8")
    asked = DoctorSettings(check_template=True)
    assert only(origin.check_template(asked)).status == "ok"
    commit()
    finding = only(origin.check_template(asked))
    assert (finding.status, finding.mend) == ("warning", origin.UPDATE)
    assert state["commit"][:12] in finding.found
    assert only(origin.check_template(DoctorSettings())).status == "ok"


def test_a_template_that_does_not_answer_is_named(patient: Path) -> None:
    with pytest.raises(OSError, match="git ls-remote nowhere: "):
        origin.newest_commit("nowhere")
